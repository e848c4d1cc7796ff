/** Three soft notes on the chosen speaker, to find out whether it can be heard. */

import { playNotes } from './notes.js';

/** [hertz, start, seconds] */
const NOTES = [[440, 0, 0.8], [554.37, 0.2, 0.8], [659.25, 0.4, 1.2]];
const LOUDNESS = 0.12;

export class Tone {
  /** @type {AudioContext | null} */
  #context = null;

  /**
   * To be called while the person presses something: browsers let nothing else begin to sound.
   * @param {string} speaker  a device's id; '' is the system's own
   * @returns {Promise<boolean>} false: this browser cannot play
   */
  async play(speaker) {
    if (!('AudioContext' in globalThis)) return false;
    this.#context ??= new AudioContext();
    const context = this.#context;
    try {
      if (context.state === 'suspended') await context.resume();
      // @ts-ignore not in Firefox and Safari yet: they play on the system's own speaker
      if ('setSinkId' in context) await context.setSinkId(speaker);
    } catch (error) {
      console.warn('the chosen speaker is not used', error);
    }
    playNotes(context, NOTES, LOUDNESS);
    return true;
  }
}
