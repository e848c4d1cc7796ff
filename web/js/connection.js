// @ts-check
/**
 * The socket to the server: opened early, greeted with the right first message, asked for a sign of life when it is
 * quiet, and opened again when it is lost.
 *
 * A socket that may be dead is not given up for one that does not exist yet: a second one is opened beside it, and
 * takes its place when it is there first. What the messages mean is not its business (`call.js`).
 */

import { retryPause, systemClock } from './clock.js';

/** @typedef {import('./messages.js').ClientMessage} ClientMessage */
/** @typedef {import('./messages.js').ServerMessage} ServerMessage */

/**
 * @typedef {object} ConnectionEvents
 * @property {() => ClientMessage | null} hello   the first message for a socket; null while there is nothing to say
 * @property {(message: ServerMessage) => void} receive
 * @property {() => void} lost                    a greeted socket is gone; another one is being opened
 * @property {() => void} unreachable             no socket for `patience`; nothing more is tried until `greet`
 */

/** How long a lost socket is tried again. As long as the server could possibly give a seat back, and some more. */
const PATIENCE = 300_000;

/** A connection that takes longer than this to open, or to answer its greeting, is given up for a new one. */
const OPENING = 8_000;

/** An early socket that the server closed for silence is opened again after this. */
const WARM_PAUSE = 2_000;

/** After so long without a word the server is asked for one: browsers do not tell that the other end is gone. */
const QUIET = 10_000;

/** So long a sign of life is waited for. Shorter, and sockets that only cross a bad network are given up. */
const SIGN_OF_LIFE = 4_000;

/** Where there is no network at all a second socket fails at once; the next one is tried after this. */
const SECOND_PAUSE = 300;

/** What was on its way when the server was asked says nothing about what is now. */
const CROSSING = 500;

/** An attempt that is older than this is begun anew when there may be a network again. */
const STALE = 1_000;

export class Connection {
  #url;
  #events;
  #clock;
  #WebSocket;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {WebSocket | null} beside one that may be dead */
  #second = null;
  #greeted = false;
  #wanted = false;
  #attempt = 0;
  #patience = PATIENCE;
  /** @type {number | null} */
  #lostAt = null;
  #connectedAt = 0;
  #heardAt = 0;
  /** @type {number | null} */
  #askedAt = null;
  #cancelRetry = () => {};
  #cancelDeadline = () => {};
  #cancelQuiet = () => {};
  #cancelSecond = () => {};

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
    this.#listen();
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
    this.#cancelQuiet();
    this.#askedAt = null;
    this.#dropSecond();
  }

  /** The present socket has served: a new one with a new greeting, at once. */
  reopen() {
    if (!this.#wanted) return;
    const wasGreeted = this.#greeted;
    this.#drop();
    if (wasGreeted) this.#noteLoss();
    this.#connect();
  }

  /** The page was asleep, or nothing was heard for a while: is the server still there? */
  ask() {
    if (!this.open) return this.hurry();
    if (this.#askedAt !== null) return;
    this.#askedAt = this.#clock.now();
    this.send({ type: 'ping' });
    this.#cancelQuiet();
    this.#cancelQuiet = this.#clock.after(SIGN_OF_LIFE, () => this.#silent());
  }

  /** The way to the server may be another one: whichever is there first, a sign of life or a second socket. */
  doubt() {
    if (!this.#wanted) return;
    this.ask();
    if (this.open && !this.#second) this.#openSecond();
  }

  /** There may be a network again: what is being waited for is tried now. */
  hurry() {
    if (!this.#wanted) return;
    const connecting = this.#socket?.readyState === 0;
    if (connecting && this.#clock.now() - this.#connectedAt > STALE) this.#drop();
    if (!this.#socket) this.#connect();
  }

  /** Closes; nothing is tried until `warm` or `greet`. */
  close() {
    this.#wanted = false;
    this.#lostAt = null;
    this.#drop();
  }

  #connect() {
    this.#use(new this.#WebSocket(this.#url));
  }

  /** @param {WebSocket} socket */
  #use(socket) {
    this.#cancelRetry();
    this.#socket = socket;
    this.#greeted = false;
    this.#connectedAt = this.#clock.now();
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
      this.#heardAt = this.#clock.now();
      const message = parse(data);
      if (message?.type === 'pong') this.#alive();
      else if (message) this.#events.receive(message);
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

  /** Waits until it has been quiet for too long. */
  #listen() {
    this.#cancelQuiet();
    const quiet = this.#clock.now() - this.#heardAt;
    if (quiet < QUIET) this.#cancelQuiet = this.#clock.after(QUIET - quiet, () => this.#listen());
    else this.ask();
  }

  #openSecond() {
    this.#cancelSecond();
    const second = new this.#WebSocket(this.#url);
    this.#second = second;
    second.onopen = () => second === this.#second && this.#takeSecond();
    second.onclose = () => {
      if (second !== this.#second) return;
      this.#second = null;
      this.#cancelSecond = this.#clock.after(SECOND_PAUSE, () => this.#openSecond());
    };
  }

  /** The server has answered: there is no reason to doubt. */
  #alive() {
    this.#askedAt = null;
    this.#dropSecond();
    this.#listen();
  }

  /** It has not. */
  #silent() {
    if (this.#askedAt !== null && this.#heardAt > this.#askedAt + CROSSING) this.#alive();
    else if (this.#second) this.#takeSecond();
    else this.#failed();
  }

  /** The second socket, open or on its way, takes the place of the first. */
  #takeSecond() {
    const second = this.#second;
    if (!second) return;
    this.#second = null;
    const wasGreeted = this.#greeted;
    this.#drop();
    if (wasGreeted) this.#noteLoss();
    this.#use(second);
    if (second.readyState === 1) second.onopen?.(new Event('open'));
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
    this.#cancelQuiet();
    this.#askedAt = null;
    this.#dropSecond();
    const socket = this.#socket;
    this.#socket = null;
    this.#greeted = false;
    if (socket) discard(socket);
  }

  #dropSecond() {
    this.#cancelSecond();
    const second = this.#second;
    this.#second = null;
    if (second) discard(second);
  }
}

/** @param {WebSocket} socket */
function discard(socket) {
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
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
