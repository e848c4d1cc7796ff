// @ts-check
/**
 * The server's state with the names that people have told each other end to end, of which it knows none.
 *
 * Whoever waits is shown once they have said who they are, or after a while: who is asked to let somebody in shall not
 * first read that it is nobody.
 */

/** @typedef {import('../messages.js').State} ServerState */

/** While a name is on its way. */
export const UNNAMED = '…';

/** Milliseconds for which somebody without a name is not shown at the door. */
export const UNNAMED_WAIT = 2000;

/**
 * @param {ServerState} server
 * @param {{nameOf: (id: string) => string | undefined, ownName: string, waitedLong: (id: string) => boolean}} names
 * @returns {ServerState}
 */
export function named(server, names) {
  /** @type {<T extends {id: string, name: string}>(person: T) => T} */
  const withName = (person) => ({ ...person, name: person.name || (names.nameOf(person.id) ?? UNNAMED) });
  return {
    ...server,
    you: { ...server.you, name: server.you.name || names.ownName },
    people: server.people.map(withName),
    waiting: server.waiting
      .filter(({ id, name }) => name || names.nameOf(id) !== undefined || names.waitedLong(id))
      .map(withName),
    waiting_for: server.waiting_for ?? server.hosts.map(({ id }) => names.nameOf(id)).find(Boolean) ?? null,
  };
}
