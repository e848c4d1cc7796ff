// @ts-check
/**
 * One RTCPeerConnection: three things to send, slots to receive in, offers made and answers taken.
 *
 * The order never changes: microphone, camera, screen, then slots; more slots are only ever added at the end. What
 * plays in a slot and when to offer again is not its business (`media.js`, `session.js`).
 */

import { preferredCodecs } from './codecs.js';
import { prefersH264 } from './efficiency.js';
import { LARGEST, Outgoing, SENDING, addSender } from './encodings.js';
import { pack } from './packed.js';
import { withSound } from './small-sound.js';

/** @typedef {Partial<import('./messages.js').Wanted['layers']>} Layers */
/** @typedef {import('./messages.js').Source} Source */
/** @typedef {import('./messages.js').Offer} Offer */
/** @typedef {import('./messages.js').Answer} Answer */
/** @typedef {'connecting' | 'connected' | 'disconnected' | 'failed' | 'broken' | 'closed'} PeerState */

/** In the order of the m-lines. */
const SOURCES = /** @type {const} */ (['microphone', 'camera', 'screen']);

export class Peer {
  #pc;
  /** @type {Map<Source, Outgoing>} */
  #outgoing = new Map();
  /** @type {{transceiver: RTCRtpTransceiver, stream: MediaStream, slot: string | null}[]} */
  #slots = [];
  #encryption;
  /** @type {ReadonlySet<string>} */
  #answered = new Set();
  #changed;
  /** @type {Promise<void>} settles when they are in order */
  #codecs;
  /** @type {PeerState} */
  #told = 'connecting';
  /** The server's newest answer. */
  #answer = '';
  /** @type {import('./small-sound.js').Sound} */
  #sound = 'usual';
  #taken = this.#sound;
  /** @type {Promise<unknown>} offers and answers are taken one after the other */
  #turn = Promise.resolve();

  /**
   * @param {{slots: {audio: number, video: number}, changed: (state: PeerState) => void,
   *          iceServers?: readonly RTCIceServer[], h264First?: Promise<boolean>,
   *          encryption?: import('./e2ee/encryption.js').Encryption | null,
   *          RTCPeerConnection?: typeof RTCPeerConnection}} parts  `h264First`: of the camera
   */
  constructor({
    slots,
    changed,
    iceServers = [],
    h264First = prefersH264(LARGEST),
    encryption = null,
    RTCPeerConnection = globalThis.RTCPeerConnection,
  }) {
    this.#changed = changed;
    this.#encryption = encryption;
    this.#pc = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
      iceServers: [...iceServers],
      ...encryption?.configuration,
    });
    this.#pc.oniceconnectionstatechange = this.#pc.onconnectionstatechange = () => this.#tell();
    for (const source of SOURCES) {
      const transceiver = addSender(this.#pc, source);
      const outgoing = new Outgoing(transceiver, source);
      encryption?.leadOut(transceiver.sender, source, outgoing);
      preferCodecs(transceiver, SENDING[source].kind);
      this.#outgoing.set(source, outgoing);
    }
    this.#codecs = h264First.then((yes) => {
      const camera = this.#outgoing.get('camera')?.transceiver;
      if (yes && camera) preferCodecs(camera, 'video', { h264First: true });
    });
    this.grow(slots);
  }

  /** @returns {PeerState} `broken`: no ICE restart will help, it takes a new peer connection */
  get state() {
    const { iceConnectionState: ice, connectionState: all } = this.#pc;
    if (ice === 'closed' || all === 'closed') return 'closed';
    if (ice === 'failed') return 'failed';
    if (ice === 'disconnected') return 'disconnected';
    if (all === 'failed') return 'broken';
    return all === 'connected' ? 'connected' : 'connecting';
  }

  /** How many slots there are. */
  get slots() {
    const audio = this.#slots.filter(({ stream }) => stream.getAudioTracks().length).length;
    return { audio, video: this.#slots.length - audio };
  }

  /**
   * Adds slots up to these numbers; they count from the next offer on.
   * @param {{audio: number, video: number}} wanted
   * @returns {boolean} whether any was added
   */
  grow(wanted) {
    const have = this.slots;
    for (const kind of /** @type {const} */ (['audio', 'video'])) {
      for (let count = have[kind]; count < wanted[kind]; count++) {
        const transceiver = this.#pc.addTransceiver(kind, { direction: 'recvonly' });
        preferCodecs(transceiver, kind, { receiving: true });
        // Before anything comes: a decoder is never given what is encrypted.
        const slot = this.#encryption?.leadIn(transceiver.receiver) ?? null;
        this.#slots.push({ transceiver, slot, stream: new MediaStream([transceiver.receiver.track]) });
      }
    }
    return have.audio < wanted.audio || have.video < wanted.video;
  }

  /**
   * Makes an offer and makes it the local description. May be called again before an answer came: the newest counts.
   * The server's candidates come in the answer and it learns ours from the checks (RFC 8445, section 7.3.1.3), so
   * nothing is gathered first.
   * @param {{restart?: boolean}} [options]  restart ICE
   * @returns {Promise<Offer>}
   */
  offer({ restart = false } = {}) {
    return this.#inTurn(async () => {
      await this.#codecs;
      const description = await this.#pc.createOffer({ iceRestart: restart });
      await this.#pc.setLocalDescription(description);
      const mid = (/** @type {Source} */ source) => this.#midOf(source);
      return {
        ...(await pack(description.sdp ?? '')),
        sources: { microphone: mid('microphone'), camera: mid('camera'), screen: mid('screen') },
      };
    });
  }

  /** @param {Answer} answer  to the newest offer */
  accept({ sdp, slots }) {
    return this.#inTurn(async () => {
      this.#answered = new Set(slots.map(({ mid }) => mid));
      this.#encryption?.answered(sdp);
      this.#answer = sdp;
      await this.#take();
    });
  }

  /**
   * Makes the microphone's sound small, smaller still, or as it was. Nobody is asked: the last answer is taken again,
   * with another wish in it. If an offer is under way, its answer brings it.
   * @param {import('./small-sound.js').Sound} sound
   * @param {{now?: boolean}} [options]  now: no answer is waited for
   * @returns {Promise<boolean>} whether an offer was withdrawn for it, and has to be made again
   */
  async spareSound(sound, { now = false } = {}) {
    if (sound === this.#sound && !(now && sound !== this.#taken)) return false;
    this.#sound = sound;
    return this.#inTurn(async () => {
      const waits = this.#pc.signalingState === 'have-local-offer';
      if (!this.#answer || (waits && !now)) return false;
      if (waits) await this.#pc.setLocalDescription({ type: 'rollback' });
      await this.#pc.setLocalDescription(await this.#pc.createOffer());
      await this.#take();
      return waits;
    });
  }

  /**
   * What to send from now on; null for nothing. No renegotiation.
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  send(source, track) {
    const { hint } = SENDING[source];
    if (track && hint && 'contentHint' in track && track.contentHint !== hint) track.contentHint = hint;
    this.#outgoing.get(source)?.set(track);
  }

  /** @param {Layers} layers  the encodings to send; what is not named stays */
  want(layers) {
    for (const [source, rids] of Object.entries(layers)) this.#outgoing.get(/** @type {Source} */ (source))?.want(rids);
  }

  /** @param {readonly import('./messages.js').Assignment[]} slots  what plays in them now */
  play(slots) {
    for (const { transceiver } of this.#slots) {
      const delay = slots.find(({ mid }) => mid === transceiver.mid)?.delay ?? 0;
      holdBack(transceiver.receiver, delay);
    }
  }

  /** @param {number} part  how many times smaller than usual the camera's picture is now */
  fitCamera(part) {
    this.#outgoing.get('camera')?.fit(part);
  }

  /**
   * @param {string} mid
   * @returns {MediaStream | null} always the same object for the same slot
   */
  streamIn(mid) {
    if (!this.#answered.has(mid)) return null;
    return this.#slots.find(({ transceiver }) => transceiver.mid === mid)?.stream ?? null;
  }

  /**
   * @param {string} mid
   * @returns {string | null} how the slot's frames are named where they are opened
   */
  slotOf(mid) {
    return this.#slots.find(({ transceiver }) => transceiver.mid === mid)?.slot ?? null;
  }

  /**
   * TURN servers, for the next offer that restarts ICE (RFC 8829, section 4.1.18).
   * @param {readonly RTCIceServer[]} iceServers
   */
  setIceServers(iceServers) {
    this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers: [...iceServers] });
  }

  /** @returns {Promise<import('./stats-digest.js').Counted>} what the browser has counted so far */
  async counted() {
    const report = await this.#pc.getStats();
    return {
      peer: this,
      entries: /** @type {any} */ (report).values(),
      sending: [...this.#outgoing].map(([source, { transceiver }]) => {
        return { source, mid: transceiver.mid, track: transceiver.sender.track?.id ?? null };
      }),
      receiving: this.#slots.map(({ transceiver: { mid, receiver } }) => ({ mid, track: receiver.track.id })),
    };
  }

  /** @returns {number} changes with each sound or picture that comes out of a slot; 0 while nothing ever did */
  pulse() {
    let newest = 0;
    for (const { transceiver } of this.#slots) {
      const { receiver } = transceiver;
      if (receiver.track.muted) continue;
      for (const { timestamp } of receiver.getSynchronizationSources()) newest = Math.max(newest, timestamp);
    }
    return newest;
  }

  /** @returns {Promise<number>} changes with whatever comes in, the server's reports too */
  async arrived() {
    let transports = 0;
    let pairs = 0;
    for (const report of (await this.#pc.getStats()).values()) {
      if (report.type === 'transport') transports += report.bytesReceived ?? 0;
      if (report.type === 'candidate-pair') pairs += report.bytesReceived ?? 0;
    }
    return transports || pairs;
  }

  close() {
    this.#pc.oniceconnectionstatechange = this.#pc.onconnectionstatechange = null;
    this.#pc.close();
  }

  async #take() {
    const sound = this.#sound;
    const sdp = withSound(sound, this.#answer, this.#midOf('microphone'));
    await this.#pc.setRemoteDescription({ type: 'answer', sdp });
    this.#taken = sound;
    for (const outgoing of this.#outgoing.values()) outgoing.check();
  }

  /** @param {Source} source */
  #midOf(source) {
    return this.#outgoing.get(source)?.transceiver.mid ?? null;
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #inTurn(work) {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #tell() {
    if (this.state === this.#told) return;
    this.#told = this.state;
    this.#changed(this.#told);
  }
}

/**
 * @param {RTCRtpTransceiver} transceiver
 * @param {'audio' | 'video'} kind
 * @param {{h264First?: boolean, receiving?: boolean}} [wish]
 */
function preferCodecs(transceiver, kind, wish) {
  // Not in Firefox before 128. The offer is then larger and the server picks from it.
  if (!('setCodecPreferences' in transceiver)) return;
  const codecs = preferredCodecs(kind, RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [], wish);
  if (codecs.length) transceiver.setCodecPreferences(codecs);
}

/**
 * Lets what comes in wait before it is played, as long for sound and pictures, which stay together so.
 * @param {{jitterBufferTarget?: number | null, playoutDelayHint?: number | null}} receiver
 * @param {number} delay  milliseconds; 0: the browser decides alone
 */
function holdBack(receiver, delay) {
  if ('jitterBufferTarget' in receiver) {
    if (receiver.jitterBufferTarget !== (delay || null)) receiver.jitterBufferTarget = delay || null;
  } else if ('playoutDelayHint' in receiver) {
    // Chrome before 124, in seconds
    receiver.playoutDelayHint = delay ? delay / 1000 : null;
  }
}

/**
 * @param {string} sdp
 * @returns {string | null} the id in the origin line (RFC 8866, 5.2), which stays through all answers of one peer
 */
export function sessionOf(sdp) {
  return /^o=\S+ (\S+) /m.exec(sdp)?.[1] ?? null;
}
