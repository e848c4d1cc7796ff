// @ts-check
/**
 * Whether somebody is still there: when to warn them that they will be signed out, when to do it, and when to tell the
 * server that they are at work although nothing has been asked of it.
 *
 * Not here: clocks, the DOM (`presence.js`). All times are seconds.
 */

/** Seconds for which the warning is shown; less where the whole time is short. */
export const WARNING = 60;

export class Idle {
  #limit;
  #seen;
  #told;

  /**
   * @param {number} limit  after which the server signs them out
   * @param {number} now
   */
  constructor(limit, now) {
    this.#limit = limit;
    this.#seen = now;
    this.#told = now;
    this.warning = Math.min(WARNING, limit / 3);
  }

  /** Somebody did something here, or in another tab. @param {number} now */
  seen(now) {
    this.#seen = Math.max(this.#seen, now);
  }

  /** The server has heard from them. @param {number} now */
  told(now) {
    this.#told = now;
  }

  /**
   * Whether the server does not know yet that they are there, and soon has to.
   * @param {number} now
   */
  mustTell(now) {
    return this.#seen > this.#told && now - this.#told >= this.#limit / 4;
  }

  /**
   * @param {number} now
   * @returns {{state: 'there' | 'warned' | 'gone', left: number}} `left`: seconds until they are signed out
   */
  look(now) {
    const left = Math.max(0, this.#seen + this.#limit - now);
    if (left === 0) return { state: 'gone', left };
    return { state: left <= this.warning ? 'warned' : 'there', left };
  }
}
