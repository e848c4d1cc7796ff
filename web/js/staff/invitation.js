/** What the link of an invitation opens: whom it is for, and a password of their own. */

import { noticePage } from '../pages/notice.js';
import { h } from '../view.js';
import { doorPage } from './door.js';
import { pageForm } from './page-form.js';
import { newPassword } from './password-fields.js';
import { sentenceOf } from './words.js';

/**
 * @param {import('./element.js').StaffContext} context
 * @param {Readonly<import('./element.js').OfficeState>} state
 * @returns {HTMLElement}
 */
export function invitationPage({ office, strings, settings, formats }, { gate, invitation, problem }) {
  if (invitation === null) {
    return noticePage({
      icon: 'info',
      title: strings.text('staff.invitation.invalid'),
      sentences: [
        problem !== null && problem.code !== 'invitation_invalid'
          ? sentenceOf(strings, problem)
          : strings.text('staff.invitation.invalid_next'),
      ],
      ways: [{ text: strings.text('staff.invitation.to_sign_in'), go: () => void office.again(), main: true }],
    });
  }
  const login = h('input', { type: 'text', autocomplete: 'username', value: invitation.login, hidden: true });
  const password = newPassword(strings, {
    id: 'staff-new-password',
    shortest: gate?.shortest_password ?? 12,
    known: () => [invitation.name, invitation.login, settings.brand.name],
  });
  password.input.dataset.first = '';
  const form = pageForm(strings, {
    content: [
      login,
      h(
        'dl',
        { class: 'staff-facts' },
        h('div', {}, h('dt', {}, strings.text('staff.sign_in.login')), h('dd', {}, invitation.login)),
      ),
      ...password.nodes,
    ],
    submit: 'staff.invitation.do',
    check: () => password.check(),
    fields: { weak_password: password.input },
    send: () => office.accept(password.value),
  });
  return doorPage({
    steps: strings.text('staff.setup.step', { number: 1, count: 2 }),
    title: strings.text('staff.invitation.title', { name: invitation.name }),
    lead: strings.text('staff.invitation.lead', {
      name: settings.brand.name,
      until: formats.moment(invitation.expires_at),
    }),
    content: [form.node],
  });
}
