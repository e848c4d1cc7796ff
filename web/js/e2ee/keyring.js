// @ts-check
/**
 * Opens frames with the keys that others have given, and knows how long each key is good for (docs/e2ee.md).
 *
 * A frame can be here before its key, which comes another way: it is held for a second, and those behind it with it.
 * What waits for a key that does not come is not waited for twice. Who gave a key, and whether to believe them, is not
 * its business (`agreement.js`), nor where frames come from (`worker.js`).
 */

import { systemClock } from '../clock.js';
import { SOURCE, decryptFrame, decryptRed, numberOf } from './frames.js';
import { FrameError, ReceivingContext } from './sframe.js';

/** @typedef {import('./frames.js').SourceByte} SourceByte */

/** Milliseconds that a frame waits for its key. */
export const KEY_WAIT = 1000;
/** And that a key is kept after the next one was first used. */
export const KEPT = 10_000;
/** Keys of one person: the one before, the one in use, one to come, and one more if they are quick. */
const MOST_KEYS = 4;

export class Keyring {
  #context;
  #clock;
  /** @type {Map<number, number[]>} key ids by number, the oldest first */
  #keys = new Map();
  /** @type {Map<number, Set<() => void>>} what waits for a key of this number */
  #waiting = new Map();
  /** @type {Map<number, number>} for how long a key id was waited for in vain, by the last one of each number */
  #missed = new Map();

  /** @param {{context?: ReceivingContext, clock?: import('../clock.js').Clock}} [parts] */
  constructor({ context = new ReceivingContext(), clock = systemClock } = {}) {
    this.#context = context;
    this.#clock = clock;
  }

  /**
   * @param {number} kid  whose it is stands in it
   * @param {import('./sframe.js').Bytes} key
   */
  async add(kid, key) {
    const number = numberOf(kid);
    await this.#context.add(kid, key);
    const kids = (this.#keys.get(number) ?? []).filter((each) => each !== kid);
    kids.push(kid);
    for (const old of kids.splice(0, Math.max(0, kids.length - MOST_KEYS))) this.#context.remove(old);
    this.#keys.set(number, kids);
    for (const go of this.#waiting.get(number) ?? []) go();
  }

  /** @param {number} number  of somebody who has gone */
  forget(number) {
    for (const kid of this.#keys.get(number) ?? []) this.#context.remove(kid);
    this.#keys.delete(number);
    this.#missed.delete(number);
    for (const go of this.#waiting.get(number) ?? []) go();
  }

  /**
   * @param {ArrayBuffer} frame
   * @param {{codec: import('./clear-bytes.js').Codec | 'red', source: SourceByte, number: number}} from  `red`: of
   *   sound, redundant (RFC 2198) · `number`: whose it has to be
   * @param {boolean} [atOnce]  without waiting for a key: it need not have one
   * @returns {Promise<ArrayBuffer>} what a decoder may get
   * @throws {FrameError} also `not-authentic` for what somebody else has sent
   */
  async open(frame, { codec, source, number }, atOnce = false) {
    const opened = await this.#patiently(number, atOnce, () => {
      if (codec === 'red') return decryptRed(this.#context, frame, source);
      return decryptFrame(this.#context, frame, codec, source);
    });
    return opened.frame;
  }

  /**
   * @param {import('./sframe.js').Bytes} ciphertext  of chat
   * @param {number} number  whose it has to be
   * @returns {Promise<import('./sframe.js').Bytes>}
   * @throws {FrameError} as `open`
   */
  async openText(ciphertext, number) {
    const decrypt = () => this.#context.decrypt(ciphertext, Uint8Array.of(SOURCE.chat));
    return (await this.#patiently(number, false, decrypt)).plaintext;
  }

  /**
   * @template {{kid: number}} T
   * @param {number} number
   * @param {boolean} atOnce
   * @param {() => Promise<T>} attempt
   */
  async #patiently(number, atOnce, attempt) {
    let opened;
    try {
      opened = await attempt();
    } catch (error) {
      if (atOnce || !(error instanceof FrameError) || error.kid === undefined) throw error;
      if (numberOf(error.kid) !== number || !(await this.#comes(error.kid))) throw error;
      opened = await attempt();
    }
    if (numberOf(opened.kid) !== number) throw new FrameError('not-authentic', 'somebody else has sent it');
    this.#used(opened.kid);
    return opened;
  }

  /**
   * Waits for a key. Another one of the same person means that this one was before their time here.
   * @param {number} kid
   * @returns {Promise<boolean>} whether it is here now
   */
  async #comes(kid) {
    const number = numberOf(kid);
    if (this.#missed.get(number) === kid) return false;
    const waiting = this.#waiting.get(number) ?? new Set();
    this.#waiting.set(number, waiting);
    await new Promise((resolve) => {
      const go = () => {
        cancel();
        waiting.delete(go);
        resolve(undefined);
      };
      const cancel = this.#clock.after(KEY_WAIT, go);
      waiting.add(go);
    });
    if (this.#context.has(kid)) return true;
    this.#missed.set(number, kid);
    return false;
  }

  /** @param {number} kid  something was opened with it: those before it are not needed for long */
  #used(kid) {
    const kids = this.#keys.get(numberOf(kid)) ?? [];
    const before = kids.splice(0, Math.max(0, kids.indexOf(kid)));
    if (before.length) this.#clock.after(KEPT, () => before.forEach((old) => this.#removeUnlessBack(old)));
  }

  /** @param {number} kid  epochs are counted modulo 256, so it may be in use again */
  #removeUnlessBack(kid) {
    if (!this.#keys.get(numberOf(kid))?.includes(kid)) this.#context.remove(kid);
  }
}
