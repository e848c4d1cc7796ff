/**
 * Who is in the waiting room, for those who may admit. Comes without taking the focus, beside the face and not on it.
 */

import { called } from './called.js';
import { SessionElement } from './element.js';
import { beforePaint, button, h, mirror, set, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('../messages').WaitingPerson} WaitingPerson
 */

const SHOWN = 3; // the rest is in the participants panel

export class WaitingCard extends SessionElement {
  /** @param {Context} context */
  constructor(context) {
    super(context);
    this.className = 'waiting-card on-paper';
    set(this, { role: 'region', 'aria-label': this.t('door.title') });
    this.list = h('div', { role: 'list' });
    this.rest = h('p', { class: 'small-text soft' });
    this.append(this.list, this.rest);
  }

  connect() {
    this.every(10, () => this.update(this.context.session.state));
  }

  /** @param {Readonly<import('./element.js').SessionState>} state */
  update({ server }) {
    const waiting = server?.waiting ?? [];
    const focused = this.contains(document.activeElement);
    this.hidden = waiting.length === 0 || this.context.desk.state.panel === 'people'; // the panel has the same buttons
    if (this.hidden) return passFocus(focused, null);
    mirror(
      this.list,
      waiting.slice(0, SHOWN),
      (person) => person.id,
      () => new WaitingItem(this.context),
      (item, person) => item.show(person),
    );
    const rest = waiting.length - SHOWN;
    this.rest.hidden = rest <= 0;
    if (rest > 0) setText(this.rest, this.t('door.rest', { count: rest }));
    passFocus(focused, this.list);
  }
}

/**
 * Whoever has just pressed Admit or Decline goes on with the next who waits, and after the last with the call bar.
 * @param {boolean} focused  whether the focus was on one of the buttons
 * @param {Element | null} list
 */
export function passFocus(focused, list) {
  if (!focused) return;
  beforePaint(() => {
    const { activeElement } = document;
    if (activeElement && activeElement !== document.body && isSeen(activeElement)) return;
    const next = list?.querySelector('button') ?? document.querySelector('[role="toolbar"] [tabindex="0"]');
    if (next instanceof HTMLElement) next.focus();
  });
}

/** @param {Element} element */
function isSeen(element) {
  // Safari before 17.4 cannot say it exactly.
  const can = typeof element.checkVisibility === 'function';
  return can ? element.checkVisibility() : element.getClientRects().length > 0;
}

/** One waiting person with the two answers. Also used in the participants panel. */
export class WaitingItem extends HTMLElement {
  /** @param {Context} context */
  constructor(context) {
    super();
    this.context = context;
    this.className = 'waiting-item';
    set(this, { role: 'listitem' });
    const { session, strings } = context;
    this.who = h('p', { class: 'waiting-name' });
    this.since = h('p', { class: 'small-text soft' });
    const id = () => this.dataset.key ?? '';
    this.admit = button('button main compact', () => session.admit(id()), strings.text('door.admit'));
    this.decline = button('button compact', () => session.decline(id()), strings.text('door.decline'));
    this.append(
      h('div', {}, this.who, this.since),
      h('div', { class: 'waiting-buttons' }, this.admit, this.decline),
    );
  }

  /** @param {WaitingPerson} person */
  show(person) {
    const { session, strings } = this.context;
    const minutes = Math.max(0, Math.floor((session.now() - person.since) / 60));
    const name = called(strings, person.name);
    setText(this.who, strings.text('door.who', { name }));
    const values = { role: strings.text(`role.${person.role}`), count: minutes };
    setText(this.since, strings.text(minutes === 0 ? 'door.now' : 'door.since', values));
    set(this.admit, { 'aria-label': strings.text('door.admit_name', { name }) });
    set(this.decline, { 'aria-label': strings.text('door.decline_name', { name }) });
  }
}

customElements.define('tb-waiting-card', WaitingCard);
customElements.define('tb-waiting-item', WaitingItem);
