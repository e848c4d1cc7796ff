// @ts-check
/**
 * The camera's picture in up to three sizes at once: which there are of a camera's picture, and what is made of them.
 *
 * Browsers make fewer sizes of a small picture, however many were negotiated: Chromium and Safari drop the largest
 * that are asked for, even if it is the one that everybody watches. So a small camera has fewer sizes here as well,
 * and what is asked for beyond them is replaced by the largest there is. How much smaller a size is never depends on
 * what is watched, or the server, which measures sizes, would choose anew whenever somebody comes.
 *
 * Not here: how a sender is told (`encodings.js`), when a phone captures less (`capture-size.js`).
 */

/**
 * Bits per second. The server reckons with the same numbers (sfu/core/rates.pxi). Enough for a sharp face; three full
 * pictures still fit an ordinary home connection.
 */
export const SIZES = [
  { rid: 'q', maxBitrate: 150_000 },
  { rid: 'h', maxBitrate: 500_000 },
  { rid: 'f', maxBitrate: 2_500_000 },
];
const RIDS = SIZES.map(({ rid }) => rid);

/** How many times smaller than the camera's each size is in each direction, by how many sizes there are. */
const SCALES = [
  { q: 1, h: 1, f: 1 },
  { q: 2, h: 1, f: 1 },
  { q: 4, h: 2, f: 1 },
];
/** With how many pixels libwebrtc makes two, and three sizes (video/config/simulcast.cc). */
const PIXELS_FOR_MORE = [480 * 270, 960 * 540];

/** While nobody watches: what one sees of oneself. */
const UNSEEN_PART = 2;

/** @typedef {{width?: number, height?: number}} Picture  what the camera gives when nothing is spared */

/** @param {Picture} picture  one whose size nobody tells is a large one */
function count({ width = 1280, height = 720 }) {
  return 1 + PIXELS_FOR_MORE.filter((pixels) => width * height >= pixels).length;
}

/**
 * @param {MediaStreamTrack | null} track
 * @param {number} part  how many times smaller than usual it is now
 * @returns {Picture}
 */
export function whole(track, part) {
  const { width, height } = track?.getSettings() ?? {};
  return { width: width && width * part, height: height && height * part };
}

/**
 * @param {string} rid
 * @param {Picture} picture
 * @returns {number} how many times smaller than the picture it is sent
 */
export function scaleOf(rid, picture) {
  return Reflect.get(SCALES[count(picture) - 1], rid) ?? 1;
}

/**
 * What is made for those who watch. One size alone is always made, and may take the bits of its name.
 * @param {readonly string[]} watched
 * @param {Picture} picture
 * @returns {string[]}
 */
export function made(watched, picture) {
  if (watched.length < 2) return [...watched];
  const there = RIDS.slice(0, count(picture));
  const largest = there[there.length - 1];
  return RIDS.filter((rid) => watched.some((each) => rid === (there.includes(each) ? each : largest)));
}

/**
 * @param {readonly string[]} watched
 * @param {Picture} picture
 * @returns {number} how many times smaller than usual it may be captured
 */
export function partNeeded(watched, picture) {
  const scales = RIDS.filter((rid) => watched.includes(rid)).map((rid) => scaleOf(rid, picture));
  return scales.length ? Math.min(...scales) : UNSEEN_PART;
}
