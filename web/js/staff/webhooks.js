/**
 * Webhooks: which programs of the clinic are told of what happens, and where. Opened with an id, one of them.
 *
 * Not here: one webhook and its deliveries (`webhook.js`), the forms (`webhook-forms.js`).
 */

import { button, h, icon, replace } from '../view.js';
import { Panel, register } from './panel.js';
import { linkTo } from './place.js';
import { openWebhook, showSecret } from './webhook-forms.js';
import { Webhook } from './webhook.js';

/**
 * @typedef {object} Endpoint
 * @property {string} id
 * @property {string} url
 * @property {string[]} kinds  none: all
 * @property {boolean} active
 * @property {number} created_at
 * @property {number} changed_at
 */

export const ROOT = '/api/webhooks';

/** Seconds until the log of deliveries is looked at again. */
const LOOK = 5;

export class WebhooksPanel extends Panel {
  /** @param {import('./element.js').StaffContext} context */
  constructor(context) {
    super(context);
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.webhooks.title') });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, this.t('staff.webhooks.none'));
    this.place = h('div', {});
    /** @type {Webhook | null} the one that is open */
    this.one = null;
    /** @type {readonly string[]} all that there are */
    this.kinds = [];
    this.all = h(
      'div',
      { class: 'staff-stack' },
      this.head(
        'staff.webhooks.title',
        button('button main compact', () => void this.add(), icon('add'), this.t('staff.webhooks.add')),
      ),
      h('p', { class: 'soft' }, this.t('staff.webhooks.lead')),
      this.list,
      this.nothing,
    );
    this.append(this.trouble, this.told, this.place);
  }

  connect() {
    this.every(LOOK, () => void (document.hidden || this.one?.look({ quiet: true })));
  }

  /** @param {string} rest  an endpoint's id */
  open(rest) {
    this.one = null;
    void this.load(
      () => this.context.api.get(ROOT),
      (/** @type {{endpoints: Endpoint[], kinds: string[]}} */ { endpoints, kinds }) => {
        this.kinds = kinds;
        const found = endpoints.find(({ id }) => id === rest);
        if (rest === '') this.showAll(endpoints);
        else if (found === undefined) this.complain({ code: 'no_such_webhook', error: '' }, null);
        else {
          this.one = new Webhook(this.context, this, found);
          replace(this.place, this.one);
          this.one.querySelector('h1')?.focus();
        }
      },
    );
  }

  /** @param {Endpoint[]} endpoints */
  showAll(endpoints) {
    replace(this.list, endpoints.map((endpoint) => this.row(endpoint)));
    this.list.hidden = endpoints.length === 0;
    this.nothing.hidden = endpoints.length > 0;
    replace(this.place, this.all);
  }

  /** @param {Endpoint} endpoint */
  row({ id, url, kinds, active }) {
    return h(
      'li',
      {},
      h(
        'a',
        { class: 'staff-row-link', href: linkTo('webhooks', id) },
        h('strong', {}, hostOf(url)),
        h('span', { class: 'small-text soft' }, url),
      ),
      h('span', { class: 'small-text' }, this.kindsOf(kinds)),
      h(
        'span',
        { class: 'staff-marks' },
        !active && h('span', { class: 'pill', 'data-tone': 'warn' }, this.t('staff.webhooks.off')),
      ),
    );
  }

  /** @param {readonly string[]} kinds */
  kindsOf(kinds) {
    return kinds.length === 0 ? this.t('staff.webhooks.all') : this.t('staff.webhooks.kinds', { count: kinds.length });
  }

  async add() {
    const made = await openWebhook(this.context, this.kinds);
    if (made === null) return;
    await showSecret(this.context, made.secret);
    location.hash = linkTo('webhooks', made.endpoint.id);
  }
}

/** @param {string} url */
export function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host : url;
}

customElements.define('tb-staff-webhooks', WebhooksPanel);

register({
  name: 'webhooks',
  title: 'staff.webhooks.title',
  icon: 'hook',
  order: 65,
  needs: ['manage_webhooks'],
  make: (context) => new WebhooksPanel(context),
});
