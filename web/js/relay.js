// @ts-check
/**
 * Ways around a firewall: the clinic's TURN servers, with a credential that is good for a few minutes.
 *
 * Asked for early and never waited for. What was begun with a credential goes on when it has ended, so a new one is
 * needed only when a way is looked for anew. Not here: what they are used for (`media.js`).
 */

import { systemClock } from './clock.js';

/** Milliseconds before its end from which a credential is not used any more: gathering takes some time. */
const MARGIN = 30_000;

/** After a failure nothing is asked for so long. */
const PAUSE = 5_000;

export class Relay {
  #wanted;
  #changed;
  #clock;
  #fetch;
  /** @type {readonly RTCIceServer[]} */
  #servers = [];
  #until = -Infinity;
  #notBefore = -Infinity;
  #asking = false;

  /**
   * @param {object} parts
   * @param {boolean} parts.wanted            whether the clinic has any
   * @param {() => void} parts.changed        there are new ones
   * @param {import('./clock.js').Clock} [parts.clock]
   * @param {typeof fetch} [parts.fetch]
   */
  constructor({ wanted, changed, clock = systemClock, fetch = globalThis.fetch }) {
    this.#wanted = wanted;
    this.#changed = changed;
    this.#clock = clock;
    this.#fetch = fetch;
  }

  /** Those with which something can be begun now. */
  get servers() {
    return this.#clock.now() < this.#until ? this.#servers : [];
  }

  /**
   * Asks for new ones unless there are good ones. Never throws: without them calls go on as far as they can.
   * @param {string | null} token  of the link, or the one with which one comes back
   */
  async refresh(token) {
    const now = this.#clock.now();
    if (!this.#wanted || !token || this.#asking || now < this.#until || now < this.#notBefore) return;
    this.#asking = true;
    const found = await askForServers(token, this.#fetch);
    this.#asking = false;
    if ('code' in found) {
      this.#notBefore = this.#clock.now() + PAUSE;
      return;
    }
    this.#servers = found.servers;
    this.#until = this.#clock.now() + found.seconds * 1000 - MARGIN;
    this.#changed();
  }
}

/**
 * @param {string} token
 * @param {typeof fetch} [fetch]
 * @returns {Promise<{servers: RTCIceServer[], seconds: number} | {code: string}>}  never throws
 */
export async function askForServers(token, fetch = globalThis.fetch) {
  try {
    const response = await fetch('/api/ice', {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
      cache: 'no-store',
    });
    const answer = await response.json();
    if (!response.ok) return { code: String(answer.code ?? 'unknown') };
    return { servers: answer.ice_servers, seconds: answer.seconds };
  } catch {
    return { code: 'unreachable' };
  }
}
