/**
 * One appointment as the therapist needs it: who is there and since when, the clock, what people said at check-in,
 * notes, and what was before. Kept up to date; what is typed and where the focus is stays.
 *
 * Not here: notes (`day-notes.js`), the day (`day.js`).
 */

import { BaseElement } from '../elements/base.js';
import { refusal } from '../http.js';
import { button, h, icon, mirror, replace, set, setText } from '../view.js';
import { DayNotes } from './day-notes.js';
import { clockOf, invitedOf, nameOf, namesOf, personState, relationOf, stateOf, waitingSince } from './day-words.js';
import { now } from './element.js';
import { linkTo } from './place.js';
import { sentenceOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./day-words.js').Appointment} Appointment
 * @typedef {import('./day-words.js').VisitOfTheDay} VisitOfTheDay
 * @typedef {{appointment: Appointment, day: VisitOfTheDay[]}} Found
 */

const HISTORY = 10;

/** @extends {BaseElement<StaffContext>} */
export class DayVisit extends BaseElement {
  /**
   * @param {StaffContext} context
   * @param {import('./day.js').DayPanel} panel
   * @param {Found} found
   */
  constructor(context, panel, { appointment, day }) {
    super(context);
    const { office } = context;
    this.className = 'staff-stack';
    this.panel = panel;
    this.appointment = appointment;
    this.day = day;
    this.visit = visitOf(day, appointment);
    this.checkedIn = -1;
    this.own = appointment.therapist === office.state.me?.id;
    this.pill = h('span', { class: 'pill' });
    this.clock = h('p', { class: 'day-session', role: 'timer', 'aria-live': 'off', hidden: true });
    this.join = button(
      'button main',
      () => this.visit && void panel.join(this.visit),
      icon('camera'),
      this.t('staff.day.join'),
    );
    this.people = h('ul', { class: 'day-people', 'aria-label': this.t('staff.day.people') });
    this.answers = h('div', { class: 'staff-stack' });
    this.history = h('div', { class: 'staff-stack' });
    const heading = namesOf(context.strings, this.visit?.people ?? invitedOf(appointment));
    this.append(
      h('a', { class: 'staff-back', href: linkTo('day') }, icon('back'), this.t('staff.day.back')),
      h('div', { class: 'staff-head' }, h('h1', { tabindex: '-1' }, heading), this.join),
      h(
        'p',
        { class: 'day-facts' },
        context.formats.moment(appointment.starts_at),
        ' · ',
        this.t('staff.minutes', { count: appointment.minutes }),
        ' ',
        this.pill,
      ),
      this.clock,
      this.people,
      this.answers,
    );
    if (this.own || office.may('read_notes')) this.append(new DayNotes(context, appointment, this.own));
    this.append(this.history);
  }

  connect() {
    this.show();
    void this.askHistory();
  }

  /**
   * @param {StaffContext} context
   * @param {string} id
   * @param {boolean} [quiet]
   * @returns {Promise<Found>}
   */
  static async ask({ api }, id, quiet = false) {
    const appointment = await api.get(`/api/appointments/${encodeURIComponent(id)}`, { quiet });
    return { appointment, day: await askDay(api, appointment, quiet) };
  }

  /** @returns {Promise<VisitOfTheDay[]>} the day around it, as it was at the last look that went well */
  async lookAgain() {
    try {
      this.day = await askDay(this.context.api, this.appointment, true);
      this.visit = visitOf(this.day, this.appointment);
      this.show();
    } catch {
      // the next look tries again; what nobody may see any more is told when they do something
    }
    return this.day;
  }

  show() {
    const { visit } = this;
    this.join.hidden = visit === null || !visit.can_join;
    const people = visit?.people ?? [];
    mirror(
      this.people,
      people,
      ({ guest }) => guest,
      () => h('li', {}, h('strong', {}), h('span', { class: 'soft' })),
      (node, person) => {
        set(node, { 'data-state': person.state });
        setText(/** @type {Element} */ (node.firstElementChild), nameOf(this.context.strings, person));
      },
    );
    const ready = people.filter(({ checked_in: checked }) => checked).length;
    if (ready !== this.checkedIn) {
      this.checkedIn = ready;
      void this.askAnswers(ready);
    }
    this.tick();
  }

  /** What changes with time alone. */
  tick() {
    const { strings } = this.context;
    const time = now(this.context);
    this.pill.hidden = this.visit === null;
    if (this.visit === null) return;
    const { key, values, tone } = stateOf(this.visit, time);
    const since = this.visit.state === 'waiting' ? waitingSince(this.visit) : null;
    setText(this.pill, this.t(key, since === null ? values : { ...values, time: strings.time(since) }));
    set(this.pill, { 'data-tone': tone });
    this.visit.people.forEach((person, index) => {
      const words = this.people.children[index]?.lastElementChild;
      if (words) setText(words, personState(strings, person, time, this.visit?.state));
    });
    const clock = clockOf(this.visit, time);
    this.clock.hidden = clock === null;
    if (clock === null) return;
    const over = clock.left < 0;
    const left = this.t(over ? 'staff.day.clock_over' : 'staff.day.clock_left', {
      gone: strings.duration(clock.gone),
      left: strings.duration(Math.abs(clock.left)),
    });
    setText(this.clock, left);
    set(this.clock, { 'data-over': over });
  }

  /** @param {number} count  how many have checked in */
  async askAnswers(count) {
    const { api, office, strings } = this.context;
    if (count === 0 || !(this.own || office.may('read_checkin'))) {
      replace(this.answers);
      return;
    }
    try {
      const path = `/api/appointments/${encodeURIComponent(this.appointment.id)}/checkin`;
      const { people } = await api.get(path, { quiet: true });
      replace(this.answers, h('h2', {}, this.t('staff.day.checkin')), people.map(this.card, this));
    } catch (error) {
      this.checkedIn = -1;
      replace(this.answers, h('p', { class: 'soft' }, sentenceOf(strings, refusal(error))));
    }
  }

  /** @param {Record<string, any>} said  `CheckInAnswer` of the server */
  card(said) {
    const emergency = [said.emergency_name, said.emergency_phone].filter(Boolean).join(' · ');
    const facts = [
      ['place', said.place],
      ['phone', said.phone],
      ['emergency', emergency],
    ].filter(([, value]) => value);
    const relation = relationOf(this.context.strings, said.relation);
    const consent = said.telehealth ? 'staff.day.checkin.agreed' : 'staff.day.checkin.not_agreed';
    return h(
      'section',
      { class: 'day-card', 'aria-label': this.t('staff.day.checkin.of', { name: said.called }) },
      h('h3', {}, said.called, ' ', h('span', { class: 'small-text soft' }, relation)),
      h(
        'dl',
        { class: 'staff-facts' },
        facts.map(([key, value]) => h('div', {}, h('dt', {}, this.t(`staff.day.checkin.${key}`)), h('dd', {}, value))),
        h('div', {}, h('dt', {}, this.t('staff.day.checkin.telehealth')), h('dd', {}, this.t(consent))),
      ),
    );
  }

  // What was before ------------------------------------------------------------------------------------------------

  async askHistory() {
    const there = this.appointment.guests.filter(({ left_out: out }) => !out);
    const patients = there.flatMap(({ patient }) => (patient === null ? [] : [patient]));
    const { api, strings } = this.context;
    try {
      const found = await Promise.all(
        patients.map((id) =>
          api.get(`/api/patients/${encodeURIComponent(id)}/appointments`, { query: { limit: HISTORY }, quiet: true }),
        ),
      );
      replace(this.history, found.flatMap((each, index) => this.past(each, patients[index])));
    } catch (error) {
      replace(this.history, h('p', { class: 'soft' }, sentenceOf(strings, refusal(error))));
    }
  }

  /**
   * @param {{patient: {name: string | null}, appointments: any[], next: string | null}} history
   * @param {string} id  of the patient
   */
  past({ patient, appointments, next }, id) {
    const name = patient.name ?? id;
    const list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.day.history', { name }) });
    list.append(...appointments.map((each) => this.pastRow(each)));
    const more = button('button', () => void older(), this.t('staff.more'));
    more.hidden = next === null;
    let after = next;
    const older = async () => {
      const path = `/api/patients/${encodeURIComponent(id)}/appointments`;
      await this.panel.act(async () => {
        const page = await this.context.api.get(path, { query: { limit: HISTORY, after } });
        const before = list.children.length;
        list.append(...page.appointments.map((/** @type {any} */ each) => this.pastRow(each)));
        after = page.next;
        more.hidden = after === null;
        list.children[before]?.querySelector('a')?.focus();
      });
    };
    return [
      h('h2', {}, this.t('staff.day.history', { name })),
      h('p', { class: 'small-text soft' }, this.t('staff.day.patient_number', { id })),
      list,
      h('div', { class: 'staff-after' }, more),
    ];
  }

  /** @param {Record<string, any>} entry  `HistoryEntry` of the server */
  pastRow(entry) {
    const { formats } = this.context;
    const facts = [
      this.t('staff.minutes', { count: entry.minutes }),
      entry.met_minutes !== null && this.t('staff.day.met', { count: Math.round(entry.met_minutes) }),
      entry.notes > 0 && this.t('staff.day.notes_count', { count: entry.notes }),
    ];
    const here = entry.appointment === this.appointment.id;
    const words = [
      h('strong', {}, formats.moment(entry.starts_at)),
      h('span', { class: 'small-text soft' }, facts.filter(Boolean).join(' · ')),
    ];
    return h(
      'li',
      {},
      here
        ? h('span', { class: 'staff-row-main' }, words)
        : h('a', { class: 'staff-row-link', href: linkTo('day', entry.appointment) }, words),
      h(
        'span',
        { class: 'pill', 'data-tone': 'quiet' },
        this.t(here ? 'staff.day.this_one' : `staff.appointments.state.${entry.state}`),
      ),
    );
  }
}

/**
 * @param {import('./api.js').StaffApi} api
 * @param {Appointment} appointment
 * @param {boolean} quiet
 * @returns {Promise<VisitOfTheDay[]>} of the therapist's day on which it is
 */
async function askDay(api, { start, zone, therapist }, quiet) {
  const query = { day: start.slice(0, 10), zone, therapist };
  const { visits } = await api.get('/api/day', { query, quiet });
  return visits;
}

/**
 * @param {readonly VisitOfTheDay[]} day
 * @param {Appointment} appointment
 * @returns {VisitOfTheDay | null} null: it was moved to another day meanwhile
 */
function visitOf(day, { id }) {
  return day.find(({ appointment }) => appointment.id === id) ?? null;
}

customElements.define('tb-staff-day-visit', DayVisit);
