// @ts-check
/**
 * Time and chance, in one object so that tests can hold both still.
 */

/**
 * @typedef {object} Clock
 * @property {() => number} now                                milliseconds, only ever rising
 * @property {(ms: number, call: () => void) => () => void} after  calls once; the result cancels
 * @property {() => number} random                             0 to 1
 */

/** @type {Clock} */
export const systemClock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/**
 * The longest pause between two attempts. Longer keeps people waiting after the server is back; shorter brings a large
 * clinic's browsers back faster than a starting server greets them.
 */
export const LONGEST_PAUSE = 2000;

/**
 * How long to wait before the next attempt: doubling from a quarter of a second, with half of it left to chance so
 * that a clinic's browsers do not all come back in the same moment.
 * @param {number} attempt  0 for the first retry
 * @param {number} chance   0 to 1
 * @returns {number} milliseconds
 */
export function retryPause(attempt, chance) {
  const full = Math.min(LONGEST_PAUSE, 250 * 2 ** Math.min(attempt, 10));
  return full * (0.5 + chance / 2);
}
