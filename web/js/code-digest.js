// @ts-check
/**
 * The digest by which the code of this page can be compared with the source: the server tells it (`/web-digest`), and
 * the address of each of the page's files begins with its first digits.
 *
 * A server that hands out another client could tell anything here. What finds that is asking from another machine
 * (`therabook web-digest`, docs/e2ee.md).
 */

export const TOLD = '/web-digest';

/** Digits that people compare at once. */
const GROUP = 8;

/** @typedef {{digest: string, older: string | null}} Code  `older`: the page is of another version, which begins so */

/**
 * @param {string} told     by the server
 * @param {string} address  of one of this page's files
 * @returns {Code | null} null: that is no digest
 */
export function codeOf(told, address) {
  const digest = /^[0-9a-f]{64}(?=\n)/.exec(told)?.[0];
  if (digest === undefined) return null;
  const own = /\/static\/([0-9a-f]+)\//.exec(address)?.[1] ?? '';
  return { digest, older: digest.startsWith(own) ? null : own };
}

/**
 * @param {string} digest
 * @returns {string[]}
 */
export function grouped(digest) {
  return digest.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [];
}

/**
 * Asks the server.
 * @param {{fetch?: typeof fetch, address?: string}} [parts]
 * @returns {Promise<Code | null>} null: it cannot be asked
 */
export async function askForCode({ fetch = globalThis.fetch, address = import.meta.url } = {}) {
  try {
    const answer = await fetch(TOLD, { cache: 'no-store' });
    return answer.ok ? codeOf(await answer.text(), address) : null;
  } catch {
    return null;
  }
}
