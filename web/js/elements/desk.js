/**
 * What this person has opened, hidden and moved in the call. Of no interest to anybody else, and never sent.
 */

/**
 * @typedef {import('./protection.js').Worry} Worry
 * @typedef {'top-left' | 'top-right' | 'bottom-left' | 'bottom-right'} Corner
 *
 * @typedef {object} DeskState
 * @property {'chat' | 'people' | null} panel   the panel beside the stage
 * @property {number} unread                    chat messages that came while the chat was closed
 * @property {boolean} selfShown                whether the own picture is on the stage
 * @property {string | null} pinned             the id of the person who is shown large among several
 * @property {boolean} windowOpen               a small window shows the picture over other windows
 * @property {Corner} corner                    where the own picture is in a call of two
 * @property {boolean} labels                   texts under the controls of the call bar
 * @property {boolean} chimes                   sounds when somebody waits or is let in
 * @property {boolean} soundBlocked             the browser wants one more tap before it plays anything
 * @property {Notice | null} notice             one line that goes away by itself
 * @property {readonly Worry[]} worries         what is amiss with somebody's keys, and whether it was looked at
 *
 * @typedef {object} Notice
 * @property {string} text
 * @property {'info' | 'warn'} tone
 */

const CORNERS = ['top-left', 'top-right', 'bottom-left', 'bottom-right'];
const NOTICE_SECONDS = 8;
/** @type {readonly Worry[]} */
const NONE = Object.freeze([]);

export class Desk {
  /** @param {import('../settings.js').Preferences} preferences */
  constructor(preferences) {
    this.preferences = preferences;
    const corner = preferences.get('corner') ?? '';
    /** @type {Readonly<DeskState>} */
    this.state = Object.freeze({
      panel: null,
      unread: 0,
      selfShown: true,
      pinned: null,
      windowOpen: false,
      corner: /** @type {Corner} */ (CORNERS.includes(corner) ? corner : 'bottom-right'),
      labels: preferences.get('labels') === 'on',
      chimes: preferences.get('admit_sound') !== 'off',
      soundBlocked: false,
      notice: null,
      worries: NONE,
    });
    /** @type {Set<(state: Readonly<DeskState>, previous: Readonly<DeskState>) => void>} */
    this.listeners = new Set();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * @param {(state: Readonly<DeskState>, previous: Readonly<DeskState>) => void} listener
   * @returns {() => void}
   */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param {Partial<DeskState>} change */
  set(change) {
    const previous = this.state;
    const keys = /** @type {(keyof DeskState)[]} */ (Object.keys(change));
    if (keys.every((key) => previous[key] === change[key])) return;
    this.state = Object.freeze({ ...previous, ...change });
    if (change.corner !== undefined) this.preferences.set('corner', change.corner);
    if (change.labels !== undefined) this.preferences.set('labels', change.labels ? 'on' : null);
    if (change.chimes !== undefined) this.preferences.set('admit_sound', change.chimes ? null : 'off');
    for (const listener of [...this.listeners]) listener(this.state, previous);
  }

  /**
   * Says something in the one calm line for a while.
   * @param {string} text
   * @param {'info' | 'warn'} [tone]
   */
  say(text, tone = 'info') {
    clearTimeout(this.timer);
    this.set({ notice: { text, tone } });
    this.timer = setTimeout(() => this.set({ notice: null }), NOTICE_SECONDS * 1000);
  }
}
