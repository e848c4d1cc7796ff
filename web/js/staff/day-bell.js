// @ts-check
/**
 * A soft chime when somebody begins to wait, the same as in a call, and the switch that turns it off there and here.
 *
 * Browsers let a page play only after somebody has pressed something on it; until then it stays silent. Not here: who
 * has begun to wait (`day-words.js`).
 */

import { playNotes } from '../elements/notes.js';

/** [hertz, start, seconds]. Two notes a fourth apart. */
const CHIME = [[523.25, 0, 0.9], [698.46, 0.16, 1.1]];
const LOUDNESS = 0.09;

export class DayBell {
  #preferences;
  #makeAudio;
  /** @type {AudioContext | null} */
  #audio = null;

  /**
   * @param {import('../settings.js').Preferences} preferences
   * @param {(() => AudioContext) | null} [makeAudio]  null: this browser has none
   */
  constructor(preferences, makeAudio = 'AudioContext' in globalThis ? () => new AudioContext() : null) {
    this.#preferences = preferences;
    this.#makeAudio = makeAudio;
  }

  get on() {
    return this.#preferences.get('admit_sound') !== 'off';
  }

  /** To be called while somebody presses something: from then on browsers let us play. */
  unlock() {
    if (!this.on) return;
    this.#audio ??= this.#makeAudio?.() ?? null;
    if (this.#audio !== null && this.#audio.state !== 'running') this.#audio.resume().catch(() => {}); // silent then
  }

  /**
   * Is remembered in this browser. Rings once when it is turned on, so that one knows what to expect.
   * @param {boolean} on
   */
  turn(on) {
    this.#preferences.set('admit_sound', on ? null : 'off');
    this.unlock();
    this.ring();
  }

  ring() {
    if (this.on && this.#audio !== null) playNotes(this.#audio, CHIME, LOUDNESS);
  }
}
