// @ts-check
/**
 * What makes a handshake safe from somebody in the middle: the commitment, and the four words that two people compare.
 *
 * Because nobody shows a key or a nonce before both have committed themselves, somebody who gives each of the two a
 * key of their own cannot search for keys that lead to the same words (`docs/e2ee.md`, "The code"). When what is sent
 * is not its business, nor what is said if it does not fit.
 */

import { transcript } from './transcript.js';
import { WORDS } from './words.js';

/** @typedef {import('./sframe.js').Bytes} Bytes */

/**
 * What somebody shows in a handshake.
 * @typedef {object} Revealed
 * @property {string} id        given by the server
 * @property {Bytes} publicKey  65 bytes: an uncompressed point of P-256
 * @property {Bytes} nonce      32 bytes, made for this handshake
 */

/** How many words: each is 8 bits against somebody who has one try. Fewer are guessed, more are not read out. */
const COUNT = 4;

/**
 * @param {string} session
 * @param {Revealed} person
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<Bytes>} 32 bytes, which say nothing about the key
 */
export async function commitment(session, { id, publicKey, nonce }, subtle = globalThis.crypto.subtle) {
  return hash(transcript('TheraBook e2ee commitment', session, id, publicKey, nonce), subtle);
}

/**
 * @param {string} session
 * @param {Revealed} one
 * @param {Revealed} other  in either order
 * @param {SubtleCrypto} [subtle]
 * @returns {Promise<string[]>} four words
 */
export async function code(session, one, other, subtle = globalThis.crypto.subtle) {
  const [lower, higher] = isLower(encoded(one), encoded(other)) ? [one, other] : [other, one];
  const values = [lower, higher].flatMap(({ id, publicKey, nonce }) => [id, publicKey, nonce]);
  const digest = await hash(transcript('TheraBook e2ee code', session, ...values), subtle);
  return Array.from(digest.subarray(0, COUNT), (byte) => WORDS[byte]);
}

/**
 * Whether what was revealed is what was committed to. These are no secrets: how long it takes may be seen.
 * @param {Uint8Array} committed
 * @param {Uint8Array} computed
 */
export function fits(committed, computed) {
  return committed.length === computed.length && committed.every((byte, index) => byte === computed[index]);
}

/** @param {Revealed} person */
function encoded({ id, publicKey, nonce }) {
  return transcript(id, publicKey, nonce);
}

/**
 * @param {Bytes} one
 * @param {Bytes} other
 */
function isLower(one, other) {
  const at = one.findIndex((byte, index) => byte !== other[index]);
  return at < 0 || one[at] < other[at];
}

/**
 * @param {Bytes} bytes
 * @param {SubtleCrypto} subtle
 */
async function hash(bytes, subtle) {
  return new Uint8Array(await subtle.digest('SHA-256', bytes));
}
