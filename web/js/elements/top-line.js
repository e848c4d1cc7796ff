/**
 * The top line: the clinic, and in a call what matters now: recorded, locked, protected, how long it still lasts.
 */

import { SessionElement } from './element.js';
import { ProtectionPill } from './protection-pill.js';
import { RecordingPill } from './recording-pill.js';
import { h, icon, set, setText } from '../view.js';

const SOON_SECONDS = 5 * 60;

export class TopLine extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'top-line';
    set(this, { role: 'banner' });
    const { brand, demo } = context.settings;
    const logo = brand.logo
      ? h('img', { class: 'logo', src: brand.logo, alt: '', decoding: 'async' })
      : h('span', { class: 'logo mark', 'aria-hidden': 'true' });
    this.locked = pill('lock', this.t('top.locked'));
    this.time = h('span', { class: 'pill time', hidden: true });
    this.append(
      h('div', { class: 'brand' }, logo, h('span', { class: 'brand-name' }, brand.name)),
      h(
        'div',
        { class: 'pills' },
        new RecordingPill(context),
        demo && h('span', { class: 'pill demo' }, this.t('top.demo')),
        [this.locked, new ProtectionPill(context), this.time],
      ),
    );
  }

  connect() {
    this.every(1, () => this.showTime());
  }

  /** @param {Readonly<import('./element.js').SessionState>} state */
  update({ phase, server }) {
    const present = phase === 'present' && server !== null;
    this.locked.hidden = !present || !server.locked;
    this.showTime();
  }

  /** Only for those who lead the session: to others a clock says "hurry". */
  showTime() {
    const { session, strings } = this.context;
    const { phase, server } = session.state;
    const shown = phase === 'present' && server !== null && server.may.includes('end') && server.started_at !== null;
    this.time.hidden = !shown;
    if (!shown || server.started_at === null) return;
    const now = session.now();
    if (server.ends_at === null) {
      setText(this.time, strings.text('top.minutes', { count: Math.floor(Math.max(0, now - server.started_at) / 60) }));
      return;
    }
    const left = Math.max(0, server.ends_at - now);
    this.time.toggleAttribute('data-soon', left < SOON_SECONDS);
    const exact = { time: strings.duration(Math.floor(left)) };
    const rounded = { count: Math.ceil(left / 60) };
    setText(this.time, left < 120 ? strings.text('top.left_exact', exact) : strings.text('top.left', rounded));
  }
}

/**
 * @param {string} picture
 * @param {string} word
 */
function pill(picture, word) {
  return h('span', { class: `pill ${picture}` }, icon(picture), h('span', { class: 'pill-word' }, word));
}

customElements.define('tb-top-line', TopLine);
