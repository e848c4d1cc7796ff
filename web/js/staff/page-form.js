/**
 * A form that stands in the page: what is wrong is said at the field or above the button, and it cannot be sent twice.
 *
 * Not here: forms in dialogs (`form-dialog.js`).
 */

import { refusal } from '../http.js';
import { h, icon, set, setText } from '../view.js';
import { complain } from './form-dialog.js';
import { sentenceOf } from './words.js';

/**
 * @param {import('../strings.js').Strings} strings
 * @param {object} form
 * @param {(Node | null | false)[]} form.content
 * @param {string} form.submit  a key of the catalogue
 * @param {() => boolean} [form.check]  whether the fields are as they should be; says itself what is wrong
 * @param {Record<string, import('../elements/field.js').Input>} [form.fields]  refusals that are about one field
 * @param {() => Promise<unknown>} form.send  raises RefusedError
 * @returns {{node: HTMLFormElement, attempt: (task: () => Promise<unknown>) => Promise<void>}} `attempt`: something
 *   else that is done with the same care, at another button
 */
export function pageForm(strings, { content, submit, check = () => true, fields = {}, send }) {
  let busy = false;
  const sentence = h('p', {});
  const failed = h('div', { class: 'note bad', role: 'alert', hidden: true }, icon('warning'), sentence);
  const confirm = h('button', { class: 'button main wide', type: 'submit' }, strings.text(submit));
  const attempt = async (/** @type {() => Promise<unknown>} */ task) => {
    if (busy) return;
    busy = true;
    failed.hidden = true;
    set(confirm, { 'aria-disabled': true });
    try {
      await task();
    } catch (error) {
      const problem = refusal(error);
      const field = fields[problem.code];
      if (field !== undefined) complain(field, sentenceOf(strings, problem));
      else {
        setText(sentence, sentenceOf(strings, problem));
        failed.hidden = false;
      }
    } finally {
      busy = false;
      set(confirm, { 'aria-disabled': null });
    }
  };
  const node = h(
    'form',
    {
      class: 'staff-form',
      novalidate: true,
      onsubmit: (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        if (!busy && check()) void attempt(send);
      },
    },
    content.filter((each) => each instanceof Node),
    failed,
    confirm,
  );
  return { node, attempt };
}

/**
 * A field for six digits, or for a recovery code.
 * @param {string} id
 * @param {{digits: boolean}} kind
 */
export function codeInput(id, { digits }) {
  return h('input', {
    id,
    class: 'staff-code',
    inputmode: digits ? 'numeric' : null,
    autocomplete: digits ? 'one-time-code' : 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: digits ? 7 : 40,
    required: true,
  });
}

/**
 * Six digits as they are often typed and pasted: with a space in the middle.
 * @param {string} text
 * @returns {string | null} null: these are not six digits
 */
export function digitsOf(text) {
  const digits = text.replace(/[\s-]/g, '');
  return /^\d{6}$/.test(digits) ? digits : null;
}
