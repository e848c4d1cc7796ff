// @ts-check
/**
 * Which bytes of a frame stay clear, because packetizers, the server and depacketizers read them (`docs/e2ee.md`).
 *
 * It does not matter whether the rest is encrypted yet: senders and receivers cut at the same place. AV1 is not here:
 * its packetizer cuts along units of its own.
 */

import { splitAccessUnit } from './h264.js';

/** @typedef {import('./sframe.js').Bytes} Bytes */
/** @typedef {'opus' | 'VP8' | 'VP9' | 'H264' | 'chat'} Codec  `chat` for what is no media */

/** Bytes. Opus: the table of contents (RFC 6716, section 3.1). VP8: the frame header (RFC 6386, section 9.1). */
const OPUS = 1;
const VP8_KEY = 10;
const VP8_OTHER = 3;

/**
 * @param {Codec | string} codec  anything else than a `Codec` is refused
 * @param {Bytes} frame
 * @returns {{clear: Bytes, rest: Bytes} | null} null: it cannot be cut, so it cannot be sent or opened. `clear` is what
 *   is sent and authenticated, which is not byte for byte the beginning of `frame` with H264
 */
export function split(codec, frame) {
  if (!frame.length) return null;
  switch (codec) {
    case 'opus':
      return at(OPUS, frame);
    case 'VP8':
      // The first bit of the frame tag, which is little-endian, is 0 for key frames.
      return at(frame[0] & 1 ? VP8_OTHER : VP8_KEY, frame);
    case 'VP9':
    case 'chat':
      return at(0, frame);
    case 'H264':
      return splitAccessUnit(frame);
    default:
      return null;
  }
}

/**
 * @param {number} length
 * @param {Bytes} frame
 */
function at(length, frame) {
  if (frame.length < length) return null;
  return { clear: frame.subarray(0, length), rest: frame.subarray(length) };
}
