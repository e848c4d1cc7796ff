/**
 * Minutes: the sessions of a month with how long media went both ways, gaps and suggested codes; and what leaves the
 * server of them. Opened with an id, one session. Therapists see their own.
 *
 * Not here: one session (`usage-session.js`), the table of codes (`usage-codes.js`).
 */

import { field } from '../elements/field.js';
import { button, h, icon, replace, setText } from '../view.js';
import { addressOf } from './api.js';
import { now } from './element.js';
import { Panel, register } from './panel.js';
import { linkTo } from './place.js';
import { UsageCodes } from './usage-codes.js';
import { UsageSession } from './usage-session.js';
import { codesOf, lastMonths, minutesWords, monthName, nameOf } from './usage-words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./usage-words.js').Sitting} Sitting
 * @typedef {import('./usage-words.js').Names} Names
 * @typedef {{who: string, sittings: number, held: number, minutes: number}} Sum
 */

const ROWS = 50;
const MONTHS = 24;

/** In place of a session's id: the table of codes. */
const CODES = 'codes';

export class UsagePanel extends Panel {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    const { language } = context.strings;
    this.all = this.may('read_usage');
    const months = lastMonths(now(context), MONTHS);
    this.month = h(
      'select',
      { id: 'staff-usage-month', onchange: () => this.list() },
      months.map((month) => h('option', { value: month }, monthName(language, month))),
    );
    this.therapist = h('select', { id: 'staff-usage-therapist', onchange: () => this.list() });
    this.patient = h('input', {
      id: 'staff-usage-patient',
      autocomplete: 'off',
      spellcheck: 'false',
      maxlength: 200,
      onchange: () => this.list(),
    });
    this.rows = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.usage.sessions') });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, this.t('staff.usage.none'));
    this.total = h('p', { class: 'usage-total', role: 'status' });
    this.more = button('button', () => void this.loadMore(), this.t('staff.more'));
    this.next = /** @type {string | null} */ (null);
    this.downloads = h('div', { class: 'staff-actions' });
    this.listed = h(
      'div',
      { class: 'staff-stack' },
      this.head(
        'staff.usage.title',
        this.may('change_billing') &&
          h(
            'a',
            { class: 'button compact', href: linkTo('usage', CODES) },
            icon('settings'),
            this.t('staff.usage.codes'),
          ),
      ),
      h('p', { class: 'soft' }, this.t(this.all ? 'staff.usage.lead' : 'staff.usage.lead_own')),
      h(
        'div',
        { class: 'usage-filters' },
        field(this.month, this.t('staff.usage.month')),
        this.all && field(this.therapist, this.t('staff.usage.therapist')),
        field(this.patient, this.t('staff.usage.patient')),
      ),
      this.total,
      this.downloads,
      this.rows,
      this.nothing,
      h('div', { class: 'staff-after' }, this.more),
      h('p', { class: 'small-text soft' }, this.t('staff.usage.suggestions')),
    );
    this.place = h('div', {});
    this.opened = '';
    this.append(this.trouble, this.told, this.place);
  }

  /** @param {string} rest  a sitting's id */
  open(rest) {
    const before = this.opened;
    this.opened = rest;
    if (rest === '') {
      replace(this.place, this.listed);
      void this.list(before);
      return;
    }
    this.say('');
    if (rest === CODES) {
      void this.load(
        () => this.context.api.get('/api/usage/codes'),
        ({ versions }) => this.put(new UsageCodes(this.context, versions.at(-1), () => this.saved())),
      );
      return;
    }
    void this.load(
      () => this.context.api.get(`/api/usage/sessions/${encodeURIComponent(rest)}`),
      (sitting) => {
        if (this.opened === rest) this.put(new UsageSession(this.context, sitting));
      },
    );
  }

  /** @param {HTMLElement} node */
  put(node) {
    replace(this.place, node);
    node.querySelector('h1')?.focus();
  }

  saved() {
    location.hash = linkTo('usage');
    this.say(this.t('staff.usage.codes_saved'));
  }

  get query() {
    return {
      month: this.month.value,
      therapist: this.all ? this.therapist.value : '',
      patient: this.patient.value.trim(),
    };
  }

  /** @param {string} [from]  the session that was looked at before: the focus goes to its row */
  async list(from = '') {
    const { api } = this.context;
    const { query } = this;
    await this.load(
      () =>
        Promise.all([
          api.get('/api/usage/therapists', { query: { month: query.month, limit: 500 } }),
          api.get('/api/usage/sessions', { query: { ...query, limit: ROWS } }),
        ]),
      ([{ people, names }, page]) => {
        this.showPeople(people, names);
        this.showDownloads();
        replace(this.rows);
        this.show(page);
        if (from !== '') this.focusRow(from);
      },
    );
  }

  async loadMore() {
    const before = this.rows.children.length;
    const query = { ...this.query, limit: ROWS, after: this.next };
    await this.load(
      () => this.context.api.get('/api/usage/sessions', { query }),
      (page) => this.show(page),
    );
    this.rows.children[before]?.querySelector('a')?.focus();
  }

  /** @param {{sessions: Sitting[], names: Names, after: string | null}} page */
  show({ sessions, names, after }) {
    this.rows.append(...sessions.map((sitting) => this.row(sitting, names)));
    this.next = after;
    this.more.hidden = after === null;
    this.nothing.hidden = this.rows.children.length > 0;
  }

  /**
   * @param {Sum[]} people
   * @param {Names} names
   */
  showPeople(people, names) {
    const { value: chosen, selectedOptions } = this.therapist;
    const options = people.map(({ who }) => ({ who, name: nameOf(names, who) }));
    if (chosen !== '' && !options.some(({ who }) => who === chosen)) {
      options.push({ who: chosen, name: selectedOptions[0].text }); // nobody's in this month
    }
    options.sort((one, other) => one.name.localeCompare(other.name, this.context.strings.language));
    replace(
      this.therapist,
      h('option', { value: '' }, this.t('staff.usage.all')),
      options.map(({ who, name }) => h('option', { value: who, selected: who === chosen }, name)),
    );
    const those = chosen === '' ? people : people.filter(({ who }) => who === chosen);
    const minutes = those.reduce((sum, person) => sum + person.minutes, 0);
    const count = those.reduce((sum, person) => sum + person.held, 0);
    setText(this.total, this.t('staff.usage.total', { count, minutes: minutesWords(this.context.strings, minutes) }));
    this.total.hidden = this.patient.value.trim() !== '';
  }

  showDownloads() {
    const { query } = this;
    const link = (/** @type {string} */ name, /** @type {string} */ address) =>
      h('a', { class: 'button compact', href: address, download: '' }, icon('download'), this.t(name));
    replace(
      this.downloads,
      ...['csv', 'json', 'pdf'].map((format) =>
        link(
          `staff.usage.${format}`,
          addressOf('/api/usage/sessions', format === 'json' ? { ...query, limit: 200 } : { ...query, format }),
        ),
      ),
      link('staff.usage.statement', addressOf('/api/usage/statement', query)),
    );
  }

  /**
   * @param {Sitting} sitting
   * @param {Names} names
   */
  row(sitting, names) {
    const { formats, strings } = this.context;
    const facts = [
      formats.moment(sitting.started_at),
      this.all && sitting.therapist !== null && nameOf(names, sitting.therapist),
      sitting.patients.join(', '),
      sitting.gap_s >= 60 &&
        this.t('staff.usage.gaps', { minutes: minutesWords(strings, Math.floor(sitting.gap_s / 60)) }),
    ].filter(Boolean);
    return h(
      'li',
      { 'data-key': sitting.id },
      h(
        'a',
        { class: 'staff-row-link', href: linkTo('usage', sitting.id) },
        h('strong', {}, sitting.session),
        h('span', { class: 'small-text soft' }, facts.join(' · ')),
      ),
      h(
        'span',
        { class: 'usage-minutes' },
        h('strong', {}, minutesWords(strings, sitting.minutes)),
        sitting.modality !== null &&
          h('span', { class: 'small-text soft' }, this.t(`staff.usage.by.${sitting.modality}`)),
      ),
      h(
        'span',
        { class: 'staff-marks' },
        sitting.state !== 'ended' && h('span', { class: 'pill', 'data-tone': 'quiet' }, this.t('staff.usage.running')),
        h('code', {}, codesOf(sitting.suggestions) || this.t('staff.usage.no_code')),
      ),
    );
  }

  /** @param {string} id */
  focusRow(id) {
    const row = [...this.rows.children].find((each) => each instanceof HTMLElement && each.dataset.key === id);
    row?.querySelector('a')?.focus();
  }
}

customElements.define('tb-staff-usage', UsagePanel);

register({
  name: 'usage',
  title: 'staff.usage.title',
  icon: 'minutes',
  order: 40,
  needs: ['own_day', 'read_usage'],
  make: (context) => new UsagePanel(context),
});
