// @ts-check
/**
 * What two sides of a handshake send each other (docs/e2ee-messages.md): JSON objects in UTF-8, read strictly. Each
 * field is there, of its kind, and no other; bytes are base64url without padding, in the one way of writing them.
 *
 * Whether a letter is in its place is not its business (`handshake.js`).
 */

/** @typedef {import('./sframe.js').Bytes} Bytes */

/** Bytes of a letter: in base64url they are what the server forwards. */
export const LONGEST = 3072;
const LONGEST_NAME = 60;
/** What is sealed has a multiple of so many bytes, so that its length does not tell a name's. */
const PADDING = 256;
const HASH = 32;
const NONCE = 32;
const PUBLIC_KEY = 65;
const KEY = 32;
const TAG = 16;
const MOST_KID = 65_535 * 256 + 255;

/** It is not what anybody sends who follows the protocol. */
export class BadLetter extends Error {
  name = 'BadLetter';
}

/**
 * @typedef {{kind: 'commit', commitment: Bytes, answers?: Bytes}} Commit  `answers`: the other's that was seen last
 * @typedef {{kind: 'reveal', public: Bytes, nonce: Bytes, answers: Bytes}} Reveal
 * @typedef {{kind: 'sealed', enc: Bytes, ciphertext: Bytes, sequence: number}} Sealed
 * @typedef {Commit | Reveal | Sealed} Letter
 */

/**
 * What is sealed.
 * @typedef {{kind: 'name', name: string}} Name
 * @typedef {{kind: 'key', kid: number, key: Bytes, sequence: number}} Key  `sequence` rises with each key of one side
 * @typedef {{kind: 'have', kid: number}} Have  a key came
 * @typedef {Name | Key | Have} Content
 */

/** @typedef {(value: unknown) => unknown} Reader  fails with BadLetter */

/** @type {Record<string, Record<string, Reader>>} the fields of each kind; those with a ? may be left out */
const LETTERS = {
  commit: { commitment: bytesOf(HASH), 'answers?': bytesOf(HASH) },
  reveal: { public: bytesOf(PUBLIC_KEY), nonce: bytesOf(NONCE), answers: bytesOf(HASH) },
  sealed: { enc: bytesOf(PUBLIC_KEY), ciphertext: bytesOf(TAG, LONGEST), sequence: whole(0, Number.MAX_SAFE_INTEGER) },
};

/** @type {Record<string, Record<string, Reader>>} */
const CONTENTS = {
  name: { name: readName },
  key: { kid: whole(256, MOST_KID), key: bytesOf(KEY), sequence: whole(0, Number.MAX_SAFE_INTEGER) },
  have: { kid: whole(256, MOST_KID) },
};

/**
 * @param {Bytes} data
 * @returns {Letter}
 * @throws {BadLetter}
 */
export function readLetter(data) {
  return /** @type {Letter} */ (read(data, LETTERS));
}

/**
 * @param {Bytes} data  what was sealed
 * @returns {Content}
 * @throws {BadLetter}
 */
export function readContent(data) {
  return /** @type {Content} */ (read(data, CONTENTS));
}

/** @param {Letter} letter */
export function writeLetter(letter) {
  return write(letter);
}

/**
 * @param {Content} content
 * @returns {Bytes} what is to be sealed
 */
export function writeContent(content) {
  const written = write(content);
  const padded = new Uint8Array(Math.ceil(written.length / PADDING) * PADDING).fill(0x20);
  padded.set(written);
  return padded;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64Url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * @param {string} text
 * @returns {Bytes}
 * @throws {BadLetter}
 */
export function fromBase64Url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) throw new BadLetter('not base64url');
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0));
  if (toBase64Url(bytes) !== text) throw new BadLetter('base64url written in another way');
  return bytes;
}

/**
 * @param {Bytes} data
 * @param {Record<string, Record<string, Reader>>} kinds
 */
function read(data, kinds) {
  if (data.length > LONGEST) throw new BadLetter('too long');
  /** @type {unknown} */
  let fields;
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data));
  } catch {
    throw new BadLetter('not JSON');
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw new BadLetter('not an object');
  const { kind, ...rest } = /** @type {Record<string, unknown>} */ (fields);
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) throw new BadLetter('of no known kind');
  /** @type {Record<string, unknown>} */
  const found = { kind };
  for (const [name, reader] of Object.entries(kinds[kind])) {
    const field = name.replace('?', '');
    if (Object.hasOwn(rest, field)) found[field] = reader(rest[field]);
    else if (field === name) throw new BadLetter(`without ${field}`);
    delete rest[field];
  }
  if (Object.keys(rest).length) throw new BadLetter('a field that there is not');
  return found;
}

/** @param {Letter | Content} value */
function write(value) {
  const written = JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? toBase64Url(each) : each));
  return new TextEncoder().encode(written);
}

/**
 * @param {number} least
 * @param {number} [most]  the same if it is not given
 * @returns {Reader}
 */
function bytesOf(least, most = least) {
  return (value) => {
    if (typeof value !== 'string') throw new BadLetter('bytes are a text');
    const bytes = fromBase64Url(value);
    if (bytes.length < least || bytes.length > most) throw new BadLetter(`${bytes.length} bytes`);
    return bytes;
  };
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {Reader}
 */
function whole(least, most) {
  return (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && least <= value && value <= most) return value;
    throw new BadLetter('not such a number');
  };
}

/** @type {Reader} */
function readName(value) {
  // Characters, not the halves of which JavaScript's strings are made.
  const length = typeof value === 'string' ? [...value].length : 0;
  if (typeof value !== 'string' || length < 1 || length > LONGEST_NAME || value !== value.trim()) {
    throw new BadLetter('not a name');
  }
  if (/\p{Surrogate}/u.test(value)) throw new BadLetter('half a character');
  return value;
}
