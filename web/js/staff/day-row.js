/**
 * One appointment in the list of a day: when, who, how it stands, and the way in.
 *
 * Not here: the list (`day.js`).
 */

import { button, h, set, setText } from '../view.js';
import { clockOf, namesOf, stateOf, waitingSince } from './day-words.js';
import { now } from './element.js';
import { linkTo } from './place.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./day-words.js').VisitOfTheDay} VisitOfTheDay
 */

export class DayRow {
  /**
   * @param {StaffContext} context
   * @param {import('./day.js').DayPanel} panel
   */
  constructor(context, panel) {
    this.context = context;
    this.panel = panel;
    /** @type {VisitOfTheDay | null} */
    this.visit = null;
    this.time = h('span', { class: 'day-time' });
    this.names = h('strong', {});
    this.facts = h('span', { class: 'small-text soft' });
    this.link = h('a', { class: 'staff-row-link' }, this.names, this.facts);
    this.pill = h('span', { class: 'pill' });
    this.clock = h('span', { class: 'day-clock', hidden: true });
    this.join = button('button compact', () => this.visit && void panel.join(this.visit), this.t('staff.day.join'));
    this.node = h(
      'li',
      {},
      this.time,
      this.link,
      h('span', { class: 'staff-marks' }, this.clock, this.pill),
      h('span', { class: 'day-join' }, this.join),
    );
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  t(key, values) {
    return this.context.strings.text(key, values);
  }

  /** @param {VisitOfTheDay} visit */
  show(visit) {
    const { strings } = this.context;
    const { appointment, people } = visit;
    this.visit = visit;
    const names = namesOf(strings, people);
    setText(this.time, strings.time(appointment.starts_at));
    setText(this.names, names);
    set(this.link, { href: linkTo('day', appointment.id) });
    const facts = [
      this.t('staff.minutes', { count: appointment.minutes }),
      !this.panel.isOwn && (this.panel.names.get(appointment.therapist) ?? appointment.therapist_name),
      appointment.kind !== 'individual' && this.t(`staff.appointments.kind.${appointment.kind}`),
      visit.notes > 0 && this.t('staff.day.notes_count', { count: visit.notes }),
    ];
    setText(this.facts, facts.filter(Boolean).join(' · '));
    this.join.hidden = !visit.can_join;
    const waits = visit.state === 'waiting' || visit.state === 'running';
    this.join.classList.toggle('main', waits);
    const key = visit.therapist_present ? 'staff.day.join_again' : 'staff.day.join';
    setText(this.join, this.t(key));
    const time = strings.time(appointment.starts_at);
    set(this.join, { 'aria-label': this.t('staff.day.join_name', { names, time }) });
    set(this.node, { 'data-state': visit.state });
    this.tick();
  }

  /** What changes with time alone. */
  tick() {
    if (this.visit === null) return;
    const { strings } = this.context;
    const time = now(this.context);
    const { key, values, tone: look } = stateOf(this.visit, time);
    const since = this.visit.state === 'waiting' ? waitingSince(this.visit) : null;
    const words = this.t(key, since === null ? values : { ...values, time: strings.time(since) });
    setText(this.pill, words);
    set(this.pill, { 'data-tone': look });
    const clock = clockOf(this.visit, time);
    this.clock.hidden = clock === null;
    if (clock !== null) setText(this.clock, strings.duration(clock.gone));
  }
}
