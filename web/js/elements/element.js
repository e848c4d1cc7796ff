/**
 * What the elements of a session share: the context that they are given, and being told of each change.
 *
 * Not here: any look, any words.
 */

import { BaseElement } from './base.js';

/**
 * @typedef {import('../session.js').SessionState} SessionState
 *
 * @typedef {object} Context
 * @property {import('../session.js').Session} session
 * @property {import('../devices.js').Devices} devices
 * @property {import('../strings.js').Strings} strings
 * @property {import('../settings.js').ClientSettings} settings
 * @property {import('../settings.js').Preferences} preferences
 * @property {import('./desk.js').Desk} desk          what this person has opened and hidden
 * @property {import('./sounds.js').Sounds} sounds
 * @property {import('./announcer.js').Announcer} announcer
 * @property {import('./small-window.js').SmallWindow} smallWindow
 */

/**
 * An element that follows the session.
 * @extends {BaseElement<Context>}
 */
export class SessionElement extends BaseElement {
  connectedCallback() {
    const { session, desk } = this.context;
    this.keep(session.subscribe((state, previous) => this.update(state, previous)));
    this.keep(desk.subscribe(() => this.update(session.state, session.state)));
    this.connect();
    this.update(session.state, session.state);
  }

  /**
   * Shows the state. Also called when the desk has changed.
   * @param {Readonly<SessionState>} state
   * @param {Readonly<SessionState>} previous  the same as `state` at first
   */
  update(state, previous) {}
}
