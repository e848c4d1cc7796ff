/** Recovery codes, shown once: to be printed or copied, and said to be kept. */

import { button, h, icon } from '../view.js';
import { complain } from './form-dialog.js';
import { copyButton } from './secret.js';

/**
 * @param {import('./element.js').StaffContext} context
 * @param {readonly string[]} codes
 * @param {() => void} kept
 */
export function recoveryCodes({ strings, settings, office }, codes, kept) {
  const said = h('input', { type: 'checkbox', id: 'staff-codes-kept' });
  const text = () => [strings.text('staff.codes.for', { name: settings.brand.name }), ...codes].join('\n');
  const go = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (said.checked) kept();
    else complain(said, strings.text('staff.codes.keep_first'));
  };
  return h(
    'form',
    { class: 'staff-form', novalidate: true, onsubmit: go },
    h(
      'div',
      { class: 'staff-codes' },
      h(
        'p',
        { class: 'only-printed' },
        strings.text('staff.codes.for', { name: settings.brand.name }),
        ' ',
        office.state.me?.login ?? '',
      ),
      h(
        'ol',
        { 'aria-label': strings.text('staff.codes.title') },
        codes.map((code) => h('li', {}, h('code', {}, code))),
      ),
    ),
    h(
      'div',
      { class: 'staff-actions' },
      copyButton(strings, text),
      button('button compact', () => print(), icon('print'), strings.text('staff.codes.print')),
    ),
    h(
      'div',
      { class: 'field' },
      h('label', { class: 'staff-check', 'data-of': said.id }, said, strings.text('staff.codes.kept')),
    ),
    h('button', { class: 'button main wide', type: 'submit' }, strings.text('staff.codes.go_on')),
  );
}
