/**
 * The question whether the session may be recorded, in the clinic's words. It stands beside the faces and leaves the
 * call's controls alone, so that it can be talked about before it is answered. Saying no takes one press.
 */

import { SessionElement } from './element.js';
import { explain, field } from './field.js';
import { recordingOf } from './recording-state.js';
import { passFocus } from './waiting-card.js';
import { beforePaint, button, h, replace, set, setText } from '../view.js';

/** @typedef {import('../messages').ConsentText} ConsentText */

export class ConsentCard extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'consent-card on-paper';
    this.hidden = true;
    set(this, { role: 'dialog', 'aria-labelledby': 'consent-title', 'aria-describedby': 'consent-words' });
    /** @type {ConsentText | null} */
    this.question = null;
    this.shown = '';
    this.heading = h('h2', { id: 'consent-title', tabindex: '-1' });
    this.words = h('div', { id: 'consent-words', class: 'consent-words' });
    this.place = h('select', { id: 'consent-place', onchange: () => this.placed() });
    this.placeField = field(this.place, this.t('consent.place'), this.t('consent.place_hint'));
    this.signature = h('input', {
      id: 'consent-signature',
      autocomplete: 'off',
      maxlength: 60,
      oninput: () => explain(this.signature, null),
    });
    this.signatureField = field(this.signature, this.t('consent.sign'), this.t('consent.sign_hint'));
    this.append(
      h(
        'form',
        { class: 'consent-form', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.agree(event) },
        this.heading,
        this.words,
        this.placeField,
        this.signatureField,
        h('p', { class: 'small-text soft' }, this.t('consent.either')),
        h(
          'div',
          { class: 'consent-buttons' },
          button('button main', () => this.refuse(), this.t('consent.no')),
          h('button', { class: 'button', type: 'submit' }, this.t('consent.yes')),
        ),
      ),
    );
  }

  /** @param {Readonly<import('./element.js').SessionState>} state */
  update({ phase, server }) {
    const question = (phase === 'present' && recordingOf(server)?.text) || null;
    const focused = this.contains(document.activeElement);
    const appears = this.question === null && question !== null;
    this.question = question;
    this.hidden = question === null;
    if (question === null) {
      passFocus(focused, null);
      return;
    }
    if (appears) this.empty();
    this.show(question);
    if (appears) beforePaint(() => this.takeFocus());
  }

  empty() {
    this.place.value = '';
    this.signature.value = '';
    explain(this.place, null);
    explain(this.signature, null);
  }

  /** @param {ConsentText} question */
  show(question) {
    const shown = JSON.stringify(question);
    if (shown === this.shown) return;
    this.shown = shown;
    setText(this.heading, question.title);
    replace(this.words, question.body.split('\n').filter((line) => line.trim() !== '').map((line) => h('p', {}, line)));
    const chosen = this.place.value;
    replace(
      this.place,
      h('option', { value: '' }, this.t('consent.place_choose')),
      question.places.map(({ name }) => h('option', { value: name }, name)),
    );
    this.place.value = question.places.some(({ name }) => name === chosen) ? chosen : '';
    this.placeField.hidden = question.places.length === 0;
    this.placed();
  }

  /** Some places want a signature where the clinic does not. */
  placed() {
    explain(this.place, null);
    this.signatureField.hidden = !this.signs;
  }

  get signs() {
    const { question } = this;
    return question !== null && (question.signed || question.places.some(
      ({ name, signed }) => signed && name === this.place.value,
    ));
  }

  /** Into the question, unless the person is writing or has something else open. */
  takeFocus() {
    const { activeElement } = document;
    const writes = activeElement instanceof HTMLElement && activeElement.matches('input, textarea, select');
    if (!this.hidden && !writes && document.querySelector('dialog[open]') === null) this.heading.focus();
  }

  /** @param {Event} event */
  agree(event) {
    event.preventDefault();
    const { question } = this;
    if (question === null) return;
    const place = this.place.value || null;
    const signature = this.signature.value.trim() || null;
    const placeless = question.places.length > 0 && place === null;
    const unsigned = this.signs && signature === null;
    explain(this.place, placeless ? this.t('consent.place_missing') : null);
    explain(this.signature, unsigned ? this.t('consent.sign_missing') : null);
    if (placeless) this.place.focus();
    else if (unsigned) this.signature.focus();
    if (placeless || unsigned) return;
    const { session } = this.context;
    session.answerConsent({ agreed: true, text: question.version, place, signed_as: this.signs ? signature : null });
  }

  refuse() {
    this.context.session.answerConsent({ agreed: false, text: this.question?.version ?? null });
  }
}

customElements.define('tb-consent-card', ConsentCard);
