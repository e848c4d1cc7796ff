/**
 * The whole page: the top line, and below it the page that belongs to the session's phase.
 */

import { announcements } from '../elements/announcements.js';
import { Arrivals } from '../elements/arrivals.js';
import { Awake } from '../elements/awake.js';
import { called } from '../elements/called.js';
import { SessionElement } from '../elements/element.js';
import { recordingOf } from '../elements/recording-state.js';
import { shortcuts } from '../elements/shortcuts.js';
import { TopLine } from '../elements/top-line.js';
import { beforePaint, h, whenIdle } from '../view.js';
import { CallPage } from './call.js';
import { JoinPage } from './join.js';
import { movingPage, noLinkPage, overPage, refusedPage, returningPage } from './over.js';
import { isFinal, isShutOut } from './refusals.js';
import { WaitingPage } from './waiting.js';

/**
 * @typedef {import('../elements/element.js').Context} Context
 * @typedef {import('../elements/element.js').SessionState} SessionState
 * @typedef {'join' | 'no_link' | 'returning' | 'moving' | 'waiting' | 'call' | 'over' | 'refused'} PageName
 */

export class App extends SessionElement {
  /**
   * @param {Context} context
   * @param {import('./join.js').Entry} entry
   */
  constructor(context, entry) {
    super(context);
    this.entry = entry;
    this.awake = new Awake();
    this.main = h('main', { id: 'main' });
    /** @type {PageName | ''} */
    this.page = '';
    /** @type {CallPage | null} made while there is time, so that the first picture need not wait for its frame */
    this.room = null;
    /** When the recording began of which this page has made the sound. */
    this.recordingHeard = 0;
    this.arrivals = new Arrivals({ say: (said) => this.say(said) });
    this.append(new TopLine(context), this.main, context.announcer, context.sounds.element);
  }

  connect() {
    const { context } = this;
    this.listen(document, 'keydown', shortcuts(context));
    this.keep(context.session.subscribe((state, previous) => this.tell(state, previous)));
  }

  /** @param {Readonly<SessionState>} state */
  update(state) {
    const page = this.choose(state);
    this.awake.keep(state.phase === 'present' || state.phase === 'waiting');
    this.name(page, (state.phase === 'present' && state.server?.waiting.length) || 0);
    if (page === this.page) return;
    const first = this.page === '';
    this.page = page;
    for (const dialog of document.querySelectorAll('dialog[open]')) /** @type {HTMLDialogElement} */ (dialog).close();
    const inRoom = page === 'call';
    document.documentElement.classList.toggle('call-open', inRoom);
    this.classList.toggle('in-room', inRoom);
    this.main.replaceChildren(this.make(page, state));
    beforePaint(() => {
      scrollTo(0, 0);
      if (!first) this.main.querySelector('h1')?.focus(); // where a screen reader goes on reading
    });
    if (page === 'join' || page === 'waiting') whenIdle(() => (this.room ??= new CallPage(this.context)));
  }

  /**
   * @param {Readonly<SessionState>} state
   * @returns {PageName}
   */
  choose({ phase, refused, encrypted }) {
    if (phase === 'present') return 'call';
    if (phase === 'waiting' || phase === 'moving' || phase === 'over') return phase;
    if (refused && isFinal(refused.code)) return 'refused';
    if (phase === 'joining' && this.page !== 'join') return 'returning';
    if (!this.entry.invitation && !this.entry.demo) return 'no_link';
    return this.shutOut(encrypted) ? 'refused' : 'join';
  }

  /** @param {SessionState['encrypted']} encrypted */
  shutOut(encrypted) {
    return isShutOut(encrypted, this.context.settings, this.entry.invitation);
  }

  /**
   * @param {PageName} page
   * @param {Readonly<SessionState>} state
   * @returns {HTMLElement}
   */
  make(page, { over, refused, encrypted }) {
    const { context } = this;
    const shutOut = this.shutOut(encrypted) ? { code: 'cannot_encrypt', error: '' } : null;
    switch (page) {
      case 'call': {
        const room = this.room ?? new CallPage(context);
        this.room = null;
        return room;
      }
      case 'waiting':
        return new WaitingPage(context);
      case 'join':
        return new JoinPage(context, this.entry);
      case 'moving':
        return movingPage(context);
      case 'returning':
        return returningPage(context);
      case 'over':
        return overPage(context, over?.reason ?? 'left');
      case 'refused':
        return refusedPage(context, refused ?? shutOut ?? { code: 'token_invalid', error: '' });
      case 'no_link':
        return noLinkPage(context);
    }
  }

  /**
   * Tells ears what eyes see.
   * @param {Readonly<SessionState>} state
   * @param {Readonly<SessionState>} previous
   */
  tell(state, previous) {
    const { sounds } = this.context;
    this.say(announcements(state, previous));
    this.arrivals.follow(state);
    const before = new Set(previous.server?.waiting.map((person) => person.id));
    if (state.server?.waiting.some((person) => !before.has(person.id))) sounds.chime('waiting');
    if (state.phase === 'present' && previous.phase === 'waiting') sounds.chime('admitted');
    const recording = recordingOf(state.server);
    if (recording?.phase === 'running' && recording.started_at !== null) {
      if (recording.started_at !== this.recordingHeard) sounds.chime('recording');
      this.recordingHeard = recording.started_at;
    }
  }

  /** @param {import('../elements/announcements.js').Announcement[]} said */
  say(said) {
    const { announcer, strings } = this.context;
    for (const { key, values = {}, names, urgent } of said) {
      const list = (names ?? []).map((name) => called(strings, name));
      const named = typeof values.name === 'string' ? { ...values, name: called(strings, values.name) } : values;
      announcer.say(strings.text(key, names ? { names: strings.list(list), count: list.length } : named), urgent);
    }
  }

  /**
   * Also read in a row of tabs, when the page itself is not seen.
   * @param {PageName} page
   * @param {number} waiting
   */
  name(page, waiting) {
    const { strings, settings } = this.context;
    const title = strings.text('title', { page: strings.text(`title.${page}`), name: settings.brand.name });
    document.title = waiting === 0 ? title : strings.text('title.with_waiting', { count: waiting, title });
  }
}

customElements.define('tb-app', App);
