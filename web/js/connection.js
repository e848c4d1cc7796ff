// @ts-check
/**
 * The socket to the server: opened early, greeted with the right first message, and opened again when it is lost.
 *
 * What the messages mean is not its business (`session.js`).
 */

import { retryPause, systemClock } from './clock.js';

/** @typedef {import('./messages.js').ClientMessage} ClientMessage */
/** @typedef {import('./messages.js').ServerMessage} ServerMessage */

/**
 * @typedef {object} ConnectionEvents
 * @property {() => ClientMessage | null} hello   the first message for a socket; null while there is nothing to say
 * @property {(message: ServerMessage) => void} receive
 * @property {() => void} lost                    a greeted socket is gone; it is being opened again
 * @property {() => void} unreachable             no socket for `patience`; nothing more is tried until `greet`
 */

/** How long a lost socket is tried again. As long as the server could possibly hold a seat, and some more. */
const PATIENCE = 60_000;

/** A connection that takes longer than this to open, or to answer its greeting, is given up for a new one. */
const OPENING = 8_000;

/** An early socket that the server closed for silence is opened again after this. */
const WARM_PAUSE = 2_000;

export class Connection {
  #url;
  #events;
  #clock;
  #WebSocket;
  /** @type {WebSocket | null} */
  #socket = null;
  #greeted = false;
  #wanted = false;
  #attempt = 0;
  #patience = PATIENCE;
  /** @type {number | null} */
  #lostAt = null;
  #cancelRetry = () => {};
  #cancelDeadline = () => {};

  /**
   * @param {{url: string, events: ConnectionEvents, clock?: import('./clock.js').Clock,
   *          WebSocket?: typeof WebSocket}} parts
   */
  constructor({ url, events, clock = systemClock, WebSocket = globalThis.WebSocket }) {
    this.#url = url;
    this.#events = events;
    this.#clock = clock;
    this.#WebSocket = WebSocket;
  }

  /** Whether messages can be sent now. */
  get open() {
    return this.#greeted && this.#socket?.readyState === 1;
  }

  /** Opens a socket without saying anything yet. */
  warm() {
    this.#wanted = true;
    if (!this.#socket) this.#connect();
  }

  /**
   * There is something to say: greets on the socket that is open, or as soon as one is.
   * @param {number} [patience]  milliseconds until `unreachable`
   */
  greet(patience = PATIENCE) {
    this.#wanted = true;
    this.#patience = patience;
    this.#lostAt ??= this.#clock.now();
    this.#greeted = false;
    if (this.#socket?.readyState === 1) this.#sayHello();
    else if (!this.#socket) this.#connect();
  }

  /**
   * @param {ClientMessage} message
   * @returns {boolean} false when there is no open socket: the message is not kept
   */
  send(message) {
    if (!this.open) return false;
    this.#socket?.send(JSON.stringify(message));
    return true;
  }

  /** The greeting was accepted: the next loss starts counting from zero. */
  settle() {
    this.#attempt = 0;
    this.#lostAt = null;
    this.#patience = PATIENCE;
  }

  /** The server cannot take us now but may soon: as if the socket had been lost. */
  postpone() {
    if (this.#socket) this.#failed();
  }

  /** There is nothing to say any more; a socket that is open may stay open for the next greeting. */
  hush() {
    this.#greeted = false;
    this.#lostAt = null;
    this.#cancelDeadline();
  }

  /** The present socket is not to be trusted (another network, no answer): a new one, at once. */
  reopen() {
    if (!this.#wanted) return;
    const wasGreeted = this.#greeted;
    this.#drop();
    if (wasGreeted) this.#noteLoss();
    this.#connect();
  }

  /** If a retry is being waited for: now. */
  hurry() {
    if (this.#wanted && !this.#socket) this.#connect();
  }

  /** Closes; nothing is tried until `warm` or `greet`. */
  close() {
    this.#wanted = false;
    this.#lostAt = null;
    this.#drop();
  }

  #connect() {
    this.#cancelRetry();
    const socket = new this.#WebSocket(this.#url);
    this.#socket = socket;
    this.#greeted = false;
    this.#cancelDeadline = this.#clock.after(OPENING, () => socket === this.#socket && this.#failed());
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#cancelDeadline();
      if (this.#lostAt === null) this.#attempt = 0;
      this.#sayHello();
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#cancelDeadline();
      const message = parse(data);
      if (message) this.#events.receive(message);
    };
    socket.onclose = () => socket === this.#socket && this.#failed();
  }

  #sayHello() {
    const hello = this.#events.hello();
    if (!hello) return;
    const socket = this.#socket;
    this.#greeted = true;
    socket?.send(JSON.stringify(hello));
    this.#cancelDeadline();
    this.#cancelDeadline = this.#clock.after(OPENING, () => socket === this.#socket && this.#failed());
  }

  #failed() {
    const wasGreeted = this.#greeted;
    this.#drop();
    if (!this.#wanted) return;
    if (wasGreeted) this.#noteLoss();
    if (this.#lostAt !== null && this.#clock.now() - this.#lostAt > this.#patience) {
      this.#wanted = false;
      this.#lostAt = null;
      this.#events.unreachable();
      return;
    }
    const pause = retryPause(this.#attempt++, this.#clock.random());
    const waiting = this.#lostAt === null ? Math.max(pause, WARM_PAUSE) : pause;
    this.#cancelRetry = this.#clock.after(waiting, () => this.#connect());
  }

  #noteLoss() {
    if (this.#lostAt === null) this.#lostAt = this.#clock.now();
    this.#events.lost();
  }

  #drop() {
    this.#cancelRetry();
    this.#cancelDeadline();
    const socket = this.#socket;
    this.#socket = null;
    this.#greeted = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/**
 * @param {unknown} data
 * @returns {ServerMessage | null} null for what is no message: a page can be older than its server
 */
function parse(data) {
  try {
    const message = JSON.parse(String(data));
    return message && typeof message.type === 'string' ? message : null;
  } catch {
    return null;
  }
}

/**
 * @param {{protocol: string, host: string}} page  `location`
 * @returns {string}
 */
export function socketUrl({ protocol, host }) {
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/socket`;
}
