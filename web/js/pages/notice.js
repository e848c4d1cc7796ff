/**
 * A page with a heading, a few sentences and a way forward: when the session is over, when a link does not work, when
 * there is none, and while the other device is asked.
 */

import { button, h, icon } from '../view.js';

/**
 * @typedef {object} Way
 * @property {string} text
 * @property {() => void} go
 * @property {boolean} [main]
 */

/**
 * @param {object} page
 * @param {string} page.icon
 * @param {string} page.title
 * @param {string[]} page.sentences
 * @param {HTMLElement} [page.list]  of what can be done
 * @param {Way[]} [page.ways]
 * @param {boolean} [page.busy]  something is under way
 * @returns {HTMLElement}
 */
export function noticePage({ icon: picture, title, sentences, list, ways = [], busy = false }) {
  return h(
    'div',
    { class: 'page notice-page' },
    h('div', { class: `notice-icon ${busy ? 'busy' : ''}` }, icon(picture)),
    h('h1', { tabindex: '-1' }, title),
    sentences.map((sentence) => h('p', { class: 'soft' }, sentence)),
    list,
    ways.length > 0 &&
      h(
        'div',
        { class: 'notice-ways' },
        ways.map(({ text, go, main }) => button(`button ${main ? 'main' : ''}`, go, text)),
      ),
  );
}
