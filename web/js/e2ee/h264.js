// @ts-check
/**
 * Access units of H264 (ITU-T H.264, Annex B) that are encrypted from the third byte of their first slice on.
 *
 * Start codes change their length on the way and zero bytes get lost, so there is one form in which clear bytes are
 * sent and authenticated: `docs/e2ee.md`, "H264". Encryption itself is not its business (`frames.js`).
 */

/** @typedef {import('./sframe.js').Bytes} Bytes */

/** Types of NAL units (table 7-1): with a slice that can be cut, staying clear before it, left out before it. */
const SLICES = new Set([1, 5]);
const CLEAR = new Set([6, 7, 8, 14]);
const LEFT_OUT = new Set([9, 12]);

/** Every start code gets this length: it is what depacketizers write. */
const START_CODE = 4;

/** Of a slice: its header byte, and the byte with its first macroblock and type, which servers and receivers read. */
const CLEAR_OF_SLICE = 2;

/** Ends a protected frame. Anything but a zero byte would do: those may be lost at the end of a NAL unit. */
const END = 0x80;

/**
 * @param {Bytes} frame  an access unit, encrypted or not; anything at all if a server is evil
 * @returns {{clear: Bytes, rest: Bytes} | null} `clear`: in the one form · `rest`: what follows, in `frame` itself.
 *   null: there is no slice, or something before it that cannot stay clear
 */
export function splitAccessUnit(frame) {
  let start = 0;
  while (start < frame.length && frame[start] === 0) start++;
  if (start < 2 || frame[start] !== 1) return null;
  start++;
  /** @type {Bytes[]} */
  const kept = [];
  while (start < frame.length) {
    const type = frame[start] & 0x1f;
    if (SLICES.has(type)) {
      const end = start + CLEAR_OF_SLICE;
      if (end > frame.length) return null;
      kept.push(frame.subarray(start, end));
      return { clear: withStartCodes(kept), rest: frame.subarray(end) };
    }
    const next = findStartCode(frame, start);
    let end = next < 0 ? frame.length : next;
    while (end > start && frame[end - 1] === 0) end--;
    if (end > start) {
      if (CLEAR.has(type)) kept.push(frame.subarray(start, end));
      else if (!LEFT_OUT.has(type)) return null;
    }
    if (next < 0) return null;
    start = next + 3;
  }
  return null;
}

/**
 * Sees to it that what comes after the clear bytes can be told from start codes and keeps its end (section 7.4.1).
 * @param {Bytes} frame  clear bytes, ciphertext, one free byte
 * @param {number} from  where the ciphertext begins: after at least one byte
 * @returns {Bytes} `frame` itself, changed, if nothing had to be put in
 */
export function protect(frame, from) {
  frame[frame.length - 1] = END;
  let inserted = 0;
  let zeros = frame[from - 1] === 0 ? 1 : 0;
  for (let at = from; at < frame.length; at++) {
    const byte = frame[at];
    if (zeros === 2 && byte <= 3) {
      inserted++;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (!inserted) return frame;
  const result = new Uint8Array(frame.length + inserted);
  result.set(frame.subarray(0, from));
  let to = from;
  zeros = frame[from - 1] === 0 ? 1 : 0;
  for (let at = from; at < frame.length; at++) {
    const byte = frame[at];
    if (zeros === 2 && byte <= 3) {
      result[to++] = 3;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    result[to++] = byte;
  }
  return result;
}

/**
 * Undoes `protect`.
 * @param {Bytes} rest       of `splitAccessUnit`
 * @param {number} lastClear  the byte before it
 * @returns {Bytes | null} the ciphertext, in `rest` itself if nothing was put in; null: it was not protected
 */
export function unprotect(rest, lastClear) {
  let end = rest.length;
  while (end > 0 && rest[end - 1] === 0) end--;
  end--;
  if (end < 0 || rest[end] !== END) return null;
  let inserted = 0;
  let zeros = lastClear === 0 ? 1 : 0;
  for (let at = 0; at < end; at++) {
    const byte = rest[at];
    if (zeros === 2 && byte <= 3) {
      if (byte < 3) return null;
      inserted++;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  if (!inserted) return rest.subarray(0, end);
  const result = new Uint8Array(end - inserted);
  let to = 0;
  zeros = lastClear === 0 ? 1 : 0;
  for (let at = 0; at < end; at++) {
    const byte = rest[at];
    if (zeros < 2 || byte !== 3) result[to++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return result;
}

/**
 * @param {Bytes} frame
 * @param {number} from
 * @returns {number} where `00 00 01` begins, at `from` or later; -1: nowhere
 */
function findStartCode(frame, from) {
  for (let at = from; at + 2 < frame.length; ) {
    const third = frame[at + 2];
    if (third === 1 && frame[at] === 0 && frame[at + 1] === 0) return at;
    // A start code that begins at one of the next two bytes has a zero at the third.
    at += third === 0 ? 1 : 3;
  }
  return -1;
}

/** @param {Bytes[]} units  NAL units */
function withStartCodes(units) {
  const result = new Uint8Array(units.reduce((length, unit) => length + START_CODE + unit.length, 0));
  let at = 0;
  for (const unit of units) {
    result[at + START_CODE - 1] = 1;
    result.set(unit, at + START_CODE);
    at += START_CODE + unit.length;
  }
  return result;
}
