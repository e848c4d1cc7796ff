// @ts-check
/**
 * Which codecs are offered, so that the offer is small and everybody in a call can decode what is forwarded.
 */

/** @typedef {{mimeType: string, clockRate: number, channels?: number, sdpFmtpLine?: string}} Codec */

/**
 * Opus; VP8 first (every browser, cheap to encode), then H264 and VP9 in the one profile each that all browsers share.
 * Sound may come in redundant packets (RFC 2198), which the server makes for who loses some. Without fec and comfort
 * noise, which it does not forward.
 * @param {'audio' | 'video'} kind
 * @param {readonly Codec[]} known  what the browser can receive
 * @param {{h264First?: boolean, receiving?: boolean}} [wish]  `h264First`: see `prefersH264` (efficiency.js);
 *   `receiving`: for a slot, in which nothing is sent
 * @returns {Codec[]} in order of preference; empty: leave the browser's own choice
 */
export function preferredCodecs(kind, known, { h264First = false, receiving = false } = {}) {
  /** @param {string} name */
  const named = (name) => known.filter(({ mimeType }) => mimeType.toLowerCase() === `${kind}/${name}`);
  if (kind === 'audio') {
    const opus = named('opus').slice(0, 1);
    return receiving && opus.length ? [...opus, ...named('red')] : opus;
  }
  const h264 = named('h264').filter(({ sdpFmtpLine }) => parameter(sdpFmtpLine, 'packetization-mode') === '1');
  const baseline = ['42e0', '4200'].flatMap((profile) =>
    h264.filter(({ sdpFmtpLine }) => parameter(sdpFmtpLine, 'profile-level-id')?.startsWith(profile)),
  );
  const vp9 = named('vp9').filter(({ sdpFmtpLine }) => (parameter(sdpFmtpLine, 'profile-id') ?? '0') === '0');
  const [vp8, h264Shared] = [named('vp8').slice(0, 1), baseline.slice(0, 1)];
  const chosen = [...(h264First ? [...h264Shared, ...vp8] : [...vp8, ...h264Shared]), ...vp9.slice(0, 1)];
  return chosen.length ? [...chosen, ...named('rtx')] : [];
}

/**
 * @param {string | undefined} line  an fmtp line
 * @param {string} name
 * @returns {string | undefined} in lower case
 */
function parameter(line, name) {
  const pair = (line ?? '').toLowerCase().split(';').find((part) => part.trim().startsWith(`${name}=`));
  return pair?.split('=')[1].trim();
}
