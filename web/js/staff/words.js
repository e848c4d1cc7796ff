// @ts-check
/**
 * Words that several staff pages need: sentences for refusals, roles, how long something lasts.
 *
 * Not here: nodes.
 */

/**
 * @typedef {import('../strings.js').Strings} Strings
 * @typedef {import('../http.js').Refusal} Refusal
 */

/**
 * A sentence for a refusal, with what to do where these pages know it.
 * @param {Strings} strings
 * @param {Refusal} problem
 */
export function sentenceOf(strings, { code, error, wait }) {
  const own = `staff.errors.${code}`;
  const time = wait === undefined ? strings.text('staff.some_time') : minutesOf(strings, wait);
  return strings.has(own) ? strings.text(own, { time }) : strings.error(code, error);
}

/**
 * @param {Strings} strings
 * @param {string} role
 */
export function roleOf(strings, role) {
  const key = `staff.role.${role}`;
  return strings.has(key) ? strings.text(key) : role;
}

/**
 * @param {Strings} strings
 * @param {number} seconds
 * @returns {string} as "5 minutes" or "1 minute": rounded up, so that nobody is told of less than there is
 */
export function minutesOf(strings, seconds) {
  return strings.text('staff.minutes', { count: Math.max(1, Math.ceil(seconds / 60)) });
}

/**
 * @param {Strings} strings
 * @param {readonly string[]} roles
 */
export function rolesOf(strings, roles) {
  return strings.list(roles.map((role) => roleOf(strings, role)));
}
