/**
 * The audit log: what happened, found by who, when, whom and what it is about; the log as a file; reports.
 *
 * Not here: reports (`audit-reports.js`), what events are called (`audit-words.js`).
 */

import { field } from '../elements/field.js';
import { button, h, icon, replace, setText } from '../view.js';
import { addressOf } from './api.js';
import { KINDS } from './audit-kinds.js';
import { AuditReports } from './audit-reports.js';
import { actorOf, beginningOf, factsOf, GROUPS, kindOf } from './audit-words.js';
import { Panel, register } from './panel.js';

/** @typedef {import('./audit-words.js').AuditEvent} AuditEvent */

const ROWS = 50;

export class AuditPanel extends Panel {
  /** @param {import('./element.js').StaffContext} context */
  constructor(context) {
    super(context);
    /** @type {AuditEvent[]} */
    this.events = [];
    /** @type {string | null} */
    this.next = null;
    this.begun = false;
    this.kind = this.kinds();
    this.actor = h('input', { id: 'audit-actor', autocomplete: 'off', maxlength: 200 });
    this.patient = h('input', { id: 'audit-patient', autocomplete: 'off', maxlength: 200 });
    this.session = h('input', { id: 'audit-session', autocomplete: 'off', maxlength: 100 });
    this.subject = h('input', { id: 'audit-subject', autocomplete: 'off', maxlength: 200 });
    this.since = h('input', { id: 'audit-since', type: 'date' });
    this.until = h('input', { id: 'audit-until', type: 'date' });
    this.count = h('p', { class: 'small-text soft', role: 'status' });
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.audit.found') });
    this.more = button('button', () => void this.search(this.next), this.t('staff.more'));
    this.more.hidden = true;
    this.append(
      this.head('staff.audit.title', this.file('/api/audit/export', 'staff.audit.export')),
      h('p', { class: 'soft' }, this.t('staff.audit.lead')),
      this.trouble,
      this.told,
      this.form(),
      this.count,
      this.list,
      h('div', { class: 'staff-after' }, this.more),
      new AuditReports(context, this),
    );
  }

  open() {
    if (this.begun) return;
    this.begun = true;
    void this.search(null);
  }

  form() {
    const send = (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.search(null);
    };
    return h(
      'form',
      { class: 'audit-form', onsubmit: send, 'aria-label': this.t('staff.audit.search') },
      field(this.kind, this.t('staff.audit.event')),
      field(this.actor, this.t('staff.audit.by')),
      field(this.patient, this.t('staff.audit.patient'), this.t('staff.audit.patient_hint')),
      field(this.session, this.t('staff.audit.session')),
      field(this.subject, this.t('staff.audit.subject'), this.t('staff.audit.subject_hint')),
      field(this.since, this.t('staff.audit.since')),
      field(this.until, this.t('staff.audit.until')),
      h('button', { class: 'button main', type: 'submit' }, this.t('staff.audit.search')),
    );
  }

  kinds() {
    const { strings } = this.context;
    return h(
      'select',
      { id: 'audit-kind' },
      h('option', { value: '' }, this.t('staff.audit.all')),
      GROUPS.map((group) =>
        h(
          'optgroup',
          { label: this.t(`staff.audit.group.${group}`) },
          KINDS
            .filter((kind) => kind.startsWith(`${group}.`))
            .map((kind) => h('option', { value: kind }, kindOf(strings, kind))),
        ),
      ),
    );
  }

  /** @param {string | null} after  null: from the newest */
  async search(after) {
    const query = {
      kind: this.kind.value,
      actor: this.actor.value.trim(),
      patient: this.patient.value.trim(),
      session: this.session.value.trim(),
      subject: this.subject.value.trim(),
      since: beginningOf(this.since.value),
      until: beginningOf(this.until.value, 1),
      limit: ROWS,
      after,
    };
    await this.load(
      () => this.context.api.get('/api/audit/events', { query }),
      (/** @type {{events: AuditEvent[], next: string | null}} */ { events, next }) => {
        const seen = after === null ? 0 : this.events.length;
        this.events = after === null ? events : [...this.events, ...events];
        this.next = next;
        this.more.hidden = next === null;
        const rows = events.map((event) => this.row(event));
        if (after === null) replace(this.list, rows);
        else this.list.append(...rows);
        setText(this.count, this.t('staff.audit.count', { count: this.events.length }));
        if (seen > 0) /** @type {HTMLElement | undefined} */ (this.list.children[seen])?.focus();
      },
    );
  }

  /** @param {AuditEvent} event */
  row(event) {
    const { formats, strings } = this.context;
    return h(
      'li',
      { tabindex: '-1' },
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', {}, kindOf(strings, event.kind)),
        h('span', {}, actorOf(strings, event)),
        h('span', { class: 'small-text soft audit-facts' }, factsOf(strings, event).join(' · ')),
      ),
      h('time', { class: 'small-text', datetime: new Date(event.at * 1000).toISOString() }, formats.moment(event.at)),
    );
  }

  /**
   * A link to something that is downloaded. That it was is in the log.
   * @param {string} path
   * @param {string} name  a key of the catalogue
   * @param {Record<string, string | number | null>} [query]
   */
  file(path, name, query = {}) {
    const href = addressOf(path, query);
    return h('a', { class: 'button compact', href, download: '' }, icon('download'), this.t(name));
  }
}

customElements.define('tb-staff-audit', AuditPanel);

register({
  name: 'audit',
  title: 'staff.audit.title',
  icon: 'log',
  order: 70,
  needs: ['read_audit'],
  make: (context) => new AuditPanel(context),
});
