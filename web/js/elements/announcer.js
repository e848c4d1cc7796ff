/**
 * Speaks to screen readers: two live regions that are always in the page. Each sentence is a line of its own, so that
 * two at once are both read, and is taken away when it is old.
 *
 * Not here: what is worth saying (`announcements.js`).
 */

import { h } from '../view.js';

const KEPT_MS = 10_000;

export class Announcer extends HTMLElement {
  constructor() {
    super();
    this.polite = h('div', { 'aria-live': 'polite', 'aria-relevant': 'additions' });
    this.urgent = h('div', { 'aria-live': 'assertive', 'aria-relevant': 'additions' });
  }

  connectedCallback() {
    this.className = 'only-read';
    this.append(this.polite, this.urgent);
  }

  /**
   * @param {string} text
   * @param {boolean} [urgent]  interrupts what is being read
   */
  say(text, urgent = false) {
    const line = h('p', {}, text);
    (urgent ? this.urgent : this.polite).append(line);
    setTimeout(() => line.remove(), KEPT_MS);
  }
}

customElements.define('tb-announcer', Announcer);
