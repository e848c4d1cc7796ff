/** How the own connection is: one sentence for everybody, and figures for whoever helps them. */

import { connectionFacts } from './connection-facts.js';
import { open } from './dialog.js';
import { SessionElement } from './element.js';
import { h, icon, replace, setIcon, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./element.js').SessionState} SessionState
 */

/** @param {Context} context */
export function openConnection(context) {
  const { strings } = context;
  return open(strings.text('connection.title'), { close: strings.text('dialog.close') }, () => [
    new ConnectionStatus(context),
  ]);
}

/**
 * How good the own connection is.
 * @param {Readonly<SessionState>} state
 */
export function gradeOf({ server, quality, connection }) {
  return connection === 'reconnecting' ? 'lost' : ((server && quality[server.you.id]) ?? 'good');
}

class ConnectionStatus extends SessionElement {
  /** @param {Context} context */
  constructor(context) {
    super(context);
    this.className = 'connection-status';
    this.sign = icon('signal-good');
    this.grade = h('span', {});
    this.advice = h('p', {});
    this.wait = h('p', { class: 'small-text soft' }, this.t('connection.measuring'));
    this.facts = h('dl', { class: 'facts' });
    this.append(h('p', { class: 'connection-grade' }, this.sign, this.grade), this.advice, this.wait, this.facts);
  }

  connect() {
    this.every(1, () => this.update(this.context.session.state));
  }

  /** @param {Readonly<SessionState>} state */
  update(state) {
    const { session, strings } = this.context;
    const grade = gradeOf(state);
    setIcon(this.sign, `signal-${grade}`);
    setText(this.grade, this.t(`quality.${grade}`));
    setText(this.advice, this.t(state.soundOnly ? 'connection.advice.sound_only' : `connection.advice.${grade}`));
    const stats = session.statistics;
    this.wait.hidden = stats !== null;
    const facts = stats ? connectionFacts(stats, strings) : [];
    const shown = JSON.stringify(facts);
    if (this.facts.dataset.shown === shown) return;
    this.facts.dataset.shown = shown;
    replace(this.facts, facts.map(({ name, value }) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
  }
}

customElements.define('tb-connection-status', ConnectionStatus);
