/**
 * The sign in the top line that says how this session is protected: in transit, which is always so, and end to end,
 * which is said only while it is true for everybody who is here. Steady: nothing blinks. Pressing it says more.
 */

import { SessionElement } from './element.js';
import { openPrivacy } from './privacy.js';
import { protectionOf } from './protection.js';
import { button, h, icon, setIcon, setText } from '../view.js';

/** @typedef {import('./protection.js').Protection} Protection */

/** @type {Readonly<Record<Protection, string>>} */
const ICONS = { on: 'shield', waiting: 'shield-wait', amiss: 'shield-amiss', clear: 'shield-off' };

/**
 * Keys with somebody who has just come take less than this. Nothing goes to them before, so that what is shown is true
 * meanwhile; longer would hide that something keeps them from it.
 */
const PATIENCE_MS = 3000;

export class ProtectionPill extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'protection-pill';
    this.hidden = true;
    /** @type {Protection | null} */
    this.shown = null;
    this.waitingSince = 0;
    this.sign = icon('shield');
    this.word = h('span', { class: 'pill-end-word' });
    this.press = button(
      'pill-button',
      () => openPrivacy(context),
      h(
        'span',
        { class: 'pill' },
        h('span', { class: 'only-read' }, this.t('top.encrypted')),
        h('span', { class: 'pill-part' }, icon('transit'), h('span', { class: 'pill-word' }, this.t('top.transit'))),
        h('span', { class: 'pill-part' }, this.sign, this.word),
      ),
    );
    this.press.setAttribute('aria-haspopup', 'dialog');
    this.append(this.press);
  }

  connect() {
    this.every(1, () => this.update(this.context.session.state));
  }

  /** @param {Readonly<import('./element.js').SessionState>} state */
  update(state) {
    this.hidden = state.phase !== 'present' || state.server === null;
    if (this.hidden) {
      this.shown = null;
      return;
    }
    const found = protectionOf(state, this.context.desk.state.worries);
    if (found !== 'waiting') this.waitingSince = 0;
    else if (this.waitingSince === 0) this.waitingSince = Date.now();
    const soon = found === 'waiting' && this.shown === 'on' && Date.now() - this.waitingSince < PATIENCE_MS;
    this.shown = soon ? 'on' : found;
    this.dataset.protection = this.shown;
    setIcon(this.sign, ICONS[this.shown]);
    setText(this.word, this.t(`top.end.${this.shown}`));
  }
}

customElements.define('tb-protection-pill', ProtectionPill);
