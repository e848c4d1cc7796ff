// @ts-check
/**
 * The catalogue: every sentence a person reads, and numbers and times in their language.
 *
 * `web/strings/<language>.json` is one flat object, `"group.name": "Text with {placeholders}"`. Where the text depends
 * on a number it is an object by plural category (`Intl.PluralRules`), chosen by the value `count`:
 * `"people.count": {"one": "{count} person", "other": "{count} people"}`. Sentences for codes of the server and of the
 * client are `"errors.<code>"`.
 */

/** @typedef {string | Partial<Record<Intl.LDMLPluralRule, string>>} Entry */

export class Strings {
  #entries;
  #plurals;
  #numbers;
  #times;
  #lists;
  /** @type {Set<string>} */
  #missing = new Set();

  /**
   * @param {string} language  BCP 47
   * @param {Readonly<Record<string, Entry>>} entries
   */
  constructor(language, entries) {
    this.language = language;
    this.#entries = entries;
    this.#plurals = new Intl.PluralRules(language);
    this.#numbers = new Intl.NumberFormat(language);
    this.#times = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
    this.#lists = new Intl.ListFormat(language, { type: 'conjunction' });
  }

  /**
   * @param {string} key       a missing key is returned as it is (and reported once on the console)
   * @param {Record<string, string | number>} [values]  for the placeholders; numbers are written in the language
   * @returns {string}
   */
  text(key, values = {}) {
    const text = this.#find(key, values);
    if (text === undefined) {
      if (!this.#missing.has(key)) console.warn(`no text for ${key}`);
      this.#missing.add(key);
      return key;
    }
    return text.replace(/\{(\w+)\}/g, (placeholder, name) => {
      if (!Object.hasOwn(values, name)) return placeholder;
      const value = values[name];
      return typeof value === 'number' ? this.#numbers.format(value) : value;
    });
  }

  /** @param {string} key */
  has(key) {
    return Object.hasOwn(this.#entries, key);
  }

  /**
   * @param {string} code       of a refusal
   * @param {string} [fallback] the server's own sentence
   * @returns {string} the catalogue's sentence (`errors.<code>`), else the fallback, else `errors.unknown`
   */
  error(code, fallback = '') {
    if (this.has(`errors.${code}`)) return this.text(`errors.${code}`);
    return fallback || this.text('errors.unknown');
  }

  /**
   * @param {number} at  seconds since 1970
   * @returns {string} time of day, as "14:05" or "2:05 PM"
   */
  time(at) {
    return this.#times.format(at * 1000);
  }

  /**
   * @param {number} seconds
   * @returns {string} as "4:05" or "1:04:05"
   */
  duration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    if (!parts[0]) parts.shift();
    return parts.map((part, index) => (index ? String(part).padStart(2, '0') : String(part))).join(':');
  }

  /**
   * @param {readonly string[]} names
   * @returns {string} as "Ann, Ben and Cem"
   */
  list(names) {
    return this.#lists.format(names);
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} values
   * @returns {string | undefined}
   */
  #find(key, values) {
    const entry = this.has(key) ? this.#entries[key] : undefined;
    if (typeof entry !== 'object') return entry;
    return entry[this.#plurals.select(Number(values.count ?? 0))] ?? entry.other;
  }
}

/**
 * @param {readonly string[]} offered  the server's languages, its first is the default
 * @param {readonly string[]} [wanted] the browser's, most wanted first
 * @param {typeof fetch} [fetch]
 * @returns {Promise<Strings>}
 * @throws {Error} when the catalogue cannot be loaded
 */
export async function loadStrings(offered, wanted = navigator.languages, fetch = globalThis.fetch) {
  const language = chooseLanguage(offered, wanted);
  const response = await fetch(new URL(`../strings/${language}.json`, import.meta.url));
  if (!response.ok) throw new Error(`strings/${language}.json: ${response.status}`);
  return new Strings(localeFor(language, wanted), await response.json());
}

/**
 * @param {readonly string[]} offered
 * @param {readonly string[]} wanted
 * @returns {string} one of `offered`: the first wanted that is there, be it only by its language ("de" for "de-AT")
 */
export function chooseLanguage(offered, wanted) {
  for (const language of wanted) {
    const exact = offered.find((other) => other.toLowerCase() === language.toLowerCase());
    const base = exact ?? offered.find((other) => other.toLowerCase() === language.split('-')[0].toLowerCase());
    if (base) return base;
  }
  return offered[0] ?? 'en';
}

/**
 * Times and numbers as the person is used to: "en-GB" writes 14:05 where plain "en" writes 2:05 PM.
 * @param {string} language
 * @param {readonly string[]} wanted
 */
function localeFor(language, wanted) {
  return wanted.find((other) => other.split('-')[0] === language.split('-')[0]) ?? language;
}
