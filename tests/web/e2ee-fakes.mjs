/**
 * Chance that can be had again, and bytes written as people read them, for the tests of end-to-end encryption.
 */

import { readFileSync } from 'node:fs';

/** SEED=... in the environment repeats what failed. */
export const SEED = Number(process.env.SEED ?? (Date.now() % 2 ** 31));

/** Draws from a seed (mulberry32's step); every test starts anew, so that it can be repeated alone. */
export class Dice {
  #state;

  constructor(t, seed = SEED) {
    t.diagnostic(`SEED=${seed}`);
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  pick(values) {
    return values[this.below(values.length)];
  }

  bytes(length) {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Bytes of which most are such that start codes could arise. */
  nasty(length) {
    const likely = [0, 0, 0, 1, 2, 3, 4, 0x80];
    return Uint8Array.from({ length }, () => (this.below(8) ? this.pick(likely) : this.below(256)));
  }

  shuffled(values) {
    const left = [...values];
    for (let at = left.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [left[at], left[other]] = [left[other], left[at]];
    }
    return left;
  }
}

/** `hex` may have spaces. */
export const bytes = (hex) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

export const hex = (buffer) => Buffer.from(buffer).toString('hex');

export const joined = (...parts) => new Uint8Array(Buffer.concat(parts));

/** The published test vectors, which the server's tests read too. */
export const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../e2ee/vectors/${name}.json`, import.meta.url), 'utf8'));

/** For `assert.rejects`: a `FrameError` or `HpkeError`. */
export const fault = (expected) => (error) => error.fault === expected;
