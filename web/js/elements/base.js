/**
 * What all our elements share, of whichever page: the context that they are given, and that what was begun on the page
 * is undone when they leave it.
 *
 * Not here: any look, any words, and what a page's elements follow (`element.js`, `recordings/element.js`,
 * `staff/panel.js`).
 */

/**
 * An element in the light DOM, so that labels and descriptions reach it. Constructors make the children; our elements
 * are made with `new`, never by the parser.
 *
 * @template {{strings: import('../strings.js').Strings}} C
 */
export class BaseElement extends HTMLElement {
  /** @param {C} context */
  constructor(context) {
    super();
    this.context = context;
    /** @type {(() => void)[]} */
    this.stops = [];
  }

  connectedCallback() {
    this.connect();
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
   * A text of the catalogue.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  t(key, values) {
    return this.context.strings.text(key, values);
  }
}
