/** What somebody can do whose browser cannot encrypt end to end, as a list. */

import { remedies } from './browsers.js';
import { platform } from './platform.js';
import { h } from '../view.js';

/**
 * @param {Pick<import('./element.js').Context, 'strings' | 'settings'>} context
 * @param {{userAgent: string, maxTouchPoints?: number}} [machine]
 */
export function unableList({ strings, settings }, machine = navigator) {
  return h(
    'ul',
    { class: 'unable' },
    remedies(platform(machine)).map(({ key, values, browsers }) =>
      h('li', {}, strings.text(key, { ...values, browsers: strings.list(browsers) })),
    ),
    h('li', {}, strings.text('unable.call', { name: settings.brand.name })),
  );
}
