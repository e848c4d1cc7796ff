/** Something that is shown once: it can be copied, and nothing else keeps it. */

import { button, h, icon, setText } from '../view.js';

/**
 * @param {import('../strings.js').Strings} strings
 * @param {() => string} textOf
 */
export function copyButton(strings, textOf) {
  const words = h('span', { 'aria-live': 'polite' }, strings.text('staff.copy'));
  const copy = async () => {
    const copied = await navigator.clipboard.writeText(textOf()).then(
      () => true,
      () => false, // forbidden in this browser: the text can be selected
    );
    setText(words, strings.text(copied ? 'staff.copied' : 'staff.not_copied'));
  };
  return button('button compact', () => void copy(), icon('copy'), words);
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {string} text
 * @param {string} name  what it is, for screen readers
 */
export function shownOnce(strings, text, name) {
  return h(
    'div',
    { class: 'staff-shown' },
    h('code', { class: 'staff-secret', 'aria-label': name, role: 'group' }, text),
    copyButton(strings, () => text),
  );
}
