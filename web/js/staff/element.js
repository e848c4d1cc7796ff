/**
 * What the parts of the shell share: they follow who is signed in.
 *
 * Not here: panels, which are made anew for whoever signs in (`panel.js`).
 */

import { BaseElement } from '../elements/base.js';

/**
 * @typedef {import('./office.js').OfficeState} OfficeState
 *
 * @typedef {object} StaffContext
 * @property {import('./office.js').Office} office   who is signed in
 * @property {import('./api.js').StaffApi} api
 * @property {import('../strings.js').Strings} strings
 * @property {import('../recordings/words.js').Formats} formats   days, times and sizes
 * @property {import('../settings.js').ClientSettings} settings
 * @property {import('../elements/announcer.js').Announcer} announcer
 */

/** @extends {BaseElement<StaffContext>} */
export class OfficeElement extends BaseElement {
  connectedCallback() {
    const { office } = this.context;
    this.keep(office.subscribe((state, previous) => this.update(state, previous)));
    this.connect();
    this.update(office.state, office.state);
  }

  /**
   * @param {Readonly<OfficeState>} state
   * @param {Readonly<OfficeState>} previous  the same as `state` at first
   */
  update(state, previous) {}
}

/**
 * The server's time.
 * @param {StaffContext} context
 * @returns {number} seconds since 1970
 */
export function now({ settings }) {
  return Date.now() / 1000 + settings.clockOffset;
}
