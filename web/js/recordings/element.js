/**
 * What the elements of the recordings page share: the context that they are given, and being told of each change.
 *
 * Not here: any look, any words. The elements of a session have `elements/element.js`.
 */

/**
 * @typedef {import('./archive.js').ArchiveState} ArchiveState
 *
 * @typedef {object} Context
 * @property {import('./archive.js').Archive} archive
 * @property {import('../strings.js').Strings} strings
 * @property {import('./words.js').Formats} formats
 * @property {import('../settings.js').ClientSettings} settings
 * @property {import('../elements/announcer.js').Announcer} announcer
 */

/** An element in the light DOM that follows the archive. Constructors make the children. */
export class ArchiveElement extends HTMLElement {
  /** @param {Context} context */
  constructor(context) {
    super();
    this.context = context;
    /** @type {(() => void)[]} */
    this.stops = [];
  }

  connectedCallback() {
    const { archive } = this.context;
    this.keep(archive.subscribe((state, previous) => this.update(state, previous)));
    this.connect();
    this.update(archive.state, archive.state);
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
   * @param {Readonly<ArchiveState>} state
   * @param {Readonly<ArchiveState>} previous  the same as `state` at first
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

/**
 * Whether something is to be drawn anew: remembers, per element, what it was last drawn from. Drawing again what has
 * not changed would take the focus, the place in a film and what is selected.
 */
export class Drawn {
  #last = '';

  /**
   * @param {unknown} from
   * @returns {boolean}
   */
  isNew(from) {
    const text = JSON.stringify(from) ?? '';
    if (text === this.#last) return false;
    this.#last = text;
    return true;
  }
}
