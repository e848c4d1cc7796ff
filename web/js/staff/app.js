/**
 * The shell of the staff pages: the top line, the navigation, and below them one panel, or the way in.
 *
 * Not here: what any panel shows (`panels.js`), how somebody comes in (`doors.js`), when they are signed out by
 * themselves (`presence.js`).
 */

import { ask } from '../elements/dialog.js';
import { beforePaint, h, replace } from '../view.js';
import { askToConfirm } from './confirm.js';
import { door } from './doors.js';
import { OfficeElement } from './element.js';
import { EmergencyBar } from './emergency.js';
import { Navigation } from './navigation.js';
import { panelsFor } from './panel.js';
import { linkTo, placeOf } from './place.js';
import { Presence } from './presence.js';
import { TopLine } from './top-line.js';
import { sentenceOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./element.js').OfficeState} OfficeState
 * @typedef {import('./panel.js').Panel} Panel
 */

export class StaffApp extends OfficeElement {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    this.main = h('main', { id: 'main', tabindex: '-1' });
    this.navigation = new Navigation(context, () => void this.signOut());
    this.presence = new Presence(context);
    this.shown = '';
    /** @type {Map<string, Panel>} of whoever is signed in: what was typed and found stays while they look about */
    this.panels = new Map();
    this.append(
      this.skipLink(),
      new TopLine(context, { signOut: () => void this.signOut(), open: () => this.navigation.openSheet() }),
      new EmergencyBar(context),
      h('div', { class: 'staff-body' }, this.navigation, this.main),
      this.presence,
      context.announcer,
    );
    context.api.confirm = () => askToConfirm(context);
  }

  connect() {
    this.listen(window, 'hashchange', () => {
      if (/^#(setup|invitation)=/.test(location.hash)) location.reload(); // a link was opened in this tab
      else this.update(this.context.office.state, this.context.office.state);
    });
  }

  /**
   * @param {Readonly<OfficeState>} state
   * @param {Readonly<OfficeState>} previous
   */
  update(state, previous) {
    const { phase, me } = state;
    if (phase !== 'in' || previous.me?.id !== me?.id) this.panels.clear();
    if (previous.me?.emergency?.id !== me?.emergency?.id) {
      // What was seen by emergency access goes with it, and what can be seen by it comes.
      this.panels.clear();
      this.shown = this.shown && 'before';
    }
    if (phase === 'in') this.showPanel();
    else this.show(doorKey(state), () => door(this.context, state));
  }

  showPanel() {
    const { office } = this.context;
    const entries = panelsFor((action) => office.may(action));
    const { panel, rest } = placeOf();
    const entry = entries.find(({ name }) => name === panel);
    if (entry === undefined) {
      // What they may not see, or what does not exist, is the same to them: they are led to what is theirs.
      const first = entries[0];
      if (first) location.replace(linkTo(first.name));
      return;
    }
    this.show(
      `in ${entry.name} ${rest}`,
      () => {
        const made = this.panels.get(entry.name) ?? entry.make(this.context);
        this.panels.set(entry.name, made);
        return made;
      },
      (node) => /** @type {Panel} */ (node).open(rest),
    );
    this.navigation.mark(entry.name);
    document.title = this.context.strings.text('title', {
      page: this.t(entry.title),
      name: this.context.settings.brand.name,
    });
  }

  /**
   * @param {string} key  nothing is done where this is shown already
   * @param {() => HTMLElement} make
   * @param {(node: HTMLElement) => void} [shown]
   */
  show(key, make, shown) {
    if (key === this.shown) return;
    const first = this.shown === '' || this.shown === 'starting';
    this.shown = key;
    for (const dialog of document.querySelectorAll('dialog[open]')) /** @type {HTMLDialogElement} */ (dialog).close();
    const node = make();
    if (this.main.firstElementChild !== node) replace(this.main, node);
    this.toggleAttribute('data-in', key.startsWith('in '));
    this.toggleAttribute('data-starting', key === 'starting');
    if (!key.startsWith('in ')) {
      const page = this.main.querySelector('h1')?.textContent ?? this.t('staff.title');
      document.title = this.context.strings.text('title', { page, name: this.context.settings.brand.name });
    }
    shown?.(node);
    beforePaint(() => this.moveFocus(first));
  }

  /**
   * The focus goes where one goes on: to the first field of a way in, else to the heading.
   * @param {boolean} first  the page has just been loaded
   */
  moveFocus(first) {
    scrollTo(0, 0);
    const field = this.main.querySelector('[data-first]');
    if (field instanceof HTMLElement) field.focus();
    else if (!first) this.focusHeading();
  }

  skipLink() {
    const skip = (/** @type {Event} */ event) => {
      event.preventDefault(); // the address says which panel is open
      this.focusHeading();
    };
    return h('a', { class: 'skip-link', href: '#main', onclick: skip }, this.t('staff.skip'));
  }

  focusHeading() {
    (this.main.querySelector('h1') ?? this.main).focus();
  }

  async signOut() {
    const { office, strings } = this.context;
    const problem = await office.signOut();
    if (problem === null) {
      history.replaceState(null, '', location.pathname);
      this.presence.signedOut();
      return;
    }
    const again = await ask({
      title: this.t('staff.sign_out.failed'),
      text: sentenceOf(strings, problem),
      careful: this.t('dialog.close'),
      other: this.t('staff.again'),
    });
    if (again) await this.signOut();
  }
}

customElements.define('tb-staff', StaffApp);

/** @param {Readonly<OfficeState>} state */
function doorKey({ phase, why, ways, invitation, problem }) {
  return JSON.stringify(phase === 'starting' ? phase : [phase, why, ways, invitation?.login, problem?.code]).replace(
    /^"|"$/g,
    '',
  );
}
