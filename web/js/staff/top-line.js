/** The top line: the clinic, who is signed in and as what, emergency access, and the way out. */

import { button, h, icon, set, setText } from '../view.js';
import { OfficeElement } from './element.js';
import { openEmergency } from './emergency.js';
import { rolesOf } from './words.js';

/** @typedef {import('./element.js').OfficeState} OfficeState */

export class TopLine extends OfficeElement {
  /**
   * @param {import('./element.js').StaffContext} context
   * @param {{signOut: () => void, open: () => void}} ways  `open`: the navigation as a sheet
   */
  constructor(context, ways) {
    super(context);
    this.className = 'top-line';
    set(this, { role: 'banner' });
    const { brand } = context.settings;
    const logo = brand.logo
      ? h('img', { class: 'logo', src: brand.logo, alt: '', decoding: 'async' })
      : h('span', { class: 'logo mark', 'aria-hidden': 'true' });
    this.who = h('span', { class: 'staff-who' });
    this.roles = h('span', { class: 'staff-roles soft' });
    this.emergency = button(
      'button compact plain',
      () => void openEmergency(context),
      icon('alert'),
      this.t('staff.emergency.open'),
    );
    this.out = button('button compact plain', ways.signOut, icon('exit'), this.t('staff.sign_out'));
    this.more = set(button('button compact plain', ways.open, icon('menu'), this.t('staff.menu')), {
      'aria-haspopup': 'dialog',
    });
    this.more.classList.add('staff-more');
    this.account = h('div', { class: 'staff-account' }, h('p', {}, this.who, this.roles), this.emergency, this.out);
    this.append(
      h('div', { class: 'brand' }, logo, h('span', { class: 'brand-name' }, brand.name)),
      this.account,
      this.more,
    );
  }

  /** @param {Readonly<OfficeState>} state */
  update({ phase, me }) {
    const { office, strings } = this.context;
    const known = me !== null;
    this.account.hidden = !known;
    this.more.hidden = phase !== 'in';
    if (!known) return;
    setText(this.who, me.name);
    setText(this.roles, rolesOf(strings, me.roles));
    this.emergency.hidden = phase !== 'in' || !office.may('break_glass') || me.emergency !== null;
    this.toggleAttribute('data-enrolling', phase !== 'in');
  }
}

customElements.define('tb-staff-top-line', TopLine);
