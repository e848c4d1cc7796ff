// @ts-check
/**
 * Remembers this tab's seat, so that a reloaded page can take it again without asking anything.
 *
 * The resume token lives in sessionStorage, which belongs to the tab and ends with it, but which a browser copies when
 * a tab is duplicated. A lock that only one page can hold keeps the copy from taking the original's seat.
 */

import { storageOf } from './settings.js';

/**
 * @typedef {object} Seat
 * @property {string} id          names the lock; random, says nothing
 * @property {string} token       for `resume`
 * @property {boolean} microphone as the person had switched it
 * @property {boolean} camera
 * @property {boolean} [sound_only]
 * @property {string} [name]      what the person wants to be called: the server does not know it
 */

const KEY = 'therabook.seat';

/** A reloaded page may be quicker than the end of the one before it. */
const LOCK_WAIT = 1000;

export class SeatMemory {
  #storage;
  #locks;
  #release = () => {};
  /** @type {string | null} */
  #held = null;

  /**
   * @param {{storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null,
   *          locks?: LockManager | null}} [parts]
   */
  constructor({ storage = storageOf('sessionStorage'), locks = navigator.locks } = {}) {
    this.#storage = storage;
    this.#locks = locks;
  }

  /** What names the seat in this tab; empty while there is none. */
  get id() {
    return this.#held ?? this.read()?.id ?? '';
  }

  /** @returns {Seat | null} */
  read() {
    try {
      const seat = JSON.parse(this.#storage?.getItem(KEY) ?? 'null');
      return seat && typeof seat.id === 'string' && typeof seat.token === 'string' ? seat : null;
    } catch {
      return null;
    }
  }

  /** @param {Omit<Seat, 'id'>} seat */
  write(seat) {
    const id = this.#held ?? this.read()?.id ?? newId();
    if (!this.#held) void this.hold(id);
    try {
      this.#storage?.setItem(KEY, JSON.stringify({ ...seat, id }));
    } catch {
      // No storage: a reload will ask to join again, nothing else is lost.
    }
  }

  /** The seat is given up. */
  forget() {
    this.#release();
    this.#release = () => {};
    this.#held = null;
    try {
      this.#storage?.removeItem(KEY);
    } catch {
      // As above.
    }
  }

  /**
   * @param {string} id
   * @returns {Promise<boolean>} whether this page, and no copy of it, holds the seat; true where there are no locks
   */
  async hold(id) {
    if (this.#held === id || !this.#locks) {
      this.#held = id;
      return true;
    }
    const locks = this.#locks;
    const patience = new AbortController(); // AbortSignal.timeout is not in every browser that can encrypt
    const late = setTimeout(() => patience.abort(), LOCK_WAIT);
    return new Promise((resolve) => {
      locks
        .request(`therabook.seat.${id}`, { signal: patience.signal }, () => {
          clearTimeout(late);
          this.#held = id;
          resolve(true);
          return new Promise((release) => {
            this.#release = () => release(undefined);
          });
        })
        .catch(() => resolve(false));
    });
  }
}

function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
