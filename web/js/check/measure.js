// @ts-check
/**
 * How good the connection is: a moving picture goes to the media server and comes back for a few seconds.
 *
 * What comes back is at most what was sent, so the way down is known only to carry at least that. Not here: the picture
 * (`elements/moving-picture.js`), what the figures mean (`verdict.js`).
 */

import { systemClock } from '../clock.js';
import { preferredCodecs } from '../codecs.js';
import { connected, negotiate } from './probe.js';

/**
 * @typedef {object} Measured
 * @property {number} up          bit/s that can be sent, about
 * @property {number} down        bit/s that came back
 * @property {number | null} roundTrip  milliseconds; null where the browser does not tell
 * @property {number} lossUp      0 to 1
 * @property {number} lossDown    0 to 1
 * @property {number | null} jitter     milliseconds
 *
 * @typedef {object} Sample  what the statistics say at one moment
 * @property {number} at               milliseconds
 * @property {number} bytesSent
 * @property {number} bytesReceived
 * @property {number} packetsReceived
 * @property {number} packetsLost
 * @property {number | null} available  bit/s that congestion control would send
 * @property {number | null} roundTrip  seconds
 * @property {number | null} lossUp     as the server reports it
 * @property {number | null} jitter     seconds
 */

/** Bits per second asked of the encoder: what two people's pictures take. More would tell nothing that matters. */
const WANTED = 4_000_000;
const FRAME_RATE = 30;

/** Milliseconds: congestion control finds its rate in about three seconds. */
const LENGTH = 5_500;
const EVERY = 500;
const WARM_UP = 2_000;
const PATIENCE = 8_000;

/**
 * @param {MediaStreamTrack} picture
 * @param {import('./probe.js').Parts} parts
 * @returns {Promise<Measured | {code: string}>}
 */
export async function measure(
  picture,
  { api, servers, clock = systemClock, RTCPeerConnection = globalThis.RTCPeerConnection },
) {
  const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: [...servers] });
  try {
    const sendEncodings = [{ maxBitrate: WANTED, maxFramerate: FRAME_RATE }];
    const camera = pc.addTransceiver(picture, { direction: 'sendonly', sendEncodings });
    const back = pc.addTransceiver('video', { direction: 'recvonly' });
    for (const transceiver of [camera, back]) shorten(transceiver);
    const answered = await negotiate(pc, api, { camera }, null);
    if ('code' in answered) return { code: answered.code };
    if (!(await connected(pc, clock, PATIENCE))) return { code: 'no_way' };
    /** @type {Sample[]} */
    const samples = [];
    const until = clock.now() + LENGTH;
    while (clock.now() < until && pc.connectionState === 'connected') {
      samples.push(sampleOf(await pc.getStats(), clock.now()));
      await new Promise((resolve) => clock.after(EVERY, () => resolve(null)));
    }
    return digest(samples) ?? { code: 'no_way' };
  } finally {
    pc.close();
  }
}

/**
 * Leaves out the codecs that nobody would use here: the offer is then a third as long.
 * @param {RTCRtpTransceiver} transceiver
 */
function shorten(transceiver) {
  if (!('setCodecPreferences' in transceiver)) return;
  const codecs = preferredCodecs('video', RTCRtpReceiver.getCapabilities('video')?.codecs ?? []);
  if (codecs.length) transceiver.setCodecPreferences(codecs);
}

/**
 * @param {Iterable<[string, any]>} report  an RTCStatsReport
 * @param {number} at
 * @returns {Sample}
 */
export function sampleOf(report, at) {
  const all = [...report].map(([, each]) => each);
  /** @param {string} type */
  const first = (type) => all.find((each) => each.type === type) ?? {};
  const selected = first('transport').selectedCandidatePairId;
  const pairs = all.filter((each) => each.type === 'candidate-pair');
  const pair = pairs.find((each) => each.id === selected) ?? pairs.find((each) => each.nominated) ?? {};
  const sent = first('outbound-rtp');
  const received = first('inbound-rtp');
  const remote = first('remote-inbound-rtp');
  return {
    at,
    bytesSent: sent.bytesSent ?? 0,
    bytesReceived: received.bytesReceived ?? 0,
    packetsReceived: received.packetsReceived ?? 0,
    packetsLost: Math.max(0, received.packetsLost ?? 0),
    available: pair.availableOutgoingBitrate ?? null,
    roundTrip: pair.currentRoundTripTime ?? remote.roundTripTime ?? null,
    lossUp: remote.fractionLost ?? null,
    jitter: received.jitter ?? null,
  };
}

/**
 * @param {readonly Sample[]} samples  in order
 * @returns {Measured | null} null: too few to say anything
 */
export function digest(samples) {
  const settled = samples.filter(({ at }) => at - samples[0].at >= WARM_UP);
  if (settled.length < 2) return null;
  const [first, last] = [settled[0], settled[settled.length - 1]];
  const seconds = (last.at - first.at) / 1000;
  const sent = (8 * (last.bytesSent - first.bytesSent)) / seconds;
  const lost = last.packetsLost - samples[0].packetsLost;
  const expected = lost + last.packetsReceived - samples[0].packetsReceived;
  const roundTrip = middle(settled.map((each) => each.roundTrip));
  const jitter = middle(settled.map((each) => each.jitter));
  return {
    up: Math.max(sent, Math.min(middle(settled.map((each) => each.available)) ?? 0, WANTED)),
    down: (8 * (last.bytesReceived - first.bytesReceived)) / seconds,
    roundTrip: roundTrip === null ? null : roundTrip * 1000,
    lossUp: average(settled.map((each) => each.lossUp)) ?? 0,
    lossDown: expected > 0 ? Math.max(0, lost / expected) : 0,
    jitter: jitter === null ? null : jitter * 1000,
  };
}

/**
 * @param {readonly (number | null)[]} values
 * @returns {number | null} the median
 */
function middle(values) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known.length ? known[Math.floor(known.length / 2)] : null;
}

/** @param {readonly (number | null)[]} values */
function average(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}
