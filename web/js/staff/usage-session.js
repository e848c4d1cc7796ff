/**
 * One session: who had which part of it, what happened when, and why some of it does not count.
 *
 * Not here: the list (`usage.js`).
 */

import { BaseElement } from '../elements/base.js';
import { h, icon } from '../view.js';
import { linkTo } from './place.js';
import { codesOf, minutesWords, nameOf } from './usage-words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./usage-words.js').Details} Details
 * @typedef {import('./usage-words.js').Span} Span
 * @typedef {import('./usage-words.js').Share} Share
 */

/** @extends {BaseElement<StaffContext>} */
export class UsageSession extends BaseElement {
  /**
   * @param {StaffContext} context
   * @param {Details} sitting
   */
  constructor(context, sitting) {
    super(context);
    const { strings } = context;
    this.className = 'staff-stack';
    this.names = sitting.names;
    const own = sitting.spans.filter((span) => span.person === null);
    const people = sitting.shares.map(({ person }) => person);
    this.append(
      h('a', { class: 'staff-back', href: linkTo('usage') }, icon('back'), this.t('staff.usage.back')),
      h('h1', { tabindex: '-1' }, this.t('staff.usage.session', { session: sitting.session })),
      h(
        'dl',
        { class: 'usage-facts' },
        this.fact('staff.usage.when', context.formats.moment(sitting.started_at)),
        this.fact('staff.usage.counted', minutesWords(strings, sitting.minutes)),
        this.fact('staff.usage.length', strings.duration(sitting.length_s)),
        this.fact('staff.usage.suggested', codesOf(sitting.suggestions) || this.t('staff.usage.no_code')),
        sitting.appointment !== null && this.fact('staff.usage.appointment', sitting.appointment),
      ),
      h('h2', {}, this.t('staff.usage.people')),
      h('ul', { class: 'staff-rows' }, sitting.shares.map((share) => this.share(share))),
      h('h2', {}, this.t('staff.usage.course')),
      this.table(this.t('staff.usage.course'), own),
      ...people.flatMap((person) => {
        const theirs = sitting.spans.filter((span) => span.person === person);
        if (theirs.length === 0) return [];
        const title = this.t('staff.usage.sent', { person: nameOf(this.names, person) });
        return [h('h2', {}, title), this.table(title, theirs)];
      }),
    );
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  fact(name, value) {
    return h('div', {}, h('dt', { class: 'small-text soft' }, this.t(name)), h('dd', {}, value));
  }

  /** @param {Share} share */
  share(share) {
    const { strings } = this.context;
    const role = `staff.usage.role.${share.role}`;
    return h(
      'li',
      {},
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', {}, nameOf(this.names, share.person)),
        h('span', { class: 'small-text soft' }, strings.has(role) ? this.t(role) : share.role),
      ),
      h(
        'span',
        { class: 'usage-minutes' },
        h('strong', {}, minutesWords(strings, share.minutes)),
        share.suggestions.length > 0 && h('code', {}, codesOf(share.suggestions)),
      ),
    );
  }

  /**
   * @param {string} title
   * @param {readonly Span[]} spans
   */
  table(title, spans) {
    const { strings } = this.context;
    return h(
      'table',
      { class: 'usage-spans', 'aria-label': title },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ['from', 'lasted', 'what'].map((name) => h('th', { scope: 'col' }, this.t(`staff.usage.${name}`))),
        ),
      ),
      h(
        'tbody',
        {},
        spans.map((span) =>
          h(
            'tr',
            { 'data-state': span.state },
            h('td', {}, strings.time(span.began_at)),
            h('td', {}, strings.duration(span.ended_at - span.began_at)),
            h('td', {}, this.t(`staff.usage.state.${span.reason ?? span.state}`)),
          ),
        ),
      ),
    );
  }
}

customElements.define('tb-staff-usage-session', UsageSession);
