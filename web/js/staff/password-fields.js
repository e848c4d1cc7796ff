/**
 * Fields for passwords: one for a password that exists, and a pair for a new one with what can honestly be said of it.
 */

import { field } from '../elements/field.js';
import { h, icon, iconButton, set, setIcon, setText } from '../view.js';
import { complain } from './form-dialog.js';
import { hintOf, LONGEST } from './passwords.js';

/** @typedef {import('../strings.js').Strings} Strings */

/**
 * @param {Strings} strings
 * @param {string} id
 * @param {'current-password' | 'new-password'} autocomplete
 */
export function passwordInput(strings, id, autocomplete) {
  const input = h('input', {
    id,
    type: 'password',
    autocomplete,
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: LONGEST,
    required: true,
  });
  const picture = icon('eye');
  const show = iconButton('eye', strings.text('staff.password.show'), () => {
    const shown = input.type === 'password';
    input.type = shown ? 'text' : 'password';
    set(show, { 'aria-pressed': String(shown) });
    setIcon(picture, shown ? 'eye-off' : 'eye');
  });
  show.replaceChildren(picture);
  set(show, { 'aria-pressed': 'false' });
  return { input, line: h('div', { class: 'staff-password' }, input, show) };
}

/**
 * A new password, twice.
 * @param {Strings} strings
 * @param {object} rules
 * @param {string} rules.id
 * @param {number} rules.shortest
 * @param {() => string[]} rules.known  what others know of them
 */
export function newPassword(strings, { id, shortest, known }) {
  const first = passwordInput(strings, id, 'new-password');
  const second = passwordInput(strings, `${id}-again`, 'new-password');
  const picture = icon('info');
  const words = h('span', {});
  const hint = h('p', { class: 'staff-hint', id: `${id}-said`, 'data-tone': 'quiet' }, picture, words);
  const look = () => {
    const said = hintOf(first.input.value, { shortest, known: known() });
    setText(words, strings.text(said.key, { count: said.count }));
    setIcon(picture, said.good ? 'check' : 'info');
    hint.dataset.tone = said.good ? 'good' : 'quiet';
    return said;
  };
  // Read when somebody stops typing, not letter by letter.
  const spoken = h('p', { class: 'only-read', role: 'status' });
  let timer = 0;
  first.input.addEventListener('input', () => {
    look();
    clearTimeout(timer);
    timer = setTimeout(() => setText(spoken, words.textContent ?? ''), 1000);
  });
  look();
  set(first.input, { minlength: shortest });
  const top = field(first.input, strings.text('staff.password.new'), undefined, first.line);
  top.append(hint, spoken);
  return {
    input: first.input,
    nodes: [top, field(second.input, strings.text('staff.password.again'), undefined, second.line)],
    get value() {
      return first.input.value;
    },
    /** Says itself what is wrong. */
    check() {
      const said = look();
      if (!said.good) {
        complain(first.input, strings.text(said.key, { count: said.count }));
        return false;
      }
      if (first.input.value === second.input.value) return true;
      complain(second.input, strings.text('staff.password.differ'));
      return false;
    },
  };
}
