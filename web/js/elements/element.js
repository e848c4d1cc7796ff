/**
 * What all our elements share: the context that they are given, and being told of each change.
 *
 * Not here: any look, any words.
 */

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
 * An element in the light DOM (so that labels and descriptions reach it) that follows the session. Constructors make
 * the children; our elements are made with `new`, never by the parser.
 */
export class SessionElement extends HTMLElement {
  /** @param {Context} context */
  constructor(context) {
    super();
    this.context = context;
    /** @type {(() => void)[]} */
    this.stops = [];
  }

  connectedCallback() {
    const { session, desk } = this.context;
    this.keep(session.subscribe((state, previous) => this.update(state, previous)));
    this.keep(desk.subscribe(() => this.update(session.state, session.state)));
    this.connect();
    this.update(session.state, session.state);
  }

  disconnectedCallback() {
    for (const stop of this.stops.splice(0)) stop();
  }

  /**
   * Remembers what has to be undone when the element leaves the page.
   * @param {() => void} stop
   */
  keep(stop) {
    this.stops.push(stop);
  }

  /**
   * Listens as long as the element is on the page.
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  listen(target, type, listener) {
    target.addEventListener(type, listener);
    this.keep(() => target.removeEventListener(type, listener));
  }

  /**
   * Calls again and again as long as the element is on the page.
   * @param {number} seconds
   * @param {() => void} task
   */
  every(seconds, task) {
    const timer = setInterval(task, seconds * 1000);
    this.keep(() => clearInterval(timer));
  }

  /** Called each time the element comes onto the page: the place for `keep`, `listen` and `every`. */
  connect() {}

  /**
   * Shows the state. Also called when the desk has changed.
   * @param {Readonly<SessionState>} state
   * @param {Readonly<SessionState>} previous  the same as `state` at first
   */
  update(state, previous) {}

  /**
   * A text of the catalogue.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  t(key, values) {
    return this.context.strings.text(key, values);
  }
}
