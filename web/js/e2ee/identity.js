// @ts-check
/**
 * The key pair by which a person's browser is known in a call, and what it has found out about others: whose keys were
 * compared, in whose name something was forged. It is all of the call, outlives a reload of the page, and is deleted
 * when the call is over. The private key is never seen by the page: IndexedDB keeps it as it is.
 *
 * Where there is no IndexedDB (some private windows), a reloaded page has another key pair, and the others are told;
 * and nothing was compared or forged.
 */

import { generateKeyPair } from './hpke.js';

/** @typedef {import('./hpke.js').KeyPair} KeyPair */
/**
 * What an earlier page of the call has found out.
 * @typedef {object} Found
 * @property {Map<string, Set<string>>} compared  public keys in base64url, by id of whose they are
 * @property {Set<string>} forged  ids in whose name something was forged, and with whom nothing was compared since
 */
/** @typedef {Found & {pair: KeyPair}} Identity */

const DATABASE = 'therabook';
const STORE = 'identities';
/** Longer than any call: what is older was left by a browser that was closed in one. */
const OLD = 24 * 3600 * 1000;

export class Identities {
  #indexedDB;
  #now;
  #make;
  /** @type {Promise<unknown>} what is to be kept is so one after the other */
  #kept = Promise.resolve();

  /**
   * @param {{indexedDB?: IDBFactory | undefined, now?: () => number, make?: () => Promise<KeyPair>}} [parts]
   */
  constructor({ indexedDB = globalThis.indexedDB, now = Date.now, make = generateKeyPair } = {}) {
    this.#indexedDB = indexedDB;
    this.#now = now;
    this.#make = make;
  }

  /**
   * @param {string} name  of the seat (`seat.js`): random, and known to this tab only
   * @returns {Promise<Identity>} the one that there is for it, or a new one
   */
  async of(name) {
    const kept = await this.#ask('readonly', (store) => store.get(name));
    if (kept && this.#now() - kept.at < OLD) return { pair: kept.pair, compared: kept.compared, forged: kept.forged };
    const identity = { pair: await this.#make(), compared: new Map(), forged: new Set() };
    // Nobody waits for a disk to begin a call.
    void this.keep(name, identity);
    return identity;
  }

  /**
   * @param {string} name
   * @param {Identity} identity  with what was found out by now
   */
  async keep(name, identity) {
    this.#kept = this.#kept.then(() => {
      return this.#ask('readwrite', (store) => store.put({ ...identity, at: this.#now() }, name));
    });
    await this.#kept;
  }

  /** @param {string} name  the call is over */
  async forget(name) {
    await this.#kept;
    await this.#ask('readwrite', (store) => store.delete(name));
  }

  /** Deletes what calls have left that did not end well. */
  async tidy() {
    const names = (await this.#ask('readonly', (store) => store.getAllKeys())) ?? [];
    for (const name of names) {
      const kept = await this.#ask('readonly', (store) => store.get(name));
      if (!kept || this.#now() - kept.at >= OLD) await this.forget(String(name));
    }
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<T>} what
   * @returns {Promise<T | undefined>} undefined also where nothing can be kept
   */
  async #ask(mode, what) {
    try {
      const database = await this.#open();
      try {
        return await settled(what(database.transaction(STORE, mode).objectStore(STORE)));
      } finally {
        database.close();
      }
    } catch {
      return undefined;
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  #open() {
    if (!this.#indexedDB) throw new Error('nothing can be kept here');
    const opening = this.#indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    return settled(opening);
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
