// @ts-check
/**
 * What socket and media do for each other when the way to the server is in trouble, and what that is called.
 *
 * Not here: what each does for itself (`connection.js`, `media.js`), when a person is told (`trouble.js`).
 */

/**
 * @param {import('./network.js').Wake} wake
 * @param {{connection: import('./connection.js').Connection, media: import('./media.js').Media}} ways
 */
export function wakeUp(wake, { connection, media }) {
  if (wake === 'awake') connection.ask();
  else connection.doubt();
  if (wake === 'network') media.restart({ anew: true });
  else media.check();
}

/**
 * @param {{phase: import('./session-state.js').Phase, seated: boolean, media: {trouble: boolean}}} how
 *   seated: the server hears us
 * @returns {import('./trouble.js').Connected}
 */
export function connectionOf({ phase, seated, media }) {
  const inside = phase === 'present' || phase === 'waiting';
  if (!inside || (seated && !media.trouble)) return 'ok';
  return phase === 'present' && !media.trouble ? 'detached' : 'reconnecting';
}
