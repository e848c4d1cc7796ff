/**
 * The forms of keeping: how long, a new hold, deleting a patient's records, taking them away as an archive.
 *
 * Not here: what is shown (`keeping.js`).
 */

import { field } from '../elements/field.js';
import { Http } from '../http.js';
import { h, icon } from '../view.js';
import { complain, given, openForm } from './form-dialog.js';

/** @typedef {import('./element.js').StaffContext} StaffContext */

const LONGEST_ID = 200;
const LONGEST_REASON = 500;
const LONGEST_DAYS = 36_500;

/**
 * @param {StaffContext} context
 * @param {import('./keeping.js').Kind} kind
 * @returns {Promise<boolean>} whether it was changed
 */
export function openChange({ strings, api }, kind) {
  const name = strings.text(`staff.keeping.kind.${kind.kind}`);
  const days = h('input', {
    id: 'staff-keeping-days',
    type: 'number',
    inputmode: 'numeric',
    min: kind.minimum_days,
    max: LONGEST_DAYS,
    value: kind.days ?? '',
    autocomplete: 'off',
  });
  const least = strings.text('staff.keeping.change.least', { count: kind.minimum_days });
  return openForm(strings, {
    title: 'staff.keeping.change.title',
    values: { name },
    content: [field(days, strings.text('staff.keeping.change.days'), least)],
    submit: 'staff.keeping.change.do',
    fields: { kept_longer: days },
    check: () => {
      const count = Number(days.value);
      const fits = Number.isInteger(count) && count >= kind.minimum_days && count <= LONGEST_DAYS;
      if (days.value === '' || fits) return true;
      complain(days, least);
      return false;
    },
    send: () =>
      api.put(`/api/keeping/retention/${encodeURIComponent(kind.kind)}`, {
        days: days.value === '' ? null : Number(days.value),
      }),
  });
}

/**
 * @param {StaffContext} context
 * @returns {Promise<boolean>} whether something is on hold now
 */
export function openHold({ strings, api }) {
  const because = h('textarea', { id: 'staff-hold-because', rows: 2, maxlength: LONGEST_REASON, autocomplete: 'off' });
  const patient = idField('staff-hold-patient');
  const session = idField('staff-hold-session');
  const therapist = idField('staff-hold-therapist');
  const since = h('input', { id: 'staff-hold-since', type: 'date' });
  const until = h('input', { id: 'staff-hold-until', type: 'date' });
  return openForm(strings, {
    title: 'staff.keeping.hold.title',
    content: [
      h('p', {}, strings.text('staff.keeping.hold.text')),
      field(because, strings.text('staff.keeping.hold.because'), strings.text('staff.keeping.hold.because_hint')),
      field(patient, strings.text('staff.keeping.hold.patient')),
      field(session, strings.text('staff.keeping.hold.session')),
      field(therapist, strings.text('staff.keeping.hold.therapist')),
      field(since, strings.text('staff.keeping.hold.from')),
      field(until, strings.text('staff.keeping.hold.to')),
    ],
    submit: 'staff.keeping.hold.do',
    check: () => given(because, strings.text('staff.keeping.hold.because_missing')),
    send: () => {
      const about = {
        patient: patient.value.trim() || null,
        session: session.value.trim() || null,
        therapist: therapist.value.trim() || null,
        since: since.valueAsDate === null ? null : since.valueAsDate.getTime() / 1000,
        until: until.valueAsDate === null ? null : until.valueAsDate.getTime() / 1000,
      };
      const everything = Object.values(about).every((each) => each === null);
      return api.post('/api/keeping/holds', { because: because.value.trim(), ...about, everything });
    },
  });
}

/**
 * @param {StaffContext} context
 * @returns {Promise<import('./keeping.js').Proof | null>} what was deleted
 */
export async function openDeletion({ strings, api }) {
  const patient = idField('staff-delete-patient');
  const again = idField('staff-delete-confirm');
  const reason = h('textarea', { id: 'staff-delete-reason', rows: 2, maxlength: LONGEST_REASON, autocomplete: 'off' });
  /** @type {import('./keeping.js').Proof | null} */
  let proof = null;
  await openForm(strings, {
    title: 'staff.keeping.delete.title',
    content: [
      h('div', { class: 'note warn' }, icon('warning'), h('p', {}, strings.text('staff.keeping.delete.text'))),
      field(patient, strings.text('staff.keeping.delete.patient')),
      field(again, strings.text('staff.keeping.delete.again')),
      field(reason, strings.text('staff.keeping.delete.reason'), strings.text('staff.keeping.delete.reason_hint')),
    ],
    submit: 'staff.keeping.delete.do',
    danger: true,
    fields: { patient_not_confirmed: again, nothing_kept: patient },
    check: () =>
      given(patient, strings.text('staff.keeping.delete.patient_missing')) &&
      given(again, strings.text('staff.keeping.delete.patient_missing')) &&
      given(reason, strings.text('staff.keeping.delete.reason_missing')),
    send: async () => {
      proof = await api.post('/api/keeping/deletions/patient', {
        patient: patient.value.trim(),
        confirm: again.value.trim(),
        reason: reason.value.trim(),
      });
    },
  });
  return proof;
}

/**
 * @param {StaffContext} context
 * @returns {Promise<boolean>} whether it was taken
 */
export function openExport({ strings }) {
  const patient = idField('staff-export-patient');
  const recipient = idField('staff-export-recipient');
  const forWhom = strings.text('staff.keeping.export.recipient');
  return openForm(strings, {
    title: 'staff.keeping.export.title',
    content: [
      h('p', {}, strings.text('staff.keeping.export.text')),
      field(patient, strings.text('staff.keeping.delete.patient')),
      field(recipient, forWhom, strings.text('staff.keeping.export.recipient_hint')),
    ],
    submit: 'staff.keeping.export.do',
    fields: { bad_recipient: recipient },
    check: () => given(patient, strings.text('staff.keeping.delete.patient_missing')),
    send: async () => {
      const key = recipient.value.trim();
      const answer = await new Http().ask('/api/keeping/exports', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ patient: patient.value.trim(), recipient: key === '' ? null : key }),
      });
      save(await answer.blob(), key === '' ? 'records.zip' : 'records.zip.age');
    },
  });
}

/**
 * Hands a file to whoever sits there.
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h('a', { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** @param {string} id */
function idField(id) {
  return h('input', { id, autocomplete: 'off', maxlength: LONGEST_ID, spellcheck: false });
}
