/**
 * Modal dialogs on the browser's own `<dialog>`: it keeps the focus inside, closes with Escape and gives it back.
 */

import { button, h, iconButton, set } from '../view.js';

/** @typedef {import('../strings.js').Strings} Strings */

let count = 0;

/**
 * Asks one question. The careful answer has the focus.
 *
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.text
 * @param {string} question.careful   the answer that changes least
 * @param {string} question.other
 * @param {boolean} [question.danger] the other answer cannot be taken back
 * @param {'careful' | 'other'} [question.escape]  what Escape means: as a rule the careful answer
 * @param {AbortSignal} [question.signal]  withdraws the question; counts as the careful answer
 * @returns {Promise<boolean>} whether the other answer was given
 */
export function ask({ title, text, careful, other, danger = false, escape = 'careful', signal }) {
  return new Promise((resolve) => {
    let answer = escape === 'other';
    const choice = (/** @type {string} */ look, /** @type {boolean} */ chosen, /** @type {string} */ text) =>
      button(
        look,
        () => {
          answer = chosen;
          dialog.close();
        },
        text,
      );
    const dialog = open(title, { alert: true }, () => [
      h('p', { class: 'soft' }, text),
      h(
        'div',
        { class: 'dialog-buttons' },
        set(choice(`button ${danger ? '' : 'main'}`, false, careful), { autofocus: true }),
        choice(`button ${danger ? 'danger' : ''}`, true, other),
      ),
    ]);
    dialog.addEventListener('close', () => resolve(answer), { once: true });
    signal?.addEventListener('abort', () => dialog.close(), { once: true });
  });
}

/**
 * Opens a dialog with a title and a way to close it.
 *
 * @param {string} title
 * @param {{close?: string, broad?: boolean, alert?: boolean}} look  `close`: the name of a close button in the corner
 * @param {(close: () => void) => (Node | string | null | false)[]} content
 * @returns {HTMLDialogElement}
 */
export function open(title, { close: closeName, broad = false, alert = false }, content) {
  count += 1;
  const id = `dialog-${count}`;
  const close = () => dialog.close();
  const heading = h('h2', { id, tabindex: '-1' }, title);
  const dialog = h(
    'dialog',
    {
      class: `dialog on-paper sheet-on-phone ${broad ? 'broad' : ''}`,
      role: alert ? 'alertdialog' : null,
      'aria-labelledby': id,
      onclick: (/** @type {MouseEvent} */ event) => {
        if (event.target === dialog && !alert) close(); // on the backdrop
      },
    },
    h(
      'div',
      { class: 'dialog-body' },
      h(
        'div',
        { class: 'dialog-head' },
        heading,
        closeName !== undefined && iconButton('close', closeName, close),
      ),
      content(close),
    ),
  );
  if (!alert) heading.autofocus = true;
  dialog.addEventListener('close', () => dialog.remove(), { once: true });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
