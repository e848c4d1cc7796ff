// @ts-check
/**
 * What a link leads to at the moment, and what may be done: look, check in, go on. Knows no page.
 *
 * Time is the server's: a page may have a clock that is wrong. Not here: any words.
 */

import { Http, refusal } from '../http.js';
import { systemClock } from '../clock.js';
import { Store } from '../store.js';

/**
 * @typedef {'early' | 'open' | 'over' | 'cancelled' | 'moved' | 'elsewhere'} Stage
 *
 * @typedef {object} Questions
 * @property {'needed' | 'asked' | 'no'} place
 * @property {'needed' | 'asked' | 'no'} phone
 * @property {'asked' | 'no'} emergency
 * @property {string[]} places
 * @property {{version: string, title: string, body: string}} text
 *
 * @typedef {object} Told  as `VisitAnswer` of the server
 * @property {Stage} stage
 * @property {number} now
 * @property {number} starts_at
 * @property {number} minutes
 * @property {string} zone
 * @property {number} opens_at
 * @property {number} closes_at
 * @property {string | null} whom
 * @property {string | null} relation
 * @property {Questions | null} questions
 * @property {boolean} checked_in
 *
 * @typedef {object} Answers
 * @property {string} called
 * @property {string | null} place
 * @property {string | null} phone
 * @property {string | null} emergency_name
 * @property {string | null} emergency_phone
 * @property {true} telehealth
 * @property {string} text_version
 *
 * @typedef {object} VisitState
 * @property {'none' | 'asking' | 'told' | 'refused'} phase  `none`: there is no link
 * @property {Told | null} told
 * @property {import('../http.js').Refusal | null} problem  why the last question was not answered
 * @property {boolean} busy
 * @property {string | null} page  where to go on to
 */

/** What says that the visit stands otherwise than was thought: it is looked at again. */
const ANOTHER_STAGE = new Set([
  'visit_early',
  'visit_over',
  'visit_cancelled',
  'visit_moved',
  'link_elsewhere',
  'checkin_needed',
  'consent_outdated',
]);

/** Seconds after the time at which a link opens until it is asked for: the server's clock has to be past it. */
const AFTER = 0.5;

/** Milliseconds that a timer of a browser can wait; more, and it fires at once. */
const LONGEST_TIMER = 2_000_000_000;

/** @extends {Store<VisitState>} */
export class Visit extends Store {
  #http;
  #clock;
  #link;
  /** The server's time less ours, in seconds. */
  #ahead = 0;
  #stop = () => {};

  /**
   * @param {string | null} link
   * @param {{http?: Http, clock?: import('../clock.js').Clock}} [parts]
   */
  constructor(link, { http = new Http(), clock = systemClock } = {}) {
    super({ phase: link === null ? 'none' : 'asking', told: null, problem: null, busy: false, page: null });
    this.#link = link;
    this.#http = http;
    this.#clock = clock;
  }

  /** Seconds since 1970, as the server says. */
  get now() {
    return this.#clock.now() / 1000 + this.#ahead;
  }

  async look() {
    if (this.#link === null) return;
    await this.#ask('open', {}, (told) => this.#hear(told));
  }

  /** @param {Answers} answers */
  async checkIn(answers) {
    await this.#ask('checkin', answers, (told) => this.#hear(told));
    if (this.state.told?.checked_in && this.state.problem === null) await this.join();
  }

  async join() {
    await this.#ask('join', {}, ({ page }) => this.update({ page }));
  }

  /**
   * @param {'open' | 'checkin' | 'join'} what
   * @param {object} body
   * @param {(answer: any) => void} hear
   */
  async #ask(what, body, hear) {
    if (this.state.busy) return;
    this.update({ busy: true, problem: null });
    try {
      hear(await this.#http.send('POST', `/api/visit/${what}`, { link: this.#link, ...body }));
      this.update({ busy: false });
    } catch (error) {
      const problem = refusal(error);
      const phase = problem.code === 'link_invalid' || this.state.told === null ? 'refused' : this.state.phase;
      this.update({ busy: false, problem, phase });
      if (ANOTHER_STAGE.has(problem.code)) await this.look();
    }
  }

  /** @param {Told} told */
  #hear(told) {
    this.#ahead = told.now - this.#clock.now() / 1000;
    this.update({ told, phase: 'told' });
    this.#stop();
    const until = told.stage === 'early' ? told.opens_at : told.stage === 'open' ? told.closes_at : null;
    if (until === null) return;
    const wait = (until - told.now + AFTER) * 1000;
    this.#stop = this.#clock.after(Math.min(Math.max(wait, 1000), LONGEST_TIMER), () => void this.look());
  }
}
