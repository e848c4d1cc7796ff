// @ts-check
/**
 * Of whom frames come for a while and none can be opened: that a picture stands still has to be explained.
 *
 * By slots, as somebody's sound may be opened and their picture not. Told whenever the answer changes.
 */

/** Milliseconds. Keys of a new epoch may be behind the first frames under them. */
export const LASTS = 3000;

/** @typedef {{mid: string, number: number}} Slot  and the number of who plays in it */

export class Unopened {
  #tell;
  #now;
  /** @type {Map<string, {number: number, since: number, lasts: boolean}>} slots in which nothing was opened since */
  #failing = new Map();

  /** @param {{tell: (numbers: number[]) => void, now?: () => number}} parts */
  constructor({ tell, now = () => performance.now() }) {
    this.#tell = tell;
    this.#now = now;
  }

  /** @param {Slot} slot */
  failed({ mid, number }) {
    const now = this.#now();
    const found = this.#failing.get(mid) ?? { number, since: now, lasts: false };
    this.#failing.set(mid, found);
    if (found.lasts || now - found.since < LASTS) return;
    found.lasts = true;
    this.#told();
  }

  /** @param {Slot} slot */
  opened({ mid }) {
    const found = this.#failing.get(mid);
    if (!found) return;
    this.#failing.delete(mid);
    if (found.lasts) this.#told();
  }

  /** @param {readonly Slot[]} slots  that there are now */
  follow(slots) {
    let told = false;
    for (const [mid, { number, lasts }] of this.#failing) {
      if (slots.some((slot) => slot.mid === mid && slot.number === number)) continue;
      this.#failing.delete(mid);
      told ||= lasts;
    }
    if (told) this.#told();
  }

  #told() {
    const lasting = [...this.#failing.values()].filter(({ lasts }) => lasts);
    this.#tell([...new Set(lasting.map(({ number }) => number))]);
  }
}
