// @ts-check
/**
 * A connection to the media server without a session: made, watched until it stands, closed.
 *
 * Not here: what it is for (`run.js`), what it measures (`measure.js`).
 */

import { systemClock } from '../clock.js';
import { answerFor, configurationFor, portOf } from './ways.js';

/** @typedef {import('./ways.js').Way} Way */

/**
 * @typedef {object} Reached
 * @property {boolean} reached
 * @property {number} [milliseconds]  from the answer until connected
 * @property {number} [port]          of the media server
 * @property {string} [code]          why the server refused to try
 */

/** Milliseconds. An ICE agent has tried everything by then; the last repetition of a lost check takes five. */
const PATIENCE = 8_000;

/**
 * @typedef {object} Parts
 * @property {import('./api.js').CheckApi} api
 * @property {readonly RTCIceServer[]} servers
 * @property {import('../clock.js').Clock} [clock]
 * @property {typeof RTCPeerConnection} [RTCPeerConnection]
 */

/**
 * Whether the media server is reached by this way alone.
 * @param {Way} way
 * @param {Parts} parts
 * @returns {Promise<Reached>}
 */
export async function reach(
  way,
  { api, servers, clock = systemClock, RTCPeerConnection = globalThis.RTCPeerConnection },
) {
  const pc = new RTCPeerConnection(configurationFor(way, servers));
  try {
    pc.addTransceiver('audio', { direction: 'recvonly' });
    const answered = await negotiate(pc, api, {}, way);
    if ('code' in answered) return { reached: false, code: answered.code };
    const began = clock.now();
    const reached = await connected(pc, clock, PATIENCE);
    const port = portOf(pc.remoteDescription?.sdp ?? '');
    return reached ? { reached, port, milliseconds: Math.round(clock.now() - began) } : { reached, port };
  } finally {
    pc.close();
  }
}

/**
 * @param {RTCPeerConnection} pc  with its transceivers
 * @param {import('./api.js').CheckApi} api
 * @param {{camera?: RTCRtpTransceiver}} sending
 * @param {Way | null} way        null: whichever comes first
 * @returns {Promise<{} | {code: string}>}
 */
export async function negotiate(pc, api, { camera }, way) {
  const description = await pc.createOffer();
  await pc.setLocalDescription(description);
  const sources = { microphone: null, camera: camera?.mid ?? null, screen: null };
  const answered = await api.probe({ sdp: description.sdp ?? '', sources });
  if ('code' in answered) return answered;
  const { sdp } = answered.answer;
  await pc.setRemoteDescription({ type: 'answer', sdp: way === null ? sdp : answerFor(sdp, way) });
  return {};
}

/**
 * @param {RTCPeerConnection} pc
 * @param {import('../clock.js').Clock} clock
 * @param {number} patience  milliseconds
 * @returns {Promise<boolean>}
 */
export function connected(pc, clock, patience) {
  return new Promise((resolve) => {
    /** @param {boolean} is */
    const done = (is) => {
      cancel();
      pc.onconnectionstatechange = null;
      resolve(is);
    };
    const cancel = clock.after(patience, () => done(false));
    const look = () => {
      if (pc.connectionState === 'connected') done(true);
      else if (pc.connectionState === 'failed' || pc.connectionState === 'closed') done(false);
    };
    pc.onconnectionstatechange = look;
    look();
  });
}
