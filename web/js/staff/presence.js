/**
 * Signs people out who are not there any more, and warns them before. What they do in another tab counts too.
 *
 * Not here: when it is time for what (`idle.js`).
 */

import { open } from '../elements/dialog.js';
import { refusal } from '../http.js';
import { button, h, set, setText } from '../view.js';
import { now, OfficeElement } from './element.js';
import { Idle } from './idle.js';

/** @typedef {import('./element.js').OfficeState} OfficeState */

const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'];
const CHANNEL = 'therabook-staff';

export class Presence extends OfficeElement {
  constructor(/** @type {import('./element.js').StaffContext} */ context) {
    super(context);
    this.hidden = true;
    /** @type {Idle | null} */
    this.idle = null;
    /** @type {HTMLDialogElement | null} */
    this.warning = null;
    this.left = h('p', { class: 'staff-countdown', 'aria-hidden': 'true' });
    this.noted = 0;
    this.channel = new BroadcastChannel(CHANNEL);
    context.api.answered = () => this.idle?.told(now(context));
  }

  connect() {
    this.every(1, () => this.look());
    for (const sign of SIGNS) this.listen(document, sign, () => this.seen());
    this.listen(document, 'visibilitychange', () => this.look());
    this.listen(this.channel, 'message', (event) => {
      if (event.data === 'out') this.context.office.elsewhere();
      else this.idle?.seen(now(this.context));
    });
  }

  /** @param {Readonly<OfficeState>} state */
  update({ me }) {
    if (me === null) {
      this.idle = null;
      this.warning?.close();
    } else this.idle ??= new Idle(me.idle_seconds, now(this.context));
  }

  /** Somebody did something. While they are warned only an answer counts: a mouse may move when the desk does. */
  seen() {
    if (this.warning === null) this.note();
  }

  note() {
    const time = now(this.context);
    if (this.idle === null || time - this.noted < 1) return;
    this.noted = time;
    this.idle.seen(time);
    this.channel.postMessage('here');
    if (this.idle.mustTell(time)) void this.tell();
  }

  look() {
    const { office } = this.context;
    const { me } = office.state;
    if (this.idle === null || me === null) return;
    const time = now(this.context);
    const { state, left } = this.idle.look(time);
    if (state === 'gone') void office.idle();
    else if (time >= me.expires_at) office.ended('sign_in_needed');
    else if (state === 'warned') this.warn(left);
    else this.warning?.close();
  }

  /** @param {number} left */
  warn(left) {
    const count = Math.ceil(left);
    setText(this.left, this.t('staff.idle.left', { count }));
    if (this.warning !== null) return;
    const stay = () => this.warning?.close();
    const { announcer } = this.context;
    announcer.say(this.t('staff.idle.said', { count }), true);
    this.warning = open(this.t('staff.idle.title'), { alert: true }, () => [
      h('p', { class: 'soft' }, this.t('staff.idle.text')),
      this.left,
      h(
        'div',
        { class: 'dialog-buttons' },
        button('button', () => void this.leave(), this.t('staff.idle.leave')),
        set(button('button main', stay, this.t('staff.idle.stay')), { autofocus: true }),
      ),
    ]);
    this.warning.addEventListener('close', () => this.closed(), { once: true });
  }

  /** By an answer, by Escape, or because they are out: they are there in all but the last. */
  closed() {
    this.warning = null;
    if (this.idle === null) return;
    this.noted = 0;
    this.idle.seen(now(this.context));
    this.channel.postMessage('here');
    void this.tell();
  }

  async leave() {
    const { office } = this.context;
    if ((await office.signOut()) === null) this.signedOut();
  }

  /** Tells the server that somebody is there. */
  async tell() {
    // No answer: that nobody is signed in has been dealt with, and all else is noticed by what they do next.
    await this.context.office.refresh().catch(refusal);
  }

  signedOut() {
    this.channel.postMessage('out');
  }
}

customElements.define('tb-staff-presence', Presence);
