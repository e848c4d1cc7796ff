// @ts-check
/**
 * What is written in a call: sealed for those who are there, opened for the one who reads, and not lost with a socket.
 *
 * Order is kept both ways although sealing and opening take their time. What is sealed with is `encryption.js`'s; what
 * was not delivered is kept by `outbox.js`.
 */

import { Outbox } from './outbox.js';

/** @typedef {import('./messages.js').ClientMessage} ClientMessage */
/** @typedef {import('./session-state.js').Moments} Moments */

/**
 * What became of something written: `nobody` has a key for it, or the server is `away`. Then it is not kept.
 * @typedef {'sent' | 'nobody' | 'away'} Said
 */

/**
 * @typedef {object} WritingHost
 * @property {(message: ClientMessage) => boolean} ask   sends it, or says that it was not possible
 * @property {(moment: Moments['chat']) => void} came    in the order in which the server forwarded it
 * @property {() => string | null} me                    the own id
 */

export class Writing {
  #encryption;
  #host;
  #outbox = new Outbox();
  /** @type {Promise<void>} */
  #sending = Promise.resolve();
  /** @type {Promise<void>} */
  #reading = Promise.resolve();

  /**
   * @param {{encryption: Pick<import('./e2ee/encryption.js').Encryption, 'seal' | 'open' | 'seals' | 'nameOf'>,
   *          host: WritingHost}} parts
   */
  constructor({ encryption, host }) {
    this.#encryption = encryption;
    this.#host = host;
  }

  /**
   * @param {string} text  said again on the next socket unless it comes back on this one
   * @returns {Promise<Said>}
   */
  say(text) {
    const written = this.#outbox.chat(text);
    return this.#send(async () => {
      const message = await this.#sealed(written);
      if (!message) return 'nobody';
      if (!this.#host.ask(message)) return 'away';
      this.#outbox.sent(written);
      return 'sent';
    });
  }

  /** @param {import('./messages.js').ChatFrom} message */
  came({ person, name, text, sealed, at, ref }) {
    const mine = person === this.#host.me();
    const own = this.#outbox.cameBack(ref);
    this.#reading = this.#reading.then(async () => {
      const read = own ?? (sealed ? await this.#encryption.open(person, text) : text);
      const called = name || (this.#encryption.nameOf(person) ?? '');
      this.#host.came({ person, name: called, text: read ?? '', unreadable: read === null, at, mine });
    });
  }

  /** @returns {ClientMessage} to be sent now, if that is possible */
  refuse() {
    return this.#outbox.refuse();
  }

  /** @param {import('./messages.js').State['recording']} recording  as the server shows it */
  shown(recording) {
    this.#outbox.shown(recording);
  }

  /** @param {(message: ClientMessage) => void} send  there is another socket: says again what may be lost */
  again(send) {
    const { refusal, written } = this.#outbox.again();
    if (refusal) send(refusal);
    void this.#send(async () => {
      for (const each of written) {
        const message = await this.#sealed(each);
        if (message) send(message);
      }
    });
  }

  /** The seat is gone, and whom it was said to. */
  forget() {
    this.#outbox.forget();
  }

  /**
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  #send(act) {
    const done = this.#sending.then(act);
    this.#sending = done.then(() => {}, () => {}); // whoever asked hears of it, and the next one is not kept back
    return done;
  }

  /**
   * @param {import('./outbox.js').Written} written
   * @returns {Promise<ClientMessage | null>} null: there is no key, so nobody could read it
   */
  async #sealed(written) {
    if (!this.#encryption.seals) return { type: 'chat', ...written };
    const text = await this.#encryption.seal(written.text);
    return text === null ? null : { type: 'chat', ...written, text, sealed: true };
  }
}
