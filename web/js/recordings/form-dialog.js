/**
 * The form dialogs of the recordings page: with its words, and a field in which a session's name is typed.
 *
 * Not here: how such a dialog works (`elements/form-dialog.js`).
 */

import { openForm as open } from '../elements/form-dialog.js';
import { h, set } from '../view.js';
import { sentenceOf } from './words.js';

/**
 * @param {object} form  as `elements/form-dialog.js` has it
 * @param {import('../strings.js').Strings} form.strings
 * @param {string} form.title
 * @param {(Node | null | false)[]} form.content
 * @param {string} form.submit
 * @param {boolean} [form.danger]
 * @param {() => boolean} [form.check]
 * @param {() => Promise<import('./api.js').Refusal | null>} form.send
 * @returns {Promise<boolean>} once the dialog is closed: whether it was done
 */
export function openForm({ strings, ...form }) {
  return open({
    words: { close: strings.text('dialog.close'), cancel: strings.text('recordings.cancel') },
    sentenceOf: (problem) => sentenceOf(strings, problem),
    ...form,
  });
}

/**
 * A field in which the session's name is typed, so that nothing is done to the wrong one.
 * @param {import('../strings.js').Strings} strings
 * @param {string} session
 */
export function sessionField(strings, session) {
  const input = h('input', {
    id: 'recordings-confirm',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 100,
  });
  const hint = h('p', { class: 'small-text soft', id: 'recordings-confirm-hint' }, session);
  set(input, { 'aria-describedby': hint.id });
  const label = h('label', { for: input.id }, strings.text('recordings.confirm'));
  const node = h('div', { class: 'field' }, label, hint, input);
  return { node, input, isRight: () => input.value.trim() === session };
}
