// @ts-check
/**
 * What spares a phone's battery: fewer pictures a second, and the codec that its hardware encodes.
 *
 * Not here: capturing no more than is used (`capture-size.js`), and not decoding what nobody sees (`viewing.js`).
 */

/** Films have 24 pictures a second, and a face does not need more; a fifth less to capture, encode and send than 30. */
const HANDHELD_FRAME_RATE = 24;

/** Held in the hand, and so on a battery: touched, and without anything to point with. */
export function isHandheld() {
  return globalThis.matchMedia?.('(pointer: coarse) and (hover: none)').matches ?? false;
}

/**
 * @param {number} wanted  pictures a second, as the clinic set it
 * @param {boolean} [handheld]
 */
export function frameRateFor(wanted, handheld = isHandheld()) {
  return handheld ? Math.min(wanted, HANDHELD_FRAME_RATE) : wanted;
}

/**
 * Whether H264 should be sent instead of VP8: only where this device's hardware encodes it and does not encode VP8.
 * Anywhere else VP8 is better off: it can be thinned out in time, and every change of its size stays in one recording.
 *
 * @param {{width: number, height: number, frameRate: number, bitrate: number}} picture
 * @param {Pick<MediaCapabilities, 'encodingInfo'> | undefined} [capabilities]
 * @param {boolean} [handheld]
 * @returns {Promise<boolean>}  false where it cannot be told
 */
export async function prefersH264(
  picture,
  capabilities = globalThis.navigator?.mediaCapabilities,
  handheld = isHandheld(),
) {
  if (!handheld || !capabilities?.encodingInfo) return false;
  const { width, height, frameRate: framerate, bitrate } = picture;
  /** @param {string} contentType */
  const ask = async (contentType) => {
    const video = { contentType, width, height, framerate, bitrate };
    try {
      const { supported, smooth, powerEfficient } = await capabilities.encodingInfo({ type: 'webrtc', video });
      return supported && smooth && powerEfficient;
    } catch {
      return null; // asked in a way that this browser does not know
    }
  };
  const [vp8, h264] = await Promise.all([ask('video/VP8'), ask('video/H264;packetization-mode=1')]);
  return vp8 === false && h264 === true;
}
