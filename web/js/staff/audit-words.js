// @ts-check
/**
 * How events of the audit log are called, and the cells of its reports.
 *
 * Not here: nodes.
 */

/**
 * @typedef {import('../strings.js').Strings} Strings
 *
 * @typedef {object} AuditEvent
 * @property {number} seq
 * @property {number} at
 * @property {string} kind
 * @property {string} actor_kind
 * @property {string} actor
 * @property {string | null} session
 * @property {string | null} patient
 * @property {string | null} subject
 * @property {Record<string, string | number | boolean | null>} details
 */

/** What events are about: the groups of a long list. */
export const GROUPS = [
  ...['call', 'consent', 'record', 'recording', 'key', 'account', 'access', 'apikey', 'token', 'appointment', 'link'],
  ...['checkin', 'message', 'note', 'usage', 'billing', 'webhook', 'retention', 'hold', 'patient', 'backup', 'audit'],
  ...['server', 'config', 'code', 'alert'],
];

/** The reports that there are, as in `clinic/audit/reports.py`. */
export const REPORTS = ['patient', 'staff', 'access', 'days', 'sign_ins', 'exports', 'emergency'];

/**
 * @param {Strings} strings
 * @param {string} kind
 * @returns {string} the kind itself where the page does not know it yet
 */
export function kindOf(strings, kind) {
  const key = `staff.audit.kind.${kind}`;
  return strings.has(key) ? strings.text(key) : kind;
}

/**
 * Who did it: "t-7 (staff)".
 * @param {Strings} strings
 * @param {{actor: string, actor_kind: string}} event
 */
export function actorOf(strings, { actor, actor_kind: kind }) {
  const key = `staff.audit.actor.${kind}`;
  return strings.text('staff.audit.who', { who: actor, kind: strings.has(key) ? strings.text(key) : kind });
}

/**
 * What else is known of an event, each as "session: abc".
 * @param {Strings} strings
 * @param {AuditEvent} event
 * @returns {string[]}
 */
export function factsOf(strings, { session, patient, subject, details }) {
  /** @type {(name: string, value: string) => string} */
  const fact = (name, value) => strings.text('staff.audit.fact', { name, value });
  return [
    ...(patient !== null ? [fact(strings.text('staff.audit.patient'), patient)] : []),
    ...(session !== null ? [fact(strings.text('staff.audit.session'), session)] : []),
    ...(subject !== null ? [fact(strings.text('staff.audit.subject'), subject)] : []),
    ...Object.entries(details).map(([name, value]) => fact(name, String(value))),
  ];
}

/**
 * A cell of a report.
 * @param {Strings} strings
 * @param {string} column
 * @param {string | number | null} value
 */
export function cellOf(strings, column, value) {
  if (value === null) return '';
  if (column === 'event') return kindOf(strings, String(value));
  if (column === 'actor_kind') return strings.text(`staff.audit.actor.${value}`);
  return typeof value === 'number' ? new Intl.NumberFormat(strings.language).format(value) : value;
}

/**
 * The beginning of a day on this device's clock, or of the day after it.
 * @param {string} day  as `2026-03-01`; empty: none
 * @param {number} [later]  days
 * @returns {number | null} seconds since 1970
 */
export function beginningOf(day, later = 0) {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  if (!year || !month || !date) return null;
  return new Date(year, month - 1, date + later).getTime() / 1000;
}

/**
 * @param {Date} date
 * @returns {string} as `2026-03-01`, on this device's clock
 */
export function dayOf(date) {
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
