/** The first page of all: whoever has the token from the operator's terminal becomes administrator. */

import { field } from '../elements/field.js';
import { h, icon } from '../view.js';
import { doorPage } from './door.js';
import { given } from './form-dialog.js';
import { pageForm } from './page-form.js';
import { newPassword } from './password-fields.js';

/**
 * @param {import('./element.js').StaffContext} context
 * @param {Readonly<import('./element.js').OfficeState>} state
 */
export function setupPage({ office, strings, settings }, { gate }) {
  const brought = office.setupToken !== '';
  const token = h('input', {
    id: 'staff-token',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 100,
    value: office.setupToken,
    ...(!brought && { 'data-first': true }),
  });
  const name = h('input', {
    id: 'staff-name',
    autocomplete: 'name',
    maxlength: 100,
    ...(brought && { 'data-first': true }),
  });
  const login = h('input', {
    id: 'staff-login',
    autocomplete: 'username',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 200,
  });
  const password = newPassword(strings, {
    id: 'staff-new-password',
    shortest: gate?.shortest_password ?? 12,
    known: () => [name.value, login.value, settings.brand.name],
  });
  const tokenField = field(token, strings.text('staff.setup.token'), strings.text('staff.setup.token_hint'));
  tokenField.hidden = brought;
  const form = pageForm(strings, {
    content: [
      tokenField,
      brought && h('p', { class: 'staff-done' }, icon('check'), strings.text('staff.setup.token_brought')),
      field(name, strings.text('staff.setup.name'), strings.text('staff.setup.name_hint')),
      field(login, strings.text('staff.sign_in.login'), strings.text('staff.setup.login_hint')),
      ...password.nodes,
    ],
    submit: 'staff.setup.do',
    check: () =>
      given(token, strings.text('staff.setup.token_missing')) &&
      given(name, strings.text('staff.setup.name_missing')) &&
      given(login, strings.text('staff.sign_in.login_missing')) &&
      password.check(),
    fields: { setup_token_wrong: token, weak_password: password.input },
    send: async () => {
      try {
        await office.setUp({
          token: token.value.trim(),
          login: login.value.trim(),
          name: name.value.trim(),
          password: password.value,
        });
      } catch (error) {
        tokenField.hidden = false; // it may be what is wrong
        throw error;
      }
    },
  });
  return doorPage({
    steps: strings.text('staff.setup.step', { number: 1, count: 2 }),
    title: strings.text('staff.setup.title', { name: settings.brand.name }),
    lead: strings.text('staff.setup.lead'),
    content: [form.node],
  });
}
