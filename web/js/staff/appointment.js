/**
 * One appointment: who is invited and with which link, more guests, moving and cancelling it, alone or with others of
 * its series. A new link is shown once, to be copied; the one before is void.
 *
 * Not here: booking (`appointments-form.js`), who waits (`day.js`).
 */

import { BaseElement } from '../elements/base.js';
import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { RefusedError } from '../http.js';
import { button, h, icon, set } from '../view.js';
import { openGuest } from './appointments-form.js';
import { dateOf, invitedOf, nameOf, namesOf, ownZone } from './day-words.js';
import { complain, given, openForm, question } from './form-dialog.js';
import { linkTo } from './place.js';
import { shownOnce } from './secret.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./day-words.js').Appointment} Appointment
 * @typedef {import('./day-words.js').Guest} Guest
 */

const REACHES = ['this', 'following', 'all'];

/** @extends {BaseElement<StaffContext>} */
export class AppointmentPage extends BaseElement {
  /**
   * @param {StaffContext} context
   * @param {import('./appointments.js').AppointmentsPanel} panel
   * @param {Appointment} appointment
   */
  constructor(context, panel, appointment) {
    super(context);
    const { strings, formats } = context;
    this.className = 'staff-stack';
    this.panel = panel;
    this.appointment = appointment;
    this.path = `/api/appointments/${encodeURIComponent(appointment.id)}`;
    const open = appointment.state === 'booked' || appointment.state === 'missed';
    const can = open && panel.writes(appointment);
    const facts = [
      ['when', formats.moment(appointment.starts_at)],
      ['minutes', strings.text('staff.minutes', { count: appointment.minutes })],
      ['zone_of', appointment.zone],
      ['therapist', panel.nameOf(appointment)],
      ['kind', this.t(`staff.appointments.kind.${appointment.kind}`)],
      ['state', this.t(`staff.appointments.state.${appointment.state}`)],
    ];
    this.append(
      h('a', { class: 'staff-back', href: linkTo('appointments') }, icon('back'), this.t('staff.appointments.back')),
      h(
        'div',
        { class: 'staff-head' },
        h('h1', { tabindex: '-1' }, namesOf(strings, invitedOf(appointment))),
        can &&
          h(
            'div',
            { class: 'staff-actions' },
            button('button compact', () => void this.move(), icon('calendar'), this.t('staff.appointments.move')),
            button('button compact', () => void this.cancel(), icon('close'), this.t('staff.appointments.cancel')),
          ),
      ),
      appointment.series !== null ? h('p', { class: 'soft' }, this.t('staff.appointments.of_series')) : '',
      h(
        'dl',
        { class: 'staff-facts' },
        facts.map(([key, value]) => h('div', {}, h('dt', {}, this.t(`staff.appointments.${key}`)), h('dd', {}, value))),
      ),
      h('h2', {}, this.t('staff.appointments.people')),
      h('p', { class: 'small-text soft' }, this.t('staff.appointments.links_lead')),
      h(
        'ul',
        { class: 'staff-rows', 'aria-label': this.t('staff.appointments.people') },
        appointment.guests.filter(({ left_out: out }) => !out).map((guest) => this.row(guest, can)),
      ),
    );
    if (can) {
      const words = this.t('staff.appointments.guest.add');
      this.append(h('div', {}, button('button compact', () => void this.invite(), icon('add'), words)));
    }
  }

  /**
   * @param {Guest} guest
   * @param {boolean} can
   */
  row(guest, can) {
    const { strings, formats } = this.context;
    const name = nameOf(strings, { relation: guest.relation, called: guest.name });
    const { link } = guest;
    const state = link === null || link.revoked_at !== null ? 'none' : link.opened_at !== null ? 'opened' : 'good';
    const time = link?.opened_at ? formats.moment(link.opened_at) : '';
    const act = (/** @type {string} */ key, /** @type {() => void} */ press) =>
      set(button('button compact', press, this.t(`staff.appointments.${key}`)), {
        'aria-label': this.t(`staff.appointments.${key}_name`, { name }),
      });
    const contact = [guest.email, guest.phone].filter(Boolean).join(' · ');
    return h(
      'li',
      { 'data-key': guest.id },
      h(
        'span',
        { class: 'staff-row-main' },
        h('strong', {}, name),
        contact !== '' && h('span', { class: 'small-text soft' }, contact),
        h('span', { class: 'small-text soft' }, this.t(`staff.appointments.link.${state}`, { time })),
      ),
      can &&
        h(
          'span',
          { class: 'staff-marks' },
          act('new_link', () => void this.newLink(guest, name)),
          state !== 'none' && act('revoke', () => void this.revoke(guest, name)),
          guest.relation !== 'patient' && act('leave_out', () => void this.leaveOut(guest, name)),
        ),
    );
  }

  // What can be done -----------------------------------------------------------------------------------------------

  async move() {
    const { strings, api } = this.context;
    const { appointment } = this;
    const start = h('input', {
      id: 'staff-move-start',
      type: 'datetime-local',
      required: true,
      value: localOf(appointment.starts_at),
    });
    const minutes = h('input', {
      id: 'staff-move-minutes',
      type: 'number',
      min: 5,
      max: 480,
      value: appointment.minutes,
    });
    const reach = this.reaches('move');
    const despite = h('input', { type: 'checkbox', id: 'staff-move-despite' });
    const overlaps = h(
      'label',
      { class: 'staff-check', hidden: true },
      despite,
      h('span', {}, this.t('staff.appointments.despite')),
    );
    let warned = false;
    const moved = await openForm(strings, {
      title: 'staff.appointments.move_title',
      content: [
        h(
          'div',
          { class: 'book-two' },
          field(start, this.t('staff.appointments.start'), this.t('staff.appointments.zone', { zone: ownZone() })),
          field(minutes, this.t('staff.appointments.minutes')),
        ),
        reach.node,
        overlaps,
      ],
      submit: 'staff.appointments.move',
      check: () => {
        if (!given(start, this.t('staff.appointments.start_missing'))) return false;
        if (minutes.checkValidity() && minutes.value !== '') return true;
        complain(minutes, this.t('staff.appointments.number_wrong', { least: 5, most: 480 }));
        return false;
      },
      send: async () => {
        const body = {
          revision: appointment.revision,
          reach: reach.value,
          // as clocks show it in its own zone, which it keeps
          start: clockIn(start.value, appointment.zone),
          minutes: Number(minutes.value),
          despite_conflict: despite.checked,
        };
        try {
          const booked = await api.patch(this.path, body);
          warned = booked.overlaps.length > 0;
        } catch (error) {
          if (error instanceof RefusedError && error.code === 'appointment_overlaps') overlaps.hidden = false;
          throw error;
        }
      },
    });
    if (!moved) return;
    await this.again(warned ? 'staff.appointments.moved_overlaps' : 'staff.appointments.moved');
  }

  async cancel() {
    const { strings, api } = this.context;
    const { appointment } = this;
    const reach = this.reaches('cancel');
    const done = await openForm(strings, {
      title: 'staff.appointments.cancel_title',
      content: [h('p', { class: 'soft' }, this.t('staff.appointments.cancel_text')), reach.node],
      submit: 'staff.appointments.cancel_do',
      danger: true,
      send: () => api.post(`${this.path}/cancel`, { revision: appointment.revision, reach: reach.value }),
    });
    if (done) await this.again('staff.appointments.cancelled');
  }

  /**
   * Which ones of a series are meant.
   * @param {string} id
   */
  reaches(id) {
    const boxes = REACHES.map((value) =>
      h('input', { type: 'radio', name: `staff-${id}-reach`, value, checked: value === 'this' }),
    );
    const node =
      this.appointment.series === null
        ? null
        : h(
            'fieldset',
            { class: 'staff-choices' },
            h('legend', {}, this.t('staff.appointments.reach')),
            boxes.map((box) =>
              h('label', { class: 'staff-check' }, box, h('span', {}, this.t(`staff.appointments.reach.${box.value}`))),
            ),
          );
    return {
      node,
      get value() {
        return node === null ? 'this' : (boxes.find((box) => box.checked)?.value ?? 'this');
      },
    };
  }

  async invite() {
    if (await openGuest(this.context, this.appointment)) await this.again('staff.appointments.invited');
  }

  /**
   * @param {Guest} guest
   * @param {string} name
   */
  async leaveOut({ id }, name) {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.appointments.leave_out', { name }))) return;
    const path = `${this.path}/guests/${encodeURIComponent(id)}?revision=${this.appointment.revision}`;
    if (await this.panel.act(() => api.remove(path))) await this.again('staff.appointments.left_out');
  }

  /**
   * @param {Guest} guest
   * @param {string} name
   */
  async newLink({ id }, name) {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.appointments.new_link', { name }, false))) return;
    let url = '';
    const done = await this.panel.act(async () => {
      url = (await api.post(`${this.path}/guests/${encodeURIComponent(id)}/link`)).link.url;
    });
    if (!done) return;
    await new Promise((resolve) => {
      const dialog = open(this.t('staff.appointments.link_for', { name }), { broad: true }, (close) => [
        h('p', { class: 'soft' }, this.t('staff.appointments.link_once')),
        shownOnce(strings, url, this.t('staff.appointments.link')),
        h('div', { class: 'dialog-buttons' }, button('button main', close, this.t('staff.appointments.link_kept'))),
      ]);
      dialog.addEventListener('close', resolve, { once: true });
    });
    await this.again('staff.appointments.link_made');
  }

  /**
   * @param {Guest} guest
   * @param {string} name
   */
  async revoke({ id }, name) {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.appointments.revoke', { name }))) return;
    const path = `${this.path}/guests/${encodeURIComponent(id)}/link`;
    if (await this.panel.act(() => api.remove(path))) await this.again('staff.appointments.revoked');
  }

  /** @param {string} said */
  async again(said) {
    await this.panel.showOne(this.appointment.id);
    this.panel.say(this.t(said));
  }
}

/** @param {number} at  as a field of the browser's own zone takes it */
function localOf(at) {
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return `${dateOf(at, ownZone())}T${time.format(at * 1000)}`;
}

/**
 * What the clocks of a zone show when ours show this.
 * @param {string} local  "2026-03-05T10:00"
 * @param {string} zone
 */
function clockIn(local, zone) {
  const at = new Date(local).getTime() / 1000;
  const format = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: zone,
  });
  return `${dateOf(at, zone)}T${format.format(at * 1000)}`;
}

customElements.define('tb-staff-appointment', AppointmentPage);
