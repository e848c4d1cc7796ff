// @ts-check
/**
 * What must not get lost with a socket: what this person has written and has not seen come back, and a no to the
 * recording of which the server does not show that it knows. Both are said again on the next socket, messages under the
 * same name, by which the server knows what it has relayed already.
 *
 * Kept in this page only, like all that is written.
 */

/** @typedef {{text: string, ref: string}} Written */
/** @typedef {import('./messages.js').ClientMessage} ClientMessage */

/** More than anybody writes within the seconds in which a loss is not noticed. */
const MOST = 32;

export class Outbox {
  /** @type {Map<string, Written>} */
  #written = new Map();
  #refuses = false;
  #newName;

  /** @param {() => string} [newName]  up to 16 letters and digits, others each time */
  constructor(newName = randomName) {
    this.#newName = newName;
  }

  /**
   * @param {string} text
   * @returns {Written} to be sent, and then given to `sent`
   */
  chat(text) {
    return { text, ref: this.#newName() };
  }

  /** @param {Written} message */
  sent(message) {
    this.#written.set(message.ref, message);
    for (const ref of [...this.#written.keys()].slice(0, -MOST)) this.#written.delete(ref);
  }

  /**
   * @param {string | null | undefined} ref  of a message that came back
   * @returns {string | null} what was written, if it was here
   */
  cameBack(ref) {
    const written = ref ? this.#written.get(ref) : undefined;
    if (ref) this.#written.delete(ref);
    return written?.text ?? null;
  }

  /** @returns {ClientMessage} to be sent now, if that is possible */
  refuse() {
    this.#refuses = true;
    return { type: 'consent', agreed: false };
  }

  /** @param {import('./messages.js').State['recording']} recording  as the server shows it */
  shown(recording) {
    const { phase = '', you = 'none' } = recording ?? {};
    if (you === 'refused' || !['asking', 'running', 'paused'].includes(phase)) this.#refuses = false;
  }

  /** @returns {{refusal: ClientMessage | null, written: Written[]}} what is to be said again on a new socket */
  again() {
    return { refusal: this.#refuses ? this.refuse() : null, written: [...this.#written.values()] };
  }

  /** The seat is gone, and whom it was said to. */
  forget() {
    this.#written.clear();
  }
}

function randomName() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
