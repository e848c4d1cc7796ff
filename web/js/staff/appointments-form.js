/**
 * Booking an appointment: when, with whom, who else comes, and whether it is repeated. If the therapist has another one
 * then, it is asked before it is booked all the same.
 *
 * Not here: what is sent (`appointments-words.js`), what is there (`appointments.js`).
 */

import { field } from '../elements/field.js';
import { RefusedError } from '../http.js';
import { button, h, icon, iconButton, replace } from '../view.js';
import { patientsOf, requestOf } from './appointments-words.js';
import { ownZone } from './day-words.js';
import { complain, given, openForm } from './form-dialog.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./day-words.js').Appointment} Appointment
 * @typedef {{appointments: Appointment[], links: any[], overlaps: any[], series: string | null}} Booked
 */

export const KINDS = ['individual', 'couple', 'group'];
export const RELATIONS = ['partner', 'guardian', 'interpreter', 'supervisor', 'other'];
const FREQUENCIES = ['weekly', 'fortnightly', 'monthly'];
const MOST_GUESTS = 6;
const MOST_OCCURRENCES = 120;

let count = 0;

/**
 * @param {StaffContext} context
 * @param {object} given
 * @param {{id: string, name: string}[] | null} given.therapists  to choose from; null: their own only
 * @param {string} given.date   the day that is proposed
 * @returns {Promise<Booked | null>} null: nothing was booked
 */
export async function openBooking(context, { therapists, date }) {
  const { strings, api } = context;
  const t = strings.text.bind(strings);
  const start = h('input', { id: 'staff-book-start', type: 'datetime-local', value: `${date}T10:00`, required: true });
  const minutes = h('input', { id: 'staff-book-minutes', type: 'number', min: 5, max: 480, value: 50 });
  const therapist = h(
    'select',
    { id: 'staff-book-therapist' },
    (therapists ?? []).map(({ id, name }) => h('option', { value: id }, name)),
  );
  const kind = h(
    'select',
    { id: 'staff-book-kind', onchange: () => fit() },
    KINDS.map((each) => h('option', { value: each }, t(`staff.appointments.kind.${each}`))),
  );
  const patients = peopleFields(context, 'patient');
  const guests = peopleFields(context, 'guest');
  const often = h(
    'select',
    { id: 'staff-book-often', onchange: () => fit() },
    h('option', { value: '' }, t('staff.appointments.repeat.once')),
    FREQUENCIES.map((each) => h('option', { value: each }, t(`staff.appointments.repeat.${each}`))),
  );
  const times = h('input', { id: 'staff-book-times', type: 'number', min: 2, max: MOST_OCCURRENCES, value: 10 });
  const timesField = field(times, t('staff.appointments.repeat.times'));
  const despite = h('input', { type: 'checkbox', id: 'staff-book-despite' });
  const overlaps = h(
    'label',
    { class: 'staff-check', hidden: true },
    despite,
    h(
      'span',
      {},
      t('staff.appointments.despite'),
      h('span', { class: 'small-text soft' }, t('staff.appointments.despite_hint')),
    ),
  );
  const addGuest = button('button compact', () => more(guests), icon('add'), t('staff.appointments.guest.add'));
  const addPatient = button('button compact', () => more(patients), icon('add'), t('staff.appointments.patient.add'));
  const more = (/** @type {ReturnType<typeof peopleFields>} */ people) => {
    people.add()?.focus();
    fit();
  };
  const fit = () => {
    const { least, most } = patientsOf(kind.value);
    while (patients.length < least) patients.add();
    while (patients.length > most) patients.drop();
    patients.removable = patients.length > least;
    guests.removable = true;
    addPatient.hidden = most === least || patients.length >= most;
    addGuest.hidden = guests.length >= MOST_GUESTS;
    timesField.hidden = often.value === '';
  };
  patients.changed = guests.changed = fit;
  fit();

  const whole = (/** @type {HTMLInputElement} */ input) => {
    if (input.checkValidity() && input.value !== '') return true;
    const values = { least: Number(input.min), most: Number(input.max) };
    complain(input, t('staff.appointments.number_wrong', values));
    return false;
  };
  const check = () =>
    given(start, t('staff.appointments.start_missing')) &&
    whole(minutes) &&
    patients.check() &&
    guests.check() &&
    (often.value === '' || whole(times));
  /** @type {Booked | null} */
  let booked = null;
  await openForm(strings, {
    title: 'staff.appointments.new',
    content: [
      h(
        'div',
        { class: 'book-two' },
        field(start, t('staff.appointments.start'), t('staff.appointments.zone', { zone: ownZone() })),
        field(minutes, t('staff.appointments.minutes')),
        therapists !== null && field(therapist, t('staff.appointments.therapist')),
        field(kind, t('staff.appointments.kind')),
      ),
      patients.node,
      addPatient,
      guests.node,
      addGuest,
      h('div', { class: 'book-two' }, field(often, t('staff.appointments.repeat')), timesField),
      overlaps,
    ],
    submit: 'staff.appointments.book',
    check,
    send: async () => {
      const { path, body } = requestOf({
        therapist: therapists === null ? '' : therapist.value,
        kind: kind.value,
        start: start.value,
        zone: ownZone(),
        minutes: Number(minutes.value),
        patients: /** @type {any} */ (patients.values()),
        guests: /** @type {any} */ (guests.values()),
        rule: often.value === '' ? null : { frequency: often.value, count: Number(times.value) },
        despite: despite.checked,
      });
      try {
        booked = await api.post(path, body);
      } catch (error) {
        if (error instanceof RefusedError && error.code === 'appointment_overlaps') overlaps.hidden = false;
        throw error;
      }
    },
  });
  return booked;
}

/**
 * Fields for one guest, in a dialog of their own.
 * @param {StaffContext} context
 * @param {Appointment} appointment
 */
export function openGuest(context, { id, revision }) {
  const { strings, api } = context;
  const guests = peopleFields(context, 'guest');
  guests.add();
  return openForm(strings, {
    title: 'staff.appointments.guest.add',
    content: [guests.node],
    submit: 'staff.appointments.guest.do',
    check: () => guests.check(),
    send: () =>
      api.post(`/api/appointments/${encodeURIComponent(id)}/guests`, { revision, guest: guests.filled()[0] }),
  });
}

/**
 * Fields for some people, each in a frame.
 * @param {StaffContext} context
 * @param {'patient' | 'guest'} what
 */
function peopleFields({ strings }, what) {
  const t = strings.text.bind(strings);
  const node = h('div', { class: 'book-people' });
  /** @type {{frame: HTMLElement, legend: HTMLElement, remove: HTMLElement, inputs: Record<string, any>}[]} */
  let people = [];
  const renumber = () =>
    people.forEach(({ legend }, index) => {
      const form = people.length > 1 ? 'number' : 'one';
      replace(legend, t(`staff.appointments.${what}.${form}`, { number: index + 1 }));
    });
  const input = (/** @type {string} */ name, /** @type {import('../view.js').Attributes} */ more = {}) => {
    count += 1;
    return h('input', { id: `staff-book-${name}-${count}`, autocomplete: 'off', ...more });
  };
  const self = {
    node,
    changed: () => {},
    get length() {
      return people.length;
    },
    /** @param {boolean} can */
    set removable(can) {
      for (const { remove } of people) remove.hidden = !can;
    },
    add() {
      const inputs = {
        ...(what === 'patient'
          ? { id: input('id', { maxlength: 200, spellcheck: 'false' }) }
          : { relation: h('select', { id: `staff-book-relation-${(count += 1)}` },
              RELATIONS.map((each) => h('option', { value: each }, t(`staff.appointments.relation.${each}`)))) }),
        name: input('name', { maxlength: 60 }),
        email: input('email', { type: 'email', maxlength: 254 }),
        phone: input('phone', { type: 'tel', maxlength: 30 }),
      };
      const legend = h('legend', {});
      const remove = iconButton('remove', t(`staff.appointments.${what}.remove`), () => {
        people = people.filter((each) => each.frame !== frame);
        frame.remove();
        renumber();
        self.changed();
      });
      const frame = h(
        'fieldset',
        { class: 'book-person' },
        legend,
        Object.entries(inputs).map(([name, each]) =>
          field(
            each,
            t(`staff.appointments.person.${name}`),
            name === 'id' ? t('staff.appointments.person.id_hint') : undefined,
          ),
        ),
        remove,
      );
      people.push({ frame, legend, remove, inputs });
      node.append(frame);
      renumber();
      return /** @type {HTMLElement} */ (Object.values(inputs)[0]);
    },
    drop() {
      people.pop()?.frame.remove();
      renumber();
    },
    values() {
      return people.map(({ inputs }) =>
        Object.fromEntries(Object.entries(inputs).map(([name, each]) => [name, String(each.value)])),
      );
    },
    filled() {
      return self.values().map((each) =>
        Object.fromEntries(Object.entries(each).filter(([, value]) => value.trim() !== '')),
      );
    },
    check() {
      return people.every(({ inputs }) => {
        const { id, name, email } = inputs;
        if (!email.checkValidity()) {
          complain(email, t('staff.appointments.person.email_wrong'));
          return false;
        }
        return (id !== undefined && id.value.trim() !== '') || given(name, t('staff.appointments.person.name_missing'));
      });
    },
  };
  return self;
}
