/**
 * Which code this page is made of, for whoever wants to compare it with the source, and how that is done.
 *
 * Where the digest comes from and what it is worth is not its business (`code-digest.js`).
 */

import { TOLD, askForCode, grouped } from '../code-digest.js';
import { h, replace, setText } from '../view.js';

export class PageCode extends HTMLElement {
  /** @param {import('./element.js').Context} context */
  constructor({ strings, settings }) {
    super();
    this.strings = strings;
    this.className = 'page-code small-text';
    const t = (/** @type {string} */ key) => strings.text(key, { name: settings.brand.name });
    // Nothing that a browser should translate, and read letter by letter.
    this.digest = h('p', { class: 'code-digest', translate: 'no' });
    this.said = h('p', { class: 'soft', role: 'status' }, t('code.asks'));
    this.append(
      h('h3', {}, t('code.title')),
      this.digest,
      this.said,
      h(
        'details',
        {},
        h('summary', {}, t('code.how')),
        h(
          'div',
          { class: 'page-code-how' },
          h('p', {}, t('code.means')),
          h('ol', { class: 'steps' }, t('code.steps').split('\n').map((step) => h('li', {}, step))),
          h('p', {}, t('code.finds')),
          h('a', { class: 'button compact', href: TOLD, target: '_blank', rel: 'noopener' }, t('code.files')),
        ),
      ),
    );
  }

  connectedCallback() {
    void askForCode().then((code) => this.show(code));
  }

  /** @param {import('../code-digest.js').Code | null} code */
  show(code) {
    replace(this.digest, code ? grouped(code.digest).map((group) => h('span', {}, group)) : []);
    this.said.hidden = code !== null && code.older === null;
    if (code === null) setText(this.said, this.strings.text('code.unknown'));
    else if (code.older !== null) setText(this.said, this.strings.text('code.older', { digits: code.older }));
  }
}

customElements.define('tb-page-code', PageCode);
