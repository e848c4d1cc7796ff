/** The second step of signing in: a code of the authenticator app, a passkey, or a recovery code. */

import { field } from '../elements/field.js';
import { button, h, icon, set } from '../view.js';
import { doorPage } from './door.js';
import { complain, given } from './form-dialog.js';
import { codeInput, digitsOf, pageForm } from './page-form.js';
import { canPasskeys, usePasskey } from './passkeys.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./office.js').Way} Way
 */

/**
 * @param {StaffContext} context
 * @param {Readonly<import('./element.js').OfficeState>} state
 */
export function secondFactorPage(context, { ways }) {
  const { office, strings } = context;
  const usable = ['totp', 'passkey', 'recovery'].filter(
    (way) => ways.includes(/** @type {Way} */ (way)) && (way !== 'passkey' || canPasskeys()),
  );
  const place = h('div', { class: 'staff-form' });
  const others = h('div', { class: 'staff-others' });
  const show = (/** @type {string} */ way, first = false) => {
    place.replaceChildren(FORMS[/** @type {Way} */ (way)](context));
    others.replaceChildren(
      ...usable
        .filter((other) => other !== way)
        .map((other) => button('button wide plain', () => show(other), strings.text(`staff.factor.use_${other}`))),
      button('button wide plain', () => void office.again(), strings.text('staff.factor.back')),
    );
    const start = /** @type {HTMLElement | null} */ (place.querySelector('input, button'));
    if (!first) start?.focus();
    else if (start) set(start, { 'data-first': true });
  };
  show(usable[0] ?? 'recovery', true);
  return doorPage({
    title: strings.text('staff.factor.title'),
    lead: strings.text('staff.factor.lead'),
    content: [place, others],
  });
}

/** @type {Record<Way, (context: StaffContext) => HTMLElement>} */
const FORMS = {
  totp: ({ office, strings }) => {
    const input = codeInput('staff-code', { digits: true });
    return pageForm(strings, {
      content: [field(input, strings.text('staff.factor.code'), strings.text('staff.factor.code_hint'))],
      submit: 'staff.factor.do',
      check: () => {
        if (digitsOf(input.value) !== null) return true;
        complain(input, strings.text('staff.factor.six_digits'));
        return false;
      },
      fields: { code_wrong: input },
      send: () => office.prove('code', digitsOf(input.value) ?? '').catch(wrong(input)),
    }).node;
  },
  recovery: ({ office, strings }) => {
    const input = codeInput('staff-recovery', { digits: false });
    return pageForm(strings, {
      content: [field(input, strings.text('staff.factor.recovery'), strings.text('staff.factor.recovery_hint'))],
      submit: 'staff.factor.do',
      check: () => given(input, strings.text('staff.factor.recovery_missing')),
      fields: { code_wrong: input },
      send: () => office.prove('recovery', input.value.trim()).catch(wrong(input)),
    }).node;
  },
  passkey: ({ office, strings }) => {
    const form = pageForm(strings, {
      content: [h('p', { class: 'staff-passkey' }, icon('passkey'), strings.text('staff.factor.passkey_text'))],
      submit: 'staff.factor.passkey',
      send: () => office.signInWithPasskey(usePasskey),
    });
    return form.node;
  },
};

/**
 * A code that was wrong is not mended letter by letter.
 * @param {HTMLInputElement} input
 */
function wrong(input) {
  return (/** @type {unknown} */ error) => {
    input.value = '';
    throw error;
  };
}
