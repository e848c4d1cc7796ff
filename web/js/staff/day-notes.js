/**
 * A therapist's own notes at an appointment: written, changed (what was before is kept), deleted. They are no part of
 * any recording, and nobody else reads them, except by emergency access.
 */

import { BaseElement } from '../elements/base.js';
import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { refusal } from '../http.js';
import { button, h, replace, setText } from '../view.js';
import { given, openForm, question } from './form-dialog.js';
import { pageForm } from './page-form.js';
import { sentenceOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 *
 * @typedef {object} Note  as `NoteAnswer` of the server
 * @property {string} id
 * @property {number} version
 * @property {number} made_at
 * @property {number} changed_at
 * @property {string} content
 */

const LONGEST = 20_000;

/** @extends {BaseElement<StaffContext>} */
export class DayNotes extends BaseElement {
  /**
   * @param {StaffContext} context
   * @param {{id: string}} appointment
   * @param {boolean} writes  they are the therapist of this appointment; others may only read, by emergency access
   */
  constructor(context, appointment, writes) {
    super(context);
    const { strings, api } = context;
    this.className = 'staff-stack';
    this.writes = writes;
    this.path = `/api/appointments/${encodeURIComponent(appointment.id)}/notes`;
    this.told = h('p', { class: 'staff-told', role: 'status' });
    this.list = h('ul', { class: 'staff-rows day-notes', 'aria-label': this.t('staff.day.notes.title') });
    const text = this.area('staff-note-new', '');
    const form = pageForm(strings, {
      content: [field(text, this.t('staff.day.notes.new'))],
      submit: 'staff.day.notes.save',
      check: () => given(text, this.t('staff.day.notes.missing')),
      send: async () => {
        await api.post(this.path, { content: text.value });
        text.value = '';
        setText(this.told, this.t('staff.day.notes.saved'));
        await this.ask();
      },
    });
    this.append(
      h('h2', {}, this.t('staff.day.notes.title')),
      h('p', { class: 'small-text soft' }, this.t('staff.day.notes.lead')),
      this.told,
      this.list,
    );
    if (writes) this.append(form.node);
  }

  connect() {
    void this.ask();
  }

  /**
   * @param {string} id
   * @param {string} content
   */
  area(id, content) {
    const area = h('textarea', { id, rows: 5, maxlength: LONGEST });
    area.value = content;
    return area;
  }

  async ask() {
    try {
      const { notes } = await this.context.api.get(this.path, { quiet: true });
      replace(this.list, notes.map((/** @type {Note} */ note) => this.row(note)));
    } catch (error) {
      setText(this.told, sentenceOf(this.context.strings, refusal(error)));
    }
  }

  /** @param {Note} note */
  row(note) {
    const { formats } = this.context;
    const time = formats.moment(note.changed_at);
    const named = (/** @type {string} */ key, /** @type {() => void} */ press) => {
      const made = button('button compact', press, this.t(`staff.day.notes.${key}`));
      made.setAttribute('aria-label', this.t(`staff.day.notes.${key}_name`, { time }));
      return made;
    };
    return h(
      'li',
      { class: 'day-note' },
      h('p', { class: 'small-text soft' }, time),
      h('p', { class: 'staff-quote' }, note.content),
      h(
        'div',
        { class: 'staff-actions' },
        this.writes && named('change', () => void this.change(note)),
        note.version > 1 && named('versions', () => void this.versions(note)),
        this.writes && named('delete', () => void this.delete_(note)),
      ),
    );
  }

  /** @param {Note} note */
  async change({ id, version, content }) {
    const { strings, api } = this.context;
    const text = this.area('staff-note-text', content);
    const done = await openForm(strings, {
      title: 'staff.day.notes.change_title',
      content: [field(text, this.t('staff.day.notes.text'), this.t('staff.day.notes.change_hint'))],
      submit: 'staff.day.notes.save',
      check: () => given(text, this.t('staff.day.notes.missing')),
      send: () => api.put(`/api/notes/${encodeURIComponent(id)}`, { content: text.value, version }),
    });
    await this.ask();
    if (done) setText(this.told, this.t('staff.day.notes.saved'));
  }

  /** @param {Note} note */
  async versions({ id }) {
    const { strings, api, formats } = this.context;
    try {
      const { versions } = await api.get(`/api/notes/${encodeURIComponent(id)}/versions`);
      open(this.t('staff.day.notes.versions'), { close: strings.text('dialog.close'), broad: true }, () => [
        h(
          'ol',
          { class: 'day-versions', reversed: true },
          versions
            .reverse()
            .map((/** @type {{at: number, content: string}} */ { at, content }) =>
              h(
                'li',
                {},
                h('p', { class: 'small-text soft' }, formats.moment(at)),
                h('p', { class: 'staff-quote' }, content),
              ),
            ),
        ),
      ]);
    } catch (error) {
      setText(this.told, sentenceOf(strings, refusal(error)));
    }
  }

  /** @param {Note} note */
  async delete_({ id }) {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.day.notes.delete'))) return;
    try {
      await api.remove(`/api/notes/${encodeURIComponent(id)}`);
      setText(this.told, this.t('staff.day.notes.deleted'));
    } catch (error) {
      setText(this.told, sentenceOf(strings, refusal(error)));
    }
    await this.ask();
    this.querySelector('textarea')?.focus();
  }
}

customElements.define('tb-staff-day-notes', DayNotes);
