/**
 * The panels of the staff pages: what stands between the top line and the end of the page, one at a time, each a file
 * of its own that knows nothing of the others.
 *
 * How to add one, say "rooms":
 *
 * 1. `web/js/staff/rooms.js`:
 *
 *        import { h, button } from '../view.js';
 *        import { Panel, register } from './panel.js';
 *
 *        class RoomsPanel extends Panel {
 *          constructor(context) {
 *            super(context);
 *            this.list = h('ul', { class: 'staff-rows' });
 *            const add = button('button main compact', () => this.add(), icon('add'), …);
 *            this.append(
 *              this.head('staff.rooms.title', add),
 *              this.trouble,  // why something could not be shown or done, with "Try again"
 *              this.told,     // what was done, read aloud: `this.say(text)`
 *              this.list,
 *            );
 *          }
 *          open(rest) {  // each time it is shown; `rest` is what follows in the address: "7" of `#rooms/7`
 *            void this.load(() => this.context.api.get('/api/rooms'), (answer) => this.show(answer.rooms));
 *          }
 *        }
 *        customElements.define('tb-staff-rooms', RoomsPanel);
 *        register({ name: 'rooms', title: 'staff.rooms.title', icon: 'people', order: 25, needs: ['read_rooms'],
 *                   make: (context) => new RoomsPanel(context) });
 *
 *    `needs`: one of these actions (`signaling/staff_roles.py`) lets somebody see it; none: whoever is signed in.
 *    Whether somebody may do one more thing in it: `this.may('write_rooms')`.
 * 2. A line in `web/js/staff/panels.js`, one in `web/staff.html` if it has a style sheet of its own
 *    (`web/css/staff-rooms.css`), and its words in `web/strings/en.json` (`staff.rooms.*`; sentences for refusals that
 *    differ from `errors.*` are `staff.errors.<code>`).
 * 3. Forms: `form-dialog.js` of this folder. Asking the server: `context.api.get/post/put/remove`, which raise
 *    `RefusedError`; `load` and the form dialog show what was refused. `context.api.get(path, { quiet: true })` is for
 *    what a page asks by itself (`this.every(10, …)`): it does not count as somebody being there, so that idle logoff
 *    still works.
 *
 * Not here: the panels themselves, the shell (`app.js`).
 */

import { BaseElement } from '../elements/base.js';
import { button, h, icon, setText } from '../view.js';
import { refusal } from '../http.js';
import { sentenceOf } from './words.js';

/**
 * @typedef {import('./office.js').Action} Action
 *
 * @typedef {import('./element.js').StaffContext} StaffContext  `office` (who is signed in), `api`, `strings`, `formats`
 *   (days, times, sizes), `settings`, `announcer`
 *
 * @typedef {object} PanelEntry
 * @property {string} name      what the address says: `#name`
 * @property {string} title     a key of the catalogue: in the navigation
 * @property {string} icon      of `icons.svg`
 * @property {number} order     the smallest stands first
 * @property {readonly Action[]} needs  one of these; empty: whoever is signed in
 * @property {(context: StaffContext) => Panel} make
 */

/** @type {Map<string, PanelEntry>} */
const entries = new Map();

/** @param {PanelEntry} entry */
export function register(entry) {
  if (entries.has(entry.name)) throw new Error(`two panels are called ${entry.name}`);
  entries.set(entry.name, entry);
}

/**
 * @param {(action: Action) => boolean} may
 * @returns {PanelEntry[]} what somebody who may do this sees, in order
 */
export function panelsFor(may) {
  return [...entries.values()]
    .filter(({ needs }) => needs.length === 0 || needs.some((action) => may(action)))
    .sort((one, other) => one.order - other.order);
}

/** @extends {BaseElement<StaffContext>} */
export class Panel extends BaseElement {
  #asked = 0;

  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    this.className = 'page staff-page';
    this.sentence = h('p', {});
    /** @type {() => void} */
    this.again = () => {};
    this.retry = button('button compact', () => this.again(), this.t('staff.again'));
    this.trouble = h(
      'div',
      { class: 'note bad', role: 'alert', hidden: true },
      icon('warning'),
      h('div', { class: 'note-body' }, this.sentence, h('div', {}, this.retry)),
    );
    this.told = h('p', { class: 'staff-told', role: 'status' });
  }

  /**
   * Called each time it is shown, also when only what follows its name in the address has changed.
   * @param {string} rest  what follows its name in the address: "7" of `#rooms/7`; empty: nothing
   */
  open(rest) {}

  /**
   * The heading of the panel with its main buttons.
   * @param {string} title  a key of the catalogue
   * @param {...(Node | null | false)} actions
   */
  head(title, ...actions) {
    const buttons = actions.filter((each) => each instanceof Node);
    return h(
      'div',
      { class: 'staff-head' },
      h('h1', { tabindex: '-1' }, this.t(title)),
      buttons.length > 0 && h('div', { class: 'staff-actions' }, buttons),
    );
  }

  /** @param {Action} action */
  may(action) {
    return this.context.office.may(action);
  }

  /**
   * Asks, and shows what is answered; a refusal is shown with a way to ask again. Only the newest question counts.
   * @template T
   * @param {() => Promise<T>} ask
   * @param {(answer: T) => unknown} show
   * @returns {Promise<boolean>} whether it was shown
   */
  async load(ask, show) {
    const number = ++this.#asked;
    this.setAttribute('aria-busy', 'true');
    try {
      const answer = await ask();
      if (number !== this.#asked) return false;
      this.trouble.hidden = true;
      await show(answer);
      return true;
    } catch (error) {
      const problem = refusal(error);
      if (number === this.#asked) this.complain(problem, () => void this.load(ask, show));
      return false;
    } finally {
      if (number === this.#asked) this.removeAttribute('aria-busy');
    }
  }

  /**
   * Does something at the press of a button.
   * @param {() => Promise<unknown>} task
   * @returns {Promise<boolean>} whether it was done; otherwise the panel says why not
   */
  async act(task) {
    this.say('');
    try {
      await task();
      this.trouble.hidden = true;
      return true;
    } catch (error) {
      this.complain(refusal(error), null);
      return false;
    }
  }

  /**
   * @param {import('../http.js').Refusal} problem
   * @param {(() => void) | null} again  null: it is tried again where it was begun
   */
  complain(problem, again) {
    this.again = again ?? (() => {});
    this.retry.hidden = again === null;
    setText(this.sentence, sentenceOf(this.context.strings, problem));
    this.trouble.hidden = false;
  }

  /**
   * What was done, to be seen and heard.
   * @param {string} text
   */
  say(text) {
    setText(this.told, text);
  }
}
