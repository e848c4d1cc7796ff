/** API keys for the clinic's own software: which there are and what for; a new one, shown once; taking one away. */

import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { button, h, icon, replace, set } from '../view.js';
import { choices } from './choices.js';
import { given, openForm, question } from './form-dialog.js';
import { Panel, register } from './panel.js';
import { shownOnce } from './secret.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 *
 * @typedef {object} Key
 * @property {string} id
 * @property {string} name
 * @property {string[]} scopes
 * @property {number} made_at
 * @property {string} made_by
 * @property {number | null} expires_at
 * @property {number | null} used_at
 * @property {number | null} revoked_at
 */

/** As in `signaling/staff_roles.py`. */
export const SCOPES = ['tokens', 'quality', 'accounts', 'appointments', 'usage', 'webhooks', 'audit', 'records'];

const DAYS = [30, 90, 365, 730];

export class KeysPanel extends Panel {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.keys.title') });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, this.t('staff.keys.none'));
    this.append(
      this.head(
        'staff.keys.title',
        button('button main compact', () => void this.make(), icon('add'), this.t('staff.keys.make')),
      ),
      h('p', { class: 'soft' }, this.t('staff.keys.lead')),
      this.trouble,
      this.told,
      this.list,
      this.nothing,
    );
  }

  open() {
    const { api } = this.context;
    void this.load(
      () => api.get('/api/staff/keys'),
      (/** @type {{keys: Key[]}} */ { keys }) => {
        replace(this.list, keys.map((key) => this.row(key)));
        this.list.hidden = keys.length === 0;
        this.nothing.hidden = keys.length > 0;
      },
    );
  }

  /** @param {Key} key */
  row(key) {
    const { formats, strings } = this.context;
    const over = key.revoked_at !== null;
    const facts = [
      this.t('staff.keys.made', { when: formats.date(key.made_at) }),
      key.used_at === null
        ? this.t('staff.keys.unused')
        : this.t('staff.keys.used', { when: formats.moment(key.used_at) }),
      key.expires_at !== null && !over && this.t('staff.keys.until', { when: formats.date(key.expires_at) }),
      over && this.t('staff.keys.revoked', { when: formats.moment(key.revoked_at ?? 0) }),
    ].filter((fact) => typeof fact === 'string');
    return h(
      'li',
      { 'data-over': over },
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', {}, key.name),
        h('span', {}, strings.list(key.scopes.map((scope) => this.t(`staff.scope.${scope}`)))),
        h('span', { class: 'small-text soft' }, facts.join(' · ')),
      ),
      over
        ? h('span', { class: 'pill', 'data-tone': 'bad' }, this.t('staff.keys.over'))
        : set(button('button compact', () => void this.revoke(key), this.t('staff.keys.revoke.open')), {
            'aria-label': this.t('staff.keys.revoke.open_name', { name: key.name }),
          }),
    );
  }

  async make() {
    const made = await openNewKey(this.context);
    if (made === null) return;
    await showSecret(this.context, made);
    this.open();
  }

  /** @param {Key} key */
  async revoke(key) {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.keys.revoke', { name: key.name }))) return;
    const path = `/api/staff/keys/${encodeURIComponent(key.id)}/revoke`;
    if (!(await this.act(() => api.post(path)))) return;
    this.say(this.t('staff.keys.was_revoked', { name: key.name }));
    this.open();
    this.querySelector('h1')?.focus();
  }
}

customElements.define('tb-staff-keys', KeysPanel);

/**
 * @param {StaffContext} context
 * @returns {Promise<{key: Key, secret: string} | null>}
 */
async function openNewKey({ strings, api }) {
  const name = h('input', { id: 'staff-key-name', autocomplete: 'off', maxlength: 60 });
  const scopes = choices({
    id: 'staff-key-scopes',
    legend: strings.text('staff.keys.scopes'),
    options: SCOPES.map((scope) => ({
      value: scope,
      text: strings.text(`staff.scope.${scope}`),
      hint: strings.text(`staff.scope.${scope}_hint`),
    })),
    missing: strings.text('staff.keys.scope_missing'),
  });
  const days = h(
    'select',
    { id: 'staff-key-days' },
    DAYS.map((count) => h('option', { value: count, selected: count === 365 }, strings.text('staff.days', { count }))),
    h('option', { value: '' }, strings.text('staff.keys.no_end')),
  );
  /** @type {{key: Key, secret: string} | null} */
  let made = null;
  await openForm(strings, {
    title: 'staff.keys.new',
    content: [
      field(name, strings.text('staff.keys.name'), strings.text('staff.keys.name_hint')),
      scopes.node,
      field(days, strings.text('staff.keys.days')),
    ],
    submit: 'staff.keys.make_do',
    check: () => given(name, strings.text('staff.keys.name_missing')) && scopes.check(),
    send: async () => {
      made = await api.post('/api/staff/keys', {
        name: name.value.trim(),
        scopes: scopes.value,
        expires_in_days: days.value === '' ? null : Number(days.value),
      });
    },
  });
  return made;
}

/**
 * @param {StaffContext} context
 * @param {{key: Key, secret: string}} made
 * @returns {Promise<void>} once it was closed
 */
function showSecret({ strings }, { key, secret }) {
  return new Promise((resolve) => {
    const dialog = open(strings.text('staff.keys.shown', { name: key.name }), { broad: true, alert: true }, (close) => [
      h('p', {}, strings.text('staff.keys.shown_text')),
      shownOnce(strings, secret, strings.text('staff.keys.secret')),
      h('p', { class: 'small-text soft' }, strings.text('staff.keys.how')),
      h('div', { class: 'dialog-buttons' }, button('button main', close, strings.text('staff.keys.kept'))),
    ]);
    dialog.querySelector('h2')?.focus();
    dialog.addEventListener('close', () => resolve(), { once: true });
  });
}

register({
  name: 'keys',
  title: 'staff.keys.title',
  icon: 'key',
  order: 60,
  needs: ['manage_keys'],
  make: (context) => new KeysPanel(context),
});
