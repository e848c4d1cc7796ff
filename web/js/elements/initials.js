/** What stands in for a face: the first letters of a name, whatever its script. */

/** Words that are no part of a name's initials. */
const TITLES = new Set(['dr', 'prof', 'mr', 'mrs', 'ms', 'mx']);

/**
 * @param {string} name
 * @returns {string} at most two letters
 */
export function initials(name) {
  const words = name.split(/[\s.]+/u).filter((word) => word !== '');
  const named = words.filter((word) => !TITLES.has(word.toLowerCase()));
  const used = named.length > 0 ? named : words;
  const chosen = used.length > 1 ? [used[0], used[used.length - 1]] : used;
  return chosen.map((word) => [...word][0].toLocaleUpperCase()).join('');
}
