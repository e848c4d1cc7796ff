// @ts-check
/**
 * Redundant audio data (RFC 2198): several frames of sound in one payload, old ones before the newest.
 *
 * What is in them is not its business.
 */

/** @typedef {import('./sframe.js').Bytes} Bytes */

/**
 * One frame of sound.
 * @typedef {object} Block
 * @property {number} payloadType  0 to 127
 * @property {number} offset       by how much its timestamp is before the packet's, 0 to 16,383
 * @property {Bytes} data          of a redundant one, up to 1,023 bytes
 */

/** @typedef {{redundant: Block[], primary: Block}} Redundant  `primary` has the offset 0 */

/** No receiver takes more (libwebrtc's limit), so more would be thrown away after the work. */
const MOST_BLOCKS = 32;

/**
 * @param {Bytes} payload
 * @returns {Redundant | null} null: it is cut off or has too many blocks. The data are in `payload` itself
 */
export function parseRed(payload) {
  /** @type {{payloadType: number, offset: number, length: number}[]} */
  const headers = [];
  let at = 0;
  while (at < payload.length && payload[at] & 0x80) {
    if (at + 4 > payload.length || headers.length + 1 >= MOST_BLOCKS) return null;
    headers.push({
      payloadType: payload[at] & 0x7f,
      offset: (payload[at + 1] << 6) | (payload[at + 2] >> 2),
      length: ((payload[at + 2] & 3) << 8) | payload[at + 3],
    });
    at += 4;
  }
  if (at >= payload.length) return null;
  const payloadType = payload[at++];
  const redundant = headers.map(({ length, ...header }) => {
    const data = payload.subarray(at, at + length);
    at += length;
    return { ...header, data };
  });
  if (at > payload.length) return null;
  return { redundant, primary: { payloadType, offset: 0, data: payload.subarray(at) } };
}

/**
 * @param {Redundant} blocks
 * @returns {Bytes}
 */
export function buildRed({ redundant, primary }) {
  const length = redundant.reduce((sum, { data }) => sum + 4 + data.length, 1 + primary.data.length);
  const payload = new Uint8Array(length);
  let at = 0;
  for (const { payloadType, offset, data } of redundant) {
    payload[at++] = 0x80 | payloadType;
    payload[at++] = offset >> 6;
    payload[at++] = ((offset & 0x3f) << 2) | (data.length >> 8);
    payload[at++] = data.length & 0xff;
  }
  payload[at++] = primary.payloadType;
  for (const { data } of [...redundant, primary]) {
    payload.set(data, at);
    at += data.length;
  }
  return payload;
}
