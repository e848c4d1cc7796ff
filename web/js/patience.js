// @ts-check
/** How long the media connection is given before the next thing is tried (`media.js`), in milliseconds. */

/** A connection that was restarted so lately is given that long to mend itself before it is again. */
export const LATELY = 5_000;
export const DISCONNECTED = 2_000;

/** An older offer is made again for a new socket: some browsers look for their addresses only once. */
export const FRESH = 300;

/** The server answers within a round trip; whoever waits longer asks whether it is still there. */
export const ANSWER = 4_000;

/** It is, and has not answered for so long: another socket. Sooner, and a slow way carries the same again and again. */
export const ANSWER_LIMIT = 20_000;

/** The server has closed the connection: why, the socket tells, unless the server is going away. */
export const GOODBYE = 1_000;

/** After an answer: how long until connected before the next thing is tried. Grows by itself up to the limit. */
const CONNECTING = 5_000;
export const CONNECTING_LIMIT = 15_000;

/** The same where our offer was made before its TURN servers came: whoever gets through without them has by then. */
export const DIRECT = 1_000;

/** @param {number} failures  that came before */
export function connecting(failures) {
  return Math.min(CONNECTING * (1 + failures / 2), CONNECTING_LIMIT);
}

/** ICE restarts before a new peer connection. */
export const RESTARTS = 2;

/** How long a join is tried before the person is told that the server cannot be reached (`call.js`). */
export const JOIN_PATIENCE = 15_000;
