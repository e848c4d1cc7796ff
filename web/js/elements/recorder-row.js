/**
 * The recorder among the participants, as long as there is one: what it can hear and see, as far as this page knows it
 * itself. It is no person: nobody counts it, and it can be neither removed nor shown.
 */

import { SessionElement } from './element.js';
import { recorderFact } from './protection.js';
import { h, icon, set, setText } from '../view.js';

export class RecorderRow extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'person recorder';
    this.hidden = true;
    set(this, { role: 'group', 'aria-label': this.t('recorder.name') });
    this.fact = h('p', { class: 'small-text soft' });
    this.append(
      h('span', { class: 'face small', 'aria-hidden': 'true' }, icon('record')),
      h('div', { class: 'person-words' }, h('p', { class: 'person-name' }, this.t('recorder.name')), this.fact),
    );
  }

  /** @param {Readonly<import('./element.js').SessionState>} state */
  update(state) {
    const fact = recorderFact(state);
    this.hidden = fact === null;
    if (fact !== null) setText(this.fact, this.t(`recorder.${fact}`));
  }
}

customElements.define('tb-recorder-row', RecorderRow);
