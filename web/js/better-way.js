// @ts-check
/**
 * When to look once more for a way over UDP, where media goes over TCP: to the server itself, or to a relay.
 *
 * Over TCP whatever is lost holds up all that follows it. Browsers take the first way that works and stop looking; if a
 * relay's first answer over UDP was lost, or UDP came back later, nothing else would bring the call there.
 *
 * Pure: the way and the time go in. Not here: how it is looked for (an ICE restart, `media.js`).
 */

/** How long after the last time, in milliseconds; each rest is `LONGER` times the one before. */
export const REST = 60_000;
export const LONGER = 4;

export class BetterWay {
  #next = -Infinity;
  #rest = REST;

  /**
   * @param {import('./messages.js').PathStats | null | undefined} path  that media takes now
   * @param {number} now  milliseconds
   * @returns {boolean} whether to look for a better one
   */
  look(path, now) {
    if (!path || (path.protocol === 'udp' && (path.relay ?? 'udp') === 'udp') || now < this.#next) return false;
    this.#next = now + this.#rest;
    this.#rest *= LONGER;
    return true;
  }
}
