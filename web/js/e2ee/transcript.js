// @ts-check
/**
 * Several values as one that can be taken apart again in one way only, to be hashed or authenticated.
 *
 * Each value has its length before it (two bytes, the higher first), so that nothing can be moved from one to the next
 * (`docs/e2ee.md`, "Keys"). Which values belong together is said by those who call it, and here for sealed messages.
 */

/** @typedef {import('./sframe.js').Bytes} Bytes */

/**
 * @param {...(string | Uint8Array)} values  texts become UTF-8; each up to 65,535 bytes
 * @returns {Bytes}
 * @throws {RangeError} if one is longer
 */
export function transcript(...values) {
  const parts = values.map((value) => (typeof value === 'string' ? new TextEncoder().encode(value) : value));
  const result = new Uint8Array(parts.reduce((length, part) => length + 2 + part.length, 0));
  let at = 0;
  for (const part of parts) {
    if (part.length > 0xffff) throw new RangeError(`a value of ${part.length} bytes is too long`);
    result[at++] = part.length >> 8;
    result[at++] = part.length & 0xff;
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/**
 * What `info` is when one person seals something for another in a handshake.
 * @param {{session: string, sender: string, receiver: string, senderNonce: Bytes, receiverNonce: Bytes}} parts
 *   `sender`, `receiver`: their ids
 * @returns {Bytes}
 */
export function sealingInfo({ session, sender, receiver, senderNonce, receiverNonce }) {
  return transcript('TheraBook e2ee', session, sender, receiver, senderNonce, receiverNonce);
}
