// @ts-check
/**
 * How recordings are called: their states, the people in them, days and sizes, all from the catalogue.
 *
 * Not here: nodes. What is returned is text, or a key of the catalogue with its values.
 */

import { isUnderWay } from './whole.js';

/**
 * @typedef {import('../strings.js').Strings} Strings
 * @typedef {import('./api.js').Recording} Recording
 * @typedef {import('./api.js').Job} Job
 * @typedef {import('./api.js').Person} Person
 * @typedef {import('./api.js').Refusal} Refusal
 * @typedef {import('./api.js').Whole} Whole
 *
 * @typedef {object} StateWords
 * @property {string} key
 * @property {Record<string, string | number>} values
 * @property {'quiet' | 'good' | 'warn' | 'bad'} tone
 * @property {string} icon
 */

/**
 * The state of a recording in a few words.
 * @param {Recording} recording
 * @param {{sealed: boolean, jobs?: readonly Job[]}} more  `sealed`: the server cannot open what it has recorded
 * @returns {StateWords}
 */
export function stateOf(recording, { sealed, jobs = recording.job ? [recording.job] : [] }) {
  const film = filmJob(jobs);
  const percent = Math.floor((film?.progress ?? 0) * 100);
  /** @type {(word: string, tone: StateWords['tone'], icon: string) => StateWords} */
  const words = (word, tone, icon) => ({ key: `recordings.state.${word}`, values: { percent }, tone, icon });
  switch (recording.state) {
    case 'capturing':
      return words('capturing', 'bad', 'dot');
    case 'composing':
      return words('composing', 'quiet', 'clock');
    case 'ready':
      return words('ready', 'good', 'check');
    case 'failed':
      return words('failed', 'warn', 'warning');
    case 'shredded':
      return words('shredded', 'quiet', 'delete');
    case 'captured':
      if (film !== null) return words('waiting', 'quiet', 'clock');
      return sealed ? words('needs_key', 'warn', 'lock') : words('captured', 'quiet', 'film');
  }
}

/**
 * The newest work on a film that goes on.
 * @param {readonly Job[]} jobs  oldest first
 */
export function filmJob(jobs) {
  return jobs.findLast((job) => job.kind === 'compose' && isUnderWay(job)) ?? null;
}

/**
 * @param {Recording} recording
 * @returns {number | null} seconds from beginning to end
 */
export function secondsOf({ started_at: started, ended_at: ended }) {
  return ended === null ? null : Math.max(0, ended - started);
}

/**
 * What each person is called: their name and role, or the role alone, numbered where there are several.
 * @param {Strings} strings
 * @param {readonly Person[]} people
 * @returns {Map<string, string>} by their id
 */
export function namesOf(strings, people) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  const called = new Map();
  for (const { id, role, name } of people) {
    const word = roleOf(strings, role);
    const several = people.filter((other) => other.role === role).length > 1;
    const number = (seen.get(role) ?? 0) + 1;
    seen.set(role, number);
    if (name !== null) called.set(id, strings.text('recordings.person', { name, role: word }));
    else called.set(id, several ? strings.text('recordings.person_number', { role: word, number }) : word);
  }
  return called;
}

/**
 * What a film, a mix or a track is called.
 * @param {Strings} strings
 * @param {Whole} whole
 * @param {import('./api.js').File} file
 */
export function titleOf(strings, { outputs, tracks, people }, { kind, id }) {
  if (kind === 'output') {
    const output = outputs.find((each) => each.id === id);
    return strings.text(`recordings.output.${output?.kind ?? 'mp4'}`);
  }
  const track = tracks.find((each) => each.id === id);
  const name = namesOf(strings, people).get(track?.person ?? '') ?? '';
  return strings.text(`recordings.source.${track?.source ?? 'camera'}`, { name });
}

/**
 * @param {Strings} strings
 * @param {string} role
 */
export function roleOf(strings, role) {
  return strings.has(`role.${role}`) ? strings.text(`role.${role}`) : wordOr(strings, `recordings.role.${role}`, role);
}

/**
 * A sentence for a refusal, with what to do where this page knows it.
 * @param {Strings} strings
 * @param {Refusal} problem
 */
export function sentenceOf(strings, { code, error }) {
  const own = `recordings.errors.${code}`;
  return strings.has(own) ? strings.text(own) : strings.error(code, error);
}

/**
 * @param {Strings} strings
 * @param {string} key
 * @param {string} otherwise
 */
export function wordOr(strings, key, otherwise) {
  return strings.has(key) ? strings.text(key) : otherwise;
}

/** Days, times and sizes as this person writes them; times are local. */
export class Formats {
  #day;
  #date;
  #short;
  #number;

  /**
   * @param {Strings} strings
   * @param {string} [zone]  the browser's own, if left out
   */
  constructor(strings, zone) {
    this.strings = strings;
    const { language } = strings;
    this.#day = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeZone: zone });
    this.#date = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: zone });
    this.#short = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone });
    this.#number = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
  }

  /** @param {number} at  as "Tuesday, November 24, 2026" */
  day(at) {
    return this.#day.format(at * 1000);
  }

  /** @param {number} at  as "Nov 24, 2026" */
  date(at) {
    return this.#date.format(at * 1000);
  }

  /** @param {number} at  as "Nov 24, 2026, 2:05 PM" */
  moment(at) {
    return this.#short.format(at * 1000);
  }

  /** @param {number} bytes  as "12.3 MB" */
  size(bytes) {
    const units = ['kB', 'MB', 'GB'];
    let value = bytes / 1000;
    while (value >= 1000 && units.length > 1) {
      value /= 1000;
      units.shift();
    }
    return `${this.#number.format(Math.max(value, 1))}\u00a0${units[0]}`;
  }
}

/**
 * The local midnight at which a day begins.
 * @param {string} date  as a date field gives it, "2026-11-24"; empty: no day
 * @param {number} [days]  so many days later
 * @returns {number | null} seconds since 1970
 */
export function midnight(date, days = 0) {
  const [year, month, day] = date.split('-').map(Number);
  return date === '' || !day ? null : new Date(year, month - 1, day + days).getTime() / 1000;
}
