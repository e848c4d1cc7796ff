/** One line of the check: a mark, what it is, what was found, and what to do about it. */

import { h, icon, setIcon, setText } from '../view.js';

/** @typedef {import('../check/verdict.js').Item} Item */
/** @typedef {import('../check/verdict.js').Mark} Mark */

/** @type {Record<Mark, string>} */
export const ICONS = { wait: 'dot', busy: 'clock', good: 'check', fair: 'warning', bad: 'close', none: 'info' };

export class CheckItem extends HTMLElement {
  /**
   * @param {import('../strings.js').Strings} strings
   * @param {import('../check/verdict.js').Name} name
   * @param {...Node} more  what belongs to it beside words
   */
  constructor(strings, name, ...more) {
    super();
    this.strings = strings;
    this.sign = icon('dot');
    this.word = h('span', { class: 'check-word' });
    this.detail = h('p', { class: 'soft' });
    this.advice = h('p', { class: 'check-advice', hidden: true });
    this.append(
      h('span', { class: 'check-sign' }, this.sign),
      h(
        'div',
        { class: 'check-body' },
        h('h2', { class: 'check-name' }, strings.text(`check.${name}`), this.word),
        this.detail,
        this.advice,
        ...more,
      ),
    );
  }

  connectedCallback() {
    this.className = 'check-item';
    this.setAttribute('role', 'listitem');
  }

  /** @param {Item} item */
  show({ mark, detail, advice, values, word = `check.mark.${mark}` }) {
    if (this.dataset.mark !== mark) {
      this.dataset.mark = mark;
      setIcon(this.sign, ICONS[mark]);
    }
    setText(this.word, this.strings.text(word));
    setText(this.detail, this.strings.text(detail, values));
    this.advice.hidden = advice === undefined;
    if (advice) setText(this.advice, this.strings.text(advice, values));
  }
}

customElements.define('tb-check-item', CheckItem);
