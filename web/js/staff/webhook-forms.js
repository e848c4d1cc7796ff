/** Forms about webhooks: where one leads and what it is told, its secret, one delivery from near. */

import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { button, h, icon } from '../view.js';
import { complain, openForm } from './form-dialog.js';
import { shownOnce } from './secret.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {import('./webhooks.js').Endpoint} Endpoint
 * @typedef {import('./webhook.js').Delivery} Delivery
 * @typedef {{at: number, status: number | null, duration_ms: number, error: string | null}} Attempt
 */

const LONGEST_URL = 1000;

/**
 * A new one, or a change of one.
 * @param {StaffContext} context
 * @param {readonly string[]} kinds  all that there are
 * @param {Endpoint} [endpoint]
 * @returns {Promise<any>} what the server has answered; null: nothing was done
 */
export async function openWebhook({ strings, api }, kinds, endpoint) {
  const url = h('input', {
    id: 'staff-webhook-url',
    type: 'url',
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: LONGEST_URL,
    value: endpoint?.url,
  });
  const chosen = endpoint?.kinds ?? [];
  const boxes = kinds.map((kind) => h('input', { type: 'checkbox', value: kind, checked: chosen.includes(kind) }));
  const active = h('input', { type: 'checkbox', checked: endpoint?.active ?? true });
  /** @type {any} */
  let answer = null;
  await openForm(strings, {
    title: endpoint === undefined ? 'staff.webhooks.add' : 'staff.webhook.change',
    content: [
      field(url, strings.text('staff.webhooks.url'), strings.text('staff.webhooks.url_hint')),
      h(
        'details',
        { class: 'staff-details', open: chosen.length > 0 },
        h('summary', {}, strings.text('staff.webhooks.choose')),
        h('p', { class: 'small-text soft' }, strings.text('staff.webhooks.choose_hint')),
        h(
          'fieldset',
          { class: 'staff-choices' },
          h('legend', { class: 'only-read' }, strings.text('staff.webhooks.choose')),
          kinds.map((kind, index) => h('label', { class: 'staff-check' }, boxes[index], h('code', {}, kind))),
        ),
      ),
      h('label', { class: 'staff-check' }, active, strings.text('staff.webhooks.on')),
    ],
    submit: endpoint === undefined ? 'staff.webhooks.add_do' : 'staff.save',
    check: () => {
      if (/^https?:[/][/]\S+$/.test(url.value.trim())) return true;
      complain(url, strings.text('staff.webhooks.url_missing'));
      return false;
    },
    fields: { bad_webhook: url },
    send: async () => {
      const asked = {
        url: url.value.trim(),
        kinds: boxes.filter((box) => box.checked).map((box) => box.value),
        active: active.checked,
      };
      answer =
        endpoint === undefined
          ? await api.post('/api/webhooks', asked)
          : await api.patch(`/api/webhooks/${encodeURIComponent(endpoint.id)}`, asked);
    },
  });
  return answer;
}

/**
 * @param {StaffContext} context
 * @param {string} secret
 * @returns {Promise<void>} once it was closed
 */
export function showSecret({ strings }, secret) {
  return new Promise((resolve) => {
    const dialog = open(strings.text('staff.webhook.secret'), { broad: true, alert: true }, (close) => [
      h('p', {}, strings.text('staff.webhook.secret_text')),
      shownOnce(strings, secret, strings.text('staff.webhook.secret')),
      h('div', { class: 'dialog-buttons' }, button('button main', close, strings.text('staff.keys.kept'))),
    ]);
    dialog.querySelector('h2')?.focus();
    dialog.addEventListener('close', () => resolve(), { once: true });
  });
}

/**
 * One delivery: what is sent, and each time it was tried.
 * @param {StaffContext} context
 * @param {{delivery: Delivery, body: string, attempts: Attempt[]}} details
 */
export function showDelivery({ strings, formats }, { delivery, body, attempts }) {
  open(delivery.kind, { close: strings.text('dialog.close'), broad: true }, () => [
    h(
      'pre',
      { class: 'staff-body-text', tabindex: '0', role: 'group', 'aria-label': strings.text('staff.webhook.body') },
      pretty(body),
    ),
    h('h3', {}, strings.text('staff.webhook.attempts')),
    attempts.length === 0
      ? h('p', { class: 'soft' }, strings.text('staff.webhook.no_attempt'))
      : h(
          'ul',
          { class: 'staff-stack' },
          attempts.map((attempt) =>
            h(
              'li',
              { class: 'staff-done', 'data-tone': attempt.error === null ? 'good' : 'bad' },
              icon(attempt.error === null ? 'check' : 'warning'),
              h('span', {}, formats.moment(attempt.at), ': ', outcomeOf(strings, attempt)),
            ),
          ),
        ),
  ]);
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {{status: number | null, error: string | null}} attempt
 */
export function outcomeOf(strings, { status, error }) {
  if (error === null) return strings.text('staff.webhook.answered', { status: String(status ?? '') });
  const key = `staff.webhook.error.${error}`;
  return strings.has(key) ? strings.text(key, { status: String(status ?? '') }) : error;
}

/** @param {string} body */
function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
