// @ts-check
/**
 * How the staff pages ask the server. The cookie of whoever is signed in goes with each request by itself. Where the
 * server wants to be sure who sits there, they are asked for their password or passkey, and the request goes again.
 *
 * Not here: who is signed in (`office.js`), any words, what is asked (each panel knows its own addresses).
 */

import { Http, RefusedError } from '../http.js';

/** Said instead of an answer when nobody is signed in any more. */
const ENDED = new Set(['sign_in_needed', 'second_factor_needed', 'enrol_needed', 'unauthorized']);

/** With this a page says that nobody has asked: that it looks by itself and nobody may be there. */
const BACKGROUND = { 'Therabook-Background': '1' };

/**
 * @typedef {object} How
 * @property {Record<string, string | number | boolean | null | undefined>} [query]  null and empty ones are left out
 * @property {boolean} [quiet]  the page asks by itself: it does not keep anybody signed in
 */

export class StaffApi {
  #http;
  /** Called when an answer says that nobody is signed in any more, with the code. @type {(code: string) => void} */
  ended = () => {};
  /** Called after each answer that counts as somebody being there. @type {() => void} */
  answered = () => {};
  /** Asks who sits there; whether they could show it. @type {() => Promise<boolean>} */
  confirm = async () => false;

  /** @param {typeof fetch} [fetch] */
  constructor(fetch) {
    this.#http = new Http(fetch);
  }

  /**
   * @param {string} path  as `/api/staff/me`
   * @param {How} [how]
   * @returns {Promise<any>}
   * @throws {RefusedError}
   */
  async get(path, how) {
    return this.#send('GET', path, undefined, how);
  }

  /**
   * @param {string} path
   * @param {object} [body]
   * @param {How} [how]
   * @returns {Promise<any>}
   * @throws {RefusedError}
   */
  async post(path, body = {}, how) {
    return this.#send('POST', path, body, how);
  }

  /**
   * @param {string} path
   * @param {object} body
   * @returns {Promise<any>}
   * @throws {RefusedError}
   */
  async put(path, body) {
    return this.#send('PUT', path, body);
  }

  /**
   * @param {string} path
   * @param {object} body
   * @returns {Promise<any>}
   * @throws {RefusedError}
   */
  async patch(path, body) {
    return this.#send('PATCH', path, body);
  }

  /**
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   * @throws {RefusedError}
   */
  async remove(path, body) {
    return this.#send('DELETE', path, body);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {How} [how]
   * @param {boolean} [confirmed]  they were asked already
   * @returns {Promise<any>}
   */
  async #send(method, path, body, how = {}, confirmed = false) {
    try {
      const answer = await this.#http.send(method, addressOf(path, how.query), body, how.quiet ? BACKGROUND : {});
      if (!how.quiet) this.answered();
      return answer;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (error.code === 'confirm_needed' && !confirmed && (await this.confirm())) {
        return this.#send(method, path, body, how, true);
      }
      if (ENDED.has(error.code)) this.ended(error.code);
      throw error;
    }
  }
}

/**
 * @param {string} path
 * @param {How['query']} [query]
 * @returns {string}
 */
export function addressOf(path, query = {}) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') given.set(name, String(value));
  }
  const text = given.toString();
  return text === '' ? path : `${path}?${text}`;
}
