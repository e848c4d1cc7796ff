// @ts-check
/**
 * Whether the own person has said yes to the recording that is asked for or runs. Remembered in this tab, because a
 * reloaded page is not told so by anybody it could believe: the server says who agreed, and the recorder is its own.
 *
 * When a yes begins and ends is not its business (`encryption.js`).
 */

import { storageOf } from '../settings.js';

const KEY = 'therabook.yes';

export class Yes {
  #storage;

  /** @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null} [storage] */
  constructor(storage = storageOf('sessionStorage')) {
    this.#storage = storage;
  }

  /**
   * @param {string} seat  as `seat.js` names it
   * @returns {boolean} false also where nothing can be remembered
   */
  wasSaidIn(seat) {
    try {
      return this.#storage?.getItem(KEY) === seat;
    } catch {
      return false;
    }
  }

  /**
   * @param {string} seat
   * @param {boolean} said
   */
  keep(seat, said) {
    try {
      if (said) this.#storage?.setItem(KEY, seat);
      else this.#storage?.removeItem(KEY);
    } catch {
      // No storage: after a reload the recorder gets no keys from here.
    }
  }
}
