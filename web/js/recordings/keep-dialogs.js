/** Keeping and deleting: a hold with its reason, its end, and deletion, for which the session's name is typed. */

import { explain, field } from '../elements/field.js';
import { h, icon } from '../view.js';
import { openForm, sessionField } from './form-dialog.js';
import { namesOf } from './words.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./api.js').Whole} Whole
 */

const LONGEST_REASON = 200;

/** @param {Context} context */
export async function openHold({ archive, strings, announcer }) {
  const because = reason('recordings-because');
  const done = await openForm({
    strings,
    title: strings.text('recordings.hold.title'),
    content: [
      h('p', { class: 'soft' }, strings.text('recordings.hold.text')),
      field(because, strings.text('recordings.hold.because'), strings.text('recordings.no_names')),
    ],
    submit: strings.text('recordings.hold.do'),
    check: () => isGiven(strings, because),
    send: () => archive.act((api, id) => api.hold(id, because.value.trim())),
  });
  if (done) announcer.say(strings.text('recordings.hold.done'));
}

/** @param {Context} context */
export async function openRelease({ archive, strings, announcer }) {
  const done = await openForm({
    strings,
    title: strings.text('recordings.release.title'),
    content: [h('p', { class: 'soft' }, strings.text('recordings.release.text'))],
    submit: strings.text('recordings.release.do'),
    send: () => archive.act((api, id) => api.release(id)),
  });
  if (done) announcer.say(strings.text('recordings.release.done'));
}

/**
 * @param {Context} context
 * @param {Whole} whole
 * @returns {Promise<boolean>} whether something was deleted
 */
export async function openDeletion({ archive, strings, announcer }, { recording, people }) {
  const there = people.filter((person) => !person.shredded);
  const names = namesOf(strings, people);
  const what = h(
    'select',
    { id: 'recordings-what' },
    h('option', { value: '' }, strings.text('recordings.delete.all')),
    there.length > 1 &&
      there.map(({ id }) =>
        h('option', { value: id }, strings.text('recordings.delete.person', { name: names.get(id) ?? '' })),
      ),
  );
  const why = reason('recordings-reason');
  const confirm = sessionField(strings, recording.session);
  confirm.input.addEventListener('input', () => explain(confirm.input, null));
  const done = await openForm({
    strings,
    title: strings.text('recordings.delete.title'),
    content: [
      h('div', { class: 'note warn' }, icon('warning'), h('p', {}, strings.text('recordings.delete.text'))),
      field(what, strings.text('recordings.delete.what'), strings.text('recordings.delete.what_hint')),
      field(why, strings.text('recordings.delete.reason'), strings.text('recordings.no_names')),
      confirm.node,
    ],
    submit: strings.text('recordings.delete.do'),
    danger: true,
    check: () => {
      if (!isGiven(strings, why)) return false;
      if (confirm.isRight()) return true;
      explain(confirm.input, strings.text('recordings.confirm_wrong'));
      confirm.input.focus();
      return false;
    },
    send: () =>
      archive.act((api, id) =>
        api.remove(id, {
          reason: why.value.trim(),
          confirm: confirm.input.value.trim(),
          ...(what.value !== '' && { person: what.value }),
        }),
      ),
  });
  if (done) announcer.say(strings.text('recordings.delete.done'), true);
  return done;
}

/** @param {string} id */
function reason(id) {
  const input = h('input', { id, autocomplete: 'off', maxlength: LONGEST_REASON, oninput: () => explain(input, null) });
  return input;
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {HTMLInputElement} input
 */
function isGiven(strings, input) {
  if (input.value.trim() !== '') return true;
  explain(input, strings.text('recordings.reason_missing'));
  input.focus();
  return false;
}
