// @ts-check
/**
 * Keeps the media connection alive: the first offer ready early, offers again when the way changes, a new peer
 * connection when nothing else helps.
 *
 * What goes wrong and what is done, in this order:
 *   ICE disconnected for 2 s, failed, or the network changed   -> ICE restart (same DTLS, nothing else changes)
 *   still not connected after two restarts                     -> a new peer connection
 *   DTLS failed, or the server has given the connection up     -> a new peer connection
 * A new peer connection reaches the server as a `resume` with an offer, on a new socket; an `offer` message always
 * belongs to the peer connection that the server knows.
 */

import { systemClock } from './clock.js';
import { Peer } from './peer.js';

/** @typedef {import('./messages.js').Answer} Answer */
/** @typedef {import('./messages.js').Offer} Offer */
/** @typedef {import('./messages.js').Source} Source */

/**
 * @typedef {object} Host  what the session does for its media
 * @property {(offer: Offer) => boolean} offer  sends an `offer` message; false while there is no socket
 * @property {() => void} reconnect             the socket is not to be trusted, or a new peer connection must be made
 *                                              known: a new socket, whose greeting carries `introduction`
 * @property {() => void} changed               `trouble` or what `streamIn` returns may have changed
 */

/** Slots at first: two others with voice and picture and one to spare, and a shared screen. */
const FIRST_SLOTS = { audio: 3, video: 4 };

/** A shorter wait restarts for what mends itself (a lost second of Wi-Fi); a longer one is heard as silence. */
const DISCONNECTED = 2_000;

/** The server answers within a round trip; whoever waits longer talks to a dead socket. */
const ANSWER = 4_000;

/** After an answer: how long until connected before the next thing is tried. Grows by itself up to the limit. */
const CONNECTING = 5_000;
const CONNECTING_LIMIT = 15_000;

/** ICE restarts before a new peer connection. */
const RESTARTS = 2;

export class Media {
  #host;
  #clock;
  #makePeer;
  /** @type {Peer | null} */
  #peer = null;
  /** @type {Offer | null} */
  #introduction = null;
  /** @type {Promise<void>} */
  #ready = Promise.resolve();
  /** @type {Record<Source, MediaStreamTrack | null>} */
  #tracks = { microphone: null, camera: null, screen: null };
  #wantedSlots = FIRST_SLOTS;
  #known = false;
  #socket = false;
  /** @type {Peer | null} whose next offer is being made */
  #making = null;
  /** @type {string | null} which of the server's peers answers us */
  #session = null;
  #offering = false;
  /** @type {{restart: boolean} | null} */
  #next = null;
  #failures = 0;
  #trouble = false;
  #cancelTimer = () => {};
  #cancelAnswer = () => {};

  /**
   * @param {{host: Host, clock?: import('./clock.js').Clock,
   *          makePeer?: (parts: ConstructorParameters<typeof Peer>[0]) => Peer}} parts
   */
  constructor({ host, clock = systemClock, makePeer = (parts) => new Peer(parts) }) {
    this.#host = host;
    this.#clock = clock;
    this.#makePeer = makePeer;
  }

  /** Whether media ought to flow and does not. */
  get trouble() {
    return this.#trouble;
  }

  /** The offer of a peer connection that the server does not know yet; it belongs into the greeting. Null: it knows. */
  get introduction() {
    return this.#introduction;
  }

  /**
   * Makes a peer connection and its offer, if there is none.
   * @returns {Promise<void>} settles when `introduction` is there; rejects where the browser knows no WebRTC
   */
  prepare() {
    if (!this.#peer) this.#renew();
    return this.#ready;
  }

  /** @param {Answer} answer  to the introduction or to an offer */
  async answered(answer) {
    const peer = this.#peer;
    if (!peer) return;
    const session = sessionOf(answer.sdp);
    const another = this.#known && session !== this.#session;
    this.#session = session;
    this.#introduction = null;
    this.#known = true;
    this.#offering = false;
    this.#cancelAnswer();
    if (another) {
      // The server had lost our peer and answered for a new one, with which our DTLS would never speak.
      this.#startOver();
      return;
    }
    try {
      await peer.accept(answer);
    } catch (error) {
      // An answer that does not fit our offer: both sides disagree about what was negotiated. Start over.
      console.error('answer refused', error);
      if (peer === this.#peer) this.#startOver();
      return;
    }
    if (peer !== this.#peer) return;
    // The state may still be the one from before a restart: give the answer its time.
    if (peer.state === 'connected') this.#watch('connected');
    else this.#expect(this.#patience());
    this.#host.changed();
    this.#negotiate();
  }

  /** The server has given our peer up, or refused our offer: only a new peer connection helps. */
  lost() {
    if (this.#known) this.#startOver();
  }

  /** Whether an offer is without its answer: an error that comes now may be about it. */
  get offering() {
    return this.#offering;
  }

  /** The socket is gone, and with it any answer that was on its way. */
  socketLost() {
    this.#socket = false;
    if (this.#offering) this.#next = { restart: true };
    this.#offering = false;
    this.#cancelAnswer();
  }

  /**
   * There is a seat and a socket (again).
   * @param {Answer | null} answer  null: the server kept the peer connection that it knows
   */
  seated(answer) {
    this.#socket = true;
    if (answer) void this.answered(answer);
    else if (this.#trouble) this.restart();
    else this.#negotiate();
  }

  /** Restarts ICE: the way to the server may be another one. */
  restart() {
    if (!this.#known) return;
    this.#next = { restart: true };
    this.#negotiate();
  }

  /** After a sleep: restarts if the connection has suffered, without waiting for a timer. */
  check() {
    const state = this.#peer?.state;
    if (this.#known && (state === 'disconnected' || state === 'failed')) this.#recover();
  }

  /** @param {{audio: number, video: number}} wanted  slots in all */
  grow(wanted) {
    this.#wantedSlots = {
      audio: Math.max(wanted.audio, this.#wantedSlots.audio),
      video: Math.max(wanted.video, this.#wantedSlots.video),
    };
    if (!this.#peer?.grow(this.#wantedSlots)) return;
    this.#next ??= { restart: false };
    this.#negotiate();
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track  null: nothing
   */
  send(source, track) {
    if (this.#tracks[source] === track) return;
    this.#tracks[source] = track;
    this.#peer?.send(source, track);
  }

  /** @param {import('./messages.js').Wanted['layers']} layers  that the server wants of the peer it knows */
  want(layers) {
    if (this.#known) this.#peer?.want(layers);
  }

  /** @param {string} mid */
  streamIn(mid) {
    return this.#peer?.streamIn(mid) ?? null;
  }

  /** Everything ends; `prepare` starts anew. */
  close() {
    this.#cancelTimer();
    this.#cancelAnswer();
    this.#peer?.close();
    this.#peer = null;
    this.#introduction = this.#next = null;
    this.#tracks = { microphone: null, camera: null, screen: null };
    this.#wantedSlots = FIRST_SLOTS;
    this.#known = this.#offering = this.#trouble = this.#socket = false;
    this.#failures = 0;
  }

  #renew() {
    this.#cancelTimer();
    this.#cancelAnswer();
    this.#peer?.close();
    this.#known = this.#offering = false;
    this.#introduction = this.#next = null;
    const make = async () => {
      const peer = this.#makePeer({
        slots: this.#wantedSlots,
        changed: (state) => peer === this.#peer && this.#watch(state),
      });
      this.#peer = peer;
      for (const [source, track] of Object.entries(this.#tracks)) {
        if (track) peer.send(/** @type {Source} */ (source), track);
      }
      const offer = await peer.offer();
      if (peer === this.#peer) this.#introduction = offer;
    };
    this.#ready = make();
    // Whoever waits for it hears of a failure; nobody need be waiting.
    this.#ready.catch(() => {});
  }

  #startOver() {
    this.#setTrouble(true);
    this.#renew();
    const ready = this.#ready;
    ready.then(
      () => ready === this.#ready && this.#host.reconnect(),
      () => {},
    );
  }

  /** Sends what waits to be offered, one offer at a time. */
  async #negotiate() {
    const peer = this.#peer;
    const possible = this.#socket && this.#known && !this.#offering && this.#making !== peer;
    if (!peer || !possible || !this.#next) return;
    const { restart } = this.#next;
    this.#next = null;
    this.#making = peer;
    let offer;
    try {
      offer = await peer.offer({ restart });
    } catch (error) {
      // A connection that was closed meanwhile refuses, and that is fine; one that is ours must be replaced.
      if (peer !== this.#peer) return;
      console.error('no offer', error);
      this.#startOver();
      return;
    }
    if (peer !== this.#peer) return;
    this.#making = null;
    if (!this.#host.offer(offer)) {
      this.#next = { restart: true };
      return;
    }
    this.#offering = true;
    this.#cancelAnswer = this.#clock.after(ANSWER, () => {
      this.socketLost();
      this.#host.reconnect();
    });
  }

  /** @param {import('./peer.js').PeerState} state */
  #watch(state) {
    if (state === 'connected') {
      this.#cancelTimer();
      this.#failures = 0;
      this.#setTrouble(false);
    } else if (state === 'broken') {
      this.#startOver();
    } else if (state === 'failed') {
      this.#recover();
    } else if (this.#known) {
      this.#expect(state === 'disconnected' ? DISCONNECTED : this.#patience());
    }
  }

  #recover() {
    this.#setTrouble(true);
    this.#failures++;
    if (this.#failures > RESTARTS && this.#known) this.#startOver();
    else this.restart();
    this.#expect(CONNECTING_LIMIT);
  }

  /** @param {number} ms  recover unless connected by then */
  #expect(ms) {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(ms, () => this.#recover());
  }

  #patience() {
    return Math.min(CONNECTING * (1 + this.#failures / 2), CONNECTING_LIMIT);
  }

  /** @param {boolean} trouble */
  #setTrouble(trouble) {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#host.changed();
  }
}

/**
 * @param {string} sdp
 * @returns {string | null} the id in the origin line (RFC 8866, 5.2), which stays through all answers of one peer
 */
function sessionOf(sdp) {
  return /^o=\S+ (\S+) /m.exec(sdp)?.[1] ?? null;
}
