// @ts-check
/**
 * What a person is told of trouble with their connection: only what lasts, and long enough to be read.
 *
 * What is done about it does not wait for that (`media.js`, `connection.js`).
 */

import { systemClock } from './clock.js';

/**
 * @typedef {'ok' | 'detached' | 'reconnecting'} Connected
 *   detached: sound and picture go on, but the server does not hear what is pressed or written · reconnecting: they do
 *   not go on either
 */

/** Milliseconds that something lasts before it is told. What is over sooner was at most a crackle. */
const TOLD_AFTER = { ok: 0, reconnecting: 1_000, detached: 2_000 };

/** How long what was told is told at least. */
const READ = 1_500;

export class Trouble {
  #changed;
  #clock;
  /** @type {Connected} */
  #now = 'ok';
  /** @type {Connected} */
  #told = 'ok';
  #since = 0;
  #toldAt = -Infinity;
  #cancel = () => {};

  /** @param {{changed: (told: Connected) => void, clock?: import('./clock.js').Clock}} parts */
  constructor({ changed, clock = systemClock }) {
    this.#changed = changed;
    this.#clock = clock;
  }

  /** @param {Connected} now  how it is */
  is(now) {
    if (now === this.#now) return;
    if (this.#now === 'ok') this.#since = this.#clock.now();
    this.#now = now;
    this.#cancel();
    if (now === this.#told) return;
    const due = this.#told === 'ok' ? this.#since + TOLD_AFTER[now] : this.#toldAt + READ;
    this.#cancel = this.#clock.after(Math.max(0, due - this.#clock.now()), () => this.#tell());
  }

  /** Nobody is to be told anything any more. */
  end() {
    this.#cancel();
    this.#now = this.#told = 'ok';
  }

  #tell() {
    this.#told = this.#now;
    this.#toldAt = this.#clock.now();
    this.#changed(this.#told);
  }
}
