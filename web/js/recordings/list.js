/**
 * All recordings, newest first: searched by session, narrowed by day and state, as many as were asked for.
 *
 * Not here: one row (`row.js`).
 */

import { field } from '../elements/field.js';
import { button, h, icon, mirror, set, setText } from '../view.js';
import { EVERYTHING } from './archive.js';
import { ArchiveElement } from './element.js';
import { Row } from './row.js';
import { midnight, sentenceOf } from './words.js';

/**
 * @typedef {import('./element.js').ArchiveState} ArchiveState
 * @typedef {import('./api.js').RecordingState} RecordingState
 */

/** @type {readonly RecordingState[]} */
export const STATES = ['capturing', 'captured', 'composing', 'ready', 'failed', 'shredded'];

const LONGEST_SEARCH = 100;

export class RecordingsList extends ArchiveElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'page recordings-page';
    const { archive } = context;
    this.search = h('input', {
      id: 'recordings-search',
      type: 'search',
      autocomplete: 'off',
      spellcheck: 'false',
      maxlength: LONGEST_SEARCH,
      oninput: () => archive.filter({ search: this.search.value }, { typing: true }),
    });
    const narrow = () => archive.filter({ since: midnight(this.since.value), until: midnight(this.until.value, 1) });
    this.since = h('input', { id: 'recordings-since', type: 'date', onchange: narrow });
    this.until = h('input', { id: 'recordings-until', type: 'date', onchange: narrow });
    this.state = h(
      'select',
      {
        id: 'recordings-state',
        onchange: () => archive.filter({ state: /** @type {RecordingState | ''} */ (this.state.value) }),
      },
      h('option', { value: '' }, this.t('recordings.filter.any')),
      STATES.map((state) => h('option', { value: state }, this.t(`recordings.filter.${state}`))),
    );
    this.clear = button('button compact plain', () => this.empty(), this.t('recordings.filter.clear'));
    this.count = h('p', { class: 'recordings-count small-text soft', role: 'status' });
    this.rows = h('ul', { class: 'recordings-rows', 'aria-label': this.t('recordings.title') });
    this.more = button('button', () => void this.loadMore(), this.t('recordings.more'));
    this.nothing = h('p', { class: 'recordings-nothing soft', role: 'status' });
    this.sentence = h('p', {});
    this.failed = h(
      'div',
      { class: 'note bad', role: 'alert' },
      icon('warning'),
      h(
        'div',
        { class: 'note-body' },
        this.sentence,
        h('div', {}, button('button compact', () => void archive.again(), this.t('recordings.again'))),
      ),
    );
    this.append(
      h('h1', { tabindex: '-1' }, this.t('recordings.title')),
      h(
        'form',
        {
          class: 'recordings-filters',
          role: 'search',
          'aria-label': this.t('recordings.filter.title'),
          onsubmit: (/** @type {Event} */ event) => event.preventDefault(), // it is asked for while one types
        },
        field(this.search, this.t('recordings.filter.search')),
        field(this.since, this.t('recordings.filter.since')),
        field(this.until, this.t('recordings.filter.until')),
        field(this.state, this.t('recordings.filter.state')),
        this.clear,
      ),
      this.count,
      this.failed,
      this.rows,
      this.nothing,
      h('div', { class: 'recordings-more' }, this.more),
    );
  }

  /** @param {Readonly<ArchiveState>} state */
  update({ list, rows, next, filters, problem }) {
    const { strings } = this.context;
    const narrowed = JSON.stringify(filters) !== JSON.stringify(EVERYTHING);
    const loading = list === 'loading';
    this.toggleAttribute('data-loading', loading);
    this.clear.hidden = !narrowed;
    this.failed.hidden = list !== 'failed';
    if (problem) setText(this.sentence, sentenceOf(strings, problem));
    this.rows.hidden = rows.length === 0 || (list === 'failed' && problem?.code === 'not_allowed');
    mirror(
      this.rows,
      rows,
      ({ id }) => id,
      () => h('li', {}, new Row(this.context)),
      (item, recording) => /** @type {Row} */ (item.firstElementChild).show(recording),
    );
    this.more.hidden = next === null || loading || list === 'failed';
    set(this.more, { 'aria-disabled': list === 'more' });
    this.nothing.hidden = list !== 'ready' || rows.length > 0;
    setText(this.nothing, this.t(narrowed ? 'recordings.nothing_found' : 'recordings.nothing_yet'));
    setText(this.count, loading ? this.t('recordings.loading') : this.counted(rows.length, next !== null, list));
  }

  /**
   * @param {number} count
   * @param {boolean} more
   * @param {ArchiveState['list']} list
   */
  counted(count, more, list) {
    if (list === 'failed' || count === 0) return '';
    return this.t(more ? 'recordings.count_newest' : 'recordings.count', { count });
  }

  empty() {
    for (const input of [this.search, this.since, this.until, this.state]) input.value = '';
    this.context.archive.filter(EVERYTHING);
    this.search.focus();
  }

  /** The focus goes to the first new row: where the button stood, another may stand, or none. */
  async loadMore() {
    const { archive } = this.context;
    const before = archive.state.rows.length;
    await archive.more();
    const link = this.rows.children[before]?.querySelector('a');
    if (archive.state.rows.length > before && link) link.focus();
  }

  /**
   * Back to where one came from.
   * @param {string} id
   * @returns {boolean} whether it is there
   */
  focusRow(id) {
    const row = [...this.rows.children].find((each) => each instanceof HTMLElement && each.dataset.key === id);
    row?.querySelector('a')?.focus();
    return row !== undefined;
  }
}

customElements.define('tb-recordings-list', RecordingsList);
