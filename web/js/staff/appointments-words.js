// @ts-check
/**
 * Appointments without a page: weeks, and what the server is asked for from what stands in the fields.
 *
 * Not here: nodes, any words.
 */

/**
 * @param {string} date  any day of the week, as "2026-03-05"
 * @param {number} [weeks]  so many weeks later
 * @returns {string} its Monday
 */
export function mondayOf(date, weeks = 0) {
  const [year, month, day] = date.split('-').map(Number);
  const at = new Date(Date.UTC(year, month - 1, day));
  at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7) + 7 * weeks);
  return at.toISOString().slice(0, 10);
}

/**
 * @param {string} monday
 * @returns {{since: number, until: number}} from midnight to midnight on the browser's clock, seconds since 1970
 */
export function boundsOf(monday) {
  const [year, month, day] = monday.split('-').map(Number);
  return {
    since: new Date(year, month - 1, day).getTime() / 1000,
    until: new Date(year, month - 1, day + 7).getTime() / 1000,
  };
}

/**
 * @template {{starts_at: number}} T
 * @param {readonly T[]} appointments  in their order
 * @param {(at: number) => string} dateOf
 * @returns {{date: string, appointments: T[]}[]}
 */
export function byDay(appointments, dateOf) {
  /** @type {{date: string, appointments: T[]}[]} */
  const days = [];
  for (const each of appointments) {
    const date = dateOf(each.starts_at);
    const last = days.at(-1);
    if (last?.date === date) last.appointments.push(each);
    else days.push({ date, appointments: [each] });
  }
  return days;
}

/**
 * What of somebody is sent: what is left empty is left out, and stays as it is known.
 * @template {Record<string, string>} T
 * @param {T} fields
 * @returns {Partial<T>}
 */
export function filled(fields) {
  const entries = Object.entries(fields).map(([name, value]) => [name, value.trim()]);
  return /** @type {Partial<T>} */ (Object.fromEntries(entries.filter(([, value]) => value !== '')));
}

/**
 * @typedef {Record<'id' | 'name' | 'email' | 'phone', string>} PatientFields
 * @typedef {Record<'relation' | 'name' | 'email' | 'phone', string>} GuestFields
 *
 * @typedef {object} Wanted
 * @property {string} therapist  empty: themselves
 * @property {string} kind
 * @property {string} start      as a field gives it, "2026-03-05T10:00"
 * @property {string} zone
 * @property {number} minutes
 * @property {PatientFields[]} patients
 * @property {GuestFields[]} guests
 * @property {{frequency: string, count: number} | null} rule
 * @property {boolean} despite   although the therapist has another one then
 */

/**
 * @param {Wanted} wanted
 * @returns {{path: string, body: object}}
 */
export function requestOf({ therapist, kind, start, zone, minutes, patients, guests, rule, despite }) {
  const body = {
    ...filled({ therapist }),
    kind,
    start,
    zone,
    minutes,
    patients: patients.map(filled),
    guests: guests.map(filled),
    despite_conflict: despite,
  };
  return rule === null ? { path: '/api/appointments', body } : { path: '/api/series', body: { ...body, rule } };
}

/**
 * How many patients a kind of appointment has at least and at most.
 * @param {string} kind
 */
export function patientsOf(kind) {
  if (kind === 'individual') return { least: 1, most: 1 };
  if (kind === 'couple') return { least: 2, most: 2 };
  return { least: 1, most: 8 };
}
