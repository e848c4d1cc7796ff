// @ts-check
/**
 * The ways on which media may reach the server, and how each is tried by itself: with only its candidates.
 *
 * Pure. Not here: trying them (`probe.js`).
 */

/** @typedef {'udp' | 'tcp' | 'turn_udp' | 'turn_tcp' | 'turn_tls'} Way */

/**
 * Which of the answer's candidates belong to a way. A relay sends UDP, however one reaches it.
 * @type {Readonly<Record<Way, 'udp' | 'tcp'>>}
 */
const CANDIDATES = { udp: 'udp', tcp: 'tcp', turn_udp: 'udp', turn_tcp: 'udp', turn_tls: 'udp' };

/**
 * @param {string} url  of a TURN server (RFC 7065)
 * @returns {Way | null}
 */
export function wayOf(url) {
  if (url.startsWith('turns:')) return 'turn_tls';
  if (!url.startsWith('turn:')) return null;
  return url.endsWith('transport=tcp') ? 'turn_tcp' : 'turn_udp';
}

/**
 * @param {Way} way
 * @param {readonly RTCIceServer[]} servers
 * @returns {RTCConfiguration}  with which nothing but this way is tried
 */
export function configurationFor(way, servers) {
  if (way === 'udp' || way === 'tcp') return { bundlePolicy: 'max-bundle' };
  const iceServers = servers.flatMap((server) => {
    const urls = [server.urls].flat().filter((url) => wayOf(url) === way);
    return urls.length ? [{ ...server, urls }] : [];
  });
  return { bundlePolicy: 'max-bundle', iceTransportPolicy: 'relay', iceServers };
}

/**
 * @param {string} sdp  an answer
 * @param {Way} way
 * @returns {string}    the same with the candidates of this way only
 */
export function answerFor(sdp, way) {
  return sdp
    .split('\r\n')
    .filter((line) => transportOf(line) === null || transportOf(line) === CANDIDATES[way])
    .join('\r\n');
}

/**
 * @param {string} sdp  an answer
 * @returns {number | undefined}  the port that its candidates name
 */
export function portOf(sdp) {
  const port = /^a=candidate:\S+ \d+ \S+ \d+ \S+ (\d+) /m.exec(sdp)?.[1];
  return port === undefined ? undefined : Number(port);
}

/**
 * @param {readonly RTCIceServer[]} servers
 * @returns {Way[]}  in the order in which a call would like them
 */
export function waysOf(servers) {
  const relayed = servers.flatMap(({ urls }) => [urls].flat().map(wayOf));
  const known = /** @type {Way[]} */ (['turn_udp', 'turn_tcp', 'turn_tls']);
  return ['udp', 'tcp', ...known.filter((way) => relayed.includes(way))];
}

/**
 * @param {string} line
 * @returns {string | null} null: no candidate
 */
function transportOf(line) {
  return /^a=candidate:\S+ \d+ (\S+) /.exec(line)?.[1].toLowerCase() ?? null;
}
