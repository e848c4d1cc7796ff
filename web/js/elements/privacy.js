/**
 * Says in plain words what is protected from whom and what is not, and shows the words that people compare to be sure
 * that nobody stands between them. It changes as the session does: somebody comes, a recording begins.
 */

import { called } from './called.js';
import { CompareCard } from './compare-card.js';
import { open } from './dialog.js';
import { SessionElement } from './element.js';
import { PageCode } from './page-code.js';
import { endKey, keyless, looked, protectionOf, whyClear } from './protection.js';
import { recordingOf } from './recording-state.js';
import { unableList } from './unable.js';
import { h, icon, mirror, setIcon, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./element.js').SessionState} SessionState
 */

/** @type {Readonly<Record<import('./protection.js').Protection, string>>} */
const ICONS = { on: 'check', waiting: 'clock', amiss: 'warning', clear: 'shield-off' };

/** @param {Context} context */
export function openPrivacy(context) {
  const { strings } = context;
  return open(strings.text('privacy.title'), { close: strings.text('dialog.close'), broad: true }, (close) => [
    new Protected(context, close),
  ]);
}

/**
 * What is recorded, in a key of the catalogue.
 * @param {SessionState['server']} server
 */
export function recordedKey(server) {
  const phase = recordingOf(server)?.phase;
  return phase === 'running' || phase === 'paused' || phase === 'asking' ? `privacy.${phase}` : 'privacy.stored';
}

class Protected extends SessionElement {
  /**
   * @param {Context} context
   * @param {() => void} close
   */
  constructor(context, close) {
    super(context);
    this.className = 'protected';
    const name = context.settings.brand.name;
    const leave = () => {
      close();
      context.session.leave();
    };
    this.endSign = icon('check');
    this.endTitle = h('h3', {});
    this.endText = h('p', {});
    this.end = h('li', {}, this.endSign, h('div', {}, this.endTitle, this.endText));
    this.recorded = h('p', {});
    this.unable = h('div', { class: 'note' }, h('div', { class: 'note-body' }, unableList(context)));
    this.cards = h('div', { role: 'list', class: 'compare-cards' });
    this.how = h('p', {}, this.t('compare.text'));
    this.compare = h(
      'section',
      { class: 'dialog-section' },
      h('h3', {}, this.t('compare.title')),
      this.how,
      this.cards,
    );
    // The page's own announcer cannot be heard while a dialog is open.
    this.said = h('p', { class: 'only-read', role: 'status' });
    const say = (/** @type {string} */ text) => setText(this.said, text);
    this.makeCard = () => new CompareCard(context, { leave, say });
    this.append(
      h(
        'ul',
        { class: 'protected-facts' },
        h(
          'li',
          { 'data-protection': 'on' },
          icon('check'),
          h('div', {}, h('h3', {}, this.t('privacy.transit.title')), h('p', {}, this.t('privacy.transit', { name }))),
        ),
        this.end,
      ),
      this.unable,
      this.compare,
      h(
        'section',
        { class: 'dialog-section' },
        this.recorded,
        h('p', { class: 'small-text soft' }, this.t('privacy.sees', { name })),
        new PageCode(context),
      ),
      this.said,
    );
  }

  connect() {
    // Whoever closes it has seen what came while it was open.
    this.keep(() => this.look());
    this.look();
  }

  look() {
    const { desk } = this.context;
    desk.set({ worries: looked(desk.state.worries) });
  }

  /** @param {Readonly<SessionState>} state */
  update(state) {
    const { desk, settings } = this.context;
    const { server } = state;
    if (server === null) return;
    const { name } = settings.brand;
    const protection = protectionOf(state, desk.state.worries);
    this.end.dataset.protection = protection;
    setIcon(this.endSign, ICONS[protection]);
    setText(this.endTitle, this.t(`privacy.end.${protection}.title`));
    setText(this.endText, this.endWords(state, protection));
    setText(this.recorded, this.t(recordedKey(server), { name }));
    this.unable.hidden = state.encrypted.state !== 'impossible';
    this.compare.hidden = protection === 'clear' || server.people.length === 0;
    if (this.compare.hidden) return;
    mirror(this.cards, server.people, ({ id }) => id, this.makeCard, (card, person) => card.show(person));
    this.how.hidden = [...this.cards.children].every((each) => each instanceof CompareCard && each.words.hidden);
  }

  /**
   * @param {Readonly<SessionState>} state
   * @param {import('./protection.js').Protection} protection
   */
  endWords(state, protection) {
    const { strings, settings } = this.context;
    const waiting = keyless(state).map((person) => person.name);
    const names = (protection === 'waiting' ? waiting : whyClear(state).names).map((each) => called(strings, each));
    const values = { name: settings.brand.name, names: strings.list(names), count: names.length };
    return this.t(endKey(state, protection), values);
  }
}

customElements.define('tb-protected', Protected);
