/**
 * The call: the stage, the panels beside it, the bar below, and the questions that others ask during it.
 */

import { CallBar } from '../elements/call-bar.js';
import { called } from '../elements/called.js';
import { ChatPanel } from '../elements/chat-panel.js';
import { ConsentCard } from '../elements/consent-card.js';
import { ask } from '../elements/dialog.js';
import { changeSaid } from '../elements/device-line.js';
import { SessionElement } from '../elements/element.js';
import { NoticeLine } from '../elements/notice-line.js';
import { PeoplePanel } from '../elements/people-panel.js';
import { worriesOf } from '../elements/protection.js';
import { recordingOf, wasCaptured } from '../elements/recording-state.js';
import { Stage } from '../elements/stage.js';
import { WaitingCard } from '../elements/waiting-card.js';
import { h } from '../view.js';

/** @typedef {import('../elements/element.js').SessionState} SessionState */

const MOVE_ASKED_SECONDS = 30; // the other device is told "no" after that

export class CallPage extends SessionElement {
  /** @param {import('../elements/element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'call in-room';
    this.panels = h('div', { class: 'panels' }, new ChatPanel(context), new PeoplePanel(context));
    this.append(
      h('h1', { class: 'only-read', tabindex: '-1' }, this.t('call.title')),
      h(
        'div',
        { class: 'call-middle' },
        h('div', { class: 'cards' }, new ConsentCard(context), new WaitingCard(context)),
        h('div', { class: 'stage-frame' }, new NoticeLine(context), new Stage(context)),
        this.panels,
      ),
      new CallBar(context),
    );
  }

  connect() {
    const { session, devices, desk, strings } = this.context;
    this.keep(devices.subscribe(({ change }, before) => change !== before.change && change && this.sayChange(change)));
    this.keep(session.on('mute_requested', ({ by }) => void this.askToMute(by)));
    this.keep(session.on('move_requested', () => void this.askToMove()));
    this.keep(session.on('refused', ({ code, error }) => desk.say(strings.error(code, error), 'warn')));
    if (visualViewport) {
      this.listen(visualViewport, 'resize', () => keepAboveKeyboard());
      this.listen(visualViewport, 'scroll', () => keepAboveKeyboard());
    }
    this.keep(() => desk.set({ panel: null, unread: 0, notice: null, pinned: null, worries: [] }));
  }

  /**
   * @param {Readonly<SessionState>} state
   * @param {Readonly<SessionState>} previous
   */
  update(state, { server: before }) {
    const { desk, strings } = this.context;
    const { server } = state;
    desk.set({ worries: worriesOf(desk.state.worries, state) });
    this.panels.hidden = desk.state.panel === null;
    this.dataset.panel = desk.state.panel ?? 'none';
    if (!server || !before) return;
    if (server.you.may_share && !before.you.may_share) desk.say(strings.text('say.may_share'));
    if (wasCaptured(recordingOf(before)) && recordingOf(server) === null) desk.say(strings.text('say.recording_over'));
  }

  /** @param {import('../devices-state.js').DeviceChange} change  of a device, without anybody having asked for it */
  sayChange(change) {
    const { desk, announcer, strings } = this.context;
    const text = changeSaid(strings, change);
    desk.say(text, change.what === 'replaced' ? 'warn' : 'info');
    announcer.say(text);
  }

  /** @param {string} by */
  async askToMute(by) {
    const { session, announcer, strings } = this.context;
    if (!session.state.microphone) return;
    const keep = await ask({
      title: strings.text('mute_asked.title', { name: called(strings, by) }),
      text: strings.text('mute_asked.text'),
      careful: strings.text('mute_asked.mute'),
      other: strings.text('mute_asked.stay'),
      escape: 'other',
    });
    if (keep || !session.state.microphone) return;
    if (await session.setMicrophone(false)) announcer.say(strings.text('say.muted'));
  }

  async askToMove() {
    const { session, strings } = this.context;
    const patience = new AbortController(); // AbortSignal.timeout is not in every browser that can encrypt
    const late = setTimeout(() => patience.abort(), MOVE_ASKED_SECONDS * 1000);
    const move = await ask({
      title: strings.text('move_asked.title'),
      text: strings.text('move_asked.text'),
      careful: strings.text('move_asked.keep'),
      other: strings.text('move_asked.move'),
      signal: patience.signal,
    });
    clearTimeout(late);
    session.answerMove(move);
  }
}

/** Some phones lay their keyboard over the page without telling it: sheets then have to stand higher. */
function keepAboveKeyboard() {
  if (!visualViewport) return;
  const covered = Math.max(0, innerHeight - visualViewport.height - visualViewport.offsetTop);
  document.documentElement.style.setProperty('--keyboard', `${Math.round(covered)}px`);
}

customElements.define('tb-call-page', CallPage);
