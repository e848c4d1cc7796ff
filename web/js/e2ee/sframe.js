// @ts-check
/**
 * SFrame (RFC 9605): headers, keys, and what is kept to send under one key and to receive under several.
 *
 * Which bytes of a frame of media stay clear is not its business (`frames.js`), nor where keys come from. Whoever
 * calls `SendingContext.create` twice with the same key and key id encrypts twice with the same nonce, which gives
 * the key away: a key is used by one context, once.
 */

import { ReplayWindow } from './replay-window.js';

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** The cipher suites that there are here (RFC 9605, section 4.5), by their numbers. */
export const SUITE = /** @type {const} */ ({ AES_128_GCM_SHA256_128: 4, AES_256_GCM_SHA512_128: 5 });

/** @typedef {typeof SUITE[keyof typeof SUITE]} Suite */

/** Bytes: of the tag, which is never shortened in these suites; of the nonce. */
const TAG = 16;
const NONCE = 12;

/** @type {Record<Suite, {hash: 'SHA-256' | 'SHA-512', keyBits: 128 | 256}>} */
const PARAMETERS = { 4: { hash: 'SHA-256', keyBits: 128 }, 5: { hash: 'SHA-512', keyBits: 256 } };

/** A key is used for no more frames: 140 a second for nearly a year. So counters take four bytes at most. */
export const MOST_FRAMES = 2 ** 32;

/**
 * @typedef {'malformed' | 'no-key' | 'not-authentic' | 'replay' | 'exhausted'} FrameFault
 *   `malformed`: cannot be cut into its parts · `no-key`: nothing is known for its key id, yet · `not-authentic`: under
 *   another key, or changed on the way · `replay`: opened before, or too old to know · `exhausted`: see `MOST_FRAMES`
 */

/** A frame cannot be encrypted or opened: it is dropped, and the stream goes on. */
export class FrameError extends Error {
  /**
   * @param {FrameFault} fault
   * @param {string} [detail]
   * @param {number} [kid]  of `no-key`: which
   */
  constructor(fault, detail, kid) {
    super(detail ? `${fault}: ${detail}` : fault);
    this.name = 'FrameError';
    this.fault = fault;
    this.kid = kid;
  }
}

/**
 * The header of RFC 9605, section 4.3.
 * @param {number} kid      key id, 0 to 2^53 - 1
 * @param {number} counter  likewise
 * @returns {Bytes} 1 to 15 bytes
 * @throws {RangeError} for numbers that JavaScript does not hold exactly
 */
export function encodeHeader(kid, counter) {
  const kidBytes = extraBytes(kid);
  const counterBytes = extraBytes(counter);
  const header = new Uint8Array(1 + kidBytes + counterBytes);
  header[0] = ((kidBytes ? 8 | (kidBytes - 1) : kid) << 4) | (counterBytes ? 8 | (counterBytes - 1) : counter);
  writeNumber(header, 1, kid, kidBytes);
  writeNumber(header, 1 + kidBytes, counter, counterBytes);
  return header;
}

/**
 * @param {Uint8Array} bytes  that begin with a header
 * @returns {{kid: number, counter: number, length: number}} `length`: of the header
 * @throws {FrameError} `malformed`: it is cut off, or a number is above 2^53 - 1
 */
export function decodeHeader(bytes) {
  if (!bytes.length) throw new FrameError('malformed', 'no header');
  const config = bytes[0];
  const kidBytes = config & 0x80 ? ((config >>> 4) & 7) + 1 : 0;
  const counterBytes = config & 0x08 ? (config & 7) + 1 : 0;
  const length = 1 + kidBytes + counterBytes;
  if (bytes.length < length) throw new FrameError('malformed', 'the header is cut off');
  const kid = kidBytes ? readNumber(bytes, 1, kidBytes) : (config >>> 4) & 7;
  const counter = counterBytes ? readNumber(bytes, 1 + kidBytes, counterBytes) : config & 7;
  if (!Number.isSafeInteger(kid) || !Number.isSafeInteger(counter)) {
    throw new FrameError('malformed', 'a number in the header is above 2^53 - 1');
  }
  return { kid, counter, length };
}

/**
 * The key and the salt of one key id (RFC 9605, section 4.4.2).
 * @param {Bytes} baseKey
 * @param {number} kid
 * @param {Suite} suite
 * @param {SubtleCrypto} subtle
 * @returns {Promise<{key: CryptoKey, salt: Bytes}>} `key` cannot be exported
 */
export async function deriveKey(baseKey, kid, suite, subtle) {
  const { hash, keyBits } = PARAMETERS[suite];
  const secret = await subtle.importKey('raw', baseKey, 'HKDF', false, ['deriveKey', 'deriveBits']);
  /** @param {string} label */
  const hkdf = (label) => {
    const info = new Uint8Array(label.length + 10);
    new TextEncoder().encodeInto(label, info);
    writeNumber(info, label.length, kid, 8);
    writeNumber(info, label.length + 8, suite, 2);
    return { name: 'HKDF', hash, salt: new Uint8Array(), info };
  };
  const [key, salt] = await Promise.all([
    subtle.deriveKey(hkdf('SFrame 1.0 Secret key '), secret, { name: 'AES-GCM', length: keyBits }, false, [
      'encrypt',
      'decrypt',
    ]),
    subtle.deriveBits(hkdf('SFrame 1.0 Secret salt '), secret, NONCE * 8),
  ]);
  return { key, salt: new Uint8Array(salt) };
}

/** Encrypts under one key with one counter, which starts at 0 and never comes back to a number. */
export class SendingContext {
  #key;
  #salt;
  #kid;
  #next;
  #subtle;

  /**
   * @param {Bytes} baseKey
   * @param {number} kid
   * @param {{suite?: Suite, first?: number, subtle?: SubtleCrypto}} [options]  `first`: the first counter, for tests
   */
  static async create(
    baseKey,
    kid,
    { suite = SUITE.AES_128_GCM_SHA256_128, first = 0, subtle = globalThis.crypto.subtle } = {},
  ) {
    return new SendingContext(await deriveKey(baseKey, kid, suite, subtle), kid, first, subtle);
  }

  /**
   * Not for callers: `create`.
   * @param {{key: CryptoKey, salt: Bytes}} derived
   * @param {number} kid
   * @param {number} first
   * @param {SubtleCrypto} subtle
   */
  constructor({ key, salt }, kid, first, subtle) {
    this.#key = key;
    this.#salt = salt;
    this.#kid = kid;
    this.#next = first;
    this.#subtle = subtle;
  }

  /** The key id. */
  get kid() {
    return this.#kid;
  }

  /** How many frames can still be sent. */
  get left() {
    return Math.max(0, MOST_FRAMES - this.#next);
  }

  /**
   * @param {Bytes} plaintext
   * @param {Bytes} metadata  authenticated and not sent (section 4.4.3)
   * @param {{before?: number, after?: number}} [room]  bytes to leave free around the ciphertext, so that the caller
   *   need not copy it to put its own there
   * @returns {Promise<Bytes>} `before` zero bytes, header, encrypted data, tag, `after` zero bytes
   * @throws {FrameError} `exhausted`
   */
  async encrypt(plaintext, metadata, { before = 0, after = 0 } = {}) {
    if (this.#next >= MOST_FRAMES) throw new FrameError('exhausted');
    // Taken before anything is waited for: two frames at once never get the same.
    const counter = this.#next++;
    const header = encodeHeader(this.#kid, counter);
    const body = await this.#subtle.encrypt(
      gcm(this.#salt, counter, joined(header, metadata)),
      this.#key,
      plaintext,
    );
    const result = new Uint8Array(before + header.length + body.byteLength + after);
    result.set(header, before);
    result.set(new Uint8Array(body), before + header.length);
    return result;
  }
}

/** Opens what comes under any of the keys it was given. */
export class ReceivingContext {
  /** @type {Map<number, {key: CryptoKey, salt: Bytes, window: ReplayWindow}>} */
  #keys = new Map();
  #suite;
  #subtle;

  /** @param {{suite?: Suite, subtle?: SubtleCrypto}} [options] */
  constructor({ suite = SUITE.AES_128_GCM_SHA256_128, subtle = globalThis.crypto.subtle } = {}) {
    this.#suite = suite;
    this.#subtle = subtle;
  }

  /**
   * From then on frames with this key id are opened, with this key. The same once more changes nothing: what was
   * seen under it stays seen.
   * @param {number} kid
   * @param {Bytes} baseKey
   */
  async add(kid, baseKey) {
    const derived = await deriveKey(baseKey, kid, this.#suite, this.#subtle);
    const held = this.#keys.get(kid);
    // Two keys have the same salt by chance in one of 2^96 cases; to keep the base keys just to compare them is worse.
    if (held && held.salt.every((byte, index) => byte === derived.salt[index])) return;
    this.#keys.set(kid, { ...derived, window: new ReplayWindow() });
  }

  /** @param {number} kid  not opened any more, and what was seen under it is forgotten */
  remove(kid) {
    this.#keys.delete(kid);
  }

  /** @param {number} kid */
  has(kid) {
    return this.#keys.has(kid);
  }

  /**
   * Whether to open this would be for nothing. Says nothing about whether it is authentic.
   * @param {Bytes} ciphertext
   * @throws {FrameError} `malformed`
   */
  seen(ciphertext) {
    const { kid, counter } = decodeHeader(ciphertext);
    return this.#keys.get(kid)?.window.has(counter) ?? false;
  }

  /**
   * @param {Bytes} ciphertext  header, encrypted data, tag
   * @param {Bytes} metadata    what the sender gave
   * @returns {Promise<{plaintext: Bytes, kid: number, counter: number}>}
   * @throws {FrameError} `malformed`, `no-key`, `not-authentic`; `replay` only of what is authentic
   */
  async decrypt(ciphertext, metadata) {
    const { kid, counter, length } = decodeHeader(ciphertext);
    const held = this.#keys.get(kid);
    if (!held) throw new FrameError('no-key', `${kid}`, kid);
    if (ciphertext.length < length + TAG) throw new FrameError('malformed', 'too short for its tag');
    const additional = joined(ciphertext.subarray(0, length), metadata);
    /** @type {ArrayBuffer} */
    let plaintext;
    try {
      plaintext = await this.#subtle.decrypt(
        gcm(held.salt, counter, additional),
        held.key,
        ciphertext.subarray(length),
      );
    } catch (error) {
      // WebCrypto says the same of everything that does not fit.
      throw new FrameError('not-authentic', error instanceof Error ? error.name : '');
    }
    // Without a pause after the look: of two copies that are opened at once, one is refused.
    if (!held.window.add(counter)) throw new FrameError('replay', `${counter}`);
    return { plaintext: new Uint8Array(plaintext), kid, counter };
  }
}

/**
 * @param {Bytes} salt
 * @param {number} counter
 * @param {Bytes} additionalData
 */
function gcm(salt, counter, additionalData) {
  const iv = new Uint8Array(salt);
  for (let at = NONCE - 1, rest = counter; rest > 0; at--, rest = Math.floor(rest / 256)) iv[at] ^= rest % 256;
  return { name: 'AES-GCM', iv, additionalData, tagLength: TAG * 8 };
}

/**
 * How many bytes a number takes beyond the three bits that there are for it.
 * @param {number} value
 */
function extraBytes(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a number for a header: ${value}`);
  if (value < 8) return 0;
  let bytes = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes++;
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} length
 */
function readNumber(bytes, at, length) {
  let value = 0;
  for (let index = at; index < at + length; index++) value = value * 256 + bytes[index];
  return value;
}

/**
 * @param {Bytes} into
 * @param {number} at
 * @param {number} value
 * @param {number} length
 */
function writeNumber(into, at, value, length) {
  for (let index = at + length - 1, rest = value; index >= at; index--, rest = Math.floor(rest / 256)) {
    into[index] = rest % 256;
  }
}

/**
 * @param {Bytes} one
 * @param {Bytes} other
 */
function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
