/**
 * The one calm line of a call: what is the matter, and what to do. Only the most important thing is said.
 * Screen readers hear of it from the announcer.
 */

import { problems } from './device-help.js';
import { SessionElement } from './element.js';
import { recordingLine } from './recording-state.js';
import { openSettings } from './settings-dialog.js';
import { button, h, icon, replace } from '../view.js';

/**
 * @typedef {import('./element.js').SessionState} SessionState
 * @typedef {{text: string, tone: 'info' | 'warn', icon: string, button?: {text: string, press: () => void}}} Line
 */

const PATIENCE_SECONDS = 12;
const LAST_SECONDS = 60;

export class NoticeLine extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'notice-line';
    this.hidden = true;
    this.reconnectingSince = 0;
    this.shown = '';
  }

  connect() {
    this.every(1, () => this.update(this.context.session.state));
    this.keep(this.context.devices.subscribe(() => this.update(this.context.session.state)));
  }

  /** @param {Readonly<SessionState>} state */
  update(state) {
    if (state.connection === 'ok') this.reconnectingSince = 0;
    else if (this.reconnectingSince === 0) this.reconnectingSince = Date.now();
    const line = this.line(state);
    const shown = line ? `${line.tone} ${line.text}` : '';
    if (shown === this.shown) return;
    this.shown = shown;
    this.hidden = line === null;
    if (line === null) return replace(this);
    this.dataset.tone = line.tone;
    replace(
      this,
      icon(line.icon),
      h('span', {}, line.text),
      line.button && button('button compact', line.button.press, line.button.text),
    );
  }

  /**
   * @param {Readonly<SessionState>} state
   * @returns {Line | null}
   */
  line(state) {
    const { desk, sounds, session, devices } = this.context;
    const { server } = state;
    if (state.connection === 'reconnecting') {
      const long = Date.now() - this.reconnectingSince > PATIENCE_SECONDS * 1000;
      return { icon: 'signal-poor', tone: 'warn', text: this.t(long ? 'line.reconnecting_long' : 'line.reconnecting') };
    }
    if (desk.state.soundBlocked) {
      const button = { text: this.t('line.sound_on'), press: () => sounds.unlock() };
      return { icon: 'sound', tone: 'warn', text: this.t('line.sound_blocked'), button };
    }
    const recording = this.recording(server);
    if (recording?.tone === 'warn') return recording;
    if (server?.ends_at && server.ends_at - session.now() < LAST_SECONDS) {
      return { icon: 'clock', tone: 'warn', text: this.t('line.ends_soon') };
    }
    const [problem] = problems(devices.state).filter(
      ({ kinds }) => (kinds !== 'camera' && state.microphone) || (kinds !== 'microphone' && state.camera),
    );
    if (problem) {
      const button = { text: this.t('line.device_help'), press: () => void openSettings(this.context) };
      const what = problem.trouble === 'interrupted' ? 'interrupted' : 'device';
      return { icon: 'warning', tone: 'warn', text: this.t(`line.${what}.${problem.kinds}`), button };
    }
    const { notice } = desk.state;
    if (notice) return { icon: notice.tone === 'warn' ? 'warning' : 'info', ...notice };
    if (recording) return recording;
    const quality = server && state.quality[server.you.id];
    if (quality === 'poor' || quality === 'lost') {
      return { icon: 'signal-poor', tone: 'warn', text: this.t('line.weak') };
    }
    if (state.screen) return { icon: 'screen', tone: 'info', text: this.t('line.sharing') };
    return null;
  }

  /**
   * @param {SessionState['server']} server
   * @returns {Line | null}
   */
  recording(server) {
    const { session, strings } = this.context;
    const line = recordingLine(server);
    if (line === null) return null;
    const { key, names = [], problem = '', tone, offer } = line;
    return {
      icon: tone === 'warn' ? 'warning' : 'record',
      tone,
      text: strings.text(key, { names: strings.list(names), problem }),
      button: offer && { text: strings.text(offer.key), press: () => session.record(offer.action) },
    };
  }
}

customElements.define('tb-notice-line', NoticeLine);
