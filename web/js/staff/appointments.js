/**
 * Appointments: those of a week, day by day, and new ones. Opened with an id, one of them. Therapists see and make
 * their own; the front desk everybody's.
 *
 * Not here: one appointment (`appointment.js`), the form (`appointments-form.js`), who waits (`day.js`).
 */

import { field } from '../elements/field.js';
import { button, h, icon, iconButton, replace, setText } from '../view.js';
import { AppointmentPage } from './appointment.js';
import { openBooking } from './appointments-form.js';
import { boundsOf, byDay, mondayOf } from './appointments-words.js';
import { dateOf, invitedOf, namesOf, ownZone } from './day-words.js';
import { now } from './element.js';
import { Panel, register } from './panel.js';
import { linkTo } from './place.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./day-words.js').Appointment} Appointment
 */

const ROWS = 100;

export class AppointmentsPanel extends Panel {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    this.zone = ownZone();
    this.others = this.may('read_appointments');
    /** @type {Map<string, string>} */
    this.names = new Map();
    this.monday = mondayOf(dateOf(now(context), this.zone));
    this.next = /** @type {string | null} */ (null);
    /** @type {Appointment[]} */
    this.appointments = [];
    this.opened = '';
    this.therapist = h('select', { id: 'staff-appointments-therapist', onchange: () => void this.list() });
    this.week = h('h2', { class: 'appointments-week', 'aria-live': 'polite' });
    this.days = h('div', { class: 'staff-stack' });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, this.t('staff.appointments.none'));
    this.more = button('button', () => void this.loadMore(), this.t('staff.more'));
    const writes = this.may('write_appointments') || this.may('own_day');
    const to = (/** @type {number} */ weeks) => () => {
      this.monday = weeks === 0 ? mondayOf(dateOf(now(context), this.zone)) : mondayOf(this.monday, weeks);
      void this.list();
    };
    this.listed = h(
      'div',
      { class: 'staff-stack' },
      this.head(
        'staff.appointments.title',
        writes && button('button main compact', () => void this.book(), icon('add'), this.t('staff.appointments.new')),
      ),
      this.others && h('div', { class: 'day-filters' }, field(this.therapist, this.t('staff.appointments.therapist'))),
      h(
        'div',
        { class: 'appointments-weeks' },
        iconButton('back', this.t('staff.appointments.week_before'), to(-1)),
        this.week,
        iconButton('back', this.t('staff.appointments.week_after'), to(1)),
        button('button compact', to(0), this.t('staff.appointments.this_week')),
      ),
      this.days,
      this.nothing,
      h('div', { class: 'staff-after' }, this.more),
    );
    this.place = h('div', {});
    this.append(this.trouble, this.told, this.place);
  }

  /** @param {Appointment} appointment */
  writes({ therapist }) {
    return this.may('write_appointments') || (this.may('own_day') && therapist === this.context.office.state.me?.id);
  }

  /** @param {Appointment} appointment */
  nameOf({ therapist, therapist_name: name }) {
    return this.names.get(therapist) ?? name ?? therapist;
  }

  /** @param {string} rest  an appointment's id */
  open(rest) {
    const before = this.opened;
    this.opened = rest;
    this.say('');
    if (rest !== '') {
      void this.showOne(rest);
      return;
    }
    replace(this.place, this.listed);
    void this.list(before);
  }

  /** @param {string} id */
  async showOne(id) {
    const { api } = this.context;
    await this.load(
      async () => {
        const [appointment] = await Promise.all([
          api.get(`/api/appointments/${encodeURIComponent(id)}`),
          this.askTherapists(),
        ]);
        return appointment;
      },
      (appointment) => {
        if (this.opened !== id) return;
        const page = new AppointmentPage(this.context, this, appointment);
        replace(this.place, page);
        page.querySelector('h1')?.focus();
      },
    );
  }

  async askTherapists() {
    if (this.names.size > 0) return;
    const { therapists } = await this.context.api.get('/api/therapists', { quiet: true });
    this.names = new Map(therapists.map((/** @type {{id: string, name: string}} */ { id, name }) => [id, name]));
    replace(
      this.therapist,
      h('option', { value: '' }, this.t('staff.day.everybody')),
      [...this.names].map(([id, name]) => h('option', { value: id }, name)),
    );
  }

  get query() {
    return { ...boundsOf(this.monday), therapist: this.others ? this.therapist.value : '', limit: ROWS };
  }

  /** @param {string} [from]  the appointment that was looked at before: the focus goes to its row */
  async list(from = '') {
    await this.load(
      async () => {
        await this.askTherapists();
        return this.context.api.get('/api/appointments', { query: this.query });
      },
      (page) => {
        this.appointments = [];
        this.show(page);
        if (from !== '') this.focusRow(from);
      },
    );
  }

  async loadMore() {
    const query = { ...this.query, after: this.next };
    await this.load(
      () => this.context.api.get('/api/appointments', { query }),
      (page) => {
        this.show(page);
        this.focusRow(page.appointments[0]?.id ?? '');
      },
    );
  }

  /** @param {{appointments: Appointment[], next: string | null}} page */
  show({ appointments, next }) {
    const { formats } = this.context;
    const { since, until } = boundsOf(this.monday);
    this.appointments.push(...appointments);
    this.next = next;
    this.more.hidden = next === null;
    this.nothing.hidden = this.appointments.length > 0;
    const values = { from: formats.date(since), to: formats.date(until - 3600) };
    setText(this.week, this.t('staff.appointments.week', values));
    replace(
      this.days,
      byDay(this.appointments, (at) => dateOf(at, this.zone)).map(({ appointments: those }) =>
        h(
          'section',
          { class: 'appointments-day' },
          h('h3', {}, formats.day(those[0].starts_at)),
          h('ul', { class: 'staff-rows day-rows' }, those.map((each) => this.row(each))),
        ),
      ),
    );
  }

  /** @param {Appointment} appointment */
  row(appointment) {
    const { strings } = this.context;
    const facts = [
      this.t('staff.minutes', { count: appointment.minutes }),
      this.others && this.nameOf(appointment),
      appointment.kind !== 'individual' && this.t(`staff.appointments.kind.${appointment.kind}`),
      appointment.series !== null && this.t('staff.appointments.series'),
    ];
    return h(
      'li',
      { 'data-key': appointment.id, 'data-state': appointment.state },
      h('span', { class: 'day-time' }, strings.time(appointment.starts_at)),
      h(
        'a',
        { class: 'staff-row-link', href: linkTo('appointments', appointment.id) },
        h('strong', {}, namesOf(strings, invitedOf(appointment))),
        h('span', { class: 'small-text soft' }, facts.filter(Boolean).join(' · ')),
      ),
      h(
        'span',
        { class: 'staff-marks' },
        h(
          'span',
          { class: 'pill', 'data-tone': appointment.state === 'missed' ? 'bad' : 'quiet' },
          this.t(`staff.appointments.state.${appointment.state}`),
        ),
      ),
    );
  }

  /** @param {string} id */
  focusRow(id) {
    const rows = /** @type {NodeListOf<HTMLElement>} */ (this.days.querySelectorAll('[data-key]'));
    [...rows].find((each) => each.dataset.key === id)?.querySelector('a')?.focus();
  }

  async book() {
    const therapists = this.may('write_appointments') ? [...this.names].map(([id, name]) => ({ id, name })) : null;
    const today = dateOf(now(this.context), this.zone);
    const date = this.monday > today ? this.monday : today;
    const booked = await openBooking(this.context, { therapists, date });
    if (booked === null) return;
    const first = booked.appointments[0];
    this.monday = mondayOf(dateOf(first.starts_at, this.zone));
    await this.list(first.id);
    const count = booked.appointments.length;
    const key = booked.overlaps.length > 0 ? 'booked_overlaps' : 'booked';
    this.say(this.t(`staff.appointments.${key}`, { count, time: this.context.formats.moment(first.starts_at) }));
  }
}

customElements.define('tb-staff-appointments', AppointmentsPanel);

register({
  name: 'appointments',
  title: 'staff.appointments.title',
  icon: 'calendar',
  order: 20,
  needs: ['own_day', 'read_appointments'],
  make: (context) => new AppointmentsPanel(context),
});
