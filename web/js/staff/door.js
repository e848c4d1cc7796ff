/** The frame of the pages on the way in: one narrow column with a heading, what it is about, and what to do. */

import { h, icon } from '../view.js';

/**
 * @param {object} page
 * @param {string} page.title
 * @param {string | null} [page.lead]
 * @param {{icon: string, tone: 'quiet' | 'warn' | 'bad', text: string} | null} [page.note]  before all else
 * @param {string} [page.steps]  which step of how many this is
 * @param {(Node | null | false | undefined)[]} page.content
 */
export function doorPage({ title, lead = null, note = null, steps, content }) {
  return h(
    'div',
    { class: 'page staff-door' },
    h(
      'div',
      { class: 'staff-card' },
      steps !== undefined && h('p', { class: 'small-text soft' }, steps),
      h('h1', { tabindex: '-1' }, title),
      lead && h('p', { class: 'soft' }, lead),
      note && h('div', { class: `note ${note.tone}`, role: 'status' }, icon(note.icon), h('p', {}, note.text)),
      content.filter((each) => each instanceof Node),
    ),
  );
}

/** @param {string} word */
export function or(word) {
  return h('p', { class: 'staff-or', 'aria-hidden': 'true' }, h('span', {}, word));
}
