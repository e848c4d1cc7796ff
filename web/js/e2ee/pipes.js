// @ts-check
/**
 * Leads the frames of senders and receivers through the worker, in the one of two ways that the browser has:
 * RTCRtpScriptTransform, or createEncodedStreams in Chromium before it. From the moment a sender or receiver exists, so
 * that nothing passes by it.
 *
 * What the worker does with them is not its business (`cryptor.js`).
 */

/** @typedef {import('./cryptor.js').Pipe} Pipe */
/** @typedef {'transform' | 'streams'} Way */

/** @typedef {{createEncodedStreams?: () => {readable: ReadableStream, writable: WritableStream}}} WithStreams */

/** @returns {Way | null} null: this browser cannot encrypt frames, or agree on keys: pages without TLS cannot */
export function wayOf() {
  if (!globalThis.crypto?.subtle) return null;
  if ('RTCRtpScriptTransform' in globalThis) return 'transform';
  if (!('RTCRtpSender' in globalThis)) return null;
  return 'createEncodedStreams' in RTCRtpSender.prototype ? 'streams' : null;
}

/**
 * @param {Way} way
 * @returns {RTCConfiguration & {encodedInsertableStreams?: boolean}} what a peer connection has to be made with
 */
export function configurationFor(way) {
  return way === 'streams' ? { encodedInsertableStreams: true } : {};
}

/**
 * @param {RTCRtpSender | RTCRtpReceiver} end
 * @param {Pipe} pipe
 * @param {{way: Way, worker: Pick<Worker, 'postMessage'>}} parts
 */
export function lead(end, pipe, { way, worker }) {
  if (way === 'transform') {
    // @ts-ignore  newer than the types
    end.transform = new RTCRtpScriptTransform(/** @type {Worker} */ (worker), pipe);
    return;
  }
  const streams = /** @type {WithStreams} */ (end).createEncodedStreams?.();
  if (!streams) throw new Error('a peer connection that was not made for it');
  const { readable, writable } = streams;
  worker.postMessage({ op: 'stream', readable, writable, pipe }, [readable, writable]);
}
