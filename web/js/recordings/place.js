// @ts-check
/**
 * What the address says after its #: a token, which leaves it at once, or which recording is open. Nothing of it ever
 * reaches the server as a part of an address.
 */

/**
 * @param {Location} [location]
 * @param {History} [history]
 * @returns {string | null} the token that this page was opened with
 */
export function takeToken(location = globalThis.location, history = globalThis.history) {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return token === '' ? null : token;
}

/**
 * @param {Location} [location]
 * @returns {string | null} the id of the recording that is to be open
 */
export function placeOf(location = globalThis.location) {
  return new URLSearchParams(location.hash.slice(1)).get('recording');
}

/** @param {string} id */
export function linkTo(id) {
  return `#${new URLSearchParams({ recording: id })}`;
}

/** Where the list is. */
export const LIST = '#';
