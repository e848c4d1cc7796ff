// @ts-check
/**
 * How this person's connection is, told to the server every five seconds while they are present: for the signs that
 * people see, and for the record that says afterwards why a call was bad.
 *
 * Also measures how long joining took. Costs one `getStats` in five seconds, and more only until the first picture is
 * there. Goes on in a hidden page. Not here: what is made of what the browser counts (`stats-digest.js`).
 */

import { systemClock } from './clock.js';
import { LONGEST, SHORTEST, digest, hasBegun, read } from './stats-digest.js';

/** @typedef {import('./messages.js').State} ServerState */
/** @typedef {import('./stats-digest.js').Counted} Counted */
/** @typedef {import('./stats-digest.js').Playing} Playing */
/** @typedef {import('./stats-digest.js').Reading} Reading */

/** Longer, and a bad minute is seen late; shorter, and a call that is bad already has more to carry. */
const EVERY = 5_000;

/** Until the first picture: joining takes a few hundred milliseconds, and that is what is to be known. */
const JOINING_EVERY = 100;
/** After so many looks it is not worth so much any more: the regular ones go on looking. */
const JOINING_LOOKS = 100;

export class Statistics {
  #count;
  #send;
  #unseen;
  #looked;
  #clock;
  /** @type {ServerState | null} while present */
  #server = null;
  /** @type {Reading | null} what the next message begins with */
  #before = null;
  /** @type {Reading | null} the last regular one, told or not */
  #last = null;
  #looking = false;
  #cancel = () => {};

  /** When Join was pressed; null when nobody pressed it (a page that came back) or it is told already. */
  #pressedAt = /** @type {number | null} */ (null);
  /** Since when somebody is awaited: from here on joining counts. */
  #awaitedSince = /** @type {number | null} */ (null);
  #wasAlone = false;
  /** How long it took, until that is told. */
  #joinMs = /** @type {number | null} */ (null);
  #joiningLooks = 0;
  #cancelJoining = () => {};

  /**
   * @param {{count: () => Promise<Counted | null>, send: (stats: import('./messages.js').Stats) => boolean,
   *          unseen?: () => ReadonlySet<string>, looked?: (stats: import('./messages.js').Stats) => void,
   *          clock?: import('./clock.js').Clock}} parts
   *   `count`: what the browser has counted, null while there is no peer connection · `send`: false while there is
   *   nobody to tell · `unseen`: slots that nobody looks at · `looked`: what each
   *   regular look has found, also while it cannot be told
   */
  constructor({ count, send, unseen = () => new Set(), looked = () => {}, clock = systemClock }) {
    this.#count = count;
    this.#send = send;
    this.#unseen = unseen;
    this.#looked = looked;
    this.#clock = clock;
  }

  /** Join was pressed. */
  pressed() {
    this.#pressedAt = this.#clock.now();
    this.#awaitedSince = this.#joinMs = null;
    this.#wasAlone = false;
    this.#joiningLooks = 0;
  }

  /** @param {ServerState} server  the session's newest state */
  follow(server) {
    if (server.phase !== 'present') {
      this.#wasAlone = true;
      this.#rest();
      return;
    }
    const begins = !this.#server;
    this.#server = server;
    this.#awaits();
    if (!begins) return;
    void this.#look();
    this.#arm();
  }

  /** Nothing more is told. */
  close() {
    this.#rest();
    this.#pressedAt = this.#awaitedSince = this.#joinMs = null;
  }

  #rest() {
    this.#cancel();
    this.#cancelJoining();
    this.#server = this.#before = this.#last = null;
  }

  #arm() {
    this.#cancel();
    this.#cancel = this.#clock.after(EVERY, () => {
      this.#arm();
      void this.#look();
    });
  }

  /**
   * Counts, and tells what has changed since it was last told. What cannot be told now is part of the next message.
   * @param {boolean} [joining]  tell only if the first picture has come
   */
  async #look(joining = false) {
    if (!this.#server || this.#looking) return;
    this.#looking = true;
    const counted = await this.#count().catch(() => null); // a connection that is being closed need not answer
    this.#looking = false;
    if (!this.#server || !counted) return;
    const now = read(counted, this.#clock.now(), playingIn(this.#server, this.#unseen()));
    this.#joinMs ??= this.#joinedAfter(now);
    if (!joining) {
      if (this.#last?.peer === now.peer) this.#looked(digest(this.#last, now));
      this.#last = now;
    }
    const before = this.#before;
    const passed = before ? now.at - before.at : 0;
    if (!before || before.peer !== now.peer || passed > LONGEST) {
      this.#before = now;
    } else if (passed >= SHORTEST && (!joining || this.#joinMs !== null)) {
      if (!this.#send(digest(before, now, this.#joinMs))) return;
      this.#before = now;
      if (this.#joinMs !== null) this.#pressedAt = this.#awaitedSince = this.#joinMs = null;
    }
  }

  // Joining ---------------------------------------------------------------------------------------------------------

  /** Notes since when there is somebody to be seen or heard, and looks often until they are. */
  #awaits() {
    if (this.#pressedAt === null || !this.#server) return;
    if (!awaited(this.#server).mids.length) {
      this.#wasAlone = true;
      this.#awaitedSince = null;
      this.#cancelJoining();
    } else if (this.#awaitedSince === null) {
      this.#awaitedSince = this.#wasAlone ? this.#clock.now() : this.#pressedAt;
      this.#lookForTheFirst();
    }
  }

  #lookForTheFirst() {
    this.#cancelJoining();
    if (this.#awaitedSince === null || this.#joiningLooks++ >= JOINING_LOOKS) return;
    this.#cancelJoining = this.#clock.after(JOINING_EVERY, async () => {
      await this.#look(true);
      this.#lookForTheFirst();
    });
  }

  /**
   * @param {Reading} reading
   * @returns {number | null} milliseconds; null when it is known already, or nobody was there yet
   */
  #joinedAfter(reading) {
    if (this.#awaitedSince === null || !this.#server) return null;
    const { mids, kind } = awaited(this.#server);
    return mids.some((mid) => hasBegun(reading, mid, kind)) ? reading.at - this.#awaitedSince : null;
  }
}

/**
 * Where the first picture of another person will be, or their sound where nobody has a camera on.
 * @param {ServerState} server
 * @returns {{mids: string[], kind: 'picture' | 'sound'}}
 */
function awaited(server) {
  const playing = [...playingIn(server, new Set())].filter(([, { on }]) => on);
  /** @param {(source: import('./messages.js').Source) => boolean} wanted */
  const mids = (wanted) => playing.filter(([, { source }]) => wanted(source)).map(([mid]) => mid);
  const pictures = mids((source) => source !== 'microphone');
  return pictures.length ? { mids: pictures, kind: 'picture' } : { mids: mids(() => true), kind: 'sound' };
}

/**
 * @param {ServerState} server
 * @param {ReadonlySet<string>} unseen
 * @returns {ReadonlyMap<string, Playing>}
 */
function playingIn(server, unseen) {
  const hidden = globalThis.document?.visibilityState === 'hidden';
  return new Map(
    server.slots.map((slot) => {
      const person = server.people.find(({ id }) => id === slot.person);
      const held = /** @type {{held?: boolean}} */ (slot).held ?? false;
      const seen = !hidden && !held && !unseen.has(slot.mid);
      return [slot.mid, { person: slot.person, source: slot.source, on: person?.[slot.source] ?? false, seen }];
    }),
  );
}
