/** The second step of set-up and of an invitation: a second factor, then recovery codes for the day it is lost. */

import { button, h, icon } from '../view.js';
import { doorPage } from './door.js';
import { passkeySetup, totpSetup } from './factors.js';
import { canPasskeys } from './passkeys.js';
import { recoveryCodes } from './recovery-codes.js';

/** @typedef {import('./element.js').StaffContext} StaffContext */

/** @param {StaffContext} context */
export function enrolPage(context) {
  const { office, strings } = context;
  const place = h('div', { class: 'staff-form' });
  const done = (/** @type {readonly string[]} */ codes) => void office.enrolled(codes);
  const choose = (first = false) => {
    const option = (/** @type {string} */ key, /** @type {string} */ picture, /** @type {() => void} */ go) =>
      button(
        'staff-choice',
        go,
        icon(picture),
        h('span', {}, h('strong', {}, strings.text(key)), h('span', { class: 'soft' }, strings.text(`${key}_hint`))),
      );
    const show = (/** @type {HTMLElement} */ node) => {
      place.replaceChildren(node, button('button plain wide', () => choose(), strings.text('staff.enrol.other')));
      /** @type {HTMLElement | null} */ (node.querySelector('input, button'))?.focus();
    };
    place.replaceChildren(
      ...(canPasskeys()
        ? [option('staff.enrol.passkey', 'passkey', () => show(passkeySetup(context, done)))]
        : []),
      option('staff.enrol.totp', 'phone', () => show(totpSetup(context, done))),
      button('button plain wide', () => void office.signOut(), strings.text('staff.enrol.later')),
    );
    if (!first) /** @type {HTMLElement | null} */ (place.firstElementChild)?.focus();
  };
  choose(true);
  return doorPage({
    steps: strings.text('staff.setup.step', { number: 2, count: 2 }),
    title: strings.text('staff.enrol.title'),
    lead: strings.text('staff.enrol.lead'),
    content: [place],
  });
}

/**
 * @param {StaffContext} context
 * @param {Readonly<import('./element.js').OfficeState>} state
 */
export function codesPage(context, { codes }) {
  const { office, strings } = context;
  return doorPage({
    title: strings.text('staff.codes.title'),
    lead: strings.text('staff.codes.lead'),
    content: [recoveryCodes(context, codes, () => void office.codesKept())],
  });
}
