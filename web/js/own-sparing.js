// @ts-check
/**
 * Sound at its least and no picture, decided here: where the way to the server is so full that hardly anything gets
 * through, what the server has to say about it (`signaling/sparing.py`) may not get through either.
 *
 * Pure: what was counted and the time go in. Not here: how sound is made small (`small-sound.js`).
 */

/** Share of the sound's packets. Less is lost on a bad radio link, too, where smaller sound would not help. */
export const LOSES = 0.4;
/** Bit/s that get through. Where it is more, the server is heard. */
export const NARROW = 90_000;
/** Looks in a row, five seconds apart: once is chance. */
export const LOOKS = 2;
/** For how long it stays so, in milliseconds: the longer, the sooner it was needed again. */
export const RESTS = 60_000;
export const LONGEST_REST = 600_000;

/** @typedef {import('./peer.js').Layers} Layers */
/** @typedef {{layers: Layers, sound: import('./small-sound.js').Sound}} Wanted */

/** @type {Wanted} */
export const NOTHING_SAID = { layers: {}, sound: 'usual' };
/** @type {Wanted} */
const LEAST = { layers: { camera: [], screen: [] }, sound: 'least' };

export class OwnSparing {
  #bad = 0;
  #since = -Infinity;
  #ended = -Infinity;
  #rest = RESTS;
  on = false;
  /** @type {Wanted} by the server */
  wanted = NOTHING_SAID;

  /** @returns {Wanted} what is to be sent */
  get spared() {
    return this.on ? LEAST : this.wanted;
  }

  /**
   * @param {Pick<import('./messages.js').Stats, 'sent'>} stats  of the last few seconds
   * @param {number} now  milliseconds
   * @returns {boolean} whether it is to be so
   */
  look({ sent }, now) {
    const loss = sent.find(({ source }) => source === 'microphone')?.loss ?? 0;
    // Of pictures of which nothing comes, nothing may be said.
    const through = sent.reduce((bits, each) => bits + each.bitrate * (1 - Math.max(loss, each.loss ?? 0)), 0);
    this.#bad = loss >= LOSES && through < NARROW ? this.#bad + 1 : 0;
    if (this.#bad >= LOOKS) {
      if (!this.on) this.#rest = now - this.#ended < RESTS ? Math.min(2 * this.#rest, LONGEST_REST) : RESTS;
      this.#since = now;
      this.on = true;
    } else if (this.on && now - this.#since >= this.#rest) {
      this.on = false;
      this.#ended = now;
    }
    return this.on;
  }
}
