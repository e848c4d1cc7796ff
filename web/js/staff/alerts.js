/** Unusual activity: what was noticed and by which rule, until somebody has looked at it. */

import { button, h, replace, set, setText } from '../view.js';
import { Panel, register } from './panel.js';
import { minutesOf } from './words.js';

/**
 * @typedef {object} Alert
 * @property {string} id
 * @property {string} rule
 * @property {number} at
 * @property {string | null} actor_kind
 * @property {string | null} actor
 * @property {string | null} session
 * @property {number} count
 * @property {number} seconds
 * @property {number | null} closed_at
 * @property {string | null} closed_by
 */

const ROWS = 50;
const LOOK = 30;

export class AlertsPanel extends Panel {
  /** @param {import('./element.js').StaffContext} context */
  constructor(context) {
    super(context);
    this.state = 'open';
    /** @type {string | null} */
    this.next = null;
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.alerts.title') });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true });
    this.other = button('button compact', () => this.turn(), this.t('staff.alerts.closed'));
    this.more = button('button', () => this.read(this.next), this.t('staff.more'));
    this.more.hidden = true;
    this.append(
      this.head('staff.alerts.title', this.other),
      h('p', { class: 'soft' }, this.t('staff.alerts.lead')),
      this.trouble,
      this.told,
      this.list,
      this.nothing,
      h('div', { class: 'staff-after' }, this.more),
    );
  }

  open() {
    this.read(null);
  }

  connect() {
    this.every(LOOK, () => {
      if (this.state === 'open' && this.next === null) this.read(null, true);
    });
  }

  turn() {
    this.state = this.state === 'open' ? 'closed' : 'open';
    setText(this.other, this.t(this.state === 'open' ? 'staff.alerts.closed' : 'staff.alerts.opened'));
    this.read(null);
  }

  /**
   * @param {string | null} after  null: from the newest
   * @param {boolean} [quiet]  by itself
   */
  read(after, quiet = false) {
    const query = { state: this.state, limit: ROWS, after };
    void this.load(
      () => this.context.api.get('/api/alerts', { query, quiet }),
      (/** @type {{alerts: Alert[], next: string | null}} */ { alerts, next }) => {
        const rows = alerts.map((alert) => this.row(alert));
        if (after === null) replace(this.list, rows);
        else this.list.append(...rows);
        this.next = next;
        this.more.hidden = next === null;
        this.list.hidden = this.list.children.length === 0;
        this.nothing.hidden = !this.list.hidden;
        setText(this.nothing, this.t(this.state === 'open' ? 'staff.alerts.none' : 'staff.alerts.none_closed'));
      },
    );
  }

  /** @param {Alert} alert */
  row(alert) {
    const { formats, strings } = this.context;
    const { rule, count, seconds, closed_at: closed } = alert;
    const name = this.t(`staff.alerts.rule.${rule}`);
    const about = [
      alert.actor !== null && this.t('staff.alerts.by', { who: alert.actor }),
      alert.session !== null && this.t('staff.alerts.session', { session: alert.session }),
      formats.moment(alert.at),
    ].filter((each) => typeof each === 'string');
    return h(
      'li',
      { 'data-key': alert.id },
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', {}, name),
        h('span', {}, this.t(`staff.alerts.says.${rule}`, { count, time: minutesOf(strings, seconds) })),
        h('span', { class: 'small-text soft' }, about.join(' · ')),
      ),
      h(
        'span',
        { class: 'staff-marks' },
        closed !== null
          ? h('span', { class: 'pill' }, this.t('staff.alerts.was_closed', { when: formats.moment(closed) }))
          : this.may('close_alerts') &&
              set(button('button compact', () => void this.close(alert, name), this.t('staff.alerts.close')), {
                'aria-label': this.t('staff.alerts.close_name', { name, when: formats.moment(alert.at) }),
              }),
      ),
    );
  }

  /**
   * @param {Alert} alert
   * @param {string} name
   */
  async close(alert, name) {
    const path = `/api/alerts/${encodeURIComponent(alert.id)}/close`;
    if (!(await this.act(() => this.context.api.post(path)))) return;
    this.say(this.t('staff.alerts.done', { name }));
    this.read(null);
    this.querySelector('h1')?.focus();
  }
}

customElements.define('tb-staff-alerts', AlertsPanel);

register({
  name: 'alerts',
  title: 'staff.alerts.title',
  icon: 'warning',
  order: 75,
  needs: ['read_audit', 'close_alerts'],
  make: (context) => new AlertsPanel(context),
});
