/** Reports of the audit log: which one, of whom and of which time; shown as a table, or taken away as CSV. */

import { BaseElement } from '../elements/base.js';
import { explain, field } from '../elements/field.js';
import { h, replace, set, setText } from '../view.js';
import { addressOf } from './api.js';
import { beginningOf, cellOf, dayOf, REPORTS } from './audit-words.js';

/**
 * @typedef {import('./audit.js').AuditPanel} AuditPanel
 *
 * @typedef {object} Report
 * @property {string} report
 * @property {string[]} columns
 * @property {(string | number | null)[][]} rows
 * @property {boolean} complete
 */

const DAYS = 30;

/** Which reports are of somebody, and which question that answers. @type {Record<string, 'patient' | 'actor'>} */
const OF = { patient: 'patient', staff: 'actor' };

/** @extends {BaseElement<import('./element.js').StaffContext>} */
export class AuditReports extends BaseElement {
  /**
   * @param {import('./element.js').StaffContext} context
   * @param {AuditPanel} panel
   */
  constructor(context, panel) {
    super(context);
    this.panel = panel;
    this.className = 'staff-part';
    const today = new Date();
    this.report = h(
      'select',
      { id: 'audit-report', onchange: () => this.choose() },
      REPORTS.map((name) => h('option', { value: name }, this.t(`staff.audit.report.${name}`))),
    );
    this.whom = h('input', { id: 'audit-report-whom', autocomplete: 'off', maxlength: 200 });
    this.whomField = field(this.whom, this.t('staff.audit.whom'));
    const first = new Date(today.getFullYear(), today.getMonth(), today.getDate() - DAYS);
    this.since = h('input', { id: 'audit-report-since', type: 'date', value: dayOf(first), required: true });
    this.until = h('input', { id: 'audit-report-until', type: 'date', value: dayOf(today), required: true });
    this.told = h('p', { class: 'small-text soft', role: 'status' });
    this.sheet = h('a', { class: 'button compact', download: '', hidden: true }, this.t('staff.audit.csv'));
    this.table = h('div', { class: 'audit-table' });
    this.append(
      h('h2', {}, this.t('staff.audit.reports')),
      h(
        'form',
        {
          class: 'audit-form',
          'aria-label': this.t('staff.audit.reports'),
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            void this.show();
          },
        },
        field(this.report, this.t('staff.audit.which')),
        this.whomField,
        field(this.since, this.t('staff.audit.since')),
        field(this.until, this.t('staff.audit.until')),
        h('button', { class: 'button main', type: 'submit' }, this.t('staff.audit.show')),
      ),
      this.told,
      this.table,
      h('div', { class: 'staff-after' }, this.sheet),
    );
    this.choose();
  }

  choose() {
    const of = OF[this.report.value];
    this.whomField.hidden = of === undefined;
    const label = /** @type {HTMLLabelElement} */ (this.whomField.querySelector('label'));
    setText(label, this.t(of === 'patient' ? 'staff.audit.patient' : 'staff.audit.by'));
    explain(this.whom, null);
  }

  async show() {
    const of = OF[this.report.value];
    const whom = this.whom.value.trim();
    explain(this.whom, of !== undefined && whom === '' ? this.t('staff.audit.whom_missing') : null);
    if (of !== undefined && whom === '') {
      this.whom.focus();
      return;
    }
    const name = this.report.value;
    const query = {
      since: beginningOf(this.since.value),
      until: beginningOf(this.until.value, 1),
      patient: of === 'patient' ? whom : null,
      actor: of === 'actor' ? whom : null,
    };
    await this.panel.load(
      () => this.context.api.get(`/api/audit/reports/${name}`, { query }),
      (/** @type {Report} */ report) => {
        this.draw(report);
        set(this.sheet, { href: addressOf(`/api/audit/reports/${name}.csv`, query) });
        this.sheet.hidden = report.rows.length === 0;
      },
    );
  }

  /** @param {Report} report */
  draw({ report, columns, rows, complete }) {
    const { strings } = this.context;
    const counted = this.t('staff.audit.rows', { count: rows.length });
    setText(this.told, complete ? counted : `${counted} ${this.t('staff.audit.incomplete')}`);
    if (rows.length === 0) {
      replace(this.table, []);
      return;
    }
    const title = this.t(`staff.audit.report.${report}`);
    const heads = columns.map((each) => h('th', { scope: 'col' }, this.t(`staff.audit.column.${each}`)));
    const table = h(
      'table',
      {},
      h('caption', {}, title),
      h('thead', {}, h('tr', {}, heads)),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h('tr', {}, row.map((cell, place) => h('td', {}, cellOf(strings, columns[place] ?? '', cell)))),
        ),
      ),
    );
    // what is wider than the page is moved inside of it, by the keyboard too
    const around = { class: 'audit-scroll', role: 'region', tabindex: '0', 'aria-label': title };
    replace(this.table, [h('div', around, table)]);
  }
}

customElements.define('tb-staff-audit-reports', AuditReports);
