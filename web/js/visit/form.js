/**
 * The questions before a visit: how to be called, where one is, a number to call back, an emergency contact, and
 * consent to be seen by video.
 *
 * Not here: what becomes of the answers (`visit.js`).
 */

import { BaseElement } from '../elements/base.js';
import { explain, field } from '../elements/field.js';
import { append, h, icon, set, setText } from '../view.js';

/**
 * @typedef {import('./page.js').VisitContext} VisitContext
 * @typedef {import('./visit.js').Questions} Questions
 */

const LONGEST_NAME = 60;
const LONGEST_PLACE = 120;
const LONGEST_PHONE = 30;
/** As the server takes it: digits and what stands between them. */
const PHONE = /^\+?[0-9][0-9 ()./-]{2,29}$/;

/** @extends {BaseElement<VisitContext>} */
export class CheckInForm extends BaseElement {
  /**
   * @param {VisitContext} context
   * @param {Questions} questions
   */
  constructor(context, questions) {
    super(context);
    this.questions = questions;
    this.called = this.input('called', { autocomplete: 'nickname', maxlength: LONGEST_NAME, required: true });
    this.place = this.input('place', {
      autocomplete: 'off',
      maxlength: LONGEST_PLACE,
      list: questions.places.length > 0 ? 'visit-places' : null,
      required: questions.place === 'needed',
    });
    this.phone = this.input('phone', {
      type: 'tel',
      autocomplete: 'tel',
      maxlength: LONGEST_PHONE,
      required: questions.phone === 'needed',
    });
    this.emergencyName = this.input('emergency-name', { autocomplete: 'off', maxlength: LONGEST_NAME });
    this.emergencyPhone = this.input('emergency-phone', { type: 'tel', autocomplete: 'off', maxlength: LONGEST_PHONE });
    this.agrees = h('input', { id: 'visit-agrees', type: 'checkbox', required: true });
    this.refusal = h('div', { class: 'note bad', role: 'alert', hidden: true });
    this.send = h('button', { class: 'button main wide', type: 'submit' }, this.t('visit.form.go_on'));
    append(
      this,
      h(
        'form',
        { class: 'visit-form', novalidate: true, onsubmit: (/** @type {Event} */ event) => void this.submit(event) },
        field(this.called, this.t('visit.form.called'), this.t('visit.form.called_hint')),
        questions.place !== 'no' && [
          field(this.place, this.label('place', questions.place), this.t('visit.form.place_hint')),
          h('datalist', { id: 'visit-places' }, questions.places.map((place) => h('option', { value: place }))),
        ],
        questions.phone !== 'no' &&
          field(this.phone, this.label('phone', questions.phone), this.t('visit.form.phone_hint')),
        questions.emergency !== 'no' &&
          h(
            'fieldset',
            {},
            h('legend', {}, this.t('visit.form.emergency')),
            field(this.emergencyName, this.t('visit.form.emergency_name')),
            field(this.emergencyPhone, this.t('visit.form.emergency_phone')),
          ),
        h(
          'div',
          { class: 'visit-text' },
          h('h2', {}, questions.text.title),
          questions.text.body.split('\n').map((line) => h('p', {}, line)),
          h(
            'div',
            { class: 'field' },
            h(
              'label',
              { class: 'visit-agree', for: 'visit-agrees', 'data-of': 'visit-agrees' },
              this.agrees,
              this.t('visit.form.agree'),
            ),
          ),
        ),
        this.refusal,
        this.send,
        h('p', { class: 'small-text soft' }, this.t('visit.form.who_reads')),
      ),
    );
  }

  connect() {
    const { visit } = this.context;
    this.keep(visit.subscribe(() => this.show()));
    this.show();
  }

  show() {
    const { visit, strings } = this.context;
    const { busy, problem } = visit.state;
    set(this.send, { 'aria-disabled': busy ? 'true' : null });
    setText(this.send, this.t(busy ? 'visit.form.sending' : 'visit.form.go_on'));
    this.refusal.hidden = problem === null;
    if (problem === null) return;
    this.refusal.replaceChildren(icon('warning'), h('p', {}, strings.error(problem.code, problem.error)));
  }

  /** @param {Event} event */
  async submit(event) {
    event.preventDefault();
    const { visit } = this.context;
    const wrong = this.wrong();
    const inputs = [this.called, this.place, this.phone, this.emergencyPhone, this.agrees];
    for (const input of inputs) explain(input, wrong.get(input) ?? null);
    const [first] = wrong.keys();
    if (first !== undefined) {
      first.focus();
      return;
    }
    await visit.checkIn({
      called: this.called.value.trim(),
      place: this.place.value.trim() || null,
      phone: this.phone.value.trim() || null,
      emergency_name: this.emergencyName.value.trim() || null,
      emergency_phone: this.emergencyPhone.value.trim() || null,
      telehealth: true,
      text_version: this.questions.text.version,
    });
  }

  /** @returns {Map<HTMLInputElement, string>} what has to be written otherwise, in its order on the page */
  wrong() {
    const found = new Map();
    for (const input of [this.called, this.place, this.phone]) {
      if (input.required && !input.value.trim()) found.set(input, this.t(`visit.form.needed.${input.name}`));
    }
    for (const input of [this.phone, this.emergencyPhone]) {
      const told = input.value.trim();
      if (told && !PHONE.test(told)) found.set(input, this.t('visit.form.no_number'));
    }
    if (!this.agrees.checked) found.set(this.agrees, this.t('visit.form.needed.agree'));
    return found;
  }

  /**
   * @param {string} name
   * @param {import('../view.js').Attributes} attributes
   */
  input(name, attributes) {
    return h('input', { id: `visit-${name}`, name, type: 'text', ...attributes });
  }

  /**
   * @param {string} name
   * @param {string} how
   */
  label(name, how) {
    return this.t(how === 'needed' ? `visit.form.${name}` : `visit.form.${name}_if_wanted`);
  }
}

customElements.define('tb-visit-form', CheckInForm);
