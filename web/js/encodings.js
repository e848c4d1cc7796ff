// @ts-check
/**
 * In which encodings a picture is sent, and which of them now: the server says which somebody watches.
 *
 * The camera has three sizes with three frame rates each (simulcast, temporal layers), the screen one size, so that it
 * loses frames before it loses sharpness. At the start only the full picture is sent: in a call of two that is what is
 * needed, and a phone shall not encode what nobody sees.
 *
 * Not here: which sizes there are (`simulcast.js`) and which tracks (`sending.js`), the peer connection (`peer.js`).
 */

import { SIZES, made, scaleOf, whole } from './simulcast.js';

/** @typedef {import('./messages.js').Source} Source */

const FULL = 'f';
const FULL_BITRATE = SIZES[SIZES.length - 1].maxBitrate;
const CAMERA_FRAME_RATE = 30;
/** Of the full picture where the camera gives more than 720 lines. */
const CAMERA_BITRATE_1080 = 4_000_000;
/** Text must be legible, motion need not be smooth. */
const SCREEN_BITRATE = 2_500_000;
const SCREEN_FRAME_RATE = 15;

/** What the hardware of a phone has to be able to encode. */
export const LARGEST = { width: 1280, height: 720, frameRate: 24, bitrate: FULL_BITRATE };

/** Half and a quarter of the frame rate can be had from it. Firefox does not know the word and sends what it likes. */
const TEMPORAL_LAYERS = 'L1T3';

/** @typedef {RTCRtpEncodingParameters & {scalabilityMode?: string}} Encoding */

/**
 * What a sender is made with.
 * @typedef {object} Kind
 * @property {'audio' | 'video'} kind
 * @property {Encoding[]} encodings
 * @property {string} hint  what the picture shows; see MediaStreamTrack.contentHint
 */

/** @type {Record<Source, Kind>} */
export const SENDING = {
  microphone: { kind: 'audio', encodings: [{}], hint: '' },
  camera: {
    kind: 'video',
    encodings: SIZES.map((size) => ({
      ...size,
      scaleResolutionDownBy: scaleOf(size.rid, {}),
      active: size.rid === FULL,
      maxFramerate: CAMERA_FRAME_RATE,
      scalabilityMode: TEMPORAL_LAYERS,
    })),
    hint: 'motion',
  },
  screen: {
    kind: 'video',
    encodings: [
      { maxBitrate: SCREEN_BITRATE, maxFramerate: SCREEN_FRAME_RATE, scalabilityMode: TEMPORAL_LAYERS },
    ],
    hint: 'detail',
  },
};

/**
 * @param {RTCPeerConnection} pc
 * @param {Source} source
 * @returns {RTCRtpTransceiver}
 */
export function addSender(pc, source) {
  const { kind, encodings } = SENDING[source];
  try {
    return pc.addTransceiver(kind, { direction: 'sendonly', sendEncodings: encodings.map((each) => ({ ...each })) });
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    // It knows the word and has no such layers: without them, then.
    const plain = encodings.map(({ scalabilityMode, ...rest }) => rest);
    return pc.addTransceiver(kind, { direction: 'sendonly', sendEncodings: plain });
  }
}

/** One sender: takes the newest wish when it is done with the last one, as everything about it is asynchronous. */
export class Outgoing {
  /** @type {MediaStreamTrack | null} */
  #track = null;
  /** @type {readonly string[]} */
  #layers = [FULL];
  /** How many times smaller than usual the track's picture is. */
  #part = 1;
  #held = false;
  /** Whether the picture is to begin anew. */
  #anew = false;
  #changed = false;
  #busy = false;

  /**
   * @param {RTCRtpTransceiver} transceiver
   * @param {Source} source
   */
  constructor(transceiver, source) {
    this.transceiver = transceiver;
    this.source = source;
  }

  /** The connection was negotiated (again), in which a browser may forget what is not sent. */
  check() {
    void this.#settle();
  }

  /** @param {MediaStreamTrack | null} track */
  set(track) {
    this.#track = track;
    void this.#settle();
  }

  /** @param {readonly string[]} layers  the encodings to send, by their names; the only one there is counts as full */
  want(layers) {
    this.#layers = layers;
    void this.#settle();
  }

  /** @param {number} part  how many times smaller than usual the track's picture is now: sizes sent stay the same */
  fit(part) {
    this.#part = part;
    void this.#settle();
  }

  /** Whether not to encode it for now, whoever watches. Afterwards it begins with a key frame. */
  hold = (/** @type {boolean} */ held) => {
    if (held === this.#held) return;
    this.#held = held;
    if (this.#track) void this.#settle();
  };

  /** Somebody sees it from here on who saw nothing before: a key frame, in browsers that can be asked for one here. */
  refresh = () => {
    this.#anew = true;
    void this.#settle();
  };

  async #settle() {
    this.#changed = true;
    if (this.#busy) return;
    this.#busy = true;
    const { sender } = this.transceiver;
    try {
      while (this.#changed) {
        this.#changed = false;
        if (sender.track !== this.#track) await sender.replaceTrack(this.#track);
        if (!this.#changed && this.source !== 'microphone') await this.#fit(sender);
      }
    } catch (error) {
      // A closed connection refuses; there is nothing to send any more. Anything else is a defect and shall be seen.
      if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** @param {RTCRtpSender} sender */
  async #fit(sender) {
    const parameters = sender.getParameters();
    const { encodings } = parameters;
    const picture = whole(sender.track, this.#part);
    const layers = this.source === 'camera' ? made(this.#layers, picture) : this.#layers;
    const anew = this.#anew;
    this.#anew = false;
    let differs = anew;
    for (const encoding of encodings ?? []) {
      const wantedNow = encodings.length > 1 ? layers.includes(encoding.rid ?? FULL) : layers.length > 0;
      const active = wantedNow && !this.#held;
      const scale = this.#scale(encoding, picture);
      const wanted = { active, maxBitrate: this.#bitrate(encoding, sender.track), ...scale };
      differs ||= Object.entries(wanted).some(([name, value]) => Reflect.get(encoding, name) !== value);
      Object.assign(encoding, wanted);
    }
    const keyFrames = { encodingOptions: encodings?.map(({ active }) => ({ keyFrame: active !== false })) };
    if (differs) await sender.setParameters(parameters, anew ? keyFrames : undefined);
  }

  /**
   * @param {RTCRtpEncodingParameters} encoding
   * @param {import('./simulcast.js').Picture} picture  that the camera gives when nothing is spared
   * @returns {{scaleResolutionDownBy?: number}}
   */
  #scale({ rid }, picture) {
    if (this.source !== 'camera' || !rid) return {};
    return { scaleResolutionDownBy: Math.max(scaleOf(rid, picture) / this.#part, 1) };
  }

  /**
   * @param {RTCRtpEncodingParameters} encoding
   * @param {MediaStreamTrack | null} track
   * @returns {number | undefined}
   */
  #bitrate({ rid, maxBitrate }, track) {
    if (this.source !== 'camera' || !track || (rid ?? FULL) !== FULL) return maxBitrate;
    return (track.getSettings().height ?? 0) > 720 ? CAMERA_BITRATE_1080 : FULL_BITRATE;
  }
}
