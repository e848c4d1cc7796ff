// @ts-check
/** What every page needs before it can show anything: what the clinic has set, and the words. */

import { loadSettings } from '../settings.js';
import { loadStrings } from '../strings.js';
import { h } from '../view.js';
import { unreachablePage } from './over.js';

/**
 * @typedef {object} Prepared
 * @property {Readonly<import('../settings.js').ClientSettings>} settings
 * @property {import('../strings.js').Strings} strings
 */

/** @returns {Promise<Prepared | null>} null: no server is reached, or the browser is too old, and the page says so */
export async function prepared() {
  if (document.documentElement.hasAttribute('data-outdated')) return null;
  const settings = await loadSettings().catch((error) => {
    console.error(error);
    return null;
  });
  const strings = await loadStrings(settings?.languages ?? ['en']);
  document.documentElement.lang = strings.language;
  if (settings) return { settings, strings };
  document.title = strings.text('unreachable.title');
  document.body.append(h('main', {}, unreachablePage(strings)));
  return null;
}
