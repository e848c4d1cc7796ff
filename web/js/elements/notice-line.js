/**
 * The one calm line of a call: what is the matter, and what to do. Only the most important thing is said.
 * Screen readers hear of it from the announcer.
 */

import { called } from './called.js';
import { deviceLine } from './device-line.js';
import { SessionElement } from './element.js';
import { openPrivacy } from './privacy.js';
import { protectionLine } from './protection.js';
import { recordingLine } from './recording-state.js';
import { setSoundOnly } from './sound-only.js';
import { button, h, icon, replace } from '../view.js';

/**
 * @typedef {import('./element.js').SessionState} SessionState
 * @typedef {{text: string, tone: 'info' | 'warn', icon: string, button?: {text: string, press: () => void}}} Line
 */

const PATIENCE_SECONDS = 12;
const LAST_SECONDS = 60;
/** A connection that is weak for so long is not having a bad moment: there is something that a person can do. */
const WEAK_SECONDS = 20;

export class NoticeLine extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'notice-line';
    this.hidden = true;
    this.reconnectingSince = 0;
    this.weakSince = 0;
    this.shown = '';
  }

  connect() {
    this.every(1, () => this.update(this.context.session.state));
    this.keep(this.context.devices.subscribe(() => this.update(this.context.session.state)));
  }

  /** @param {Readonly<SessionState>} state */
  update(state) {
    if (state.connection !== 'reconnecting') this.reconnectingSince = 0;
    else if (this.reconnectingSince === 0) this.reconnectingSince = Date.now();
    if (!isWeak(state)) this.weakSince = 0;
    else if (this.weakSince === 0) this.weakSince = Date.now();
    const line = this.line(state);
    const shown = line ? `${line.tone} ${line.text} ${line.button?.text ?? ''}` : '';
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
    const { desk, sounds, session } = this.context;
    const { server } = state;
    if (state.connection === 'reconnecting') {
      const long = Date.now() - this.reconnectingSince > PATIENCE_SECONDS * 1000;
      const key = `line.reconnecting${long ? '_long' : ''}${server?.may.includes('admit') ? '.host' : ''}`;
      return { icon: 'signal-poor', tone: 'warn', text: this.t(key) };
    }
    const protection = this.protection(state);
    if (protection?.tone === 'warn') return protection;
    if (state.connection === 'detached') return { icon: 'info', tone: 'info', text: this.t('line.detached') };
    if (desk.state.soundBlocked) {
      const button = { text: this.t('line.sound_on'), press: () => sounds.unlock() };
      return { icon: 'sound', tone: 'warn', text: this.t('line.sound_blocked'), button };
    }
    const recording = this.recording(server);
    if (recording?.tone === 'warn') return recording;
    if (server?.ends_at && server.ends_at - session.now() < LAST_SECONDS) {
      return { icon: 'clock', tone: 'warn', text: this.t('line.ends_soon') };
    }
    const device = deviceLine(this.context, state);
    if (device) return device;
    const { notice } = desk.state;
    if (notice) return { icon: notice.tone === 'warn' ? 'warning' : 'info', ...notice };
    if (recording) return recording;
    if (protection) return protection;
    if (state.soundOnly) {
      const button = { text: this.t('line.pictures'), press: () => setSoundOnly(this.context, false) };
      return { icon: 'sound', tone: 'info', text: this.t('line.sound_only'), button };
    }
    if (isWeak(state)) {
      const long = Date.now() - this.weakSince > WEAK_SECONDS * 1000;
      const button = { text: this.t('control.sound_only'), press: () => setSoundOnly(this.context, true) };
      const text = this.t(long ? 'line.weak_long' : 'line.weak');
      return { icon: 'signal-poor', tone: 'warn', text, button: long ? button : undefined };
    }
    if (state.screen) return { icon: 'screen', tone: 'info', text: this.t('line.sharing') };
    return null;
  }

  /** @param {readonly string[]} names */
  list(names) {
    const { strings } = this.context;
    return strings.list(names.map((name) => called(strings, name)));
  }

  /**
   * @param {Readonly<SessionState>} state
   * @returns {Line | null}
   */
  protection(state) {
    const line = protectionLine(state, this.context.desk.state.worries);
    if (line === null) return null;
    const { key, names, tone, offer } = line;
    return {
      icon: tone === 'warn' ? 'warning' : 'shield-off',
      tone,
      text: this.t(key, { names: this.list(names), count: names.length }),
      button: { text: this.t(offer), press: () => openPrivacy(this.context) },
    };
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
      text: strings.text(key, { names: this.list(names), problem }),
      button: offer && { text: strings.text(offer.key), press: () => session.record(offer.action) },
    };
  }
}

/** @param {Readonly<SessionState>} state */
function isWeak({ server, quality }) {
  const grade = server && quality[server.you.id];
  return grade === 'poor' || grade === 'lost';
}

customElements.define('tb-notice-line', NoticeLine);
