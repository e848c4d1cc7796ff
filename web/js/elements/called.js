/** What somebody is called in a sentence while their name is still on its way to this page. */

import { UNNAMED } from '../e2ee/names.js';

/**
 * @param {Pick<import('../strings.js').Strings, 'text'>} strings
 * @param {string} name
 * @returns {string}
 */
export function called(strings, name) {
  return name === '' || name === UNNAMED ? strings.text('unnamed') : name;
}

/**
 * Whom somebody waits for. Their name may still be on its way.
 * @param {Pick<import('../messages').State, 'waiting_for' | 'hosts'>} server
 */
export function waitingKey({ waiting_for: name, hosts }) {
  if (name !== null) return 'waiting.for';
  return hosts.length > 0 ? 'waiting.somebody' : 'waiting.nobody';
}
