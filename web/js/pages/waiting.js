/**
 * The waiting room as the waiting person sees it: their own picture, whom they wait for, and that nobody sees or hears
 * them yet. Never anything about others who wait.
 */

import { waitingKey } from '../elements/called.js';
import { DeviceHelp } from '../elements/device-help.js';
import { SessionElement } from '../elements/element.js';
import { Preview } from '../elements/preview.js';
import { append, button, h, icon, setText } from '../view.js';

export class WaitingPage extends SessionElement {
  /** @param {import('../elements/element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'page join waiting';
    this.preview = new Preview(this.context);
    this.whom = h('p', { class: 'waiting-whom', role: 'status' });
    const observes = context.session.state.server?.you.role === 'observer';
    append(
      this,
      !observes && h('div', { class: 'join-picture' }, this.preview, new DeviceHelp(this.context)),
      h(
        'div',
        { class: 'join-side' },
        h('h1', { tabindex: '-1' }, this.t('waiting.title')),
        this.whom,
        h(
          'p',
          { class: 'note calm' },
          icon('lock'),
          h('span', {}, this.t(observes ? 'waiting.observer' : 'waiting.promise')),
        ),
        h('p', { class: 'soft' }, this.t('waiting.stay')),
        button('button', () => this.context.session.leave(), icon('exit'), this.t('waiting.leave')),
      ),
    );
  }

  /** @param {Readonly<import('../elements/element.js').SessionState>} state */
  update({ server }) {
    if (!server) return;
    this.preview.person = server.you.name;
    setText(this.whom, this.t(waitingKey(server), { name: server.waiting_for ?? '' }));
  }
}

customElements.define('tb-waiting-page', WaitingPage);
