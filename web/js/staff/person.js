/** One person who may sign in, and what can be done with their account. */

import { BaseElement } from '../elements/base.js';
import { button, h, icon } from '../view.js';
import { question } from './form-dialog.js';
import { openChange, openInviteAgain } from './person-forms.js';
import { linkTo } from './place.js';
import { rolesOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./people.js').Account} Account
 */

/** @extends {BaseElement<StaffContext>} */
export class Person extends BaseElement {
  /**
   * @param {StaffContext} context
   * @param {import('./people.js').PeoplePanel} panel
   * @param {Account} account
   */
  constructor(context, panel, account) {
    super(context);
    this.panel = panel;
    this.className = 'staff-stack';
    this.show(account);
  }

  /** @param {Account} account */
  show(account) {
    this.account = account;
    const { strings, formats } = this.context;
    const when = (/** @type {number | null} */ at) => (at === null ? this.t('staff.never') : formats.moment(at));
    const facts = [
      ['staff.sign_in.login', account.login],
      account.email !== null && ['staff.person.email', account.email],
      ['staff.person.roles', rolesOf(strings, account.roles)],
      ['staff.person.state', this.t(account.active ? 'staff.person.active' : 'staff.people.disabled')],
      ['staff.person.factor', this.t(account.second_factor ? 'staff.person.has_factor' : 'staff.person.no_factor')],
      ['staff.person.signed_in', when(account.signed_in_at)],
      ['staff.person.made', formats.moment(account.made_at)],
      account.invited_until !== null && ['staff.person.invited_until', formats.moment(account.invited_until)],
      account.locked_until !== null && ['staff.person.locked_until', formats.moment(account.locked_until)],
      account.external_id !== null && ['staff.person.external', account.external_id],
    ];
    this.replaceChildren(
      h('a', { class: 'staff-back', href: linkTo('people') }, icon('back'), this.t('staff.people.all')),
      h(
        'div',
        { class: 'staff-head' },
        h('h1', { tabindex: '-1' }, account.name),
        h(
          'div',
          { class: 'staff-actions' },
          button('button compact', () => void this.change(), this.t('staff.person.change')),
        ),
      ),
      h(
        'dl',
        { class: 'staff-facts' },
        facts
          .filter((fact) => Array.isArray(fact))
          .map(([name, value]) => h('div', {}, h('dt', {}, this.t(name)), h('dd', {}, value))),
      ),
      h('h2', {}, this.t('staff.person.help')),
      h('div', { class: 'staff-actions' }, this.helps(account)),
    );
  }

  /** @param {Account} account */
  helps({ id, active, locked_until: locked, second_factor: factor, signed_in_at: seen }) {
    const own = id === this.context.office.state.me?.id;
    const one = (/** @type {string} */ word, /** @type {() => unknown} */ go, danger = false) =>
      button(`button compact ${danger ? 'staff-danger' : ''}`, () => void go(), this.t(`staff.person.${word}.open`));
    return [
      locked !== null && one('unlock', () => this.send('unlock', 'unlocked')),
      active && one('invite', () => openInviteAgain(this.context, this.one, (account) => this.show(account))),
      factor && !own && one('reset', () => this.asked('reset', 'reset-second-factor', 'was_reset'), true),
      seen !== null && !own && one('sign_out', () => this.asked('sign_out', 'sign-out', 'was_signed_out'), true),
      active && !own && one('disable', () => this.asked('disable', 'disable', 'was_disabled'), true),
      !active && one('enable', () => this.send('enable', 'was_enabled')),
    ];
  }

  /** @returns {Account} */
  get one() {
    return /** @type {Account} */ (this.account);
  }

  async change() {
    const changed = await openChange(this.context, this.one);
    if (changed === null) return;
    this.show(changed);
    this.panel.say(this.t('staff.saved'));
    const { office } = this.context;
    if (changed.id === office.state.me?.id) await this.panel.act(() => office.refresh());
  }

  /**
   * @param {string} word  of the catalogue
   * @param {string} action  the last part of the address
   * @param {string} done  what is said afterwards
   */
  async asked(word, action, done) {
    const { strings } = this.context;
    if (await question(strings, `staff.person.${word}`, { name: this.one.name })) await this.send(action, done);
  }

  /**
   * @param {string} action
   * @param {string} done
   */
  async send(action, done) {
    const { api } = this.context;
    const path = `/api/staff/accounts/${encodeURIComponent(this.one.id)}`;
    const well = await this.panel.act(async () => {
      const account = await api.post(`${path}/${action}`);
      this.show(account ?? (await api.get(path)));
    });
    if (well) this.panel.say(this.t(`staff.person.${done}`, { name: this.one.name }));
    this.querySelector('h1')?.focus();
  }
}

customElements.define('tb-staff-person', Person);
