/**
 * What is worth saying aloud when the session changes. Pure: two states in, sentences out.
 */

import { protectionSaid } from './protection.js';
import { filmSaid, recordingOf, recordingSaid } from './recording-state.js';

/**
 * @typedef {import('../session.js').SessionState} SessionState
 * @typedef {import('../messages').Person} Person
 * @typedef {NonNullable<SessionState['server']>} ServerState
 * @typedef {{key: string, values?: Record<string, string | number>, names?: string[], urgent?: boolean}} Announcement
 *   `names`: to be written as a list in the value `names`
 */

/**
 * @param {Readonly<SessionState>} state
 * @param {Readonly<SessionState>} previous
 * @returns {Announcement[]}
 */
export function announcements(state, previous) {
  /** @type {Announcement[]} */
  const said = [];
  if (state.connection !== previous.connection && state.phase !== 'over') {
    const key = state.connection === 'ok' ? 'connected' : state.connection;
    said.push({ key: `say.${key}`, urgent: ![state.connection, previous.connection].includes('detached') });
  }
  said.push(...protectionSaid(state, previous));
  const now = state.server;
  if (now && state.phase === 'present' && previous.phase !== 'present') {
    if (previous.phase === 'waiting') said.push({ key: 'say.let_in' });
    said.push(...recordingSaid(recordingOf(now), null));
  }
  const before = previous.server;
  if (!now || !before || now === before || state.phase !== 'present' || previous.phase !== 'present') return said;
  said.push(...recordingSaid(recordingOf(now), recordingOf(before)), ...filmSaid(now, before));
  if (state.screen !== previous.screen) said.push({ key: state.screen ? 'say.sharing' : 'say.sharing_over' });
  if (now.locked !== before.locked) said.push({ key: now.locked ? 'say.locked' : 'say.unlocked' });
  if (now.you.may_share !== before.you.may_share) {
    said.push({ key: now.you.may_share ? 'say.may_share' : 'say.may_not_share' });
  }
  const newly = heldNames(now, new Set(heldNames(before)));
  if (newly.length > 0 && !state.soundOnly) said.push({ key: 'say.held', names: newly });
  return said;
}

/**
 * What is worth saying of the others. Whose names are not known yet are left out by whoever asks (`arrivals.js`).
 * @param {ServerState} now
 * @param {ServerState | null} before  null for whoever has just come in
 * @returns {Announcement[]}
 */
export function peopleSaid(now, before) {
  /** @type {Announcement[]} */
  const said = [];
  const names = now.people.map(({ name }) => name);
  if (before === null && names.length > 0) said.push({ key: 'say.here', names });
  const waited = new Set(before?.waiting.map((person) => person.id));
  for (const person of now.waiting) {
    if (!waited.has(person.id)) said.push({ key: 'say.waiting', values: { name: person.name } });
  }
  if (before === null) return said;
  /** @type {Map<string, Person>} */
  const old = new Map(before.people.map((person) => [person.id, person]));
  for (const person of now.people) {
    const was = old.get(person.id);
    old.delete(person.id);
    const values = { name: person.name };
    if (was === undefined) {
      said.push({ key: waited.has(person.id) ? 'say.admitted' : 'say.joined', values });
      continue;
    }
    if (person.reconnecting !== was.reconnecting) {
      said.push({ key: person.reconnecting ? 'say.person_reconnecting' : 'say.person_back', values });
    }
    if (person.hand !== was.hand) said.push({ key: person.hand ? 'say.hand' : 'say.hand_down', values });
    if (person.screen !== was.screen) said.push({ key: person.screen ? 'say.screen' : 'say.screen_over', values });
  }
  for (const person of old.values()) said.push({ key: 'say.left', values: { name: person.name } });
  return said;
}

/**
 * Whose pictures are paused because the connection is weak.
 * @param {NonNullable<SessionState['server']>} server
 * @param {ReadonlySet<string>} [without]
 */
function heldNames({ slots, people }, without = new Set()) {
  const held = slots.filter((slot) => slot.source === 'camera' && Reflect.get(slot, 'held') === true);
  const names = held.flatMap(({ person }) => people.find(({ id, camera }) => id === person && camera)?.name ?? []);
  return names.filter((name) => !without.has(name));
}
