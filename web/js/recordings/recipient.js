// @ts-check
/**
 * Whether a text is a public key of age (`age1...`, Bech32 as in BIP 173, of an X25519 key), so that a slip is found
 * before a film is encrypted for nobody. The server checks again.
 */

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const PREFIX = 'age';
const GENERATORS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** The prefix and its 1, then 32 bytes in groups of five bits, then six of a checksum. */
const LENGTH = PREFIX.length + 1 + 52 + 6;

/** @param {string} text */
export function isRecipient(text) {
  if (text.length !== LENGTH || !text.startsWith(`${PREFIX}1`)) return false;
  const values = [...text.slice(PREFIX.length + 1)].map((letter) => LETTERS.indexOf(letter));
  if (values.includes(-1)) return false;
  const codes = [...PREFIX].map((letter) => letter.charCodeAt(0));
  return checksum([...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...values]) === 1;
}

/** @param {number[]} values  of five bits each */
function checksum(values) {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATORS.forEach((generator, bit) => {
      if ((top >> bit) & 1) sum ^= generator;
    });
  }
  return sum;
}
