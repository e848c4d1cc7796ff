// @ts-check
/**
 * What is to be known of a day and its appointments at a glance, as keys of the catalogue with their values; and who
 * has begun to wait since the last look.
 *
 * Not here: nodes.
 */

/**
 * @typedef {import('../strings.js').Strings} Strings
 *
 * @typedef {object} Guest  as `GuestAnswer` of the server
 * @property {string} id
 * @property {string} relation
 * @property {string | null} patient
 * @property {string | null} name
 * @property {string | null} email
 * @property {string | null} phone
 * @property {boolean} left_out
 * @property {{id: string, made_at: number, opened_at: number | null, revoked_at: number | null} | null} link
 *
 * @typedef {object} Appointment  as `AppointmentAnswer`
 * @property {string} id
 * @property {string | null} series
 * @property {string} session
 * @property {string} therapist
 * @property {string | null} therapist_name
 * @property {string} kind
 * @property {string} start
 * @property {number} starts_at
 * @property {number} minutes
 * @property {string} zone
 * @property {'booked' | 'cancelled' | 'seen' | 'missed'} state
 * @property {number} revision
 * @property {Guest[]} guests
 *
 * @typedef {object} Person  as `PersonOfTheDay`
 * @property {string} guest
 * @property {string} relation
 * @property {string | null} patient
 * @property {string | null} called
 * @property {'away' | 'waiting' | 'present' | 'gone'} state
 * @property {number | null} waiting_since
 * @property {number | null} present_since
 * @property {boolean} checked_in
 *
 * @typedef {object} VisitOfTheDay
 * @property {Appointment} appointment
 * @property {Person[]} people
 * @property {'upcoming' | 'open' | 'waiting' | 'running' | 'late' | 'missed' | 'held' | 'cancelled'} state
 * @property {boolean} therapist_present
 * @property {number | null} started_at
 * @property {number} planned_end
 * @property {boolean} can_join
 * @property {number} notes
 *
 * @typedef {{key: string, values: Record<string, string | number>, tone: 'quiet' | 'good' | 'warn' | 'bad'}} Words
 */

/** @type {Record<VisitOfTheDay['state'], Words['tone']>} */
const TONES = {
  upcoming: 'quiet',
  open: 'quiet',
  waiting: 'warn',
  running: 'good',
  late: 'warn',
  missed: 'bad',
  held: 'quiet',
  cancelled: 'quiet',
};

/**
 * The state of an appointment in a few words.
 * @param {VisitOfTheDay} visit
 * @param {number} now  the server's time
 * @returns {Words}
 */
export function stateOf(visit, now) {
  const { state } = visit;
  const tone = TONES[state];
  if (state === 'waiting') {
    const since = waitingSince(visit);
    const count = since === null ? 0 : minutesSince(since, now);
    return { key: count > 0 ? 'staff.day.state.waiting' : 'staff.day.state.waiting_now', values: { count }, tone };
  }
  if (state === 'late') {
    const count = Math.max(1, minutesSince(visit.appointment.starts_at, now));
    return { key: 'staff.day.state.late', values: { count }, tone };
  }
  return { key: `staff.day.state.${state}`, values: {}, tone };
}

/**
 * One person's state in a few words.
 * @param {Strings} strings
 * @param {Person} person
 * @param {number} now
 * @param {VisitOfTheDay['state']} [visit]  of the appointment
 */
export function personState(strings, person, now, visit) {
  const { state, waiting_since: waits, present_since: present, checked_in: ready } = person;
  if (state === 'waiting' && waits !== null) {
    const count = minutesSince(waits, now);
    const key = count > 0 ? 'staff.day.person.waiting' : 'staff.day.person.waiting_now';
    return strings.text(key, { time: strings.time(waits), count });
  }
  if (state === 'present' && present !== null) {
    return strings.text('staff.day.person.present', { time: strings.time(present) });
  }
  if (state === 'away' && (visit === 'held' || visit === 'missed')) return strings.text('staff.day.person.absent');
  if (state === 'away' && ready) return strings.text('staff.day.person.checked_in');
  return strings.text(`staff.day.person.${state}`);
}

/**
 * @param {VisitOfTheDay} visit
 * @returns {number | null} since when the one waits who has waited longest
 */
export function waitingSince({ people }) {
  const since = people.flatMap(({ state, waiting_since: at }) => (state === 'waiting' && at !== null ? [at] : []));
  return since.length > 0 ? Math.min(...since) : null;
}

/**
 * Whole minutes, and never fewer than none: clocks differ.
 * @param {number} since
 * @param {number} now
 */
export function minutesSince(since, now) {
  return Math.max(0, Math.floor((now - since) / 60));
}

/**
 * The people of an appointment, as they want to be called; guests with what they are to the patient.
 * @param {Strings} strings
 * @param {readonly {relation: string, called: string | null}[]} people
 */
export function namesOf(strings, people) {
  return strings.list(people.map((person) => nameOf(strings, person)));
}

/**
 * @param {Strings} strings
 * @param {{relation: string, called: string | null}} person
 */
export function nameOf(strings, { relation, called }) {
  const word = relationOf(strings, relation);
  if (called === null) return word;
  return relation === 'patient' ? called : strings.text('staff.day.guest', { name: called, relation: word });
}

/**
 * @param {Strings} strings
 * @param {string} relation
 */
export function relationOf(strings, relation) {
  const key = `staff.appointments.relation.${relation}`;
  return strings.has(key) ? strings.text(key) : relation;
}

/**
 * Guests as people of a day, for those whose day is not looked at.
 * @param {Appointment} appointment
 */
export function invitedOf({ guests }) {
  return guests.filter(({ left_out: out }) => !out).map(({ relation, name }) => ({ relation, called: name }));
}

/**
 * @param {readonly VisitOfTheDay[]} visits
 * @returns {Person[]}
 */
export function waitingIn(visits) {
  return visits.flatMap(({ people }) => people.filter(({ state }) => state === 'waiting'));
}

/**
 * Who has begun to wait since the last look, whether that was at a day or at one appointment of another. Whoever waited
 * already at the first look is no news.
 */
export class Waiting {
  /** @type {Set<string> | null} */
  #known = null;

  /**
   * @param {readonly VisitOfTheDay[]} visits
   * @returns {Person[]} who is new
   */
  look(visits) {
    const waiting = waitingIn(visits);
    const known = this.#known;
    this.#known = new Set([...(known ?? []), ...waiting.map(keyOf)]);
    return known === null ? [] : waiting.filter((person) => !known.has(keyOf(person)));
  }

  /** Another day is looked at, or another therapist's. */
  forget() {
    this.#known = null;
  }
}

/** @param {Person} person  somebody who left and waits again does so since another time */
function keyOf({ guest, waiting_since: since }) {
  return `${guest} ${since}`;
}

/**
 * How long they have been together, and how long is left, for the clock; null: they are not.
 * @param {VisitOfTheDay} visit
 * @param {number} now
 * @returns {{gone: number, left: number} | null} seconds; `left` is below nothing when time is over
 */
export function clockOf({ state, started_at: began, planned_end: end }, now) {
  if (state !== 'running' || began === null) return null;
  return { gone: Math.max(0, now - began), left: end - now };
}

/**
 * The day in the browser's zone, as a date field gives it.
 * @param {number} at  seconds since 1970
 * @param {string} zone
 */
export function dateOf(at, zone) {
  const format = new Intl.DateTimeFormat('en-CA', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    timeZone: zone,
  });
  const parts = Object.fromEntries(format.formatToParts(at * 1000).map(({ type, value }) => [type, value]));
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/** The browser's own zone. */
export function ownZone() {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}
