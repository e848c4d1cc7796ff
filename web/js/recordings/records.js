/** What is on record about a recording: who watched or took it, and the proof of what was deleted. */

import { button, h, icon, replace, setText } from '../view.js';
import { ArchiveElement, Drawn } from './element.js';
import { section } from './files.js';
import { namesOf, roleOf, wordOr } from './words.js';

/**
 * @typedef {import('./element.js').ArchiveState} ArchiveState
 * @typedef {import('./api.js').Whole} Whole
 * @typedef {import('./api.js').Viewing} Viewing
 * @typedef {import('./api.js').Proof} Proof
 */

export class Viewings extends ArchiveElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'recordings-viewings';
    this.drawn = new Drawn();
    this.content = h('div', {});
    this.append(section('recordings-viewings', this.t('recordings.viewings'), this.content));
  }

  /** @param {Readonly<ArchiveState>} state */
  update({ whole }) {
    const viewings = whole?.viewings ?? null;
    this.hidden = viewings === null;
    if (viewings === null || !this.drawn.isNew(viewings)) return;
    if (viewings.length === 0) replace(this.content, h('p', { class: 'soft' }, this.t('recordings.viewings.none')));
    else replace(this.content, this.table([...viewings].reverse()));
  }

  /** @param {Viewing[]} viewings */
  table(viewings) {
    const { strings, formats } = this.context;
    const names = ['who', 'what', 'when'].map((column) => this.t(`recordings.viewings.${column}`));
    // Roles as well: on a phone the rows are laid out as cards, and browsers then take it for no table.
    const heads = names.map((name) => h('th', { scope: 'col', role: 'columnheader' }, name));
    const rows = viewings.map(({ who, role, kind, at }) => {
      const cells = [
        h('td', { role: 'cell' }, who, ' ', h('span', { class: 'soft' }, roleOf(strings, role))),
        h('td', { role: 'cell' }, wordOr(strings, `recordings.viewing.${kind}`, kind)),
        h('td', { role: 'cell' }, formats.moment(at)),
      ];
      return h('tr', { role: 'row' }, cells);
    });
    return h(
      'table',
      { class: 'recordings-table', role: 'table', 'aria-labelledby': 'recordings-viewings' },
      h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, heads)),
      h('tbody', { role: 'rowgroup' }, rows),
    );
  }
}

customElements.define('tb-recordings-viewings', Viewings);

export class Proofs extends ArchiveElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'recordings-proofs';
    this.drawn = new Drawn();
    this.content = h('div', { class: 'recordings-proof-list' });
    this.section = section('recordings-proofs', this.t('recordings.proof'), this.content);
    this.append(this.section);
  }

  /** @param {Readonly<ArchiveState>} state */
  update({ whole }) {
    this.hidden = whole === null || whole.proofs.length === 0;
    if (whole === null || !this.drawn.isNew([whole.proofs, whole.people])) return;
    replace(this.content, [...whole.proofs].reverse().map((proof) => this.proof(whole, proof)));
  }

  /** Where reading goes on after a deletion. */
  takeFocus() {
    this.section.querySelector('h2')?.focus();
  }

  /**
   * @param {Whole} whole
   * @param {Proof} proof
   */
  proof({ recording, people }, proof) {
    const { strings, formats } = this.context;
    const names = namesOf(strings, people);
    const what = proof.person === null ? this.t('recordings.proof.all') : (names.get(proof.person) ?? proof.person);
    const output = this.t('recordings.proof.output');
    const copied = h('span', { role: 'status', class: 'small-text soft' });
    const copy = async () => {
      const text = JSON.stringify({ recording: recording.id, ...proof }, null, 2);
      setText(copied, await copyText(text) ? this.t('recordings.proof.copied') : this.t('recordings.proof.not_copied'));
    };
    return h(
      'div',
      { class: 'recordings-proof' },
      h('p', {}, h('strong', {}, what), ': ', proof.reason),
      h(
        'p',
        { class: 'small-text soft' },
        this.t('recordings.proof.by', { who: proof.by, when: formats.moment(proof.at) }),
      ),
      h('p', { class: 'small-text' }, this.t('recordings.proof.text')),
      h(
        'ul',
        { class: 'recordings-hashes' },
        proof.keys.map(({ of, id, sha256 }) =>
          h(
            'li',
            {},
            h('span', { class: 'small-text soft' }, of === 'person' ? (names.get(id) ?? id) : output),
            h('code', {}, sha256),
          ),
        ),
      ),
      h(
        'div',
        { class: 'recordings-copy' },
        button('button compact', () => void copy(), icon('copy'), this.t('recordings.proof.copy')),
        copied,
      ),
    );
  }
}

customElements.define('tb-recordings-proofs', Proofs);

/**
 * @param {string} text
 * @returns {Promise<boolean>} false where the browser does not let pages do that
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
