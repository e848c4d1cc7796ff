// @ts-check
/**
 * Encoded frames of media, encrypted and opened: clear bytes, then SFrame ciphertext (`docs/e2ee.md`, "Frames").
 *
 * Everything here either gives what may be passed on or fails with a `FrameError`; then the frame is dropped. Nothing
 * is ever given back unencrypted, or unopened. Where frames come from and go is not its business, nor whether the
 * person whose key it was is the one whose slot the frame came in: `kid` is returned to be compared.
 */

import { split } from './clear-bytes.js';
import { protect, unprotect } from './h264.js';
import { buildRed, parseRed } from './red.js';
import { FrameError, decodeHeader } from './sframe.js';

/** @typedef {import('./sframe.js').Bytes} Bytes */
/** @typedef {import('./clear-bytes.js').Codec} Codec */
/** @typedef {import('./sframe.js').SendingContext} SendingContext */
/** @typedef {import('./sframe.js').ReceivingContext} ReceivingContext */

/** What a frame is: the first byte of its metadata. */
export const SOURCE = /** @type {const} */ ({ microphone: 1, camera: 2, screen: 3, chat: 4 });

/** @typedef {typeof SOURCE[keyof typeof SOURCE]} SourceByte */

/**
 * @param {number} number  a person's, 1 to 65,535
 * @param {number} epoch   0 to 255
 * @returns {number} the key id
 */
export function keyId(number, epoch) {
  return number * 256 + epoch;
}

/**
 * Whose key it is.
 * @param {number} kid
 */
export function numberOf(kid) {
  return Math.floor(kid / 256);
}

/**
 * @param {SendingContext} context
 * @param {ArrayBuffer} frame  as it came from the encoder; not changed
 * @param {Codec} codec
 * @param {SourceByte} source
 * @returns {Promise<ArrayBuffer>}
 * @throws {FrameError} `malformed`, `exhausted`
 */
export async function encryptFrame(context, frame, codec, source) {
  const parts = split(codec, new Uint8Array(frame));
  if (!parts) throw new FrameError('malformed', codec);
  const { clear, rest } = parts;
  const room = { before: clear.length, after: codec === 'H264' ? 1 : 0 };
  const result = await context.encrypt(rest, metadata(source, clear), room);
  result.set(clear);
  return (codec === 'H264' ? protect(result, clear.length) : result).buffer;
}

/**
 * @param {ReceivingContext} context
 * @param {ArrayBuffer} frame  as it came from the depacketizer; not changed
 * @param {Codec} codec
 * @param {SourceByte} source
 * @returns {Promise<{frame: ArrayBuffer, kid: number}>} `kid`: under which key
 * @throws {FrameError} `malformed`, `no-key`, `not-authentic`, `replay`
 */
export async function decryptFrame(context, frame, codec, source) {
  const { opened, kid } = await open(context, new Uint8Array(frame), codec, source);
  return { frame: opened.buffer, kid };
}

/**
 * Opens an RFC 2198 payload that the server put together from encrypted frames of Opus. The outcome is one too, with
 * those of its blocks that are new and can be opened: the packet's payload type goes on saying that it is one, and
 * decoders take a primary block alone.
 * @param {ReceivingContext} context
 * @param {ArrayBuffer} payload
 * @param {SourceByte} source
 * @returns {Promise<{frame: ArrayBuffer, kid: number, redundant: number}>} `kid`: of the primary block ·
 *   `redundant`: how many blocks are left besides it
 * @throws {FrameError} of the primary block; then nothing else was looked at
 */
export async function decryptRed(context, payload, source) {
  const parsed = parseRed(new Uint8Array(payload));
  if (!parsed) throw new FrameError('malformed', 'RFC 2198');
  const { opened: data, kid } = await open(context, parsed.primary.data, 'opus', source);
  /** @type {import('./red.js').Block[]} */
  const redundant = [];
  for (const block of parsed.redundant) {
    const copy = await openCopy(context, block.data, source, numberOf(kid));
    if (copy) redundant.push({ ...block, data: copy });
  }
  const frame = buildRed({ redundant, primary: { ...parsed.primary, data } }).buffer;
  return { frame, kid, redundant: redundant.length };
}

/**
 * A redundant copy, or null: it was played, cannot be opened, or is somebody else's, put there by an evil server.
 * @param {ReceivingContext} context
 * @param {Bytes} frame
 * @param {SourceByte} source
 * @param {number} number  whose it has to be
 * @returns {Promise<Bytes | null>}
 */
async function openCopy(context, frame, source, number) {
  try {
    const parts = split('opus', frame);
    if (!parts || numberOf(decodeHeader(parts.rest).kid) !== number) return null;
    // Most copies were played when they were the primary block: that is known without opening them.
    if (context.seen(parts.rest)) return null;
    return (await open(context, frame, 'opus', source)).opened;
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
}

/**
 * @param {ReceivingContext} context
 * @param {Bytes} frame
 * @param {Codec} codec
 * @param {SourceByte} source
 */
async function open(context, frame, codec, source) {
  const parts = split(codec, frame);
  if (!parts) throw new FrameError('malformed', codec);
  const { clear, rest } = parts;
  const ciphertext = codec === 'H264' ? unprotect(rest, clear[clear.length - 1]) : rest;
  if (!ciphertext) throw new FrameError('malformed', 'emulation prevention');
  const { plaintext, kid } = await context.decrypt(ciphertext, metadata(source, clear));
  if (!clear.length) return { opened: plaintext, kid };
  const opened = new Uint8Array(clear.length + plaintext.length);
  opened.set(clear);
  opened.set(plaintext, clear.length);
  return { opened, kid };
}

/**
 * @param {SourceByte} source
 * @param {Bytes} clear
 */
function metadata(source, clear) {
  const result = new Uint8Array(1 + clear.length);
  result[0] = source;
  result.set(clear, 1);
  return result;
}
