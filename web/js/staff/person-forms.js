/**
 * Forms about people: inviting somebody, once more too, changing what they are called and may do, and the link that is
 * shown once.
 */

import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { button, h, icon } from '../view.js';
import { choices } from './choices.js';
import { complain, given, openForm } from './form-dialog.js';
import { shownOnce } from './secret.js';
import { roleOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./people.js').Account} Account
 * @typedef {object} Invited  `InvitedAnswer` of the server
 * @property {Account} account
 * @property {string | null} link
 * @property {number | null} expires_at
 * @property {string | null} sent_to
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
  /** @type {Invited | null} */
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
  if (invited !== null) await showLink(context, invited, parts.value().email !== null);
  return done;
}

/**
 * A new link for somebody who is there already.
 * @param {StaffContext} context
 * @param {Account} account
 * @param {(account: Account) => void} show  how they are now
 */
export async function openInviteAgain(context, { id, name, email: known }, show) {
  const { strings, api } = context;
  const email = emailField(strings, known, strings.text('staff.invite.email_hint'));
  /** @type {Invited | null} */
  let invited = null;
  await openForm(strings, {
    title: 'staff.person.invite.title',
    values: { name },
    content: [h('p', { class: 'soft' }, strings.text('staff.person.invite.text')), email.node],
    submit: 'staff.invite.do',
    check: email.check,
    send: async () => {
      invited = await api.post(`/api/staff/accounts/${encodeURIComponent(id)}/invite`, { email: email.value() });
    },
  });
  if (invited === null) return;
  show(/** @type {Invited} */ (invited).account);
  await showLink(context, invited, email.value() !== null);
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
  const hint = account === null ? 'staff.invite.email_hint' : 'staff.change.email_hint';
  const email = emailField(strings, account?.email ?? null, strings.text(hint));
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
      email.node,
      roles.node,
    ],
    check: () =>
      given(name, strings.text('staff.setup.name_missing')) &&
      given(login, strings.text('staff.sign_in.login_missing')) &&
      email.check() &&
      roles.check(),
    value: () => ({
      name: name.value.trim(),
      login: login.value.trim(),
      email: email.value(),
      roles: roles.value,
    }),
  };
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {string | null} known
 * @param {string} hint
 * @returns {{node: HTMLElement, check: () => boolean, value: () => string | null}} `value`: null if it is empty
 */
function emailField(strings, known, hint) {
  const input = h('input', {
    id: 'staff-person-email',
    type: 'email',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 254,
    value: known,
  });
  return {
    node: field(input, strings.text('staff.person.email'), hint),
    check: () => {
      if (input.checkValidity()) return true;
      complain(input, strings.text('staff.person.email_wrong'));
      return false;
    },
    value: () => input.value.trim() || null,
  };
}

/**
 * The link of an invitation: shown now and never again.
 * @param {StaffContext} context
 * @param {Invited} invited
 * @param {boolean} mail  whether it was to be sent
 * @returns {Promise<void>} once it was closed
 */
function showLink({ strings, formats }, { account, link, expires_at: until, sent_to: email }, mail) {
  const works = strings.text('staff.link.works', { until: formats.moment(until ?? 0) });
  const sent = email !== null && strings.text('staff.link.sent', { email });
  const words = sent || [mail && strings.text('staff.link.not_sent'), strings.text('staff.link.give')];
  const done = sent ? 'staff.link.done_sent' : 'staff.link.done';
  return new Promise((resolve) => {
    const dialog = open(
      strings.text('staff.link.title', { name: account.name }),
      { close: strings.text('dialog.close'), broad: true },
      (close) => [
        link === null
          ? h('p', {}, strings.text('staff.link.none'))
          : [
              h('p', {}, [words, works].flat().filter(Boolean).join(' ')),
              // The server may not know what it is called from outside.
              shownOnce(strings, new URL(link, location.href).href, strings.text('staff.link.name')),
              h('div', { class: 'note warn' }, icon('warning'), h('p', {}, strings.text('staff.link.warning'))),
            ],
        h('div', { class: 'dialog-buttons' }, button('button main', close, strings.text(done))),
      ].flat(),
    );
    dialog.addEventListener('close', () => resolve(), { once: true });
  });
}
