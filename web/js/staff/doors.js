/**
 * What stands there while nobody is signed in: which of the ways in, or why there is none.
 *
 * Not here: the ways themselves.
 */

import { noticePage } from '../pages/notice.js';
import { h } from '../view.js';
import { codesPage, enrolPage } from './enrol.js';
import { invitationPage } from './invitation.js';
import { secondFactorPage } from './second-factor.js';
import { setupPage } from './setup.js';
import { signInPage } from './sign-in.js';
import { sentenceOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./element.js').OfficeState} OfficeState
 */

/**
 * @param {StaffContext} context
 * @param {Readonly<OfficeState>} state
 * @returns {HTMLElement}
 */
export function door(context, state) {
  const { strings, settings, office } = context;
  switch (state.phase) {
    case 'setup':
      return setupPage(context, state);
    case 'sign_in':
      return signInPage(context, state);
    case 'second_factor':
      return secondFactorPage(context, state);
    case 'invitation':
      return invitationPage(context, state);
    case 'enrol':
      return enrolPage(context);
    case 'codes':
      return codesPage(context, state);
    case 'out':
      return noticePage({
        icon: 'check',
        title: strings.text('staff.out.title'),
        sentences: [strings.text('staff.out.text')],
        ways: [{ text: strings.text('staff.out.again'), go: () => void office.again(), main: true }],
      });
    case 'failed':
      return noticePage({
        icon: 'signal-lost',
        title: strings.text('staff.failed.title'),
        sentences: [
          state.problem ? sentenceOf(strings, state.problem) : '',
          strings.text('staff.failed.next', { name: settings.brand.name }),
        ],
        ways: [{ text: strings.text('staff.again'), go: () => location.reload(), main: true }],
      });
    default:
      return h('p', { class: 'page staff-page soft', role: 'status' }, strings.text('staff.loading'));
  }
}
