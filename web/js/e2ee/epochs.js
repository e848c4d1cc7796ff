// @ts-check
/**
 * Under which key this person sends, and who has it (docs/e2ee.md, "A new epoch").
 *
 * Whoever comes gets a new key, so that they cannot read what was before; it is used as soon as all have it, or after
 * two seconds. When somebody is no longer to have it, the next one is used at once. Whoever only lost a socket keeps
 * it, and gets again what may have been lost. With nobody to have it there is none, and nothing is sent. Keys are
 * random bytes that others get sealed; how, is not its business (`agreement.js`), nor is what is encrypted
 * (`worker.js`).
 */

import { systemClock } from '../clock.js';

/** Milliseconds after which a key is used that not everybody is known to have. Longer: a newcomer waits for somebody
 * whose socket is away. Shorter: on a slow way a key is used before it has come, and a second of sound is lost. */
export const PATIENCE = 2000;

const KEY_BYTES = 32;
const EPOCHS = 256;

/** @typedef {{kid: number, key: import('./sframe.js').Bytes}} SenderKey */

/** @typedef {{key: SenderKey, missing: Set<string>}} Given  `missing`: who has not said that it came */

/**
 * @typedef {object} Keeper  what is done with keys
 * @property {(id: string, key: SenderKey) => void} give  seals it for this person and sends it
 * @property {(key: SenderKey | null) => void} use        encrypts with it from now on; null: sends nothing
 */

export class Epochs {
  #keeper;
  #clock;
  #random;
  #number = 0;
  /** @type {number} */
  #epoch;
  /** @type {Map<string, number>} who is to have it, and at which handshake with them that was said */
  #holders = new Map();
  /** @type {Given | null} in use */
  #current = null;
  /** @type {Given | null} not used yet */
  #next = null;
  #cancel = () => {};

  /**
   * @param {{keeper: Keeper, clock?: import('../clock.js').Clock,
   *          random?: (bytes: number) => import('./sframe.js').Bytes}} parts
   */
  constructor({ keeper, clock = systemClock, random = randomBytes }) {
    this.#keeper = keeper;
    this.#clock = clock;
    this.#random = random;
    this.#epoch = random(1)[0];
  }

  /** Who holds the key in use or the one to come. */
  get holders() {
    return new Set(this.#holders.keys());
  }

  /** @param {number} number  this person's place in key ids; with another one the key before is nobody's */
  setNumber(number) {
    if (number === this.#number) return;
    this.#number = number;
    if (this.#holders.size) this.#begin({ atOnce: true });
  }

  /**
   * Who is to have the key from now on.
   * @param {ReadonlyMap<string, number>} holders  by id, with a number that changes with each handshake
   */
  setHolders(holders) {
    const gone = [...this.#holders.keys()].some((id) => !holders.has(id));
    const come = [...holders].some(([id, handshake]) => this.#holders.get(id) !== handshake);
    this.#holders = new Map(holders);
    if (!holders.size) return this.#end();
    if (gone || come) this.#begin({ atOnce: gone || !this.#current });
  }

  /**
   * @param {string} id    who has said that a key came
   * @param {number} kid   which
   */
  has(id, kid) {
    this.#given.find(({ key }) => key.kid === kid)?.missing.delete(id);
    if (this.#next?.missing.size === 0) this.#useNext();
  }

  /** @param {string} id  to whom what was on its way may be lost, in either direction */
  again(id) {
    // In the order in which they came before: the last one is the newest to who gets them.
    const given = this.#given;
    const first = given.findIndex(({ missing }) => missing.has(id));
    if (first >= 0) for (const { key } of given.slice(first)) this.#keeper.give(id, key);
  }

  /** The key in use cannot be used for more. */
  renew() {
    if (this.#holders.size) this.#begin({ atOnce: true });
  }

  /** Nothing is sent any more, and no key is kept. */
  close() {
    this.#holders.clear();
    this.#end();
  }

  get #given() {
    return [this.#current, this.#next].filter((given) => given !== null);
  }

  /** @param {{atOnce: boolean}} how */
  #begin({ atOnce }) {
    this.#cancel();
    this.#epoch = (this.#epoch + 1) % EPOCHS;
    const key = { kid: this.#number * EPOCHS + this.#epoch, key: this.#random(KEY_BYTES) };
    this.#next = { key, missing: new Set(this.#holders.keys()) };
    for (const id of this.#holders.keys()) this.#keeper.give(id, key);
    if (atOnce) this.#useNext();
    else this.#cancel = this.#clock.after(PATIENCE, () => this.#useNext());
  }

  #useNext() {
    this.#cancel();
    if (!this.#next) return;
    this.#current = this.#next;
    this.#next = null;
    this.#keeper.use(this.#current.key);
  }

  #end() {
    this.#cancel();
    if (this.#current) this.#keeper.use(null);
    this.#current = this.#next = null;
  }
}

/** @param {number} bytes */
function randomBytes(bytes) {
  return crypto.getRandomValues(new Uint8Array(bytes));
}
