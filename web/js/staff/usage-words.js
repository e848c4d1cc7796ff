// @ts-check
/**
 * How minutes, months and codes are written.
 *
 * Not here: nodes.
 */

/**
 * @typedef {{code: string, modifier: string, text: string, price_cents: number | null}} Suggestion
 *
 * @typedef {object} Sitting  as `SittingAnswer` of `signaling/usage/answers.py`
 * @property {string} id
 * @property {string} session
 * @property {string | null} appointment
 * @property {string | null} therapist
 * @property {string[]} patients
 * @property {string} day
 * @property {number} started_at
 * @property {number} ended_at
 * @property {'running' | 'waiting' | 'ended'} state
 * @property {number} length_s
 * @property {number} two_way_s
 * @property {number} video_s
 * @property {number} gap_s
 * @property {number} minutes
 * @property {'video' | 'audio' | null} modality
 * @property {Suggestion[]} suggestions
 *
 * @typedef {object} Share
 * @property {string} person
 * @property {string} role
 * @property {number} present_s
 * @property {number} minutes
 * @property {Suggestion[]} suggestions
 *
 * @typedef {object} Span
 * @property {string | null} person
 * @property {number} began_at
 * @property {number} ended_at
 * @property {string} state
 * @property {string | null} reason
 *
 * @typedef {Record<string, string>} Names  of accounts, by their ids
 *
 * @typedef {Sitting & {shares: Share[], spans: Span[], names: Names}} Details
 */

/**
 * @param {Names} names
 * @param {string} who
 * @returns {string} their id, if they have no account
 */
export function nameOf(names, who) {
  return Object.hasOwn(names, who) ? names[who] : who;
}

/**
 * @param {readonly Suggestion[]} suggestions
 * @returns {string} as on a claim: "90837-95"
 */
export function codesOf(suggestions) {
  return suggestions.map(({ code, modifier }) => (modifier === '' ? code : `${code}-${modifier}`)).join(', ');
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {number} count
 */
export function minutesWords(strings, count) {
  return strings.text('staff.usage.minutes', { count });
}

/**
 * Months as the server names them, the newest first.
 * @param {number} now  seconds since 1970
 * @param {number} count
 * @returns {string[]}
 */
export function lastMonths(now, count) {
  const today = new Date(now * 1000);
  return Array.from({ length: count }, (_, back) => {
    const month = new Date(Date.UTC(today.getFullYear(), today.getMonth() - back, 1));
    return `${month.getUTCFullYear()}-${String(month.getUTCMonth() + 1).padStart(2, '0')}`;
  });
}

/**
 * @param {string} language
 * @param {string} month
 */
export function monthName(language, month) {
  const names = new Intl.DateTimeFormat(language, { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return names.format(new Date(`${month}-01T00:00:00Z`));
}
