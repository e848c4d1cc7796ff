/**
 * What the recording is at the moment, and what this person can do about it: those who may record pause and stop it,
 * everybody else can take back what they agreed to. Also the question before everyone is asked.
 */

import { called } from './called.js';
import { ask, open } from './dialog.js';
import { SessionElement } from './element.js';
import { recordedSeconds, recordingOf } from './recording-state.js';
import { button, h, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./element.js').SessionState} SessionState
 * @typedef {'start' | 'pause' | 'resume' | 'stop'} Action
 */

/** @type {Readonly<Record<import('../messages').RecordingPhase, readonly Action[]>>} */
const OFFERED = {
  asking: ['stop'],
  running: ['pause', 'stop'],
  paused: ['resume', 'stop'],
  declined: ['start'],
  failed: ['start'],
};

/** @param {Context} context */
export function openRecording(context) {
  const { strings } = context;
  return open(strings.text('recording.title'), { close: strings.text('dialog.close') }, (close) => [
    new RecordingStatus(context, close),
  ]);
}

/**
 * Says what is about to happen, and then asks everyone.
 * @param {Context} context
 */
export async function askToRecord({ session, strings }) {
  const start = await ask({
    title: strings.text('record.title'),
    text: strings.text('record.text'),
    careful: strings.text('record.not_now'),
    other: strings.text('record.ask'),
  });
  if (start) session.record('start');
}

class RecordingStatus extends SessionElement {
  /**
   * @param {Context} context
   * @param {() => void} close
   */
  constructor(context, close) {
    super(context);
    this.className = 'recording-status';
    this.close = close;
    this.sentence = h('p', {});
    this.time = h('p', { class: 'small-text soft' });
    this.waiting = h('p', { class: 'small-text soft' });
    /** @type {Map<Action, HTMLButtonElement>} */
    this.actions = new Map();
    for (const action of /** @type {Action[]} */ (['start', 'resume', 'pause', 'stop'])) {
      this.actions.set(action, button('button', () => this.choose(action)));
    }
    this.leading = h('div', { class: 'dialog-buttons' }, ...this.actions.values());
    this.own = h(
      'div',
      { class: 'recording-own' },
      h('p', {}, this.t('recording.withdraw_text')),
      button('button wide', () => this.withdraw(), this.t('recording.withdraw')),
    );
    this.append(this.sentence, this.time, this.waiting, this.leading, this.own);
  }

  connect() {
    this.every(1, () => this.update(this.context.session.state));
  }

  /** @param {Readonly<SessionState>} state */
  update({ server }) {
    const { session, strings } = this.context;
    const recording = recordingOf(server);
    if (server === null || recording === null) {
      this.close(); // nothing is left to be said of it
      return;
    }
    const { phase, paused_by: by, declined, problem } = recording;
    const leads = server.may.includes('record');
    const key = phase === 'paused' ? `paused_${by}` : phase === 'declined' ? `declined_${declined}` : phase;
    setText(this.sentence, this.t(`recording.is.${key}`, { problem: problem ?? '' }));
    this.time.hidden = recording.started_at === null;
    const time = strings.duration(recordedSeconds(recording, session.now()));
    setText(this.time, this.t('recording.so_far', { time }));
    const names = server.people.filter(({ id }) => recording.waiting_on.includes(id)).map(({ name }) => name);
    this.waiting.hidden = names.length === 0;
    const list = strings.list(names.map((name) => called(strings, name)));
    setText(this.waiting, this.t('recording.waiting_on', { names: list }));
    this.leading.hidden = !leads;
    for (const [action, control] of this.actions) {
      control.hidden = !OFFERED[phase].includes(action);
      setText(control, this.t(`recording.do.${phase === 'asking' ? 'stop_asking' : action}`));
    }
    this.own.hidden = leads || recording.you === 'asked' || recording.you === 'refused' || phase === 'failed';
  }

  /** @param {Action} action */
  choose(action) {
    const { session } = this.context;
    this.close();
    if (action === 'start') void askToRecord(this.context);
    else session.record(action);
  }

  withdraw() {
    const { session, desk, strings } = this.context;
    this.close();
    session.answerConsent({ agreed: false });
    if (session.state.connection !== 'ok') desk.say(strings.text('recording.withdraw_soon'), 'warn');
  }
}

customElements.define('tb-recording-status', RecordingStatus);
