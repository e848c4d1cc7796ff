/**
 * Which refusals end the visit (a page with a way forward), and which leave the form as it is (one line in it); and
 * what is known of it before anybody asks.
 */

/** Codes after which pressing Join again with the same link cannot work. */
const FINAL = new Set(['token_expired', 'token_revoked', 'token_invalid', 'outdated', 'cannot_encrypt']);

/** @param {string} code */
export function isFinal(code) {
  return FINAL.has(code);
}

/**
 * Whether the server is known to refuse this browser, so that nobody has to try first.
 * @param {import('../session.js').SessionState['encrypted']} encrypted
 * @param {Pick<import('../settings.js').ClientSettings, 'encryption'>} settings
 * @param {Pick<import('../invitation.js').Invitation, 'encrypted'> | null} invitation
 */
export function isShutOut(encrypted, settings, invitation) {
  return encrypted.state === 'impossible' && (settings.encryption === 'required' || (invitation?.encrypted ?? false));
}

/**
 * What the form promises: no more than what is known to be so.
 * @param {import('../session.js').SessionState['encrypted']} encrypted
 * @param {Pick<import('../settings.js').ClientSettings, 'encryption'>} settings
 * @param {Pick<import('../invitation.js').Invitation, 'encrypted'> | null} invitation
 */
export function promiseKey(encrypted, settings, invitation) {
  if (encrypted.state === 'impossible') return 'join.promise.transit';
  return settings.encryption === 'required' || invitation?.encrypted ? 'join.promise.end' : 'join.promise.if_all';
}
