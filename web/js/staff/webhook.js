/** One webhook: where it leads, what it is told, and the log of what was delivered. */

import { BaseElement } from '../elements/base.js';
import { field } from '../elements/field.js';
import { button, h, icon, replace, set } from '../view.js';
import { question } from './form-dialog.js';
import { linkTo } from './place.js';
import { openWebhook, outcomeOf, showDelivery, showSecret } from './webhook-forms.js';
import { hostOf, ROOT } from './webhooks.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./webhooks.js').Endpoint} Endpoint
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
 * @property {number | null} status
 * @property {string | null} error
 */

const ROWS = 50;

const TONES = { waiting: 'warn', sending: 'quiet', delivered: 'good', failed: 'bad' };

/** @extends {BaseElement<StaffContext>} */
export class Webhook extends BaseElement {
  /**
   * @param {StaffContext} context
   * @param {import('./webhooks.js').WebhooksPanel} panel
   * @param {Endpoint} endpoint
   */
  constructor(context, panel, endpoint) {
    super(context);
    this.panel = panel;
    this.endpoint = endpoint;
    this.className = 'staff-stack';
    this.drawn = '';
    /** @type {number | null} where the rows after these begin */
    this.next = null;
    this.state = h(
      'select',
      { id: 'staff-webhook-state', onchange: () => void this.look() },
      ['', 'waiting', 'delivered', 'failed'].map((state) =>
        h('option', { value: state }, this.t(`staff.webhook.state.${state || 'any'}`)),
      ),
    );
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.webhook.deliveries') });
    this.nothing = h('p', { class: 'staff-nothing soft' }, this.t('staff.webhook.none'));
    this.more = button('button', () => void this.loadMore(), this.t('staff.more'));
    this.facts = h('div', { class: 'staff-stack' });
    this.append(
      this.facts,
      h(
        'div',
        { class: 'staff-line' },
        h('h2', {}, this.t('staff.webhook.deliveries')),
        h(
          'div',
          { class: 'staff-actions' },
          button('button compact', () => void this.again(), this.t('staff.webhook.replay_failed')),
          field(this.state, this.t('staff.webhook.which')),
        ),
      ),
      this.list,
      this.nothing,
      h('div', { class: 'staff-after' }, this.more),
    );
    this.showFacts();
    void this.look();
  }

  get path() {
    return `${ROOT}/${encodeURIComponent(this.endpoint.id)}`;
  }

  showFacts() {
    const { url, kinds, active, changed_at: at } = this.endpoint;
    const one = (/** @type {string} */ word, /** @type {() => unknown} */ go, danger = false) =>
      button(`button compact ${danger ? 'staff-danger' : ''}`, () => void go(), this.t(`staff.webhook.${word}`));
    const fact = (/** @type {string} */ word, /** @type {string} */ value) =>
      h('div', {}, h('dt', {}, this.t(word)), h('dd', {}, value));
    replace(
      this.facts,
      h('a', { class: 'staff-back', href: linkTo('webhooks') }, icon('back'), this.t('staff.webhook.back')),
      h(
        'div',
        { class: 'staff-head' },
        h('h1', { tabindex: '-1' }, hostOf(url)),
        h(
          'div',
          { class: 'staff-actions' },
          active && one('test', () => this.test()),
          one('change', () => this.change()),
        ),
      ),
      h(
        'dl',
        { class: 'staff-facts' },
        fact('staff.webhooks.url', url),
        fact('staff.webhook.told', kinds.length === 0 ? this.t('staff.webhooks.all') : kinds.join(', ')),
        fact('staff.person.state', this.t(active ? 'staff.webhook.active' : 'staff.webhooks.off')),
        fact('staff.webhook.changed', this.context.formats.moment(at)),
      ),
      h(
        'div',
        { class: 'staff-actions' },
        one('rotate.open', () => this.rotate()),
        one('remove.open', () => this.takeAway(), true),
      ),
    );
  }

  /** The newest deliveries. @param {{quiet?: boolean}} [how] */
  async look({ quiet = false } = {}) {
    const ask = () => this.ask(null, quiet);
    const show = (/** @type {{deliveries: Delivery[], next: number | null}} */ page) => {
      const drawn = JSON.stringify(page);
      if (drawn === this.drawn) return; // drawn again, it would take the focus
      this.drawn = drawn;
      replace(this.list, page.deliveries.map((delivery) => this.row(delivery)));
      this.came(page.next);
    };
    if (!quiet) await this.panel.load(ask, show);
    // No answer: what is there stays, and it is asked again.
    else if (this.list.children.length <= ROWS) await ask().then(show, () => undefined);
  }

  async loadMore() {
    const before = this.list.children.length;
    await this.panel.load(
      () => this.ask(this.next, false),
      ({ deliveries, next }) => {
        this.list.append(...deliveries.map((/** @type {Delivery} */ delivery) => this.row(delivery)));
        this.came(next);
      },
    );
    this.list.children[before]?.querySelector('button')?.focus();
  }

  /**
   * @param {number | null} before
   * @param {boolean} quiet
   */
  ask(before, quiet) {
    const query = { state: this.state.value, before, limit: ROWS };
    return this.context.api.get(`${this.path}/deliveries`, { query, quiet });
  }

  /** @param {number | null} next */
  came(next) {
    this.next = next;
    this.more.hidden = next === null;
    this.nothing.hidden = this.list.children.length > 0;
  }

  /** @param {Delivery} delivery */
  row(delivery) {
    const { formats, strings } = this.context;
    const { kind, session, sequence, at, state, attempts, next_at: next } = delivery;
    const facts = [
      this.t('staff.webhook.of', { session, number: String(sequence) }),
      formats.moment(at),
      attempts > 1 && this.t('staff.webhook.tried', { count: attempts }),
      delivery.error !== null && outcomeOf(strings, delivery),
      next !== null && this.t('staff.webhook.next', { when: formats.moment(next) }),
    ].filter((fact) => typeof fact === 'string');
    const named = (/** @type {HTMLButtonElement} */ element, /** @type {string} */ word) =>
      set(element, { 'aria-label': this.t(word, { kind, number: String(sequence) }) });
    return h(
      'li',
      {},
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', {}, kind),
        h('span', { class: 'small-text soft' }, facts.join(' · ')),
      ),
      h('span', { class: 'pill', 'data-tone': TONES[state] }, this.t(`staff.webhook.state.${state}`)),
      h(
        'div',
        { class: 'staff-actions' },
        named(
          button('button compact', () => void this.details(delivery), this.t('staff.webhook.details')),
          'staff.webhook.details_of',
        ),
        (state === 'delivered' || state === 'failed') &&
          named(
            button('button compact', () => void this.replay(delivery), this.t('staff.webhook.replay')),
            'staff.webhook.replay_of',
          ),
      ),
    );
  }

  /** @param {Delivery} delivery */
  async details({ event }) {
    const { api } = this.context;
    await this.panel.act(async () => {
      showDelivery(this.context, await api.get(`${this.path}/deliveries/${encodeURIComponent(event)}`));
    });
  }

  /** @param {Delivery} delivery */
  async replay({ event }) {
    await this.send('replay', { event }, () => this.t('staff.webhook.replayed', { count: 1 }));
  }

  /** All that was given up. */
  async again() {
    await this.send('replay', { since: 0, failed_only: true }, ({ deliveries }) =>
      this.t('staff.webhook.replayed', { count: deliveries }),
    );
  }

  async test() {
    await this.send('test', {}, () => this.t('staff.webhook.tested'));
  }

  /**
   * @param {string} action
   * @param {object} body
   * @param {(answer: any) => string} said
   */
  async send(action, body, said) {
    const { api } = this.context;
    /** @type {any} */
    let answer = null;
    const well = await this.panel.act(async () => {
      answer = await api.post(`${this.path}/${action}`, body);
    });
    if (!well) return;
    await this.look();
    this.panel.say(said(answer));
  }

  async change() {
    const changed = await openWebhook(this.context, this.panel.kinds, this.endpoint);
    if (changed === null) return;
    this.endpoint = changed;
    this.showFacts();
    this.panel.say(this.t('staff.saved'));
    this.querySelector('h1')?.focus();
  }

  async rotate() {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.webhook.rotate', {}, false))) return;
    await this.panel.act(async () => {
      const { secret } = await api.post(`${this.path}/secret`);
      await showSecret(this.context, secret);
    });
  }

  async takeAway() {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.webhook.remove', { name: hostOf(this.endpoint.url) }))) return;
    if (await this.panel.act(() => api.remove(this.path))) location.hash = linkTo('webhooks');
  }
}

customElements.define('tb-staff-webhook', Webhook);
