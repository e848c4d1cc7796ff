/**
 * The people who may sign in: who they are, as what, and whether they can. Opened with an id, one of them.
 *
 * Not here: one person (`person.js`), the forms (`person-forms.js`).
 */

import { button, h, icon, replace, setText } from '../view.js';
import { Panel, register } from './panel.js';
import { openInvite } from './person-forms.js';
import { Person } from './person.js';
import { linkTo } from './place.js';
import { rolesOf } from './words.js';

/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} login
 * @property {string} name
 * @property {string | null} email
 * @property {string[]} roles
 * @property {boolean} active
 * @property {string | null} external_id
 * @property {number} made_at
 * @property {number | null} signed_in_at
 * @property {number | null} invited_until
 * @property {boolean} second_factor
 * @property {number | null} locked_until
 */

const ROWS = 100;

export class PeoplePanel extends Panel {
  /** @param {import('./element.js').StaffContext} context */
  constructor(context) {
    super(context);
    this.all = h('div', { class: 'staff-stack' });
    this.place = h('div', {});
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.people.title') });
    this.count = h('p', { class: 'small-text soft', role: 'status' });
    this.more = button('button', () => void this.loadMore(), this.t('staff.more'));
    /** @type {Account[]} */
    this.accounts = [];
    /** @type {string | null} */
    this.next = null;
    this.opened = '';
    this.all.append(
      this.head(
        'staff.people.title',
        button('button main compact', () => void this.invite(), icon('add'), this.t('staff.people.invite')),
      ),
      h('p', { class: 'soft' }, this.t('staff.people.lead')),
      this.count,
      this.list,
      h('div', { class: 'staff-after' }, this.more),
    );
    this.append(this.trouble, this.told, this.place);
    this.more.hidden = true;
  }

  /** @param {string} rest  an account's id */
  open(rest) {
    const { api } = this.context;
    const before = this.opened;
    this.opened = rest;
    if (rest === '') {
      replace(this.place, this.all);
      void this.load(
        () => api.get('/api/staff/accounts', { query: { limit: ROWS } }),
        (page) => {
          this.accounts = [];
          this.show(page);
          if (before !== '') this.focusRow(before);
        },
      );
      return;
    }
    this.say('');
    void this.load(
      () => api.get(`/api/staff/accounts/${encodeURIComponent(rest)}`),
      (account) => {
        if (this.opened !== rest) return;
        const person = new Person(this.context, this, account);
        replace(this.place, person);
        person.querySelector('h1')?.focus();
      },
    );
  }

  /**
   * By name, which the server cannot do: it keeps names encrypted.
   * @param {{accounts: Account[], next: string | null}} page
   */
  show({ accounts, next }) {
    const { language } = this.context.strings;
    this.accounts.push(...accounts);
    this.accounts.sort((one, other) => one.name.localeCompare(other.name, language));
    replace(this.list, this.accounts.map((account) => this.row(account)));
    this.next = next;
    this.more.hidden = next === null;
    setText(this.count, this.t('staff.people.count', { count: this.accounts.length }));
  }

  async loadMore() {
    const { next } = this;
    await this.load(
      () => this.context.api.get('/api/staff/accounts', { query: { limit: ROWS, after: next } }),
      (page) => this.show(page),
    );
    if (this.more.hidden) this.list.querySelector('a')?.focus();
  }

  /** @param {Account} account */
  row(account) {
    const { strings } = this.context;
    return h(
      'li',
      { 'data-key': account.id },
      h(
        'a',
        { class: 'staff-row-link', href: linkTo('people', account.id) },
        h('strong', {}, account.name),
        h('span', { class: 'small-text soft' }, account.login),
      ),
      h('span', {}, rolesOf(strings, account.roles)),
      h('span', { class: 'staff-marks' }, marksOf(account).map((mark) => this.mark(mark))),
    );
  }

  /** @param {{key: string, tone: string}} mark */
  mark({ key, tone }) {
    return h('span', { class: 'pill', 'data-tone': tone }, this.t(key));
  }

  /** @param {string} id */
  focusRow(id) {
    const row = [...this.list.children].find((each) => each instanceof HTMLElement && each.dataset.key === id);
    row?.querySelector('a')?.focus();
  }

  async invite() {
    if (await openInvite(this.context)) this.open('');
  }
}

/**
 * What is to be known of somebody at a glance.
 * @param {Account} account
 */
export function marksOf(account) {
  const { active, locked_until: locked, invited_until: invited, second_factor: factor, signed_in_at: seen } = account;
  const marks = [];
  if (!active) marks.push({ key: 'staff.people.disabled', tone: 'bad' });
  if (locked !== null) marks.push({ key: 'staff.people.locked', tone: 'warn' });
  if (active && invited !== null && seen === null) marks.push({ key: 'staff.people.invited', tone: 'quiet' });
  if (active && !factor && seen !== null) marks.push({ key: 'staff.people.one_factor', tone: 'warn' });
  return marks;
}

customElements.define('tb-staff-people', PeoplePanel);

register({
  name: 'people',
  title: 'staff.people.title',
  icon: 'people',
  order: 50,
  needs: ['manage_accounts'],
  make: (context) => new PeoplePanel(context),
});
