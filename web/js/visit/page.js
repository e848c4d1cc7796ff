/**
 * What a link leads to: the time and a countdown, the questions, the way on, or why there is none.
 *
 * Not here: asking the server (`visit.js`), the questions (`form.js`).
 */

import { BaseElement } from '../elements/base.js';
import { noticePage } from '../pages/notice.js';
import { append, button, h, icon, replace, setText } from '../view.js';
import { CheckInForm } from './form.js';
import { elsewhere, moment } from './when.js';

/**
 * @typedef {object} VisitContext
 * @property {import('./visit.js').Visit} visit
 * @property {import('../strings.js').Strings} strings
 * @property {import('../settings.js').ClientSettings} settings
 * @property {import('../elements/announcer.js').Announcer} announcer
 *
 * @typedef {import('./visit.js').VisitState} VisitState
 * @typedef {import('./visit.js').Told} Told
 */

const DAY = 86_400;

/** @type {Record<string, string>} */
const PICTURES = { over: 'clock', cancelled: 'info', moved: 'info', elsewhere: 'devices', invalid: 'warning' };

/** @extends {BaseElement<VisitContext>} */
export class VisitApp extends BaseElement {
  /** @param {VisitContext} context */
  constructor(context) {
    super(context);
    this.shown = '';
    this.face = '';
    this.refusal = h('div', { class: 'note bad', role: 'alert', hidden: true });
    this.left = h('p', { class: 'visit-left', role: 'timer', 'aria-live': 'off' });
    this.main = h('main', { id: 'main' });
    this.className = 'visit';
    append(this, this.topLine(), this.main, context.announcer);
  }

  connect() {
    const { visit, strings, settings } = this.context;
    document.title = strings.text('title', { page: this.t('visit.title'), name: settings.brand.name });
    this.keep(visit.subscribe((state) => this.show(state)));
    this.every(0.5, () => this.countDown());
    // a device that slept has missed what its timers were for
    this.listen(document, 'visibilitychange', () => {
      if (!document.hidden && visit.state.phase === 'told') void visit.look();
    });
    this.show(visit.state);
  }

  /** @param {Readonly<VisitState>} state */
  show(state) {
    if (state.page !== null) {
      location.replace(state.page);
      return;
    }
    this.showRefusal(state);
    const face = faceOf(state);
    // the time and the words asked with are part of it: both can change while the page is open
    const shown = [face, state.told?.starts_at, state.told?.questions?.text.version].join(' ');
    if (shown === this.shown) return;
    const first = this.shown === '';
    this.shown = shown;
    this.face = face;
    replace(this.main, this.page(face, state));
    this.countDown();
    if (first && face === 'asking') return;
    const heading = this.main.querySelector('h1');
    heading?.focus({ preventScroll: first });
    this.context.announcer.say(heading?.textContent ?? '');
  }

  /** @param {Readonly<VisitState>} state */
  showRefusal({ problem }) {
    this.refusal.hidden = problem === null;
    if (problem === null) return;
    replace(this.refusal, icon('warning'), h('p', {}, this.context.strings.error(problem.code, problem.error)));
  }

  /**
   * @param {string} face
   * @param {Readonly<VisitState>} state
   * @returns {HTMLElement}
   */
  page(face, { told, problem }) {
    const { visit, strings } = this.context;
    if (face === 'asking') {
      return noticePage({ icon: 'clock', title: this.t('visit.asking'), sentences: [], busy: true });
    }
    if (told !== null && face === 'early') return this.early(told);
    if (told !== null && told.questions !== null && face === 'questions') {
      return this.column(
        h('h1', { tabindex: '-1' }, this.t('visit.questions.title')),
        this.time(told),
        h('p', { class: 'soft' }, this.t('visit.questions.lead')),
        new CheckInForm(this.context, told.questions),
      );
    }
    if (told !== null && face === 'ready') {
      return this.column(
        h('h1', { tabindex: '-1' }, this.t('visit.ready.title')),
        this.time(told),
        h('p', { class: 'soft' }, this.t('visit.ready.lead')),
        this.refusal,
        button('button main wide', () => void visit.join(), this.t('visit.ready.go_on')),
      );
    }
    if (face === 'refused' && problem !== null) {
      return noticePage({
        icon: 'warning',
        title: this.t('visit.refused.title'),
        sentences: [strings.error(problem.code, problem.error)],
        ways: [{ text: this.t('visit.again'), go: () => void visit.look(), main: true }],
      });
    }
    const sentences = [this.t(`visit.${face}.text`)];
    if (told !== null && (face === 'over' || face === 'cancelled')) sentences.unshift(this.when(told));
    return noticePage({
      icon: PICTURES[face] ?? 'info',
      title: this.t(`visit.${face}.title`),
      sentences,
    });
  }

  /** @param {Told} told */
  early(told) {
    const { strings } = this.context;
    return this.column(
      h('h1', { tabindex: '-1' }, this.t('visit.early.title')),
      this.time(told, h('p', {}, this.t('visit.early.opens', { time: strings.time(told.opens_at) })), this.left),
      h('p', { class: 'soft' }, this.t('visit.early.stay')),
      h('a', { class: 'button', href: '/check' }, this.t('visit.early.check')),
    );
  }

  /**
   * @param {Told} told
   * @param {...Node} more
   */
  time(told, ...more) {
    const { language } = this.context.strings;
    const there = elsewhere(language, told.starts_at, told.zone);
    return h(
      'div',
      { class: 'visit-when' },
      told.whom !== null && h('p', {}, this.t('visit.with', { name: told.whom })),
      h('p', { class: 'visit-time' }, moment(language, told.starts_at)),
      there !== null && h('p', { class: 'small-text soft' }, this.t('visit.there', { time: there })),
      more,
    );
  }

  /** @param {Told} told */
  when(told) {
    return this.t('visit.was', { time: moment(this.context.strings.language, told.starts_at) });
  }

  countDown() {
    const { visit, strings } = this.context;
    const { told } = visit.state;
    if (told === null || this.face !== 'early') return;
    const left = Math.max(0, told.opens_at - visit.now);
    const text = left > DAY ? this.t('visit.days', { count: Math.ceil(left / DAY) }) : strings.duration(left);
    setText(this.left, text);
  }

  /** @param {...import('../view.js').Child} children */
  column(...children) {
    return h('div', { class: 'page visit-page' }, ...children);
  }

  topLine() {
    const { brand } = this.context.settings;
    const logo = brand.logo
      ? h('img', { class: 'logo', src: brand.logo, alt: '', decoding: 'async' })
      : h('span', { class: 'logo mark', 'aria-hidden': 'true' });
    const name = h('span', { class: 'brand-name' }, brand.name);
    return h('div', { class: 'top-line', role: 'banner' }, h('div', { class: 'brand' }, logo, name));
  }
}

/**
 * @param {Readonly<VisitState>} state
 * @returns {string} what is shown
 */
export function faceOf({ phase, told, problem }) {
  if (phase === 'none') return 'none';
  if (phase === 'asking') return 'asking';
  if (phase === 'refused') return problem?.code === 'link_invalid' ? 'invalid' : 'refused';
  if (told === null) return 'asking';
  if (told.stage !== 'open') return told.stage;
  return told.questions !== null && !told.checked_in ? 'questions' : 'ready';
}

customElements.define('tb-visit', VisitApp);
