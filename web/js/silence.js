// @ts-check
/**
 * Notices within half a second that a media connection which brought something all the time brings nothing any more.
 *
 * Browsers say so after 2 to 10 s. What is looked at costs little: when the last sound or picture came out; only once
 * that stands still, how many bytes have come (the server's reports also come while nobody else sends). Silence is
 * only what is unusual: where gaps are common, as with pauses in speech that are not sent, or on a bad network, longer
 * ones are waited for. What is done about it is not its business (`media.js`).
 */

import { systemClock } from './clock.js';

/** Milliseconds between two looks, and without a sign from which on the bytes are looked at too. */
const LOOK = 100;
const CLOSER_LOOK = 180;

/**
 * The shortest silence. Shorter: a crowded Wi-Fi makes such gaps every minute, each answered by an ICE restart for
 * nothing. Longer: it is all added to the gap that people hear when their network changes.
 */
const SHORTEST = 450;

/** A silence is so many times as long as the longest of the usual gaps. */
const UNUSUAL = 2.5;

/** What a gap counts for with each further look: half after 4 s. */
const FADING = 0.983;

/** What was steady for so long is missed; after a gap of `FORGETTING` that starts anew. */
const STEADY = 1_000;
const FORGETTING = 3_000;

/** Between two alarms about the same silence; doubles with each. */
const AGAIN = 3_000;

/** The judgement, without a clock: whether something came, look by look. */
export class Quiet {
  #last = -Infinity;
  #steadySince = -Infinity;
  #usual = 0;
  #alarms = 0;
  #notBefore = -Infinity;
  #cured = false;

  /**
   * @param {boolean} heard  something came since the last look
   * @param {number} now     milliseconds
   * @returns {boolean} whether something is to be done
   */
  look(heard, now) {
    if (heard) {
      const gap = now - this.#last;
      if (gap > FORGETTING) this.#steadySince = now;
      else if (!this.#cured && now - this.#steadySince > STEADY) this.#usual = Math.max(gap, this.#usual * FADING);
      this.#last = now;
      this.#alarms = 0;
      this.#notBefore = -Infinity;
      this.#cured = false;
      return false;
    }
    this.#usual *= FADING;
    const steady = this.#last > -Infinity && this.#last - this.#steadySince >= STEADY;
    if (!steady || now < this.#notBefore) return false;
    if (now - this.#last < Math.max(SHORTEST, UNUSUAL * this.#usual)) return false;
    this.#notBefore = now + AGAIN * 2 ** this.#alarms++;
    return true;
  }

  /** @param {number} now */
  lasts(now) {
    return now - this.#last;
  }

  /** What was done about the silence is done: how long it lasted says nothing about the next one. */
  cured() {
    this.#cured = this.#alarms > 0;
  }
}

/**
 * @typedef {object} Source  what is listened to
 * @property {() => number} pulse              changes with whatever comes out; costs next to nothing
 * @property {() => Promise<number>} arrived   changes with whatever comes in
 */

export class Silence {
  #clock;
  #fell;
  #ended;
  /** @type {Source | null} */
  #source = null;
  #quiet = new Quiet();
  #pulse = 0;
  #bytes = -1;
  #looking = false;
  #came = false;
  #silent = false;
  #cancel = () => {};

  /**
   * @param {{fell: () => void, ended: () => void, clock?: import('./clock.js').Clock}} parts
   *   `fell`: it is silent; again after a while if it still is. `ended`: something came again.
   */
  constructor({ fell, ended, clock = systemClock }) {
    this.#fell = fell;
    this.#ended = ended;
    this.#clock = clock;
  }

  /** Whether what came all the time is missed now. */
  get silent() {
    return this.#silent;
  }

  /** @param {Source} source  listened to from now on; the same again changes nothing */
  listen(source) {
    if (source === this.#source) return;
    this.stop();
    this.#source = source;
    this.#pulse = source.pulse();
    this.#schedule();
  }

  stop() {
    this.#cancel();
    this.#source = null;
    this.#quiet = new Quiet();
    this.#bytes = -1;
    this.#came = this.#silent = false;
  }

  /** The way was made anew: see `Quiet`. */
  cured() {
    this.#quiet.cured();
  }

  #schedule() {
    this.#cancel = this.#clock.after(LOOK, () => this.#look());
  }

  #look() {
    const source = this.#source;
    if (!source) return;
    const now = this.#clock.now();
    const pulse = source.pulse();
    const moved = pulse !== this.#pulse;
    const heard = moved || this.#came;
    this.#pulse = pulse;
    this.#came = false;
    if (moved) this.#bytes = -1;
    if (this.#quiet.look(heard, now)) {
      this.#silent = true;
      this.#fell();
    } else if (heard && this.#silent) {
      this.#silent = false;
      this.#ended();
    }
    if (source !== this.#source) return;
    if (this.#quiet.lasts(now) >= CLOSER_LOOK && this.#quiet.lasts(now) < Infinity) void this.#lookCloser(source);
    this.#schedule();
  }

  /** @param {Source} source */
  async #lookCloser(source) {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const bytes = await source.arrived();
      if (source !== this.#source) return;
      if (this.#bytes >= 0 && bytes !== this.#bytes) this.#came = true;
      this.#bytes = bytes;
    } finally {
      this.#looking = false;
    }
  }
}
