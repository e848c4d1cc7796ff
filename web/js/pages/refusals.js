/**
 * Which refusals end the visit (a page with a way forward), and which leave the form as it is (one line in it).
 */

/** Codes after which pressing Join again with the same link cannot work. */
const FINAL = new Set(['token_expired', 'token_revoked', 'token_invalid', 'outdated']);

/** @param {string} code */
export function isFinal(code) {
  return FINAL.has(code);
}
