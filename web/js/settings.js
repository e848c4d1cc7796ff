// @ts-check
/**
 * What the server says about itself (`/api/client`) and what this browser remembers between visits.
 */

/**
 * @typedef {object} ClientSettings
 * @property {{name: string, logo: string | null, color: string}} brand
 * @property {boolean} demo                 the join form may ask for a token itself
 * @property {string} [demo_reason]         a sentence that says so
 * @property {string} exit_page             where a quick exit leads
 * @property {readonly string[]} languages
 * @property {{width: number, height: number, frame_rate: number}} video  what cameras are asked for
 * @property {boolean} turn                 the clinic has TURN servers (`relay.js`)
 * @property {import('./messages.js').Encryption} encryption  the clinic's policy; tokens can make it stricter
 * @property {number} clockOffset           seconds to add to this machine's clock to get the server's
 */

/**
 * @param {{fetch?: typeof fetch, now?: () => number}} [parts]  `now`: milliseconds since 1970
 * @returns {Promise<Readonly<ClientSettings>>}
 * @throws {Error} when the server cannot be reached
 */
export async function loadSettings({ fetch = globalThis.fetch, now = Date.now } = {}) {
  const response = await fetch('/api/client', { cache: 'no-store' });
  if (!response.ok) throw new Error(`/api/client: ${response.status}`);
  const settings = await response.json();
  return Object.freeze({ ...settings, clockOffset: clockOffset(response.headers.get('Date'), now()) });
}

/**
 * @param {string | null} date  an HTTP date, cut to whole seconds
 * @param {number} now          milliseconds since 1970
 * @returns {number} seconds; 0 where the difference is less than the header can tell
 */
export function clockOffset(date, now) {
  const server = Date.parse(date ?? '');
  if (Number.isNaN(server)) return 0;
  const offset = (server + 500 - now) / 1000;
  return Math.abs(offset) < 2 ? 0 : offset;
}

/**
 * What this browser remembers: choices of devices and of manner, never names, tokens or sessions.
 * Works without storage too (private windows): it then forgets with the page.
 */
export class Preferences {
  #storage;
  /** @type {Map<string, string>} */
  #values = new Map();

  /** @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null} [storage] */
  constructor(storage = storageOf('localStorage')) {
    this.#storage = storage;
  }

  /**
   * Keys in use: `camera`, `microphone`, `speaker` (device ids), `sound` ('voice', or 'original' for music: no echo and
   * noise filters).
   * Pages add their own (`quality`, `admit_sound`, `labels`).
   * @param {string} key
   * @param {string | null} [fallback]
   * @returns {string | null}
   */
  get(key, fallback = null) {
    try {
      return this.#storage?.getItem(`therabook.${key}`) ?? this.#values.get(key) ?? fallback;
    } catch {
      return this.#values.get(key) ?? fallback;
    }
  }

  /**
   * @param {string} key
   * @param {string | null} value  null forgets
   */
  set(key, value) {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, value);
    try {
      if (value === null) this.#storage?.removeItem(`therabook.${key}`);
      else this.#storage?.setItem(`therabook.${key}`, value);
    } catch {
      // Storage is full or forbidden: what was set holds as long as the page, as promised above.
    }
  }
}

/**
 * @param {'localStorage' | 'sessionStorage'} kind
 * @returns {Storage | null} null where the person has forbidden it (then even looking at it throws)
 */
export function storageOf(kind) {
  try {
    return globalThis[kind] ?? null;
  } catch {
    return null;
  }
}
