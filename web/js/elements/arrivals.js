/**
 * Tells of people who come and go once it can be said who they are: their names take a moment to come end to end.
 * Whoever has just come in hears all names at once. Nobody is waited for longer than two seconds.
 *
 * What is said is `announcements.js`'s.
 */

import { peopleSaid } from './announcements.js';
import { systemClock } from '../clock.js';
import { UNNAMED } from '../e2ee/names.js';

/**
 * @typedef {import('./announcements.js').Announcement} Announcement
 * @typedef {NonNullable<import('../session.js').SessionState['server']>} ServerState
 */

/** Longer leaves ears behind eyes; shorter says "somebody" where a name was on its way over a bad line. */
const PATIENCE_MS = 2000;

export class Arrivals {
  #clock;
  #say;
  /** @type {Map<string, boolean>} who is here and has no name yet, and whether they have been waited for */
  #unnamed = new Map();
  /** @type {ServerState | null} as it was last told */
  #told = null;
  /** @type {ServerState | null} as it is now */
  #server = null;

  /** @param {{say: (said: Announcement[]) => void, clock?: import('../clock.js').Clock}} parts */
  constructor({ say, clock = systemClock }) {
    this.#clock = clock;
    this.#say = say;
  }

  /** @param {Pick<import('../session.js').SessionState, 'phase' | 'server'>} state */
  follow({ phase, server }) {
    this.#server = phase === 'present' ? server : null;
    const waited = this.#server?.people.filter(({ name }) => name === UNNAMED).map(({ id }) => id) ?? [];
    for (const id of this.#unnamed.keys()) if (!waited.includes(id)) this.#unnamed.delete(id);
    for (const id of waited) {
      if (this.#unnamed.has(id)) continue;
      this.#unnamed.set(id, false);
      this.#clock.after(PATIENCE_MS, () => {
        if (!this.#unnamed.has(id)) return;
        this.#unnamed.set(id, true);
        this.#tell();
      });
    }
    if (this.#server === null) this.#told = null;
    this.#tell();
  }

  #tell() {
    const server = this.#server;
    if (server === null || server === this.#told) return;
    const people = server.people.filter(({ id }) => this.#unnamed.get(id) !== false);
    if (this.#told === null && people.length < server.people.length) return;
    const now = { ...server, people };
    const said = peopleSaid(now, this.#told);
    this.#told = now;
    if (said.length > 0) this.#say(said);
  }
}
