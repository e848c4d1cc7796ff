/**
 * A panel beside the stage, on phones a sheet from below: a heading, a way to close it, its content.
 */

import { SessionElement } from './element.js';
import { h, iconButton, set } from '../view.js';

export class Panel extends SessionElement {
  /**
   * @param {import('./element.js').Context} context
   * @param {'chat' | 'people'} name
   * @param {string} title
   */
  constructor(context, name, title) {
    super(context);
    this.panel = name;
    this.id = `panel-${name}`;
    this.className = `panel panel-${name}`;
    set(this, { role: 'complementary', 'aria-labelledby': `panel-${name}-title` });
    this.heading = h('h2', { id: `panel-${name}-title`, tabindex: '-1' }, title);
    this.body = h('div', { class: 'panel-body' });
    this.append(
      h(
        'div',
        { class: 'panel-head' },
        this.heading,
        iconButton('close', this.t('panel.close'), () => this.close()),
      ),
      this.body,
    );
    this.hidden = true;
    this.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
  }

  get isOpen() {
    return this.context.desk.state.panel === this.panel;
  }

  update() {
    if (this.hidden !== this.isOpen) return;
    this.hidden = !this.isOpen;
    if (this.isOpen) this.opened();
  }

  /** Takes the focus in: whoever opens a panel wants to be in it. */
  opened() {
    this.heading.focus();
  }

  close() {
    this.context.desk.set({ panel: null });
    const find = (/** @type {string} */ name) => document.querySelector(`[data-control="${name}"]`);
    const control = find(this.panel) ?? find('more');
    if (control instanceof HTMLElement) control.focus();
  }
}
