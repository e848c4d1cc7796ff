/**
 * The call bar: at most five controls, "More" for the rest, and leaving apart from them.
 * One stop for the Tab key; arrow keys go from control to control.
 */

import { barActions, look, press, sheetActions } from './call-actions.js';
import { Control, deviceControls } from './control.js';
import { open } from './dialog.js';
import { SessionElement } from './element.js';
import { openSettings } from './settings-dialog.js';
import { button, h, icon, set } from '../view.js';

/**
 * @typedef {import('./call-actions.js').BarAction} BarAction
 * @typedef {import('./call-actions.js').CallAction} CallAction
 */

const WIDE = 5;
const NARROW = 3;

export class CallBar extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'call-bar';
    this.narrow = matchMedia('(max-width: 599px), (max-height: 480px)');
    this.devices = deviceControls(context, () => void openSettings(context));
    /** @type {Map<BarAction, Control>} */
    this.controls = new Map();
    for (const action of /** @type {BarAction[]} */ (['hand', 'share', 'chat', 'people'])) {
      const control = new Control({ press: () => void press(context, action) });
      set(control.button, { 'data-control': action });
      if (action === 'chat' || action === 'people') set(control.button, { 'aria-controls': `panel-${action}` });
      this.controls.set(action, control);
    }
    this.more = new Control({ press: () => this.openMore() });
    set(this.more.button, { 'data-control': 'more', 'aria-haspopup': 'dialog' });
    this.leave = new Control({ press: () => context.session.leave(), class: 'leave' });
    this.leave.show({ icon: 'leave', name: this.t('control.leave'), short: this.t('control.leave.short') });
    this.bar = h('div', { class: 'call-bar-controls', role: 'toolbar', 'aria-label': this.t('control.bar') });
    this.bar.addEventListener('keydown', (event) => this.rove(event));
    this.bar.addEventListener('focusin', (event) => this.hold(/** @type {Element} */ (event.target)));
    this.append(this.bar);
  }

  connect() {
    this.listen(this.narrow, 'change', () => this.update(this.context.session.state));
  }

  /** @param {Readonly<import('./element.js').SessionState>} state */
  update({ server }) {
    if (!server) return;
    const { desk } = this.context;
    const publishes = server.may.includes('publish');
    const room = (this.narrow.matches ? NARROW : WIDE) - (publishes ? 2 : 0);
    const shown = barActions(this.context, this.narrow.matches).slice(0, room);
    this.devices.update();
    for (const [action, control] of this.controls) control.show(look(this.context, action));
    this.more.show({ icon: 'more', name: this.t('control.more'), short: this.t('control.more') });
    this.toggleAttribute('data-labels', desk.state.labels);
    const buttons = [
      ...(publishes ? [this.devices.microphone, this.devices.camera] : []),
      ...shown.flatMap((action) => this.controls.get(action) ?? []),
      this.more,
      this.leave,
    ].map((control) => control.button);
    const { children } = this.bar;
    if (children.length !== buttons.length || buttons.some((button, index) => children[index] !== button)) {
      const focused = document.activeElement;
      this.bar.replaceChildren(...buttons);
      if (focused instanceof HTMLElement && buttons.some((button) => button === focused)) focused.focus();
      this.hold(this.bar.querySelector('[tabindex="0"]') ?? buttons[0]);
    }
    this.showPanels(shown);
  }

  /** @param {BarAction[]} shown */
  showPanels(shown) {
    const { panel, unread } = this.context.desk.state;
    for (const name of /** @type {const} */ (['chat', 'people'])) {
      const button = this.controls.get(name)?.button;
      if (button) set(button, { 'aria-expanded': panel === name ? 'true' : 'false' });
    }
    const waiting = this.context.session.state.server?.waiting.length ?? 0;
    /** @type {[BarAction, number, string][]} */
    const counts = [
      ['chat', unread, this.t('chat.unread', { count: unread })],
      ['people', waiting, this.t('people.wait', { count: waiting })],
    ];
    const inMore = counts.filter(([action, count]) => count > 0 && !shown.includes(action));
    for (const [action, count, text] of counts) this.controls.get(action)?.showCount(count, text);
    this.more.showCount(
      inMore.reduce((sum, [, count]) => sum + count, 0),
      inMore.map(([, , text]) => text).join(', '),
    );
  }

  /** @param {KeyboardEvent} event */
  rove(event) {
    const buttons = /** @type {HTMLElement[]} */ ([...this.bar.children]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const back = getComputedStyle(this).direction === 'rtl' ? 'ArrowRight' : 'ArrowLeft';
    const forth = back === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    const goals = { [forth]: at + 1, [back]: at - 1, Home: 0, End: buttons.length - 1 };
    const goal = goals[event.key];
    if (at < 0 || goal === undefined) return;
    event.preventDefault();
    buttons[(goal + buttons.length) % buttons.length].focus();
  }

  /**
   * The control that Tab comes back to.
   * @param {Element} target
   */
  hold(target) {
    for (const button of this.bar.children) set(button, { tabindex: button === target ? '0' : '-1' });
  }

  openMore() {
    const { context } = this;
    const inBar = [...this.bar.children];
    const hidden = barActions(context, this.narrow.matches).filter((action) => {
      const control = this.controls.get(action);
      return control !== undefined && !inBar.includes(control.button);
    });
    open(this.t('more.title'), { close: this.t('dialog.close') }, (close) => [
      h(
        'ul',
        { class: 'more-list' },
        [...hidden, ...sheetActions(context)].map((action) => h('li', {}, this.item(action, close))),
      ),
    ]).classList.add('more-sheet');
  }

  /**
   * @param {CallAction} action
   * @param {() => void} close
   */
  item(action, close) {
    const { icon: picture, name, hint } = look(this.context, action);
    const chosen = () => {
      close();
      void press(this.context, action);
    };
    const item = button(
      `more-item ${action === 'end' ? 'danger' : ''}`,
      chosen,
      icon(picture),
      h('span', { class: 'more-name' }, name),
      hint && h('span', { class: 'small-text soft more-hint', id: `more-${action}`, 'aria-hidden': 'true' }, hint),
    );
    return set(item, { 'aria-describedby': hint ? `more-${action}` : null });
  }
}

customElements.define('tb-call-bar', CallBar);
