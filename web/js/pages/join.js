/**
 * Before the session: who you are, how you look and sound, and one button.
 *
 * Not here: what happens after Join was pressed (`app.js` shows the next page when the session's phase changes).
 */

import { DeviceChoice } from '../elements/device-choice.js';
import { DeviceHelp, problems } from '../elements/device-help.js';
import { ask } from '../elements/dialog.js';
import { SessionElement } from '../elements/element.js';
import { explain, field } from '../elements/field.js';
import { Preview } from '../elements/preview.js';
import { wantedVideo } from '../elements/settings-dialog.js';
import { unableList } from '../elements/unable.js';
import { requestToken } from '../invitation.js';
import { append, h, icon, replace, set, setText } from '../view.js';
import { promiseKey } from './refusals.js';

/**
 * @typedef {import('../elements/element.js').Context} Context
 * @typedef {import('../elements/element.js').SessionState} SessionState
 *
 * @typedef {object} Entry  what this tab came with and what was typed: kept only as long as the page lives
 * @property {import('../invitation.js').Invitation | null} invitation  null in the demo: the form asks for a token
 * @property {boolean} demo
 * @property {string} token
 * @property {{name: string, session: string, role: string}} typed
 */

const ROLES = ['therapist', 'patient', 'interpreter', 'observer'];
/** Who has a heading, and who has a first sentence, of their own. */
const TITLED = new Set(['patient', 'therapist', 'demo']);
const LED = new Set(['therapist', 'observer', 'demo']);
const LONGEST_NAME = 60;
const TONES = { good: 'check', warn: 'warning', quiet: 'info' };
const SILENCE_SECONDS = 10; // without a sound from the microphone before we say so

export class JoinPage extends SessionElement {
  /**
   * @param {Context} context
   * @param {Entry} entry
   */
  constructor(context, entry) {
    super(context);
    const { invitation, typed } = entry;
    this.entry = entry;
    this.invitation = invitation;
    this.observes = invitation?.role === 'observer';
    /** @type {Readonly<{code: string}> | null} */
    this.refusedShown = null;
    this.busy = false;
    this.heard = false;
    this.openedAt = 0;
    this.className = 'page join';
    this.preview = new Preview(this.context);
    this.nameField = h('input', {
      id: 'join-name',
      name: 'name',
      autocomplete: 'name',
      maxlength: LONGEST_NAME,
      required: true,
      enterkeyhint: 'go',
      oninput: () => this.named(),
    });
    this.nameField.value = typed.name || (invitation?.name ?? '');
    this.sessionField = h('input', {
      id: 'join-session',
      name: 'session',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      maxlength: 64,
      required: true,
    });
    const options = ROLES.map((role) => h('option', { value: role }, this.t(`role.${role}`)));
    this.roleField = h('select', { id: 'join-role', name: 'role' }, options);
    this.sessionField.value = typed.session;
    if (typed.role) this.roleField.value = typed.role;
    const { encrypted } = context.session.state;
    const promise = promiseKey(encrypted, context.settings, invitation);
    this.refusal = h('div', { class: 'note bad', role: 'alert', hidden: true });
    this.status = h('p', { class: 'join-status' });
    this.button = h('button', {
      class: 'button main wide',
      type: 'submit',
      onpointerenter: () => this.context.session.prepare(),
      onfocus: () => this.context.session.prepare(),
    });
    const form = h(
      'form',
      { class: 'join-form', novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.submit(event) },
      field(this.nameField, this.t('join.name')),
      !invitation && field(this.sessionField, this.t('join.session'), this.t('join.session_hint')),
      !invitation && field(this.roleField, this.t('join.role')),
      this.refusal,
      encrypted.state === 'impossible' && this.unable(),
      !this.observes && this.status,
      this.button,
      h('p', { class: 'promise small-text soft' }, icon('shield'), h('span', {}, this.t(promise))),
      h('a', { class: 'button plain compact join-check', href: '/check' }, icon('signal-good'), this.t('join.check')),
    );
    const role = invitation?.role ?? 'demo';
    append(
      this,
      !this.observes && [
        h('div', { class: 'join-picture' }, this.preview, new DeviceHelp(context), new DeviceChoice(context)),
      ],
      h(
        'div',
        { class: 'join-side' },
        h('h1', { tabindex: '-1' }, this.t(`join.title.${TITLED.has(role) ? role : 'other'}`)),
        !invitation && [
          h('p', { class: 'note warn small-text' }, icon('warning'), h('span', {}, this.t('join.demo_warning'))),
        ],
        h('p', { class: 'soft' }, this.t(`join.lead.${LED.has(role) ? role : 'waits'}`)),
        form,
      ),
    );
  }

  /** This browser cannot, and where that is allowed everybody's protection is less for it. */
  unable() {
    return h(
      'div',
      { class: 'note warn join-unable' },
      icon('shield-off'),
      h(
        'div',
        { class: 'note-body' },
        h('h2', { class: 'note-title' }, this.t('unable.title')),
        h('p', {}, this.t('unable.text')),
        h('details', {}, h('summary', {}, this.t('unable.more')), unableList(this.context)),
      ),
    );
  }

  connect() {
    const { devices, session } = this.context;
    this.openedAt = Date.now();
    this.keep(devices.subscribe(() => this.showStatus()));
    this.every(1, () => this.listenForSound());
    session.prepare(this.entry.token || null);
    if (!this.observes) void devices.open(wantedVideo(this.context));
    this.named();
  }

  named() {
    this.preview.person = this.nameField.value;
    explain(this.nameField, null);
  }

  /** @param {Readonly<SessionState>} state */
  update(state) {
    const joining = this.busy || state.phase === 'joining';
    setText(this.button, this.t(joining ? 'join.joining' : 'join.button'));
    set(this.button, { 'aria-disabled': joining ? 'true' : null });
    if (state.phase === 'joining') this.refusal.hidden = true;
    if (state.refused && state.refused !== this.refusedShown) {
      if (state.refused.code === 'already_joined') void this.offerMove();
      else this.refuse(this.context.strings.error(state.refused.code, state.refused.error));
    }
    this.refusedShown = state.refused;
    this.showStatus();
  }

  /** @param {Event} event */
  async submit(event) {
    event.preventDefault();
    const { session, sounds } = this.context;
    if (this.busy || session.state.phase === 'joining') return;
    sounds.unlock();
    const name = this.nameField.value.trim();
    explain(this.nameField, name === '' ? this.t('join.name_missing') : null);
    const needsSession = !this.invitation && this.sessionField.value.trim() === '';
    if (!this.invitation) explain(this.sessionField, needsSession ? this.t('join.session_missing') : null);
    if (name === '') this.nameField.focus();
    else if (needsSession) this.sessionField.focus();
    if (name === '' || needsSession) return;
    const { entry } = this;
    entry.typed = { name, session: this.sessionField.value.trim(), role: this.roleField.value };
    if (!this.invitation) {
      this.busy = true;
      this.update(session.state);
      const answer = await requestToken(entry.typed);
      this.busy = false;
      if ('error' in answer) {
        this.update(session.state);
        this.refuse(this.context.strings.error(answer.code, answer.error));
        return;
      }
      entry.token = answer.token;
    }
    session.join({ token: entry.token, name });
  }

  async offerMove() {
    const { session, sounds } = this.context;
    const move = await ask({
      title: this.t('move.title'),
      text: this.t('move.text'),
      careful: this.t('move.stay'),
      other: this.t('move.here'),
    });
    if (!move) return;
    sounds.unlock();
    session.join({ token: this.entry.token, name: this.nameField.value.trim(), move: true });
  }

  /** @param {string} sentence */
  refuse(sentence) {
    this.refusal.hidden = false;
    replace(this.refusal, icon('warning'), h('p', {}, sentence));
  }

  /** A microphone may be open and give nothing: a switch on the headset, or the wrong one of two. */
  listenForSound() {
    const { devices, session } = this.context;
    if (devices.state.microphone !== 'ok' || !session.state.microphone) this.openedAt = Date.now();
    else if (devices.level() > 0.02) this.heard = true;
    this.showStatus();
  }

  /** One line when all works, and else what to expect. The steps stand under the picture. */
  showStatus() {
    const { devices, session } = this.context;
    const { camera, microphone } = devices.state;
    const troubled = problems(devices.state);
    const silent = !this.heard && Date.now() - this.openedAt > SILENCE_SECONDS * 1000;
    let key = 'status.works';
    /** @type {keyof typeof TONES} */
    let tone = 'good';
    if (camera === 'asking' || microphone === 'asking') [key, tone] = ['status.asking', 'quiet'];
    else if (troubled.length > 1) [key, tone] = ['status.without_both', 'warn'];
    else if (troubled.length > 0) [key, tone] = [`status.without_${troubled[0].kinds}`, 'warn'];
    else if (!session.state.microphone && !session.state.camera) [key, tone] = ['status.both_off', 'quiet'];
    else if (!session.state.microphone) [key, tone] = ['status.muted', 'quiet'];
    else if (silent) [key, tone] = ['status.silent', 'warn'];
    else if (!session.state.camera) [key, tone] = ['status.camera_off', 'quiet'];
    else if (this.heard) key = 'status.heard';
    if (this.status.dataset.key === key) return;
    this.status.dataset.key = key;
    this.status.dataset.tone = tone;
    replace(this.status, icon(TONES[tone]), h('span', {}, this.t(key)));
  }
}

customElements.define('tb-join-page', JoinPage);
