/**
 * Pages after and around the session: how it ended, why a link does not work, and what to do next.
 */

import { unableList } from '../elements/unable.js';
import { noticePage } from './notice.js';

/**
 * @typedef {import('../elements/element.js').Context} Context
 * @typedef {import('../messages').OverReason} OverReason
 */

/** @type {Record<OverReason, string>} */
const ICONS = {
  left: 'check',
  ended: 'check',
  expired: 'clock',
  moved: 'devices',
  removed: 'info',
  declined: 'info',
  lost: 'signal-lost',
  unencrypted: 'shield-off',
};

/** @type {Readonly<Record<string, string>>} */
const REFUSED_ICONS = { token_expired: 'clock', cannot_encrypt: 'shield-off' };

/** Where coming back is the likely wish. After `removed` the link is worth nothing. */
const RETURNS = new Set(['left', 'declined', 'moved', 'lost']);

/**
 * @param {Context} context
 * @param {OverReason} reason
 */
export function overPage(context, reason) {
  const { strings, settings } = context;
  const values = { name: settings.brand.name };
  return noticePage({
    icon: ICONS[reason],
    title: strings.text(`over.${reason}.title`),
    sentences: [strings.text(`over.${reason}.text`, values)],
    list: reason === 'unencrypted' ? unableList(context) : undefined,
    ways: RETURNS.has(reason)
      ? [{ text: strings.text(`over.${reason}.again`), go: () => location.reload(), main: reason !== 'left' }]
      : [],
  });
}

/**
 * @param {Context} context
 * @param {{code: string, error: string}} refusal
 */
export function refusedPage(context, { code, error }) {
  const { strings, settings } = context;
  const key = strings.has(`refused.${code}.title`) ? code : 'token_invalid';
  return noticePage({
    icon: REFUSED_ICONS[code] ?? 'info',
    title: strings.text(`refused.${key}.title`),
    sentences: [strings.error(code, error), strings.text(`refused.${key}.next`, { name: settings.brand.name })],
    list: code === 'cannot_encrypt' ? unableList(context) : undefined,
    ways: code === 'outdated' ? [reload(strings.text('refused.reload'))] : [],
  });
}

/** @param {Context} context */
export function noLinkPage({ strings, settings }) {
  const values = { name: settings.brand.name };
  return noticePage({
    icon: 'info',
    title: strings.text('no_link.title'),
    sentences: [strings.text('no_link.text'), strings.text('no_link.next', values)],
    ways: settings.demo
      ? [{ text: strings.text('no_link.demo'), go: () => location.assign('/video-call/demo'), main: true }]
      : [],
  });
}

/** @param {Context} context */
export function movingPage({ strings, session }) {
  return noticePage({
    icon: 'devices',
    title: strings.text('moving.title'),
    sentences: [strings.text('moving.text')],
    busy: true,
    ways: [{ text: strings.text('moving.cancel'), go: () => session.leave() }],
  });
}

/** @param {Context} context */
export function returningPage({ strings, session }) {
  return noticePage({
    icon: 'clock',
    title: strings.text('returning.title'),
    sentences: [strings.text('returning.text')],
    busy: true,
    ways: [{ text: strings.text('returning.cancel'), go: () => session.leave() }],
  });
}

/** @param {import('../strings.js').Strings} strings */
export function unreachablePage(strings) {
  return noticePage({
    icon: 'signal-lost',
    title: strings.text('unreachable.title'),
    sentences: [strings.text('unreachable.text')],
    ways: [reload(strings.text('unreachable.again'))],
  });
}

/** @param {string} text */
function reload(text) {
  return { text, go: () => location.reload(), main: true };
}
