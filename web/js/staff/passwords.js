// @ts-check
/**
 * What can honestly be said of a password before the server has seen it: not that it is strong (nobody can know that
 * here), but what makes it easy to guess. The server looks for the same (`signaling/accounts/passwords.py`) and has the
 * last word.
 */

/** @typedef {{key: string, count: number, good: boolean}} Hint  a key of the catalogue with its number */

/** As long as the server takes. */
export const LONGEST = 200;

/** Fewer different characters than these are a repetition. */
const FEWEST_CHARACTERS = 6;

/** Rows of keys and of the alphabet, of which four in a row are as easy to guess as one. */
const ROWS = ['abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', '01234567890'];
const SHORTEST_ROW = 4;

/** What everybody tries first, beside names. */
const WORDS = ['password', 'passwort', 'therabook', 'welcome', 'letmein', 'iloveyou', 'administrator', 'changeme'];

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
  const text = password.toLowerCase();
  if (new Set(text).size < FEWEST_CHARACTERS) return bad('repeated');
  const enough = shortest - 4;
  const nameless = without(text, known.flatMap((name) => name.toLowerCase().split(/[\s@._-]+/)));
  if (nameless.length < enough) return bad('named');
  const wordless = without(nameless, WORDS);
  if (wordless.length < enough) return bad('common');
  if (withoutRows(wordless).length < enough) return bad('row');
  return { key: length < shortest + 8 ? 'staff.password.fine' : 'staff.password.good', count: length, good: true };
}

/**
 * @param {string} text
 * @param {readonly string[]} words  short ones are left in: they come up by chance
 */
function without(text, words) {
  return words.filter((word) => word.length >= 4).reduce((left, word) => left.replaceAll(word, ''), text);
}

/** @param {string} text */
function withoutRows(text) {
  for (const row of ROWS.flatMap((each) => [each, [...each].reverse().join('')])) {
    for (let length = row.length; length >= SHORTEST_ROW; length -= 1) {
      for (let start = 0; start + length <= row.length; start += 1) {
        text = text.replaceAll(row.slice(start, start + length), '');
      }
    }
  }
  return text;
}
