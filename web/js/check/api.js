// @ts-check
/**
 * What the server offers for a check before a call: a socket, its TURN servers, and a connection to its media server
 * that gives back what it gets.
 */

import { systemClock } from '../clock.js';
import { askForServers } from '../relay.js';

/** @typedef {import('../messages.js').Offer} Offer */
/** @typedef {import('../messages.js').Answer} Answer */

/** Milliseconds. A socket that takes longer is as good as none. */
const OPENING = 8_000;

export class CheckApi {
  #token;
  #url;
  #clock;
  #fetch;
  #WebSocket;

  /**
   * @param {object} parts
   * @param {string} parts.token   of a link into a session
   * @param {string} parts.socket  the signaling socket's address
   * @param {import('../clock.js').Clock} [parts.clock]
   * @param {typeof fetch} [parts.fetch]
   * @param {typeof WebSocket} [parts.WebSocket]
   */
  constructor({
    token,
    socket,
    clock = systemClock,
    fetch = globalThis.fetch.bind(globalThis),
    WebSocket = globalThis.WebSocket,
  }) {
    this.#token = token;
    this.#url = socket;
    this.#clock = clock;
    this.#fetch = fetch;
    this.#WebSocket = WebSocket;
  }

  /** @returns {Promise<boolean>} whether a socket opens */
  socket() {
    return new Promise((resolve) => {
      const socket = new this.#WebSocket(this.#url);
      /** @param {boolean} opened */
      const done = (opened) => {
        cancel();
        socket.onopen = socket.onclose = null;
        socket.close();
        resolve(opened);
      };
      const cancel = this.#clock.after(OPENING, () => done(false));
      socket.onopen = () => done(true);
      socket.onclose = () => done(false);
    });
  }

  /** @returns {Promise<RTCIceServer[]>} the clinic's TURN servers; none if they cannot be had */
  async servers() {
    const found = await askForServers(this.#token, this.#fetch);
    return 'code' in found ? [] : found.servers;
  }

  /**
   * @param {Offer} offer
   * @returns {Promise<{answer: Answer} | {code: string}>}  never throws
   */
  async probe(offer) {
    try {
      const response = await this.#fetch('/api/probe', {
        method: 'POST',
        headers: { Authorization: `Bearer ${this.#token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ offer }),
        cache: 'no-store',
      });
      const said = await response.json();
      return response.ok ? { answer: said.answer } : { code: String(said.code ?? 'unknown') };
    } catch {
      return { code: 'unreachable' };
    }
  }
}
