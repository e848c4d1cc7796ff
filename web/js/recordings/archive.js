// @ts-check
/**
 * What this page knows: who is signed in, the list as it was asked for, the recording that is open. Everything that
 * people do goes through here; elements only show `state`.
 *
 * Not here: the DOM, any words. Time and the server are given.
 */

import { RefusedError, refusal } from './api.js';
import { Store } from '../store.js';

/**
 * @typedef {import('./api.js').RecordingsApi} RecordingsApi
 * @typedef {import('./api.js').Me} Me
 * @typedef {import('./api.js').Recording} Recording
 * @typedef {import('./api.js').Whole} Whole
 * @typedef {import('./api.js').Filters} Filters
 * @typedef {import('./api.js').Refusal} Refusal
 *
 * @typedef {'no_link' | 'expired' | 'invalid' | 'over' | 'signed_out' | 'refused'} Out  why nobody is signed in:
 *   no link was opened, or an old one, or a broken one; the time was over; they signed out; something else (`problem`)
 *
 * @typedef {object} ArchiveState
 * @property {'starting' | 'in' | 'out'} phase
 * @property {Out | null} out
 * @property {Me | null} me
 * @property {Filters} filters
 * @property {readonly Recording[]} rows
 * @property {string | null} next       where the rows after these begin
 * @property {'loading' | 'more' | 'ready' | 'failed'} list
 * @property {string | null} open       the id of the open recording
 * @property {Whole | null} whole       null until it has come
 * @property {Refusal | null} problem   why the list, the open recording or signing in did not work
 */

/** Rows asked for at once. */
export const ROWS = 25;

/** As many as the server gives out at once. */
const MOST_ROWS = 200;

/** Milliseconds that somebody stops typing before the server is asked. */
const PAUSE_MS = 300;

/** Looks until the list is asked for again while something in it goes on: three times two seconds. */
const LOOKS = 3;

/** @type {Filters} */
export const EVERYTHING = Object.freeze({ search: '', since: null, until: null, state: '' });

/** @extends {Store<ArchiveState>} */
export class Archive extends Store {
  #after;
  /** How often the list, and the open recording, were asked for. */
  #asked = { list: 0, whole: 0 };
  #looks = 0;
  #looking = false;
  #typing = () => {};

  /**
   * @param {{api: RecordingsApi, after: (ms: number, call: () => void) => () => void}} parts  `after` gives back what
   *   stops it
   */
  constructor({ api, after }) {
    super({
      phase: 'starting',
      out: null,
      me: null,
      filters: EVERYTHING,
      rows: [],
      next: null,
      list: 'loading',
      open: null,
      whole: null,
      problem: null,
    });
    this.api = api;
    this.#after = after;
  }

  /** @param {import('./api.js').Permission} permission */
  may(permission) {
    return this.state.me?.may.includes(permission) ?? false;
  }

  /**
   * @param {string | null} token  of the link that was opened just now, if one was
   * @param {string | null} open   the recording that the address names
   */
  async start(token, open) {
    try {
      if (token !== null) await this.api.signIn(token);
      const me = await this.api.me();
      this.update({ phase: 'in', me, open, problem: null });
    } catch (error) {
      const problem = refusal(error);
      this.update({ phase: 'out', out: outOf(problem.code, token !== null, error), problem });
      return;
    }
    await this.#show();
  }

  /** @returns {Promise<Refusal | null>} why the cookie is still there */
  async signOut() {
    try {
      await this.api.signOut();
    } catch (error) {
      return refusal(error);
    }
    this.update({ phase: 'out', out: 'signed_out', me: null, rows: [], open: null, whole: null, problem: null });
    return null;
  }

  /**
   * Opens a recording, or with null the list.
   * @param {string | null} id
   */
  async show(id) {
    if (id === this.state.open) return;
    const { list } = this.state;
    this.#typing(); // coming back asks with what was typed
    this.update({ open: id, whole: null, problem: null });
    if (id === null && list === 'ready') await this.#refresh(); // as long as it was when one left it
    else await this.#show();
  }

  /** The list, or the open recording, once more. */
  async again() {
    this.update({ problem: null });
    await this.#show();
  }

  /**
   * @param {Partial<Filters>} change
   * @param {{typing?: boolean}} [how]  `typing`: more may follow in a moment
   */
  filter(change, { typing = false } = {}) {
    this.#typing();
    this.update({ filters: Object.freeze({ ...this.state.filters, ...change }) });
    this.#typing = this.#after(typing ? PAUSE_MS : 0, () => void this.#load());
  }

  async more() {
    const { filters, next, list, rows } = this.state;
    if (next === null || list !== 'ready') return;
    this.update({ list: 'more' });
    await this.#ask(
      'list',
      () => this.api.list(filters, { after: next, limit: ROWS }),
      (page) => this.update({ rows: [...rows, ...page.recordings], next: page.next, list: 'ready' }),
      (problem) => this.update({ list: 'failed', problem }),
    );
  }

  /** To be called every two seconds while somebody looks: asks again only while something goes on. */
  async look() {
    if (this.state.phase !== 'in' || this.#looking) return;
    this.#looking = true;
    try {
      await this.#look();
    } finally {
      this.#looking = false;
    }
  }

  /**
   * Does something with the open recording and shows what has become of it.
   * @param {(api: RecordingsApi, id: string) => Promise<void>} action
   * @returns {Promise<Refusal | null>} why it was not done
   */
  async act(action) {
    const { open } = this.state;
    if (open === null) return null;
    try {
      await action(this.api, open);
    } catch (error) {
      this.#signedOut(error);
      return refusal(error);
    }
    await this.#refresh();
    return null;
  }

  /** The cookie's time is over: said by whatever has learned it. */
  over() {
    this.update({ phase: 'out', out: 'over', me: null, rows: [], whole: null, problem: null });
  }

  async #show() {
    if (this.state.open === null) await this.#load();
    else await this.#refresh();
  }

  async #load() {
    this.update({ list: 'loading', problem: null });
    const { filters } = this.state;
    await this.#ask(
      'list',
      () => this.api.list(filters, { limit: ROWS }),
      ({ recordings, next }) => this.update({ rows: recordings, next, list: 'ready' }),
      // Not of what is open by now: coming back asks again.
      (problem) => this.update({ list: 'failed', ...(this.state.open === null && { problem }) }),
    );
  }

  async #look() {
    const { open, whole, rows, list } = this.state;
    if (open !== null) {
      if (whole !== null && goesOn(whole.recording, whole.jobs)) await this.#refresh();
    } else if (list === 'ready' && rows.some((row) => goesOn(row))) {
      this.#looks = (this.#looks + 1) % LOOKS;
      if (this.#looks === 0) await this.#refresh();
    }
  }

  /** What is shown anew, in place: nothing is emptied meanwhile, and a failure leaves what was there. */
  async #refresh() {
    const { open, filters, rows, whole } = this.state;
    if (open === null) {
      const limit = Math.min(MOST_ROWS, Math.max(ROWS, rows.length));
      await this.#ask(
        'list',
        () => this.api.list(filters, { limit }),
        ({ recordings, next }) => this.update({ rows: recordings, next }),
        () => {},
      );
    } else {
      await this.#ask(
        'whole',
        () => this.api.whole(open),
        (answer) => open === this.state.open && this.update({ whole: answer, problem: null }),
        (problem) => open === this.state.open && whole === null && this.update({ problem }),
      );
    }
  }

  /**
   * Only the newest question of its kind counts: what comes late about an older one is dropped.
   * @template T
   * @param {'list' | 'whole'} kind
   * @param {() => Promise<T>} question
   * @param {(answer: T) => unknown} answered
   * @param {(problem: Refusal) => unknown} failed
   */
  async #ask(kind, question, answered, failed) {
    const number = ++this.#asked[kind];
    try {
      const answer = await question();
      if (number === this.#asked[kind]) answered(answer);
    } catch (error) {
      if (this.#signedOut(error) || number !== this.#asked[kind]) return;
      failed(refusal(error));
    }
  }

  /** @param {unknown} error */
  #signedOut(error) {
    if (!(error instanceof RefusedError) || error.status !== 401) return false;
    this.over();
    return true;
  }
}

/**
 * Whether there will be news of it soon.
 * @param {Recording} recording
 * @param {readonly import('./api.js').Job[]} [jobs]
 */
export function goesOn({ state, job }, jobs = job ? [job] : []) {
  const working = jobs.some((each) => each.state === 'waiting' || each.state === 'running');
  return state === 'capturing' || state === 'composing' || (state !== 'shredded' && working);
}

/**
 * @param {string} code
 * @param {boolean} hadToken
 * @param {unknown} error
 * @returns {Out}
 */
function outOf(code, hadToken, error) {
  if (code === 'token_expired') return hadToken ? 'expired' : 'over';
  if (code === 'token_invalid' || code === 'token_revoked') return hadToken ? 'invalid' : 'no_link';
  if (!hadToken && error instanceof RefusedError && error.status === 401) return 'no_link';
  return 'refused';
}
