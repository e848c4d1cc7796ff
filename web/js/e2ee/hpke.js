// @ts-check
/**
 * Hybrid public key encryption (RFC 9180) of single messages, with what WebCrypto has: modes Base and Auth,
 * DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
 *
 * Whose keys these are and what stands in `info` is not its business. Mode Auth says that the holder of one of the two
 * private keys sealed it, which only the receiver can know: it could have sealed it itself (section 9.1.1).
 */

/** @typedef {import('./sframe.js').Bytes} Bytes */

/** @typedef {{privateKey: CryptoKey, publicKey: Bytes}} KeyPair  `publicKey`: 65 bytes, an uncompressed point */

/** @typedef {typeof MODE[keyof typeof MODE]} Mode */

/** Section 5, table 1. */
export const MODE = /** @type {const} */ ({ base: 0, auth: 2 });

/** Bytes: of a public key and an encapsulated one, of a hash and all secrets, of a key and a nonce of AES-128-GCM. */
export const PUBLIC_KEY = 65;
const HASH = 32;
const KEY = 16;
const NONCE = 12;

const CURVE = { name: 'ECDH', namedCurve: 'P-256' };
const HMAC = { name: 'HMAC', hash: 'SHA-256' };
const NOTHING = new Uint8Array();

/** `suite_id` within the KEM (section 4.1) and in the key schedule (section 5.1): the ids 0x0010, 0x0001, 0x0001. */
const KEM_SUITE = bytes(text('KEM'), [0, 0x10]);
const HPKE_SUITE = bytes(text('HPKE'), [0, 0x10, 0, 1, 0, 1]);

/** Something cannot be sealed or opened: a key that is none, another sender or `info`, changed on the way. */
export class HpkeError extends Error {
  /** @param {'malformed' | 'not-authentic'} fault */
  constructor(fault) {
    super(fault);
    this.name = 'HpkeError';
    this.fault = fault;
  }
}

/**
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<KeyPair>} whose private key can be kept but not exported
 */
export async function generateKeyPair(subtle = globalThis.crypto.subtle) {
  const { privateKey, publicKey } = await subtle.generateKey(CURVE, false, ['deriveBits']);
  return { privateKey, publicKey: new Uint8Array(await subtle.exportKey('raw', publicKey)) };
}

/**
 * @typedef {object} Message
 * @property {Bytes} info       what it is for: has to be the same where it is opened
 * @property {Bytes} [aad]      likewise
 * @property {Bytes} plaintext
 */

/**
 * @typedef {object} Sealed
 * @property {Bytes} enc         the encapsulated key, 65 bytes
 * @property {Bytes} ciphertext  16 bytes longer than the plaintext
 */

/**
 * @typedef {object} Means
 * @property {SubtleCrypto} [subtle]
 * @property {() => Promise<KeyPair>} [ephemeral]  makes the key pair that is used once; published vectors fix it
 */

/**
 * Mode Base: anybody could have sealed it.
 * @param {Bytes} receiver  public key
 * @param {Message} message
 * @param {Means} [means]
 * @returns {Promise<Sealed>}
 * @throws {HpkeError} `malformed`: `receiver` is no point of the curve
 */
export function sealBase(receiver, message, means) {
  return seal(MODE.base, null, receiver, message, means);
}

/**
 * Mode Auth.
 * @param {KeyPair} sender
 * @param {Bytes} receiver  public key
 * @param {Message} message
 * @param {Means} [means]
 * @returns {Promise<Sealed>}
 * @throws {HpkeError} `malformed`: `receiver` is no point of the curve
 */
export function sealAuth(sender, receiver, message, means) {
  return seal(MODE.auth, sender, receiver, message, means);
}

/**
 * Mode Base.
 * @param {KeyPair} receiver
 * @param {Sealed & {info: Bytes, aad?: Bytes}} sealed
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<Bytes>} the plaintext
 * @throws {HpkeError}
 */
export function openBase(receiver, sealed, subtle) {
  return open(MODE.base, receiver, null, sealed, subtle);
}

/**
 * Mode Auth: opens only what `sender` sealed.
 * @param {KeyPair} receiver
 * @param {Bytes} sender  public key
 * @param {Sealed & {info: Bytes, aad?: Bytes}} sealed
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<Bytes>} the plaintext
 * @throws {HpkeError}
 */
export function openAuth(receiver, sender, sealed, subtle) {
  return open(MODE.auth, receiver, sender, sealed, subtle);
}

/**
 * Section 5.1, without pre-shared keys and exporting.
 * @param {Mode} mode
 * @param {Bytes} sharedSecret
 * @param {Bytes} info
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<{key: Bytes, baseNonce: Bytes}>}
 */
export async function keySchedule(mode, sharedSecret, info, subtle = globalThis.crypto.subtle) {
  const hkdf = new Hkdf(HPKE_SUITE, subtle);
  const [pskIdHash, infoHash, secret] = await Promise.all([
    hkdf.extract(NOTHING, 'psk_id_hash', NOTHING),
    hkdf.extract(NOTHING, 'info_hash', info),
    hkdf.extract(sharedSecret, 'secret', NOTHING),
  ]);
  const context = bytes([mode], pskIdHash, infoHash);
  const [key, baseNonce] = await Promise.all([
    hkdf.expand(secret, 'key', context, KEY),
    hkdf.expand(secret, 'base_nonce', context, NONCE),
  ]);
  return { key, baseNonce };
}

/**
 * @param {Mode} mode
 * @param {KeyPair | null} sender
 * @param {Bytes} receiver
 * @param {Message} message
 * @param {Means} [means]
 * @returns {Promise<Sealed>}
 */
async function seal(mode, sender, receiver, { info, aad = NOTHING, plaintext }, means = {}) {
  const { subtle = globalThis.crypto.subtle, ephemeral = () => generateKeyPair(subtle) } = means;
  const point = await importPoint(receiver, subtle);
  const once = await ephemeral();
  const secrets = await Promise.all([once, ...(sender ? [sender] : [])].map((pair) => agree(pair, point, subtle)));
  const context = bytes(once.publicKey, receiver, sender?.publicKey ?? NOTHING);
  const { algorithm, key } = await cipher(mode, secrets, context, info, aad, subtle);
  const ciphertext = new Uint8Array(await subtle.encrypt(algorithm, key, plaintext));
  return { enc: once.publicKey, ciphertext };
}

/**
 * @param {Mode} mode
 * @param {KeyPair} receiver
 * @param {Bytes | null} sender
 * @param {Sealed & {info: Bytes, aad?: Bytes}} sealed
 * @param {SubtleCrypto} [subtle]
 */
async function open(mode, receiver, sender, sealed, subtle = globalThis.crypto.subtle) {
  const { enc, ciphertext, info, aad = NOTHING } = sealed;
  const points = await Promise.all([enc, ...(sender ? [sender] : [])].map((raw) => importPoint(raw, subtle)));
  const secrets = await Promise.all(points.map((point) => agree(receiver, point, subtle)));
  const context = bytes(enc, receiver.publicKey, sender ?? NOTHING);
  const { algorithm, key } = await cipher(mode, secrets, context, info, aad, subtle);
  try {
    return new Uint8Array(await subtle.decrypt(algorithm, key, ciphertext));
  } catch {
    // WebCrypto says the same of everything that does not fit.
    throw new HpkeError('not-authentic');
  }
}

/**
 * What the first message under a context is encrypted with (section 5.2): there is no second.
 * @param {Mode} mode
 * @param {Bytes[]} secrets  of the Diffie-Hellman agreements
 * @param {Bytes} context    `kem_context`
 * @param {Bytes} info
 * @param {Bytes} aad
 * @param {SubtleCrypto} subtle
 */
async function cipher(mode, secrets, context, info, aad, subtle) {
  const hkdf = new Hkdf(KEM_SUITE, subtle);
  const prk = await hkdf.extract(NOTHING, 'eae_prk', bytes(...secrets));
  const sharedSecret = await hkdf.expand(prk, 'shared_secret', context, HASH);
  const { key, baseNonce } = await keySchedule(mode, sharedSecret, info, subtle);
  return {
    algorithm: { name: 'AES-GCM', iv: baseNonce, additionalData: aad, tagLength: 128 },
    key: await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']),
  };
}

/**
 * @param {Bytes} raw
 * @param {SubtleCrypto} subtle
 * @returns {Promise<CryptoKey>} a point that is on the curve, which `importKey` sees to (section 7.1.4)
 */
async function importPoint(raw, subtle) {
  if (raw.length !== PUBLIC_KEY || raw[0] !== 4) throw new HpkeError('malformed');
  try {
    return await subtle.importKey('raw', raw, CURVE, false, []);
  } catch {
    throw new HpkeError('malformed');
  }
}

/**
 * @param {KeyPair} pair
 * @param {CryptoKey} point
 * @param {SubtleCrypto} subtle
 */
async function agree({ privateKey }, point, subtle) {
  return new Uint8Array(await subtle.deriveBits({ name: 'ECDH', public: point }, privateKey, HASH * 8));
}

/** Extract and expand with labels (section 4). WebCrypto's HKDF does both at once, so here is HMAC. */
class Hkdf {
  #suite;
  #subtle;

  /**
   * @param {Bytes} suite
   * @param {SubtleCrypto} subtle
   */
  constructor(suite, subtle) {
    this.#suite = suite;
    this.#subtle = subtle;
  }

  /**
   * @param {Bytes} salt
   * @param {string} label
   * @param {Bytes} material
   */
  extract(salt, label, material) {
    // WebCrypto takes no empty key; HMAC fills one up with zeros, so these are the same (RFC 5869, section 2.2).
    const key = salt.length ? salt : new Uint8Array(HASH);
    return this.#hmac(key, bytes(text('HPKE-v1'), this.#suite, text(label), material));
  }

  /**
   * @param {Bytes} secret
   * @param {string} label
   * @param {Bytes} info
   * @param {number} length  up to 32: nothing here is longer, so one round is enough (RFC 5869, section 2.3)
   */
  async expand(secret, label, info, length) {
    const labelled = bytes([0, length], text('HPKE-v1'), this.#suite, text(label), info);
    return (await this.#hmac(secret, bytes(labelled, [1]))).slice(0, length);
  }

  /**
   * @param {Bytes} key
   * @param {Bytes} data
   */
  async #hmac(key, data) {
    const imported = await this.#subtle.importKey('raw', key, HMAC, false, ['sign']);
    return new Uint8Array(await this.#subtle.sign('HMAC', imported, data));
  }
}

/** @param {string} value */
function text(value) {
  return new TextEncoder().encode(value);
}

/**
 * One after the other.
 * @param {...ArrayLike<number>} parts
 */
function bytes(...parts) {
  const result = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
