// @ts-check
/**
 * What can honestly be said of a password before the server has seen it: not that it is strong (nobody can know that
 * here), but what makes it easy to guess. The server has the last word, and a list of passwords that are known.
 */

/** @typedef {{key: string, count: number, good: boolean}} Hint  a key of the catalogue with its number */

/** As long as the server takes. */
export const LONGEST = 200;

const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qwertzuiop',
  'yxcvbnm',
];

/**
 * @param {string} password
 * @param {{shortest: number, known?: readonly string[]}} rules  `known`: what others know of them, as their name
 * @returns {Hint}
 */
export function hintOf(password, { shortest, known = [] }) {
  const length = [...password].length;
  /** @type {(word: string, count?: number) => Hint} */
  const bad = (word, count = 0) => ({ key: `staff.password.${word}`, count, good: false });
  if (length === 0) return bad('empty', shortest);
  if (length < shortest) return bad('short', shortest - length);
  if (length > LONGEST) return bad('long', length - LONGEST);
  const plain = password.toLowerCase();
  const names = known.flatMap((name) => name.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) => word.length > 3);
  const rest = names.reduce((text, name) => text.split(name).join(''), plain);
  if (rest.length < plain.length && [...rest].length < shortest - 4) return bad('named');
  if (new Set(plain).size < 5) return bad('repeated');
  if (pieces(plain) < 5) return bad('row');
  return { key: length < shortest + 8 ? 'staff.password.fine' : 'staff.password.good', count: length, good: true };
}

/**
 * In how many pieces it falls, of which each is a row of keys, a repetition or a single character: "abcdef123456" is
 * two, however long it is.
 * @param {string} text
 */
function pieces(text) {
  let count = 0;
  for (let at = 0; at < text.length; count += 1) at += Math.max(run(text, at), 1);
  return count;
}

/**
 * How long the row or repetition is that begins there.
 * @param {string} text
 * @param {number} at
 */
function run(text, at) {
  let best = 1;
  while (text[at + best] === text[at]) best += 1;
  for (const row of ROWS) {
    for (const line of [row, [...row].reverse().join('')]) {
      const start = line.indexOf(text[at]);
      let length = 0;
      while (start >= 0 && text[at + length] !== undefined && text[at + length] === line[start + length]) length += 1;
      if (length >= 3) best = Math.max(best, length);
    }
  }
  return best;
}
