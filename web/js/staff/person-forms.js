/** Forms about people: inviting somebody, changing what they are called and may do, and the link that is shown once. */

import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { button, h, icon } from '../view.js';
import { choices } from './choices.js';
import { given, openForm } from './form-dialog.js';
import { shownOnce } from './secret.js';
import { roleOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./people.js').Account} Account
 */

/** As in `signaling/staff_roles.py`. */
export const ROLES = ['administrator', 'therapist', 'supervisor', 'front_desk', 'auditor'];

/**
 * @param {StaffContext} context
 * @returns {Promise<boolean>} whether somebody was invited
 */
export async function openInvite(context) {
  const { strings, api } = context;
  const parts = fields(strings, null);
  /** @type {any} */
  let invited = null;
  const done = await openForm(strings, {
    title: 'staff.invite.title',
    content: [h('p', { class: 'soft' }, strings.text('staff.invite.text')), ...parts.nodes],
    submit: 'staff.invite.do',
    check: parts.check,
    fields: { login_taken: parts.login },
    send: async () => {
      invited = await api.post('/api/staff/accounts', parts.value());
    },
  });
  if (done) await showLink(context, invited);
  return done;
}

/**
 * @param {StaffContext} context
 * @param {Account} account
 * @returns {Promise<Account | null>} as it is now; null: nothing was changed
 */
export async function openChange({ strings, api }, account) {
  const parts = fields(strings, account);
  /** @type {Account | null} */
  let changed = null;
  await openForm(strings, {
    title: 'staff.change.title',
    values: { name: account.name },
    content: parts.nodes,
    submit: 'staff.save',
    check: parts.check,
    fields: { login_taken: parts.login },
    send: async () => {
      changed = await api.post(`/api/staff/accounts/${encodeURIComponent(account.id)}/change`, parts.value());
    },
  });
  return changed;
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {Account | null} account
 */
function fields(strings, account) {
  const name = h('input', { id: 'staff-person-name', autocomplete: 'off', maxlength: 100, value: account?.name });
  const login = h('input', {
    id: 'staff-person-login',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 200,
    value: account?.login,
  });
  const roles = choices({
    id: 'staff-person-roles',
    legend: strings.text('staff.person.roles'),
    options: ROLES.map((role) => ({
      value: role,
      text: roleOf(strings, role),
      hint: strings.text(`staff.role.${role}_hint`),
    })),
    chosen: account?.roles,
    missing: strings.text('staff.invite.role_missing'),
  });
  return {
    login,
    nodes: [
      field(name, strings.text('staff.setup.name'), strings.text('staff.invite.name_hint')),
      field(login, strings.text('staff.sign_in.login'), strings.text('staff.invite.login_hint')),
      roles.node,
    ],
    check: () =>
      given(name, strings.text('staff.setup.name_missing')) &&
      given(login, strings.text('staff.sign_in.login_missing')) &&
      roles.check(),
    value: () => ({ name: name.value.trim(), login: login.value.trim(), roles: roles.value }),
  };
}

/**
 * The link of an invitation: shown now and never again.
 * @param {StaffContext} context
 * @param {{account: Account, link: string | null, expires_at: number | null}} invited
 * @returns {Promise<void>} once it was closed
 */
export function showLink({ strings, formats }, { account, link, expires_at: until }) {
  return new Promise((resolve) => {
    const dialog = open(
      strings.text('staff.link.title', { name: account.name }),
      { close: strings.text('dialog.close'), broad: true },
      (close) => [
        link === null
          ? h('p', {}, strings.text('staff.link.none'))
          : [
              h('p', {}, strings.text('staff.link.text', { until: formats.moment(until ?? 0) })),
              // The server may not know what it is called from outside.
              shownOnce(strings, new URL(link, location.href).href, strings.text('staff.link.name')),
              h('div', { class: 'note warn' }, icon('warning'), h('p', {}, strings.text('staff.link.warning'))),
            ],
        h('div', { class: 'dialog-buttons' }, button('button main', close, strings.text('staff.link.done'))),
      ].flat(),
    );
    dialog.addEventListener('close', () => resolve(), { once: true });
  });
}
