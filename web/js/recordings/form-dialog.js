/**
 * A dialog with a form: what is wanted, what was wrong with it, and one button that does it. It closes when it was
 * done; while it is being done it cannot be sent twice.
 *
 * Not here: any fields.
 */

import { open } from '../elements/dialog.js';
import { button, h, icon, set, setText } from '../view.js';
import { sentenceOf } from './words.js';

/**
 * @param {object} form
 * @param {import('../strings.js').Strings} form.strings
 * @param {string} form.title
 * @param {(Node | null | false)[]} form.content
 * @param {string} form.submit   what the button does
 * @param {boolean} [form.danger]  it cannot be taken back
 * @param {() => boolean} [form.check]  whether the fields are as they should be; says itself what is wrong
 * @param {() => Promise<import('./api.js').Refusal | null>} form.send  why it was not done, or null
 * @returns {Promise<boolean>} once the dialog is closed: whether it was done
 */
export function openForm({ strings, title, content, submit, danger = false, check = () => true, send }) {
  return new Promise((resolve) => {
    let done = false;
    let busy = false;
    const sentence = h('p', {});
    const failed = h('div', { class: 'note bad', role: 'alert', hidden: true }, icon('warning'), sentence);
    const confirm = h('button', { class: `button ${danger ? 'danger' : 'main'}`, type: 'submit' }, submit);
    const close = () => dialog.close();
    const sent = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      if (busy || !check()) return;
      busy = true;
      failed.hidden = true;
      set(confirm, { 'aria-disabled': true });
      try {
        const problem = await send();
        done = problem === null;
        if (problem !== null) setText(sentence, sentenceOf(strings, problem));
        failed.hidden = problem === null;
      } finally {
        busy = false;
        set(confirm, { 'aria-disabled': null });
      }
      if (done) close();
    };
    const dialog = open(title, { close: strings.text('dialog.close'), broad: true }, () => [
      h(
        'form',
        { class: 'recordings-form', novalidate: true, onsubmit: sent },
        ...content.filter((node) => node instanceof Node),
        failed,
        h('div', { class: 'dialog-buttons' }, button('button', close, strings.text('recordings.cancel')), confirm),
      ),
    ]);
    dialog.addEventListener('close', () => resolve(done), { once: true });
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
