// @ts-check
/** SDP made small for the way to the server, which reads it in `signaling/packed.py`. */

import { toBase64Url } from './e2ee/letters.js';

/**
 * @param {string} sdp
 * @returns {Promise<{sdp: string} | {packed: string}>} as it is where the browser cannot compress
 */
export async function pack(sdp) {
  let compression;
  try {
    compression = new CompressionStream('deflate-raw');
  } catch {
    return { sdp };
  }
  const stream = new Blob([sdp]).stream().pipeThrough(compression);
  return { packed: toBase64Url(new Uint8Array(await new Response(stream).arrayBuffer())) };
}
