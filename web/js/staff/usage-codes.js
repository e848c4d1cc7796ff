/**
 * The table of service codes: what is in force, and a new version of it. Each rule is a group of fields.
 *
 * Not here: what a rule fits (`signaling/usage/codes.py`).
 */

import { BaseElement } from '../elements/base.js';
import { field } from '../elements/field.js';
import { button, h, icon, iconButton } from '../view.js';
import { complain, given } from './form-dialog.js';
import { pageForm } from './page-form.js';
import { linkTo } from './place.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 *
 * @typedef {object} Rule
 * @property {string} code
 * @property {string} text
 * @property {number} minutes_from
 * @property {number | null} minutes_to
 * @property {number} patients_from
 * @property {number | null} patients_to
 * @property {boolean} by_hand
 * @property {number | null} price_cents
 *
 * @typedef {object} Codes
 * @property {Rule[]} rules
 * @property {string} video_modifier
 * @property {string} audio_modifier
 * @property {number} video_share
 * @property {string} currency
 * @property {string} place_of_service
 * @property {string} note
 *
 * @typedef {{version: number, since: number, by: string, codes: Codes}} Version
 */

const MOST = 60;

/** @type {Rule} */
const EMPTY = {
  code: '',
  text: '',
  minutes_from: 1,
  minutes_to: null,
  patients_from: 1,
  patients_to: 1,
  by_hand: false,
  price_cents: null,
};

/** @extends {BaseElement<StaffContext>} */
export class UsageCodes extends BaseElement {
  /**
   * @param {StaffContext} context
   * @param {Version} latest
   * @param {() => void} saved
   */
  constructor(context, latest, saved) {
    super(context);
    const { api, formats, strings } = context;
    const { codes } = latest;
    this.className = 'staff-stack';
    this.rows = h('div', { class: 'usage-rules' });
    this.count = 0;
    /** @type {Map<Element, ReturnType<typeof ruleLine>>} */
    this.lines = new Map();
    codes.rules.forEach((rule) => this.add(rule));
    const video = text('staff-usage-video', codes.video_modifier, 4);
    const audio = text('staff-usage-audio', codes.audio_modifier, 4);
    const currency = text('staff-usage-currency', codes.currency, 3);
    const form = pageForm(strings, {
      content: [
        this.rows,
        h(
          'div',
          {},
          button('button compact', () => this.addEmpty(), icon('add'), this.t('staff.usage.rule_add')),
        ),
        h(
          'div',
          { class: 'usage-modifiers' },
          field(video, this.t('staff.usage.video_modifier')),
          field(audio, this.t('staff.usage.audio_modifier')),
          field(currency, this.t('staff.usage.currency')),
        ),
      ],
      submit: 'staff.usage.codes_save',
      check: () => [...this.lines.values()].every((line) => line.check()),
      send: async () => {
        await api.put('/api/usage/codes', {
          ...codes,
          rules: [...this.lines.values()].map((line) => line.value()),
          video_modifier: video.value.trim(),
          audio_modifier: audio.value.trim(),
          currency: currency.value.trim().toUpperCase(),
        });
        saved();
      },
    });
    const of = { version: latest.version, when: formats.date(latest.since) };
    this.append(
      h('a', { class: 'staff-back', href: linkTo('usage') }, icon('back'), this.t('staff.usage.back')),
      h('h1', { tabindex: '-1' }, this.t('staff.usage.codes')),
      h('p', {}, this.t(latest.version === 0 ? 'staff.usage.codes_shipped' : 'staff.usage.codes_version', of)),
      h('p', { class: 'soft' }, this.t('staff.usage.codes_lead')),
      ...(codes.note === '' ? [] : [h('p', { class: 'small-text soft' }, codes.note)]),
      form.node,
    );
  }

  /** @param {Rule} rule */
  add(rule) {
    this.count += 1;
    const line = ruleLine(this.context, rule, this.count, () => this.lines.delete(line.node));
    this.lines.set(line.node, line);
    this.rows.append(line.node);
    return line;
  }

  addEmpty() {
    if (this.lines.size < MOST) this.add(EMPTY).first.focus();
  }
}

customElements.define('tb-staff-usage-codes', UsageCodes);

/**
 * @param {StaffContext} context
 * @param {Rule} rule
 * @param {number} number
 * @param {() => void} removed
 */
function ruleLine({ strings }, rule, number, removed) {
  const id = (/** @type {string} */ name) => `staff-usage-rule-${number}-${name}`;
  const code = text(id('code'), rule.code, 12);
  const what = text(id('text'), rule.text, 120);
  const from = count(id('from'), rule.minutes_from);
  const to = count(id('to'), rule.minutes_to);
  const least = count(id('least'), rule.patients_from);
  const most = count(id('most'), rule.patients_to);
  const price = h('input', {
    id: id('price'),
    inputmode: 'decimal',
    value: rule.price_cents === null ? '' : (rule.price_cents / 100).toFixed(2),
  });
  const hand = h('input', { id: id('hand'), type: 'checkbox' });
  hand.checked = rule.by_hand;
  const node = h(
    'fieldset',
    { class: 'usage-rule' },
    h('legend', {}, strings.text('staff.usage.rule', { number })),
    field(code, strings.text('staff.usage.rule_code')),
    field(what, strings.text('staff.usage.rule_text')),
    field(from, strings.text('staff.usage.rule_from')),
    field(to, strings.text('staff.usage.rule_to')),
    field(least, strings.text('staff.usage.rule_least')),
    field(most, strings.text('staff.usage.rule_most')),
    field(price, strings.text('staff.usage.rule_price')),
    h('label', { class: 'usage-hand', for: hand.id }, hand, strings.text('staff.usage.rule_hand')),
    iconButton('delete', strings.text('staff.usage.rule_remove', { number }), () => {
      const next = node.nextElementSibling ?? node.previousElementSibling;
      removed();
      node.remove();
      next?.querySelector('input')?.focus();
    }),
  );
  return {
    node,
    first: code,
    check: () => {
      if (!given(code, strings.text('staff.usage.rule_code_missing'))) return false;
      if (!/^[A-Za-z0-9]+$/.test(code.value.trim())) {
        complain(code, strings.text('staff.usage.rule_code_missing'));
        return false;
      }
      if (!given(what, strings.text('staff.usage.rule_text_missing'))) return false;
      const wrong = [from, to, least, most, price].find((input) => !(Number(input.value.replace(',', '.')) >= 0));
      if (wrong) complain(wrong, strings.text('staff.usage.rule_number'));
      return wrong === undefined;
    },
    /** @returns {Rule} */
    value: () => ({
      code: code.value.trim().toUpperCase(),
      text: what.value.trim(),
      minutes_from: whole(from) ?? 0,
      minutes_to: whole(to),
      patients_from: whole(least) ?? 1,
      patients_to: whole(most),
      by_hand: hand.checked,
      price_cents: price.value.trim() === '' ? null : Math.round(Number(price.value.replace(',', '.')) * 100),
    }),
  };
}

/**
 * @param {string} id
 * @param {string} value
 * @param {number} most
 */
function text(id, value, most) {
  return h('input', { id, value, maxlength: most, autocomplete: 'off', spellcheck: 'false' });
}

/**
 * @param {string} id
 * @param {number | null} value
 */
function count(id, value) {
  return h('input', { id, value: value ?? '', inputmode: 'numeric', maxlength: 4, autocomplete: 'off' });
}

/**
 * @param {HTMLInputElement} input
 * @returns {number | null}
 */
function whole(input) {
  return input.value.trim() === '' ? null : Math.round(Number(input.value));
}
