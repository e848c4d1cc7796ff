/**
 * What an endpoint of webhooks was told, newest first: what arrived, what waits, what was given up; and telling it
 * again.
 *
 * Not here: endpoints themselves (`webhooks.js`).
 */

import { refusal } from '../http.js';
import { button, h, replace, set, setText } from '../view.js';

/**
 * @typedef {import('./webhooks.js').Endpoint} Endpoint
 * @typedef {import('./webhooks.js').WebhooksPanel} WebhooksPanel
 *
 * @typedef {object} Delivery
 * @property {string} event
 * @property {string} kind
 * @property {string} session
 * @property {number} sequence
 * @property {number} at
 * @property {'waiting' | 'sending' | 'delivered' | 'failed'} state
 * @property {number} attempts
 * @property {number | null} next_at
 * @property {number | null} done_at
 * @property {number | null} status
 * @property {number | null} duration_ms
 * @property {string | null} error
 */

/** Deliveries that are asked for at once. */
const LIMIT = 50;

const TONES = { waiting: 'warn', sending: 'warn', delivered: 'good', failed: 'bad' };

export class WebhookLog {
  /** @param {WebhooksPanel} panel */
  constructor(panel) {
    this.panel = panel;
    /** @type {Endpoint | null} */
    this.endpoint = null;
    /** @type {number | null} */
    this.next = null;
    const t = (/** @type {string} */ key) => panel.t(key);
    this.title = h('h2', { tabindex: '-1' });
    this.rows = h('tbody', {});
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, t('staff.webhooks.log_none'));
    this.state = h(
      'select',
      { id: 'staff-webhook-state', onchange: () => void this.look() },
      ['', 'waiting', 'delivered', 'failed'].map((state) =>
        h('option', { value: state }, t(`staff.webhooks.state.${state || 'all'}`)),
      ),
    );
    this.more = button('button', () => void this.add(), t('staff.webhooks.more'));
    this.table = h(
      'div',
      { class: 'staff-scroll', role: 'region', tabindex: '0', 'aria-label': t('staff.webhooks.log') },
      h(
        'table',
        { class: 'staff-table' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ['when', 'what', 'session', 'state', 'answer', 'again'].map((name) =>
              h('th', { scope: 'col' }, t(`staff.webhooks.column.${name}`)),
            ),
          ),
        ),
        this.rows,
      ),
    );
    this.node = h(
      'section',
      { class: 'staff-form', hidden: true },
      h(
        'div',
        { class: 'staff-head' },
        this.title,
        h(
          'div',
          { class: 'staff-actions' },
          button('button compact', () => void this.test(), t('staff.webhooks.test')),
          button(
            'button compact',
            () => void this.again({ since: 0, failed_only: true }),
            t('staff.webhooks.failed_again'),
          ),
        ),
      ),
      h('div', { class: 'field' }, h('label', { for: 'staff-webhook-state' }, t('staff.webhooks.show')), this.state),
      this.nothing,
      this.table,
      this.more,
    );
  }

  /** @param {Endpoint | null} endpoint */
  async show(endpoint) {
    const other = endpoint?.id !== this.endpoint?.id;
    this.endpoint = endpoint;
    this.node.hidden = endpoint === null;
    if (endpoint === null) return;
    setText(this.title, this.panel.t('staff.webhooks.log_of', { name: endpoint.url }));
    await this.look();
    if (other) this.title.focus();
  }

  /** The newest ones. @param {boolean} [quiet]  the page looks by itself */
  async look(quiet = false) {
    if (this.endpoint === null || (quiet && this.rows.rows.length > LIMIT)) return;
    const page = await this.page(null, quiet);
    if (page === null) return;
    replace(this.rows, page.deliveries.map((each) => this.row(each)));
    this.after(page.next);
  }

  async add() {
    const page = await this.page(this.next, false);
    if (page === null) return;
    this.rows.append(...page.deliveries.map((each) => this.row(each)));
    this.after(page.next);
  }

  /** @param {number | null} next */
  after(next) {
    this.next = next;
    this.more.hidden = next === null;
    const none = this.rows.rows.length === 0;
    this.table.hidden = none;
    this.nothing.hidden = !none;
  }

  /**
   * @param {number | null} before
   * @param {boolean} quiet
   * @returns {Promise<{deliveries: Delivery[], next: number | null} | null>}
   */
  async page(before, quiet) {
    const query = { state: this.state.value, before, limit: LIMIT };
    try {
      return await this.panel.context.api.get(`${this.path}/deliveries`, { query, quiet });
    } catch (error) {
      const problem = refusal(error);
      if (!quiet) this.panel.complain(problem, () => void this.look());
      return null;
    }
  }

  /** @param {Delivery} delivery */
  row(delivery) {
    const { formats } = this.panel.context;
    const over = delivery.state === 'delivered' || delivery.state === 'failed';
    return h(
      'tr',
      {},
      h('td', {}, formats.moment(delivery.at)),
      h('td', {}, h('code', {}, delivery.kind)),
      h('td', { class: 'staff-quote' }, delivery.session, ' ', h('span', { class: 'soft' }, `#${delivery.sequence}`)),
      h(
        'td',
        {},
        h('span', { class: 'pill', 'data-tone': TONES[delivery.state] },
          this.panel.t(`staff.webhooks.state.${delivery.state}`)),
        delivery.next_at !== null &&
          h('div', { class: 'small-text soft' },
            this.panel.t('staff.webhooks.next', { when: formats.moment(delivery.next_at) })),
      ),
      h('td', {}, this.answer(delivery)),
      h(
        'td',
        {},
        over &&
          set(button('button compact', () => void this.again({ event: delivery.event }),
            this.panel.t('staff.webhooks.again')), {
            'aria-label': this.panel.t('staff.webhooks.again_name', { kind: delivery.kind, number: delivery.sequence }),
          }),
      ),
    );
  }

  /** @param {Delivery} delivery */
  answer({ status, duration_ms: duration, error, attempts }) {
    const { strings } = this.panel.context;
    const facts = [
      status !== null && this.panel.t('staff.webhooks.status', { status }),
      status === null && error !== null && this.panel.t(`staff.webhooks.error.${error}`),
      duration !== null && this.panel.t('staff.webhooks.duration', { count: duration }),
      attempts > 1 && strings.text('staff.webhooks.attempts', { count: attempts }),
    ];
    return facts.filter((fact) => typeof fact === 'string').join(' · ');
  }

  async test() {
    const { api } = this.panel.context;
    if (await this.panel.act(() => api.post(`${this.path}/test`))) {
      this.panel.say(this.panel.t('staff.webhooks.tested'));
      await this.look(true);
    }
  }

  /** @param {object} which  as the server is asked for it */
  async again(which) {
    const { api, strings } = this.panel.context;
    let count = 0;
    const well = await this.panel.act(async () => {
      count = (await api.post(`${this.path}/replay`, which)).deliveries;
    });
    if (!well) return;
    this.panel.say(strings.text('staff.webhooks.replayed', { count }));
    await this.look(true);
  }

  get path() {
    return `/api/webhooks/${encodeURIComponent(this.endpoint?.id ?? '')}`;
  }
}
