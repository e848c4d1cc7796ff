/**
 * The form dialogs of the staff pages: a form that is sent to the server, and a question.
 *
 * Not here: how such a dialog works (`elements/form-dialog.js`, `elements/dialog.js`).
 */

import { ask } from '../elements/dialog.js';
import { explain as explainField } from '../elements/field.js';
import { openForm as open } from '../elements/form-dialog.js';
import { refusal } from '../http.js';
import { sentenceOf } from './words.js';

/** @typedef {import('../elements/field.js').Input} Input */

/**
 * @param {import('../strings.js').Strings} strings
 * @param {object} form
 * @param {string} form.title    a key of the catalogue, as `submit`
 * @param {Record<string, string | number>} [form.values]  for the title
 * @param {(Node | null | false)[]} form.content
 * @param {string} form.submit
 * @param {boolean} [form.danger]  it cannot be taken back
 * @param {() => boolean} [form.check]  whether the fields are as they should be (`given`, `complain`)
 * @param {Record<string, Input>} [form.fields]  refusals that are about one field: code to field
 * @param {() => Promise<unknown>} form.send  raises RefusedError when it was not done
 * @returns {Promise<boolean>} once the dialog is closed: whether it was done
 */
export function openForm(strings, { title, values, content, submit, danger, check, fields = {}, send }) {
  return open({
    words: { close: strings.text('dialog.close'), cancel: strings.text('staff.cancel') },
    title: strings.text(title, values),
    content,
    submit: strings.text(submit),
    danger,
    check,
    send: async () => {
      try {
        await send();
        return null;
      } catch (error) {
        return refusal(error);
      }
    },
    explain: (problem) => {
      const input = fields[problem.code];
      if (input === undefined) return false;
      complain(input, sentenceOf(strings, problem));
      return true;
    },
    sentenceOf: (problem) => sentenceOf(strings, problem),
  });
}

/**
 * A question before something is done; the careful answer has the focus.
 * @param {import('../strings.js').Strings} strings
 * @param {string} key  `KEY.title`, `KEY.text`, `KEY.do` of the catalogue
 * @param {Record<string, string | number>} [values]
 * @param {boolean} [danger]
 */
export function question(strings, key, values, danger = true) {
  return ask({
    title: strings.text(`${key}.title`, values),
    text: strings.text(`${key}.text`, values),
    careful: strings.text('staff.cancel'),
    other: strings.text(`${key}.do`, values),
    danger,
  });
}

/**
 * Says at a field what is wrong with it, and leads there; it is taken away when somebody changes it.
 * @param {Input} input
 * @param {string} sentence
 */
export function complain(input, sentence) {
  explainField(input, sentence);
  input.focus();
  input.addEventListener('input', () => explainField(input, null), { once: true });
}

/**
 * Whether something stands in a field; says so if not.
 * @param {Input} input
 * @param {string} sentence
 */
export function given(input, sentence) {
  if (input.value.trim() !== '') return true;
  complain(input, sentence);
  return false;
}
