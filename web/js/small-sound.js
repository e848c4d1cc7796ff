// @ts-check
/**
 * The microphone's sound made small, where a way carries no more: 16 kbit/s in packets of 60 ms instead of 32 in such
 * of 20, and at the least 10 in such of 120. Browsers take both from the answer only (RFC 7587, section 6.1; RFC 8866,
 * section 6.4), so it is written into the one that they are given again.
 *
 * Not here: when (`signaling/sparing.py`), and how it is negotiated (`peer.js`).
 */

/** @typedef {'usual' | 'small' | 'least'} Sound */

/** @typedef {{bits: number, packetMs: number}} Size */

/** @type {Record<Exclude<Sound, 'usual'>, Size>} */
const SIZES = { small: { bits: 16_000, packetMs: 60 }, least: { bits: 10_000, packetMs: 120 } };

/**
 * @param {Sound} sound
 * @param {string} sdp  an answer
 * @param {string | null} mid  the microphone's
 * @returns {string} the same, with the microphone's sound as it is wanted
 */
export function withSound(sound, sdp, mid) {
  if (sound === 'usual') return sdp;
  const sections = sdp.split(/^(?=m=)/m);
  return sections.map((section) => (isFor(section, mid) ? small(section, SIZES[sound]) : section)).join('');
}

/**
 * @param {string} section
 * @param {string | null} mid
 */
function isFor(section, mid) {
  return section.startsWith('m=audio') && mid !== null && section.split(/\r?\n/).includes(`a=mid:${mid}`);
}

/**
 * @param {string} section
 * @param {Size} size
 */
function small(section, { bits, packetMs }) {
  const opus = /^a=rtpmap:(\d+) opus\b/im.exec(section)?.[1];
  if (!opus) return section;
  const format = new RegExp(`^a=fmtp:${opus} [^\\r\\n]*`, 'm');
  const limit = `maxaveragebitrate=${bits}`;
  const lines = section.replace(/^a=(max)?ptime:.*\r?\n/gm, '');
  const limited = format.test(lines)
    ? lines.replace(format, (line) => `${line.replace(/;?maxaveragebitrate=\d+/, '')};${limit}`)
    : lines.replace(/^a=rtpmap:\d+ opus\b.*\r?\n/im, (line) => `${line}a=fmtp:${opus} ${limit}\r\n`);
  return `${limited}a=ptime:${packetMs}\r\n`;
}
