/**
 * The page of recordings: the top line with who is signed in, and below it the list, one recording, or why there is
 * nothing to be seen and what to do.
 */

import { ask } from '../elements/dialog.js';
import { Details } from '../recordings/details.js';
import { ArchiveElement } from '../recordings/element.js';
import { RecordingsList } from '../recordings/list.js';
import { LIST, placeOf } from '../recordings/place.js';
import { roleOf, sentenceOf } from '../recordings/words.js';
import { beforePaint, button, h, icon, setText } from '../view.js';
import { noticePage } from './notice.js';

/**
 * @typedef {import('../recordings/element.js').Context} Context
 * @typedef {import('../recordings/element.js').ArchiveState} ArchiveState
 */

const LOOK_SECONDS = 2;

/** @type {Record<import('../recordings/archive.js').Out, string>} */
const ICONS = {
  no_link: 'info',
  expired: 'clock',
  invalid: 'info',
  over: 'clock',
  signed_out: 'check',
  refused: 'signal-lost',
};

export class RecordingsApp extends ArchiveElement {
  /** @param {Context} context */
  constructor(context) {
    super(context);
    this.main = h('main', { id: 'main' });
    this.shown = '';
    /** @type {RecordingsList | null} kept while one of its recordings is open: one comes back to where one was */
    this.list = null;
    this.keeper = h('span', { class: 'pill' });
    this.account = h(
      'div',
      { class: 'pills', hidden: true },
      this.keeper,
      button('button compact plain', () => void this.signOut(), icon('exit'), this.t('recordings.sign_out')),
    );
    const { brand } = context.settings;
    const logo = brand.logo
      ? h('img', { class: 'logo', src: brand.logo, alt: '', decoding: 'async' })
      : h('span', { class: 'logo mark', 'aria-hidden': 'true' });
    this.append(
      h(
        'div',
        { class: 'top-line', role: 'banner' },
        h('div', { class: 'brand' }, logo, h('span', { class: 'brand-name' }, brand.name)),
        this.account,
      ),
      this.main,
      context.announcer,
    );
  }

  connect() {
    const { archive } = this.context;
    this.listen(window, 'hashchange', () => {
      if (location.hash.includes('token=')) location.reload(); // another link was opened in this tab
      else void archive.show(placeOf());
    });
    const look = () => void (document.hidden || archive.look());
    this.every(LOOK_SECONDS, look);
    this.listen(document, 'visibilitychange', look);
  }

  /**
   * @param {Readonly<ArchiveState>} state
   * @param {Readonly<ArchiveState>} previous
   */
  update(state, previous) {
    const { phase, out, open, me, whole } = state;
    const { strings, settings } = this.context;
    this.account.hidden = me === null;
    if (me) setText(this.keeper, roleOf(strings, me.role));
    const page = phase === 'out' ? this.t('recordings.out') : (whole?.recording.session ?? this.t('recordings.title'));
    document.title = strings.text('title', { page, name: settings.brand.name });

    const shown = phase === 'in' ? `in ${open ?? ''}` : `${phase} ${out ?? ''}`;
    if (shown === this.shown) return;
    const first = this.shown === '' || this.shown.startsWith('starting');
    this.shown = shown;
    for (const dialog of document.querySelectorAll('dialog[open]')) /** @type {HTMLDialogElement} */ (dialog).close();
    this.main.replaceChildren(this.make(state));
    beforePaint(() => this.moveFocus(first, open, previous.open));
  }

  /**
   * @param {Readonly<ArchiveState>} state
   * @returns {HTMLElement}
   */
  make({ phase, out, open, problem }) {
    if (phase === 'starting') {
      return h('p', { class: 'page recordings-page soft', role: 'status' }, this.t('recordings.loading'));
    }
    if (phase === 'out') return this.outside(out ?? 'no_link', problem);
    if (open !== null) return new Details(this.context);
    return (this.list ??= new RecordingsList(this.context));
  }

  /**
   * @param {import('../recordings/archive.js').Out} out
   * @param {import('../recordings/api.js').Refusal | null} problem
   */
  outside(out, problem) {
    const { strings, settings } = this.context;
    const next = this.t(`recordings.out.${out}_next`, { name: settings.brand.name });
    return noticePage({
      icon: ICONS[out],
      title: this.t(`recordings.out.${out}`),
      sentences: out === 'refused' && problem !== null ? [sentenceOf(strings, problem), next] : [next],
      ways: out === 'refused' ? [{ text: this.t('recordings.again'), go: () => location.reload(), main: true }] : [],
    });
  }

  /**
   * The focus goes where reading goes on: to the heading, or back to the row that one came from.
   * @param {boolean} first
   * @param {string | null} open
   * @param {string | null} before
   */
  moveFocus(first, open, before) {
    const { archive } = this.context;
    if (first) return;
    if (open === null && before !== null && archive.state.phase === 'in' && this.list?.focusRow(before)) return;
    scrollTo(0, 0);
    this.main.querySelector('h1')?.focus();
  }

  async signOut() {
    const { archive, strings } = this.context;
    const problem = await archive.signOut();
    if (problem === null) {
      history.replaceState(null, '', LIST);
      return;
    }
    const again = await ask({
      title: strings.text('recordings.sign_out_failed'),
      text: sentenceOf(strings, problem),
      careful: strings.text('dialog.close'),
      other: strings.text('recordings.again'),
    });
    if (again) await this.signOut();
  }
}

customElements.define('tb-recordings', RecordingsApp);
