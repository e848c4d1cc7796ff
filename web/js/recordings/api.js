// @ts-check
/**
 * The HTTP API of recordings, as this page uses it. The cookie that signing in has set goes with each request by
 * itself; no token is ever kept here.
 *
 * Not here: what is shown at the moment (`archive.js`), any words.
 */

import { Http, refusal } from '../http.js';

export { refusal, RefusedError } from '../http.js';

/**
 * @typedef {'list' | 'play' | 'download_sealed' | 'download_clear' | 'compose' | 'hold' | 'delete' | 'see_viewings'
 *   | 'verify'} Permission
 * @typedef {'capturing' | 'captured' | 'composing' | 'ready' | 'failed' | 'shredded'} RecordingState
 * @typedef {'compose' | 'audio' | 'track'} JobKind
 * @typedef {'waiting' | 'running' | 'done' | 'failed' | 'cancelled'} JobState
 *
 * @typedef {import('../http.js').Refusal} Refusal
 *
 * @typedef {object} Me
 * @property {string} who
 * @property {string} role
 * @property {Permission[]} may
 * @property {boolean} sealed      the server cannot open what it has recorded
 *
 * @typedef {object} Hold
 * @property {string | null} by
 * @property {number | null} at
 * @property {string | null} because
 *
 * @typedef {object} Job
 * @property {string} id
 * @property {JobKind} kind
 * @property {JobState} state
 * @property {number} progress     from 0 to 1
 * @property {string | null} error  a sentence
 *
 * @typedef {object} Recording
 * @property {string} id
 * @property {string} session
 * @property {number} started_at   seconds since 1970, as all times
 * @property {number | null} ended_at
 * @property {RecordingState} state
 * @property {string | null} failure
 * @property {number | null} delete_after
 * @property {Hold | null} hold
 * @property {Job | null} [job]    the film that is being made, if one is
 *
 * @typedef {{id: string, role: string, name: string | null, shredded: boolean}} Person
 *
 * @typedef {object} Track
 * @property {string} id
 * @property {string} person
 * @property {'microphone' | 'camera' | 'screen'} source
 * @property {string} codec
 * @property {'writing' | 'finished' | 'recovered' | 'lost'} state
 * @property {number} started_ms   since the beginning of the recording
 * @property {number | null} duration_ms
 * @property {number | null} size  bytes
 * @property {boolean} available   whether there is something to be had
 *
 * @typedef {object} Output
 * @property {string} id
 * @property {'mp4' | 'audio' | 'track'} kind
 * @property {number} made_at
 * @property {number} size
 * @property {boolean} available
 *
 * @typedef {{who: string, role: string, kind: string, at: number}} Viewing
 *
 * @typedef {object} Proof
 * @property {string | null} person  null: the whole recording
 * @property {number} at
 * @property {string} by
 * @property {string} reason
 * @property {{of: 'person' | 'output', id: string, sha256: string}[]} keys
 *
 * @typedef {object} Whole
 * @property {Recording} recording
 * @property {Person[]} people
 * @property {Track[]} tracks
 * @property {Output[]} outputs
 * @property {Job[]} jobs          oldest first
 * @property {Viewing[] | null} viewings  null: this role may not see them
 * @property {Proof[]} proofs
 *
 * @typedef {{search: string, since: number | null, until: number | null, state: RecordingState | ''}} Filters
 * @typedef {{recordings: Recording[], next: string | null}} Page
 * @typedef {{kind: 'output' | 'track', id: string}} File
 * @typedef {{well: boolean, tracks: {track: string, bytes: number, problem: string | null}[]}} Checked
 */

const ROOT = '/api/recordings';

export class RecordingsApi {
  #http;

  /** @param {typeof fetch} [fetch] */
  constructor(fetch) {
    this.#http = new Http(fetch);
  }

  /**
   * Trades the token of a link for the cookie.
   * @param {string} token
   */
  async signIn(token) {
    await this.#send('POST', '/sign-in', undefined, { Authorization: `Bearer ${token}` });
  }

  async signOut() {
    await this.#send('POST', '/sign-out');
  }

  /** @returns {Promise<Me>} */
  async me() {
    return this.#send('GET', '/me');
  }

  /**
   * Newest first.
   * @param {Filters} filters
   * @param {{after?: string | null, limit: number}} page
   * @returns {Promise<Page>}
   */
  async list({ search, since, until, state }, { after = null, limit }) {
    const query = new URLSearchParams({ limit: String(limit) });
    for (const [name, value] of Object.entries({ search: search.trim(), since, until, state, after })) {
      if (value !== null && value !== '') query.set(name, String(value));
    }
    return this.#send('GET', `?${query}`);
  }

  /**
   * @param {string} id
   * @returns {Promise<Whole>}
   */
  async whole(id) {
    return this.#send('GET', of(id));
  }

  /**
   * @param {string} id
   * @param {{kind: 'compose' | 'audio', names: boolean, time: boolean}} wanted
   */
  async make(id, wanted) {
    await this.#send('POST', `${of(id)}/jobs`, wanted);
  }

  /**
   * @param {string} id
   * @param {string} because
   */
  async hold(id, because) {
    await this.#send('POST', `${of(id)}/hold`, { because });
  }

  /** @param {string} id */
  async release(id) {
    await this.#send('POST', `${of(id)}/release`);
  }

  /**
   * @param {string} id
   * @param {{reason: string, person?: string, confirm: string}} what  without `person`: all of it
   */
  async remove(id, what) {
    await this.#send('POST', `${of(id)}/delete`, what);
  }

  /**
   * Has every byte of it read.
   * @param {string} id
   * @returns {Promise<Checked>}
   */
  async verify(id) {
    return this.#send('POST', `${of(id)}/verify`);
  }

  /**
   * Whether a file would be given out for download: the answer to a form goes to the browser, not to this page.
   * @param {string} id
   * @param {File} file
   * @param {Record<string, string>} fields  as the form will send them
   */
  async checkDownload(id, file, fields) {
    const path = addressOf(id, file).slice(ROOT.length);
    await this.#send('POST', `${path}/download`, { ...fields, only_check: true });
  }

  /**
   * Why a file that should play does not: the media element itself does not say.
   * @param {string} url
   * @returns {Promise<Refusal | null>} null when the server would give it out
   */
  async refusalOf(url) {
    try {
      const response = await this.#http.ask(url, { headers: { Range: 'bytes=0-0' } });
      await response.body?.cancel();
      return null;
    } catch (error) {
      return refusal(error);
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>} what the answer holds; null if it holds nothing
   */
  async #send(method, path, body, headers) {
    return this.#http.send(method, ROOT + path, body, headers);
  }
}

/**
 * Where a film, a mix or a track plays; `/download` behind it is where it is downloaded.
 * @param {string} id
 * @param {File} file
 */
export function addressOf(id, file) {
  return `${ROOT}${of(id)}/${file.kind}s/${encodeURIComponent(file.id)}`;
}

/** @param {string} id */
export function chaptersOf(id) {
  return `${ROOT}${of(id)}/chapters.vtt`;
}

/** @param {string} id */
function of(id) {
  return `/${encodeURIComponent(id)}`;
}
