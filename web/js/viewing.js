// @ts-check
/**
 * What this person sees, told to the server, so that nothing is sent and decoded that nobody looks at: how large each
 * picture is on the screen, whom they have pinned, and that they want sound only.
 *
 * Knows no DOM: who measures is `elements/looking.js`. A picture of which nothing is known counts as seen in full, so
 * that a first picture waits for no measurement.
 */

import { systemClock } from './clock.js';

/** @typedef {import('./messages.js').Source} Source */
/** @typedef {import('./messages.js').Assignment} Assignment */
/** @typedef {{type: 'view', slots: {mid: string, height: number}[], pinned: string | null}} View */

/** A stage that is being resized changes with every frame. Longer, and what has become large stays unclear so long. */
const SETTLE = 150;

/** What a server is told at most: more pixels than any camera here gives. */
const HIGHEST = 4320;

export class Viewing {
  #send;
  #clock;
  /** @type {Map<string, number>} device pixels by place, person and source */
  #heights = new Map();
  /** @type {readonly Assignment[]} */
  #slots = [];
  /** @type {string | null} */
  #pinned = null;
  #soundOnly = false;
  #told = '';
  #cancel = () => {};

  /**
   * @param {{send: (view: View) => boolean, clock?: import('./clock.js').Clock}} parts
   *   `send`: false while there is nobody to tell
   */
  constructor({ send, clock = systemClock }) {
    this.#send = send;
    this.#clock = clock;
  }

  get soundOnly() {
    return this.#soundOnly;
  }

  set soundOnly(soundOnly) {
    this.#soundOnly = soundOnly;
    this.#tellAt(0);
  }

  /** @param {string | null} person */
  pin(person) {
    if (person === this.#pinned) return;
    this.#pinned = person;
    this.#tellAt(SETTLE);
  }

  /**
   * @param {string} place  a picture may be seen in more than one, as on the stage and in a small window
   * @param {string} person
   * @param {Source} source
   * @param {number | null} height  device pixels, 0 for not seen; null: it has gone from this place
   */
  seen(place, person, source, height) {
    const key = `${place} ${person} ${source}`;
    const before = this.#heights.get(key) ?? null;
    if (height === before) return;
    if (height === null) this.#heights.delete(key);
    else this.#heights.set(key, height);
    // Who comes into sight is wanted at once: it takes a key frame until there is a picture.
    this.#tellAt(before === 0 && height ? 0 : SETTLE);
  }

  /** @param {readonly Assignment[]} slots  what plays where now */
  assigned(slots) {
    this.#slots = slots.filter(({ source }) => source !== 'microphone');
    // A slot keeps the height that the server knows, and it may be another person's.
    if (this.#text() !== this.#told) this.#tellAt(0);
  }

  /** The server knows nothing (any more). */
  forget() {
    this.#told = '';
    this.#tellAt(0);
  }

  /** Nobody is seen, and nothing is to be told. */
  close() {
    this.#cancel();
    this.#slots = [];
    this.#heights.clear();
    this.#pinned = null;
    this.#soundOnly = false;
    this.#told = '';
  }

  /** @returns {View} */
  get view() {
    const slots = this.#slots.flatMap(({ mid, person, source }) => {
      const height = this.#soundOnly ? 0 : this.#heightOf(person, source);
      return height === null ? [] : [{ mid, height: Math.min(Math.round(height), HIGHEST) }];
    });
    return { type: 'view', slots, pinned: this.#pinned };
  }

  /** @returns {ReadonlySet<string>} the slots whose pictures nobody sees here */
  get unseen() {
    return new Set(this.view.slots.filter(({ height }) => height === 0).map(({ mid }) => mid));
  }

  /**
   * @param {string} person
   * @param {Source} source
   * @returns {number | null} null: not known
   */
  #heightOf(person, source) {
    const ending = ` ${person} ${source}`;
    const known = [...this.#heights].filter(([key]) => key.endsWith(ending)).map(([, height]) => height);
    return known.length ? Math.max(...known) : null;
  }

  #text() {
    return JSON.stringify(this.view);
  }

  /** @param {number} ms */
  #tellAt(ms) {
    this.#cancel();
    this.#cancel = this.#clock.after(ms, () => this.#tell());
  }

  #tell() {
    const text = this.#text();
    if (this.#slots.length && text !== this.#told && this.#send(this.view)) this.#told = text;
  }
}
