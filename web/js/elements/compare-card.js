/**
 * The four words to compare with one person, and what to do if they differ. In the dialog about protection.
 *
 * Where the words come from is not its business (`e2ee/code.js`).
 */

import { called } from './called.js';
import { compared, noteOf, stepOf, worryAbout } from './protection.js';
import { button, h, icon, replace, set, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('../messages').Person} Person
 */

export class CompareCard extends HTMLElement {
  /**
   * @param {Context} context
   * @param {{leave: () => void, say: (text: string) => void}} dialog  `say`: to screen readers
   */
  constructor(context, { leave, say }) {
    super();
    this.context = context;
    this.say = say;
    this.className = 'compare-card';
    set(this, { role: 'listitem' });
    const { strings, settings } = context;
    const t = (/** @type {string} */ key) => strings.text(key, { name: settings.brand.name });
    this.heading = h('h4', { tabindex: '-1' });
    this.noteText = h('p', {});
    this.note = h('div', { class: 'note warn' }, icon('warning'), this.noteText);
    this.wait = h('p', { class: 'soft' }, t('compare.wait'));
    // Not to be translated by a browser: they would not be the same on both sides.
    this.words = h('ol', { class: 'compare-words', role: 'list', lang: 'en', translate: 'no' });
    this.same = button('button', () => this.answer(false), t('compare.same'));
    this.differ = button('button', () => this.answer(true), t('compare.differ'));
    this.buttons = h('div', { class: 'dialog-buttons' }, this.same, this.differ);
    this.done = h('p', { class: 'compare-done', tabindex: '-1' }, icon('check'), h('span', {}, t('compare.done')));
    this.adviceText = h('p', {});
    this.again = button('button', () => this.readAgain(), t('compare.again'));
    this.advice = h(
      'div',
      { class: 'compare-advice' },
      this.adviceText,
      h('ol', { class: 'steps' }, t('compare.advice').split('\n').map((step) => h('li', {}, step))),
      h('div', { class: 'dialog-buttons' }, this.again, button('button danger', leave, t('control.leave'))),
    );
    this.append(this.heading, this.note, this.wait, this.words, this.buttons, this.done, this.advice);
    this.shownWords = '';
  }

  /** @param {Person} person */
  show(person) {
    const { session, desk, strings } = this.context;
    const known = session.state.encrypted.people[person.id];
    const worry = worryAbout(desk.state.worries, person.id);
    const step = stepOf(known, worry);
    const name = called(strings, person.name);
    this.dataset.step = step;
    setText(this.heading, strings.text('compare.with', { name }));
    const note = noteOf(step, known, worry);
    this.note.hidden = note === null;
    if (note !== null) setText(this.noteText, strings.text(`compare.note.${note}`, { name }));
    this.wait.hidden = step !== 'wait';
    this.words.hidden = step === 'wait' || step === 'forged' || step === 'differ';
    this.buttons.hidden = step !== 'compare';
    this.done.hidden = step !== 'compared';
    this.advice.hidden = step !== 'differ' && step !== 'forged';
    this.again.hidden = step !== 'differ';
    if (!this.advice.hidden) setText(this.adviceText, strings.text(`compare.${step}_text`));
    this.showWords(known?.words ?? [], name);
  }

  /**
   * @param {readonly string[]} words
   * @param {string} name
   */
  showWords(words, name) {
    const { strings } = this.context;
    set(this.words, { 'aria-label': strings.text('compare.words', { name }) });
    set(this.same, { 'aria-label': strings.text('compare.same_name', { name }) });
    set(this.differ, { 'aria-label': strings.text('compare.differ_name', { name }) });
    const shown = words.join(' ');
    if (shown === this.shownWords) return;
    // Somebody may be in the middle of reading them.
    if (this.shownWords && shown && !this.words.hidden) this.say(strings.text('compare.new_words', { name }));
    this.shownWords = shown;
    replace(this.words, words.map((word) => h('li', {}, word)));
  }

  /** @param {boolean} differ */
  answer(differ) {
    const { session, desk } = this.context;
    const id = this.dataset.key ?? '';
    if (!differ) session.compareWords(id);
    desk.set({ worries: compared(desk.state.worries, id, differ) });
    // What was pressed is no longer there.
    (differ ? this.heading : this.done).focus();
  }

  readAgain() {
    const { desk } = this.context;
    desk.set({ worries: compared(desk.state.worries, this.dataset.key ?? '', false) });
    this.heading.focus();
  }
}

customElements.define('tb-compare-card', CompareCard);
