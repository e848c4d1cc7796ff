// @ts-check
/**
 * Which counters of one key have been seen: the highest and the 8,192 below it (RFC 9605, section 9.3).
 *
 * Whether a frame is authentic is not its business: only counters of frames that are may be added (`sframe.js`).
 */

/**
 * How many below the highest are still told apart. Fewer: a packet sent again after the longest hold-up is refused,
 * 140 frames a second being 8,192 in a minute. More: memory for each key that is held, 1 KiB now.
 */
export const WINDOW = 8192;

export class ReplayWindow {
  #highest = -1;
  /** One bit for each counter from `#highest - WINDOW` to `#highest - 1`, at the counter modulo `WINDOW`. */
  #bits = new Uint32Array(WINDOW / 32);

  /**
   * @param {number} counter  0 or more
   * @returns {boolean} whether it was added, or is too old to know
   */
  has(counter) {
    if (counter > this.#highest) return false;
    if (counter === this.#highest || counter < this.#highest - WINDOW) return true;
    const at = counter % WINDOW;
    return (this.#bits[at >>> 5] & (1 << (at & 31))) !== 0;
  }

  /**
   * @param {number} counter  0 or more
   * @returns {boolean} false: `has` it already, nothing changed
   */
  add(counter) {
    if (this.has(counter)) return false;
    if (counter < this.#highest) {
      this.#set(counter);
      return true;
    }
    const last = this.#highest;
    this.#highest = counter;
    if (counter - last > WINDOW) this.#bits.fill(0);
    else {
      for (let between = last + 1; between < counter; between++) this.#clear(between);
      if (last >= 0) this.#set(last);
    }
    return true;
  }

  /** @param {number} counter */
  #set(counter) {
    const at = counter % WINDOW;
    this.#bits[at >>> 5] |= 1 << (at & 31);
  }

  /** @param {number} counter */
  #clear(counter) {
    const at = counter % WINDOW;
    this.#bits[at >>> 5] &= ~(1 << (at & 31));
  }
}
