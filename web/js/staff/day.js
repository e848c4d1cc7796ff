/**
 * The therapist's day: the appointments of a day in their order, who waits and since when, who is late or never came;
 * joining. It keeps itself up to date without taking the focus, and says when somebody begins to wait: in words, with a
 * chime, and in the page's title. The front desk sees everybody's, or one therapist's. Opened with an id, one
 * appointment.
 *
 * Not here: one appointment (`day-visit.js`), booking (`appointments.js`).
 */

import { field } from '../elements/field.js';
import { Preferences } from '../settings.js';
import { button, h, icon, mirror, replace, setText } from '../view.js';
import { DayBell } from './day-bell.js';
import { DayVisit } from './day-visit.js';
import { DayRow } from './day-row.js';
import { dateOf, namesOf, ownZone, Waiting, waitingIn } from './day-words.js';
import { now } from './element.js';
import { Panel, register } from './panel.js';
import { linkTo } from './place.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./day-words.js').VisitOfTheDay} VisitOfTheDay
 */

/** Seconds between two looks. */
const LOOK_EVERY = 5;

/** While another tab is in front: the title and the chime tell. */
const LOOK_BEHIND_EVERY = 15;

/** At others' days less often, and never from behind: each look at them is in the audit log. */
const LOOK_AT_OTHERS_EVERY = 20;

/** In place of an account's id: the day of everybody. */
const EVERYBODY = '*';

export class DayPanel extends Panel {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    this.others = this.may('read_appointments');
    this.zone = ownZone();
    this.looked = 0;
    this.waiting = new Waiting();
    this.bell = new DayBell(new Preferences());
    /** @type {VisitOfTheDay[]} */
    this.visits = [];
    this.opened = '';
    /** @type {DayVisit | null} */
    this.visit = null;
    /** @type {Map<string, DayRow>} by appointment */
    this.rowOf = new Map();
    /** @type {Map<string, string>} names of therapists by id */
    this.names = new Map();
    this.date = h('input', { id: 'staff-day-date', type: 'date', required: true, onchange: () => this.another() });
    this.therapist = h('select', { id: 'staff-day-therapist', onchange: () => this.another() });
    this.which = h('p', { class: 'day-title' });
    this.summary = h('p', { class: 'soft' });
    this.rows = h('ul', { class: 'staff-rows day-rows', 'aria-label': this.t('staff.day.appointments') });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, this.t('staff.day.none'));
    const today = button('button compact', () => this.today(), this.t('staff.day.today'));
    this.listed = h(
      'div',
      { class: 'staff-stack' },
      this.head('staff.day.title', this.may('own_day') || this.may('write_appointments') ? this.bookLink() : null),
      h(
        'div',
        { class: 'day-filters' },
        field(this.date, this.t('staff.day.date')),
        this.others && field(this.therapist, this.t('staff.day.therapist')),
        today,
        this.bellSwitch(),
      ),
      h('div', {}, this.which, this.summary),
      this.rows,
      this.nothing,
    );
    this.place = h('div', {});
    this.append(this.trouble, this.told, this.place);
    this.fillTherapists([]);
    this.date.value = dateOf(now(context), this.zone);
  }

  bookLink() {
    return h(
      'a',
      { class: 'button compact', href: linkTo('appointments') },
      icon('calendar'),
      this.t('staff.appointments.title'),
    );
  }

  bellSwitch() {
    const input = h('input', { type: 'checkbox', role: 'switch', onchange: () => this.bell.turn(input.checked) });
    input.checked = this.bell.on;
    return h('label', { class: 'switch' }, h('span', {}, this.t('staff.day.bell')), input);
  }

  connect() {
    this.every(1, () => this.tick());
    for (const press of ['pointerup', 'keydown']) this.listen(document, press, () => this.bell.unlock());
    this.listen(document, 'visibilitychange', () => {
      if (!document.hidden) void this.lookAgain();
    });
  }

  /** @param {string} rest  an appointment's id */
  open(rest) {
    const before = this.opened;
    this.opened = rest;
    this.say('');
    if (rest === '') {
      this.visit = null;
      replace(this.place, this.listed);
      void this.list(before);
      return;
    }
    void this.load(
      () => DayVisit.ask(this.context, rest),
      (found) => {
        if (this.opened !== rest) return;
        this.visit = new DayVisit(this.context, this, found);
        replace(this.place, this.visit);
        this.visit.querySelector('h1')?.focus();
      },
    );
  }

  // Whose day, and which -------------------------------------------------------------------------------------------

  get query() {
    const whose = this.others ? this.therapist.value : '';
    return {
      day: this.date.value,
      zone: this.zone,
      therapist: whose === EVERYBODY ? '' : whose,
      everybody: whose === EVERYBODY ? 'true' : '',
    };
  }

  get isOwn() {
    const whose = this.others ? this.therapist.value : '';
    return whose === '' || whose === this.context.office.state.me?.id;
  }

  today() {
    this.date.value = dateOf(now(this.context), this.zone);
    this.another();
  }

  another() {
    if (this.date.value === '') return;
    this.waiting.forget();
    void this.list();
  }

  async askTherapists() {
    if (!this.others || this.names.size > 0) return;
    const { therapists } = await this.context.api.get('/api/therapists', { quiet: true });
    this.fillTherapists(therapists);
  }

  /** @param {{id: string, name: string}[]} therapists */
  fillTherapists(therapists) {
    const mine = this.context.office.state.me;
    const chosen = this.therapist.value;
    this.names = new Map(therapists.map(({ id, name }) => [id, name]));
    const own = this.may('own_day') && mine !== null;
    replace(
      this.therapist,
      own && h('option', { value: '' }, this.t('staff.day.mine')),
      h('option', { value: EVERYBODY, selected: chosen === EVERYBODY }, this.t('staff.day.everybody')),
      therapists
        .filter(({ id }) => !own || id !== mine.id)
        .map(({ id, name }) => h('option', { value: id, selected: id === chosen }, name)),
    );
    this.showVisits();
  }

  // What is there --------------------------------------------------------------------------------------------------

  /** @param {string} [from]  the appointment that was looked at before: the focus goes to its row */
  async list(from = '') {
    this.looked = now(this.context);
    await this.load(
      async () => {
        await this.askTherapists();
        return this.context.api.get('/api/day', { query: this.query });
      },
      (answer) => {
        this.show(answer);
        if (from !== '') this.focusRow(from);
      },
    );
  }

  tick() {
    const own = document.hidden ? LOOK_BEHIND_EVERY : LOOK_EVERY;
    const others = document.hidden ? Infinity : LOOK_AT_OTHERS_EVERY;
    if (now(this.context) - this.looked >= (this.isOwn ? own : others)) void this.lookAgain();
    this.visit?.tick();
    for (const row of this.rowOf.values()) row.tick();
  }

  /** By itself: nothing is dimmed, and a look that fails is tried again by the next one. */
  async lookAgain() {
    if (this.getAttribute('aria-busy') === 'true') return;
    this.looked = now(this.context);
    if (this.visit !== null) {
      this.tell(await this.visit.lookAgain());
      return;
    }
    const { query } = this;
    try {
      const answer = await this.context.api.get('/api/day', { query, quiet: true });
      if (this.opened !== '' || JSON.stringify(query) !== JSON.stringify(this.query)) return;
      this.trouble.hidden = true;
      this.show(answer);
    } catch {
      setText(this.summary, this.t('staff.day.stale', { time: this.context.strings.time(this.looked) }));
    }
  }

  /** @param {{day: string, visits: VisitOfTheDay[]}} answer */
  show({ day, visits }) {
    this.visits = visits;
    setText(this.which, this.context.formats.day(Date.parse(`${day}T12:00:00`) / 1000));
    this.showVisits();
    this.tell(visits);
  }

  showVisits() {
    const there = new Set(this.visits.map(({ appointment }) => appointment.id));
    for (const id of this.rowOf.keys()) if (!there.has(id)) this.rowOf.delete(id);
    mirror(
      this.rows,
      this.visits,
      ({ appointment }) => appointment.id,
      ({ appointment }) => {
        const row = new DayRow(this.context, this);
        this.rowOf.set(appointment.id, row);
        return row.node;
      },
      (_, visit) => this.rowOf.get(visit.appointment.id)?.show(visit),
    );
    this.nothing.hidden = this.visits.length > 0;
    const waiting = this.visits.filter(({ state }) => state === 'waiting').length;
    const count = this.visits.filter(({ state }) => state !== 'cancelled').length;
    const words = this.t('staff.day.count', { count });
    const more = this.t('staff.day.waiting', { count: waiting });
    setText(this.summary, waiting > 0 ? `${words} · ${more}` : words);
  }

  /**
   * Says once, softly, that somebody has begun to wait; how many do, the title says as long as they do.
   * @param {readonly VisitOfTheDay[]} visits
   */
  tell(visits) {
    if (!this.isConnected) return; // another panel is open meanwhile
    const { announcer, settings, strings } = this.context;
    const count = waitingIn(visits).length;
    const title = this.t('title', { page: this.t('staff.day.title'), name: settings.brand.name });
    document.title = count === 0 ? title : this.t('title.with_waiting', { count, title });
    const people = this.waiting.look(visits);
    if (people.length === 0) return;
    announcer.say(this.t('staff.day.waits', { names: namesOf(strings, people), count: people.length }));
    this.bell.ring();
  }

  // What can be done -----------------------------------------------------------------------------------------------

  /** @param {VisitOfTheDay} visit */
  async join({ appointment }) {
    await this.act(async () => {
      const { page } = await this.context.api.post(`/api/appointments/${encodeURIComponent(appointment.id)}/join`);
      location.assign(page);
    });
  }

  /** @param {string} id */
  focusRow(id) {
    const row = [...this.rows.children].find((each) => each instanceof HTMLElement && each.dataset.key === id);
    row?.querySelector('a')?.focus();
  }
}

customElements.define('tb-staff-day', DayPanel);

register({
  name: 'day',
  title: 'staff.day.title',
  icon: 'day',
  order: 10,
  needs: ['own_day', 'read_appointments'],
  make: (context) => new DayPanel(context),
});
