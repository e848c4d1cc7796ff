// @ts-check
/**
 * The microphone's sound made small, where a way carries no more: 16 kbit/s in packets of 60 ms instead of 32 in such
 * of 20. Browsers take both from the answer only (RFC 7587, section 6.1; RFC 8866, section 6.4), so it is written into
 * the one that they are given again.
 *
 * Not here: when (`signaling/sparing.py`), and how it is negotiated (`peer.js`).
 */

const BITS = 16_000;
const PACKET_MS = 60;

/**
 * @param {string} sdp  an answer
 * @param {string | null} mid  the microphone's
 * @returns {string} the same, with the microphone's sound small
 */
export function withSmallSound(sdp, mid) {
  const sections = sdp.split(/^(?=m=)/m);
  return sections.map((section) => (isFor(section, mid) ? small(section) : section)).join('');
}

/**
 * @param {string} section
 * @param {string | null} mid
 */
function isFor(section, mid) {
  return section.startsWith('m=audio') && mid !== null && section.split(/\r?\n/).includes(`a=mid:${mid}`);
}

/** @param {string} section */
function small(section) {
  const opus = /^a=rtpmap:(\d+) opus\b/im.exec(section)?.[1];
  if (!opus) return section;
  const format = new RegExp(`^a=fmtp:${opus} [^\\r\\n]*`, 'm');
  const limit = `maxaveragebitrate=${BITS}`;
  const lines = section.replace(/^a=(max)?ptime:.*\r?\n/gm, '');
  const limited = format.test(lines)
    ? lines.replace(format, (line) => `${line.replace(/;?maxaveragebitrate=\d+/, '')};${limit}`)
    : lines.replace(/^a=rtpmap:\d+ opus\b.*\r?\n/im, (line) => `${line}a=fmtp:${opus} ${limit}\r\n`);
  return `${limited}a=ptime:${PACKET_MS}\r\n`;
}
