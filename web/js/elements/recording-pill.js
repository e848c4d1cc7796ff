/**
 * The sign in the top line that a session is recorded, or is to be: a dot, a word and the time, the same for everyone.
 * It is steady: nothing blinks. Pressing it says more and offers what can be done. When the recording is over it says
 * to those who may record how far its film is.
 */

import { SessionElement } from './element.js';
import { openRecording } from './recording-dialog.js';
import { filmOf, recordedSeconds, recordingOf } from './recording-state.js';
import { button, h, icon, setIcon, setText } from '../view.js';

/** @type {Readonly<Record<import('../messages').RecordingPhase, string>>} */
const ICONS = { asking: 'record', running: 'dot', paused: 'pause', declined: 'record-off', failed: 'warning' };

export class RecordingPill extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'recording-pill';
    this.hidden = true;
    this.icon = icon('record');
    this.word = h('span', {});
    this.time = h('span', {});
    this.pill = h('span', { class: 'pill' }, this.icon, this.word, this.time);
    this.press = button('pill-button', () => openRecording(context), this.pill);
    this.press.setAttribute('aria-haspopup', 'dialog');
    this.film = h('span', {});
    this.filmPill = h('span', { class: 'pill' }, icon('film'), this.film);
    this.append(this.press, this.filmPill);
  }

  connect() {
    this.every(1, () => this.update(this.context.session.state));
  }

  /** @param {Readonly<import('./element.js').SessionState>} state */
  update({ phase, server }) {
    const recording = phase === 'present' ? recordingOf(server) : null;
    const film = phase === 'present' ? filmOf(server) : null;
    this.hidden = recording === null && film === null;
    this.press.hidden = recording === null;
    this.filmPill.hidden = film === null;
    if (film !== null) {
      this.dataset.phase = 'film';
      setText(this.film, this.t(film.key, { percent: film.percent }));
    }
    if (recording === null) return;
    const { session, strings } = this.context;
    this.dataset.phase = recording.phase;
    setIcon(this.icon, ICONS[recording.phase]);
    setText(this.word, this.t(`recording.${recording.phase}`));
    this.time.hidden = recording.phase !== 'running' && recording.phase !== 'paused';
    setText(this.time, strings.duration(recordedSeconds(recording, session.now())));
  }
}

customElements.define('tb-recording-pill', RecordingPill);
