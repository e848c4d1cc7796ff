/** One recording in the list: which session and when, how long, what state it is in, and when it will be deleted. */

import { h, icon, replace, set, setText } from '../view.js';
import { Drawn } from './element.js';
import { linkTo } from './place.js';
import { secondsOf, stateOf } from './words.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./api.js').Recording} Recording
 */

export class Row extends HTMLElement {
  /** @param {Context} context */
  constructor(context) {
    super();
    this.context = context;
    this.drawn = new Drawn();
    this.className = 'recordings-row';
    this.session = h('span', { class: 'recordings-session' });
    this.when = h('span', { class: 'small-text soft' });
    this.link = h('a', {}, this.session, this.when);
    this.time = h('p', { class: 'recordings-time' });
    this.marks = h('div', { class: 'recordings-marks' });
    this.until = h('p', { class: 'recordings-until small-text soft' });
    this.append(this.link, this.time, this.marks, this.until);
  }

  /** @param {Recording} recording */
  show(recording) {
    const { archive, strings, formats } = this.context;
    const { id, session, started_at: started, state, hold, failure } = recording;
    const sealed = archive.state.me?.sealed ?? false;
    if (!this.drawn.isNew([recording, sealed])) return;
    set(this.link, { href: linkTo(id) });
    setText(this.session, session);
    setText(this.when, `${formats.day(started)}, ${strings.time(started)}`);
    const seconds = secondsOf(recording);
    setText(this.time, seconds === null ? '' : strings.text('recordings.length', { time: strings.duration(seconds) }));
    replace(
      this.marks,
      stateBadge(this.context, recording),
      hold && badge('lock', strings.text('recordings.on_hold'), 'warn'),
      state === 'failed' && failure && h('p', { class: 'recordings-why small-text' }, failure),
    );
    setText(this.until, untilOf(this.context, recording));
  }
}

customElements.define('tb-recordings-row', Row);

/**
 * @param {Context} context
 * @param {Recording} recording
 * @param {readonly import('./api.js').Job[]} [jobs]
 */
export function stateBadge({ archive, strings }, recording, jobs) {
  const words = stateOf(recording, { sealed: archive.state.me?.sealed ?? false, jobs });
  return badge(words.icon, strings.text(words.key, words.values), words.tone);
}

/**
 * @param {string} picture
 * @param {string} text
 * @param {string} tone
 */
export function badge(picture, text, tone) {
  return h('span', { class: 'pill', 'data-tone': tone }, icon(picture), h('span', {}, text));
}

/**
 * @param {Context} context
 * @param {Recording} recording
 */
export function untilOf({ strings, formats }, { state, hold, delete_after: until }) {
  if (state === 'shredded') return '';
  if (hold) return strings.text('recordings.until_released');
  return until === null
    ? strings.text('recordings.until_never')
    : strings.text('recordings.until', { day: formats.date(until) });
}
