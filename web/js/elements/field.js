/** A labelled field of a form, and what is wrong with it. */

import { h, icon, set } from '../view.js';

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Input */

/**
 * @param {Input} input
 * @param {string} label
 * @param {string} [hint]
 * @param {HTMLElement} [line]  what the input stands in, if something stands beside it
 */
export function field(input, label, hint, line) {
  const hintId = `${input.id}-hint`;
  if (hint) input.setAttribute('aria-describedby', hintId);
  if (line) line.dataset.of = input.id;
  return h(
    'div',
    { class: 'field' },
    h('label', { for: input.id }, label),
    line ?? input,
    hint && h('p', { class: 'small-text soft', id: hintId }, hint),
  );
}

/**
 * Shows what is wrong with a field under it, or takes that away.
 * @param {Input} input
 * @param {string | null} sentence
 */
export function explain(input, sentence) {
  const id = `${input.id}-error`;
  document.getElementById(id)?.remove();
  const hint = document.getElementById(`${input.id}-hint`)?.id;
  set(input, {
    'aria-invalid': sentence === null ? null : 'true',
    'aria-describedby': sentence === null ? hint : [id, hint].filter(Boolean).join(' '),
  });
  const line = input.closest(`[data-of="${input.id}"]`) ?? input;
  if (sentence !== null) line.after(h('p', { class: 'field-error', id }, icon('warning'), sentence));
}
