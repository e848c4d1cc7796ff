/**
 * A dialog with a form: what is wanted, what was wrong with it, and one button that does it. It closes when it was
 * done; while it is being done it cannot be sent twice.
 *
 * Not here: any fields, any words.
 */

import { button, h, icon, set, setText } from '../view.js';
import { open } from './dialog.js';

/** @typedef {import('../http.js').Refusal} Refusal */

/**
 * @param {object} form
 * @param {{close: string, cancel: string}} form.words  the names of the two ways out
 * @param {string} form.title
 * @param {(Node | null | false)[]} form.content
 * @param {string} form.submit   what the button does
 * @param {boolean} [form.danger]  it cannot be taken back
 * @param {() => boolean} [form.check]  whether the fields are as they should be; says itself what is wrong
 * @param {() => Promise<Refusal | null>} form.send  why it was not done, or null
 * @param {(problem: Refusal) => boolean} [form.explain]  whether it was said at a field why it was not done
 * @param {(problem: Refusal) => string} form.sentenceOf
 * @returns {Promise<boolean>} once the dialog is closed: whether it was done
 */
export function openForm({
  words,
  title,
  content,
  submit,
  danger = false,
  check = () => true,
  send,
  explain = () => false,
  sentenceOf,
}) {
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
        const said = problem === null || explain(problem);
        if (!said) setText(sentence, sentenceOf(problem));
        failed.hidden = said;
      } finally {
        busy = false;
        set(confirm, { 'aria-disabled': null });
      }
      if (done) close();
    };
    const dialog = open(title, { close: words.close, broad: true }, () => [
      h(
        'form',
        { class: 'dialog-form', novalidate: true, onsubmit: sent },
        ...content.filter((node) => node instanceof Node),
        failed,
        h('div', { class: 'dialog-buttons' }, button('button', close, words.cancel), confirm),
      ),
    ]);
    dialog.addEventListener('close', () => resolve(done), { once: true });
  });
}
