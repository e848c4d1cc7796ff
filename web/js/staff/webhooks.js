/**
 * Webhooks: which of the clinic's own programs are told of what happens; a new one, with its secret shown once; and
 * what each was told (`#webhooks/ID`, `webhook-log.js`).
 */

import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { button, h, icon, replace, set } from '../view.js';
import { choices } from './choices.js';
import { complain, given, openForm, question } from './form-dialog.js';
import { Panel, register } from './panel.js';
import { shownOnce } from './secret.js';
import { WebhookLog } from './webhook-log.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 *
 * @typedef {object} Endpoint
 * @property {string} id
 * @property {string} url
 * @property {string[]} kinds  empty: all
 * @property {boolean} active
 * @property {number} created_at
 * @property {number} changed_at
 */

/** What can be chosen: events by what they are about, as `signaling/webhooks/kinds.py` names them. */
export const GROUPS = ['session', 'person', 'recording', 'consent', 'appointment', 'usage'];

/** Seconds between two looks at what became of what waits. */
const LOOK = 5;

export class WebhooksPanel extends Panel {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    /** @type {string[]} all kinds that there are */
    this.kinds = [];
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.webhooks.title') });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, this.t('staff.webhooks.none'));
    this.lead = h('p', { class: 'soft' }, this.t('staff.webhooks.lead'));
    this.log = new WebhookLog(this);
    this.append(
      this.head(
        'staff.webhooks.title',
        button('button main compact', () => void this.make(), icon('add'), this.t('staff.webhooks.make')),
      ),
      this.lead,
      this.trouble,
      this.told,
      this.list,
      this.nothing,
      this.log.node,
    );
  }

  connect() {
    this.every(LOOK, () => void this.log.look(true));
  }

  /** @param {string} rest  an endpoint's id: its log is shown below */
  open(rest) {
    void this.load(
      () => this.context.api.get('/api/webhooks'),
      (/** @type {{endpoints: Endpoint[], kinds: string[]}} */ { endpoints, kinds }) => {
        this.kinds = kinds;
        const chosen = endpoints.find(({ id }) => id === rest) ?? null;
        replace(this.list, endpoints.map((each) => this.row(each, each === chosen)));
        this.list.hidden = endpoints.length === 0;
        this.nothing.hidden = endpoints.length > 0;
        return this.log.show(chosen);
      },
    );
  }

  /**
   * @param {Endpoint} endpoint
   * @param {boolean} shown  whether its log stands below
   */
  row(endpoint, shown) {
    const name = hostOf(endpoint.url);
    return h(
      'li',
      {},
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', { class: 'staff-quote' }, endpoint.url),
        h('span', { class: 'small-text soft' }, this.what(endpoint)),
      ),
      h(
        'span',
        { class: 'staff-marks' },
        h('span', { class: 'pill', 'data-tone': endpoint.active ? 'good' : 'warn' },
          this.t(endpoint.active ? 'staff.webhooks.on' : 'staff.webhooks.off')),
        h(
          'a',
          {
            class: 'button compact',
            href: `#webhooks/${encodeURIComponent(endpoint.id)}`,
            'aria-label': this.t('staff.webhooks.log_name', { name }),
            'aria-current': shown ? 'true' : null,
          },
          this.t('staff.webhooks.log'),
        ),
        set(button('button compact', () => void this.change(endpoint), this.t('staff.webhooks.change')), {
          'aria-label': this.t('staff.webhooks.change_name', { name }),
        }),
      ),
    );
  }

  /** @param {Endpoint} endpoint */
  what({ kinds }) {
    const { strings } = this.context;
    if (kinds.length === 0) return this.t('staff.webhooks.everything');
    const groups = GROUPS.filter((group) => kinds.some((kind) => groupOf(kind) === group));
    return strings.list(groups.map((group) => this.t(`staff.webhooks.group.${group}`)));
  }

  async make() {
    const { strings, api } = this.context;
    const form = this.fields(null);
    /** @type {{endpoint: Endpoint, secret: string} | null} */
    let made = null;
    await openForm(strings, {
      title: 'staff.webhooks.new',
      content: form.content,
      submit: 'staff.webhooks.make_do',
      check: form.check,
      fields: { bad_webhook: form.url },
      send: async () => {
        made = await api.post('/api/webhooks', { url: form.url.value.trim(), kinds: form.kinds() });
      },
    });
    if (made === null) return;
    const { endpoint, secret } = /** @type {{endpoint: Endpoint, secret: string}} */ (made);
    await this.showSecret(secret, 'staff.webhooks.secret_text');
    location.hash = `#webhooks/${encodeURIComponent(endpoint.id)}`;
    this.open(endpoint.id);
  }

  /** @param {Endpoint} endpoint */
  async change(endpoint) {
    const { strings, api } = this.context;
    const form = this.fields(endpoint);
    const active = h('input', { type: 'checkbox', id: 'staff-webhook-active', checked: endpoint.active });
    const path = `/api/webhooks/${encodeURIComponent(endpoint.id)}`;
    /** @type {'secret' | 'remove' | null} */
    let other = null;
    const leave = (/** @type {'secret' | 'remove'} */ to) => (/** @type {Event} */ event) => {
      other = to;
      if (event.target instanceof Element) event.target.closest('dialog')?.close();
    };
    const changed = await openForm(strings, {
      title: 'staff.webhooks.change_title',
      content: [
        ...form.content,
        h('label', { class: 'staff-check' }, active, h('span', {}, this.t('staff.webhooks.active'))),
        h(
          'div',
          { class: 'staff-actions' },
          h('button', { class: 'button compact', type: 'button', onclick: leave('secret') },
            this.t('staff.webhooks.secret.open')),
          h('button', { class: 'button compact', type: 'button', onclick: leave('remove') },
            this.t('staff.webhooks.remove.open')),
        ),
      ],
      submit: 'staff.webhooks.change_do',
      check: form.check,
      fields: { bad_webhook: form.url },
      send: () => api.patch(path, { url: form.url.value.trim(), kinds: form.kinds(), active: active.checked }),
    });
    if (changed) this.say(this.t('staff.webhooks.changed'));
    if (other === 'secret') await this.newSecret(endpoint);
    if (other === 'remove') await this.remove_(endpoint);
    this.open(this.log.endpoint?.id ?? '');
  }

  /** @param {Endpoint} endpoint */
  async newSecret({ id, url }) {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.webhooks.secret', { name: hostOf(url) }, false))) return;
    const path = `/api/webhooks/${encodeURIComponent(id)}/secret`;
    await this.act(async () => {
      const { secret } = await api.post(path, { overlap_hours: 24 });
      await this.showSecret(secret, 'staff.webhooks.secret_both');
    });
  }

  /** @param {Endpoint} endpoint */
  async remove_({ id, url }) {
    const { strings, api } = this.context;
    const name = hostOf(url);
    if (!(await question(strings, 'staff.webhooks.remove', { name }))) return;
    if (!(await this.act(() => api.remove(`/api/webhooks/${encodeURIComponent(id)}`)))) return;
    this.say(this.t('staff.webhooks.removed', { name }));
    location.hash = '#webhooks';
    this.querySelector('h1')?.focus();
  }

  /**
   * What can be said of an endpoint.
   * @param {Endpoint | null} endpoint
   */
  fields(endpoint) {
    const url = h('input', {
      id: 'staff-webhook-url',
      type: 'url',
      inputmode: 'url',
      autocomplete: 'off',
      maxlength: 1000,
      value: endpoint?.url ?? '',
    });
    const chosen = endpoint === null || endpoint.kinds.length === 0 ? GROUPS : endpoint.kinds.map(groupOf);
    const groups = choices({
      id: 'staff-webhook-kinds',
      legend: this.t('staff.webhooks.kinds'),
      options: GROUPS.map((group) => ({
        value: group,
        text: this.t(`staff.webhooks.group.${group}`),
        hint: this.t(`staff.webhooks.group.${group}_hint`),
      })),
      chosen,
      missing: this.t('staff.webhooks.kinds_missing'),
    });
    return {
      url,
      content: [
        field(url, this.t('staff.webhooks.url'), this.t('staff.webhooks.url_hint')),
        groups.node,
      ],
      check: () => {
        if (!given(url, this.t('staff.webhooks.url_missing'))) return false;
        if (!url.validity.valid) {
          complain(url, this.t('staff.webhooks.url_missing'));
          return false;
        }
        return groups.check();
      },
      /** All groups are all kinds, also those that come with a later version of the server. */
      kinds: () => {
        const wanted = groups.value;
        return wanted.length === GROUPS.length ? [] : this.kinds.filter((kind) => wanted.includes(groupOf(kind)));
      },
    };
  }

  /**
   * @param {string} secret
   * @param {string} text  a key of the catalogue
   * @returns {Promise<void>} once it was closed
   */
  showSecret(secret, text) {
    const { strings } = this.context;
    return new Promise((resolve) => {
      const dialog = open(strings.text('staff.webhooks.secret_shown'), { broad: true, alert: true }, (close) => [
        h('p', {}, strings.text(text)),
        shownOnce(strings, secret, strings.text('staff.webhooks.secret_name')),
        h('p', { class: 'small-text soft' }, strings.text('staff.webhooks.how')),
        h('div', { class: 'dialog-buttons' }, button('button main', close, strings.text('staff.webhooks.kept'))),
      ]);
      dialog.querySelector('h2')?.focus();
      dialog.addEventListener('close', () => resolve(), { once: true });
    });
  }
}

customElements.define('tb-staff-webhooks', WebhooksPanel);

/** @param {string} kind */
function groupOf(kind) {
  return kind.split('.')[0] ?? '';
}

/**
 * How an endpoint is called in a sentence.
 * @param {string} url
 */
function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host : url;
}

register({
  name: 'webhooks',
  title: 'staff.webhooks.title',
  icon: 'send',
  order: 65,
  needs: ['manage_webhooks'],
  make: (context) => new WebhooksPanel(context),
});
