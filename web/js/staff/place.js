// @ts-check
/**
 * What the address says after its #: which panel is open, or a token that leaves it at once. Nothing of it ever reaches
 * the server as a part of an address.
 */

/** What a link may bring. */
const BROUGHT = /** @type {const} */ (['setup', 'invitation', 'problem']);

/** @typedef {Partial<Record<(typeof BROUGHT)[number], string>>} Brought  tokens, or why single sign-on did not work */

/**
 * @param {Location} [location]
 * @param {History} [history]
 * @returns {Brought}
 */
export function takeBrought(location = globalThis.location, history = globalThis.history) {
  const given = new URLSearchParams(location.hash.slice(1));
  /** @type {Brought} */
  const brought = {};
  for (const name of BROUGHT) {
    const value = given.get(name);
    if (value) brought[name] = value;
  }
  if (BROUGHT.some((name) => given.has(name))) history.replaceState(null, '', location.pathname + location.search);
  return brought;
}

/**
 * @param {string} [hash]
 * @returns {{panel: string, rest: string}} "#people/7" is the panel "people" and the rest "7"
 */
export function placeOf(hash = globalThis.location.hash) {
  const [panel, ...rest] = hash.replace(/^#/, '').split('/');
  return { panel, rest: rest.map(decoded).join('/') };
}

/**
 * @param {string} panel
 * @param {string} [rest]
 */
export function linkTo(panel, rest = '') {
  return rest === '' ? `#${panel}` : `#${panel}/${encodeURIComponent(rest)}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // typed by hand
  }
}
