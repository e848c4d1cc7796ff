/**
 * Where somebody can go: the panels that their roles allow, beside the panel, and on a phone in a sheet from below.
 *
 * Not here: which panels there are (`panels.js`).
 */

import { open } from '../elements/dialog.js';
import { button, h, icon, replace, set } from '../view.js';
import { OfficeElement } from './element.js';
import { openEmergency } from './emergency.js';
import { panelsFor } from './panel.js';
import { linkTo } from './place.js';
import { rolesOf } from './words.js';

/** @typedef {import('./element.js').OfficeState} OfficeState */

export class Navigation extends OfficeElement {
  /**
   * @param {import('./element.js').StaffContext} context
   * @param {() => void} signOut
   */
  constructor(context, signOut) {
    super(context);
    this.signOut = signOut;
    this.current = '';
    this.drawn = '';
    this.list = h('ul', {});
    this.append(h('nav', { 'aria-label': this.t('staff.navigation') }, this.list));
  }

  /** @param {Readonly<OfficeState>} state */
  update({ phase, me }) {
    this.hidden = phase !== 'in';
    const drawn = JSON.stringify([phase, me?.actions, me?.emergencies_open]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    replace(this.list, this.items());
    this.mark(this.current);
  }

  items() {
    const { office } = this.context;
    const waiting = office.state.me?.emergencies_open ?? 0;
    const items = panelsFor((action) => office.may(action)).map(({ name, title, icon: picture }) =>
      this.item(
        { href: linkTo(name), 'data-panel': name },
        icon(picture),
        h('span', {}, this.t(title)),
        name === 'emergencies' && waiting > 0 && h('span', { class: 'staff-count' }, waiting),
      ),
    );
    // A page of its own, which knows whoever is signed in here.
    const recordings = [icon('film'), h('span', {}, this.t('staff.recordings'))];
    if (office.may('read_recordings')) items.push(this.item({ href: '/recordings' }, ...recordings));
    return items;
  }

  /**
   * @param {Record<string, string>} link
   * @param {import('../view.js').Child[]} content
   */
  item(link, ...content) {
    return h('li', {}, h('a', link, ...content));
  }

  /** @param {string} name  of the panel that is open */
  mark(name) {
    this.current = name;
    for (const link of this.list.querySelectorAll('a')) markOne(link, name);
  }

  /** On a phone. */
  openSheet() {
    const { office, strings } = this.context;
    const { me } = office.state;
    if (me === null) return;
    open(me.name, { close: this.t('dialog.close') }, (close) => {
      const items = this.items();
      for (const item of items) {
        const link = /** @type {HTMLAnchorElement} */ (item.firstElementChild);
        markOne(link, this.current);
        link.addEventListener('click', close);
      }
      return [
        h('p', { class: 'soft' }, rolesOf(strings, me.roles)),
        h('nav', { class: 'staff-sheet', 'aria-label': this.t('staff.navigation') }, h('ul', {}, items)),
        h(
          'div',
          { class: 'staff-sheet-buttons' },
          office.may('break_glass') &&
            me.emergency === null &&
            button(
              'button wide',
              () => {
                close();
                void openEmergency(this.context);
              },
              icon('alert'),
              this.t('staff.emergency.open'),
            ),
          button(
            'button wide',
            () => {
              close();
              this.signOut();
            },
            icon('exit'),
            this.t('staff.sign_out'),
          ),
        ),
      ];
    });
  }
}

customElements.define('tb-staff-navigation', Navigation);

/**
 * @param {HTMLAnchorElement} link
 * @param {string} name
 */
function markOne(link, name) {
  set(link, { 'aria-current': link.dataset.panel === name ? 'page' : null });
}
