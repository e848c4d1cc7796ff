/** A labelled field of a form, and what is wrong with it. */

import { h, icon, set } from '../view.js';

/**
 * @param {HTMLInputElement | HTMLSelectElement} input
 * @param {string} label
 * @param {string} [hint]
 */
export function field(input, label, hint) {
  const hintId = `${input.id}-hint`;
  if (hint) input.setAttribute('aria-describedby', hintId);
  return h(
    'div',
    { class: 'field' },
    h('label', { for: input.id }, label),
    input,
    hint && h('p', { class: 'small-text soft', id: hintId }, hint),
  );
}

/**
 * Shows what is wrong with a field under it, or takes that away.
 * @param {HTMLInputElement | HTMLSelectElement} input
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
  if (sentence !== null) input.after(h('p', { class: 'field-error', id }, icon('warning'), sentence));
}
