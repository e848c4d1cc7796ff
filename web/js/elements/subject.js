/** Whose picture a small window shows. Pure. */

/**
 * @typedef {import('./element.js').SessionState} SessionState
 * @typedef {{person: import('../messages').Person, source: 'camera' | 'screen'}} Subject
 */

/**
 * A shared screen; else who is pinned, else who speaks, else who was shown before.
 * @param {Readonly<SessionState>} state
 * @param {string | null} pinned
 * @param {string | null} before
 * @returns {Subject | null}
 */
export function subjectOf({ server, speaking }, pinned, before) {
  const people = (server?.people ?? []).filter(({ role }) => role !== 'observer');
  const sharing = people.find(({ screen }) => screen);
  if (sharing) return { person: sharing, source: 'screen' };
  const wanted = [pinned, ...speaking, before].map((id) => people.find((person) => person.id === id));
  const [person] = [...wanted, ...people].filter((each) => each !== undefined);
  return person ? { person, source: 'camera' } : null;
}
