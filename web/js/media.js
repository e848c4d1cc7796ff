// @ts-check
/**
 * Keeps the media connection alive: the first offer ready early, offers again when the way changes, a new peer
 * connection when nothing else helps.
 *
 * What goes wrong and what is done, in this order:
 *   nothing comes any more, ICE is disconnected or failed, or the network changed
 *                                                              -> ICE restart (same DTLS, nothing else changes)
 *   still not connected after two restarts that were answered  -> a new peer connection
 *   DTLS failed, or the server has given the connection up     -> a new peer connection
 *   media goes over TCP                                        -> now and then an ICE restart (`better-way.js`)
 * A restart for nothing disturbs nothing, so it is not waited for; but there is never more than one on its way, and
 * what flaps is given time. What has no answer goes into the greeting of the next socket. A new peer connection is
 * always made known on a new socket: an `offer` message belongs to the one that is known.
 */

import { BetterWay } from './better-way.js';
import { systemClock } from './clock.js';
import { NOTHING_SAID, OwnSparing } from './own-sparing.js';
import * as patience from './patience.js';
import { Peer, sessionOf } from './peer.js';
import { Silence } from './silence.js';
import { Wishes } from './wishes.js';

/** @typedef {import('./messages.js').Answer} Answer */
/** @typedef {import('./messages.js').Offer} Offer */
/** @typedef {import('./messages.js').Source} Source */

/**
 * @typedef {object} Host  what the session does for its media
 * @property {(offer: Offer) => boolean} offer  sends an `offer` message; false while there is no socket
 * @property {() => void} reconnect             the socket is not to be trusted, or a new peer connection must be made
 *                                              known: a new socket, whose greeting carries `introduction`
 * @property {() => void} ask                   whether anybody is at the other end of the socket; if not, it is lost
 * @property {() => void} changed               `trouble` or what `streamIn` returns may have changed
 * @property {() => void} [doubt]               nothing comes any more: the socket may be as dead
 * @property {() => void} [heard]               something comes again: there is a network
 * @property {() => readonly RTCIceServer[]} [iceServers]  TURN servers that can be used now
 * @property {import('./e2ee/encryption.js').Encryption} [encryption]  through which all frames are led
 */

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
  #wishes = new Wishes();
  #known = false;
  #socket = false;
  /** @type {string | null} which of the server's peers answers us */
  #session = null;
  /** @type {{restart: boolean, offer: Offer | null, sent: boolean} | null} that is being made, or has no answer yet */
  #current = null;
  /** @type {{restart: boolean} | null} that is to be made when that is over */
  #next = null;
  #failures = 0;
  #restartedAt = -Infinity;
  #silence;
  #sparing = new OwnSparing();
  #better = new BetterWay();
  #serversCameLate = false;
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
    this.#silence = new Silence({ clock, fell: () => this.#fellSilent(), ended: () => this.#heardAgain() });
  }

  /** Whether media ought to flow and does not. */
  get trouble() {
    return this.#trouble || this.#silence.silent;
  }

  /** Whether the server knows our peer connection. */
  get known() {
    return this.#known;
  }

  /** The offer of a peer connection that the server does not know yet. Null: it knows. */
  get introduction() {
    return this.#introduction;
  }

  /** @returns {Offer | null} what belongs into a greeting that is sent now: the introduction, or what has no answer */
  greet() {
    if (!this.#known) return this.#introduction;
    if (!this.#current?.offer) return null;
    if (this.#clock.now() - this.#restartedAt > patience.FRESH) {
      // Made on a network that may be another one now, or none: the next one follows the greeting.
      this.restart({ anew: true });
      return null;
    }
    this.#current.sent = true;
    return this.#current.offer;
  }

  /**
   * Makes a peer connection and its offer, if there is none.
   * @returns {Promise<void>} settles when `introduction` is there; rejects where the browser knows no WebRTC
   */
  prepare() {
    if (!this.#peer) this.#renew();
    return this.#ready;
  }

  /** @param {Answer} answer  to an `offer` message; if that was of a connection that is gone, it is passed over */
  async answered(answer) {
    if (this.#known && this.#current?.sent) await this.#accept(answer);
  }

  /** @param {Answer} answer  to the introduction or to an offer */
  async #accept(answer) {
    const peer = this.#peer;
    if (!peer) return;
    const session = sessionOf(answer.sdp);
    const another = this.#known && session !== this.#session;
    const restarted = this.#current?.restart ?? false;
    this.#session = session;
    this.#introduction = this.#current = null;
    this.#known = true;
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
    if (restarted) {
      this.#failures++;
      this.#silence.cured();
    }
    // The state may still be the one from before a restart: give the answer its time.
    if (peer.state === 'connected') this.#watch('connected');
    else this.#expect(this.#serversCameLate ? patience.DIRECT : patience.connecting(this.#failures));
    this.#serversCameLate = false;
    this.#host.changed();
    this.#negotiate();
  }

  /** The server has given our peer up, or refused our offer: only a new peer connection helps. */
  lost() {
    if (this.#known) this.#startOver();
  }

  /** The socket is gone, and with it any answer that was on its way. */
  socketLost() {
    this.#socket = false;
    if (this.#current) this.#current.sent = false;
    this.#cancelAnswer();
  }

  /**
   * There is a seat and a socket (again).
   * @param {Answer | null} answer  to the offer in the greeting; null: the server kept what it knows
   */
  seated(answer) {
    this.#socket = true;
    if (answer) void this.#accept(answer);
    else if (this.#current) this.#tell();
    else if (this.#trouble) this.restart();
    else void this.#negotiate();
  }

  /**
   * Restarts ICE: the way to the server may be another one.
   * @param {{anew?: boolean}} [options]  anew: even if a restart is under way, which knows nothing of the new way
   */
  restart({ anew = false } = {}) {
    if (!this.#known) return;
    const current = this.#current;
    if (current?.restart && !anew) return this.#tell();
    if (current?.offer && !current.sent) this.#current = null;
    this.#next = { restart: true };
    void this.#negotiate();
  }

  /**
   * There are (other) TURN servers. They count from the next ICE restart on, which is now if the connection is in
   * trouble; an introduction that is not about to be sent is made again with them.
   * @param {boolean} early  nobody waits for the introduction
   */
  iceServersChanged(early) {
    const peer = this.#peer;
    if (!peer) return;
    peer.setIceServers(this.#host.iceServers?.() ?? []);
    if (this.#known) {
      if (peer.state === 'connected') return;
      if (this.#trouble) this.restart({ anew: true });
      else this.#expect(patience.DIRECT);
    } else if (early) {
      this.#introduce(peer, this.#ready);
    } else {
      this.#serversCameLate = true;
    }
  }

  /** After a sleep, or when the page is seen again: restarts what has suffered, without waiting for a timer. */
  check() {
    const state = this.#peer?.state;
    if (this.#known && (state === 'disconnected' || state === 'failed')) this.#recover();
  }

  /** @param {{audio: number, video: number}} wanted  slots in all */
  grow(wanted) {
    this.#wishes.grow(wanted);
    if (!this.#peer?.grow(this.#wishes.slots)) return;
    this.#next ??= { restart: false };
    void this.#negotiate();
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track  null: nothing
   */
  send(source, track) {
    if (this.#wishes.send(source, track)) this.#peer?.send(source, track);
  }

  /** @param {import('./messages.js').Wanted} wanted  of the peer that the server knows */
  want(wanted) {
    if (!this.#known) return false;
    this.#sparing.wanted = wanted;
    void this.#sendWanted();
    return true;
  }

  /** @param {import('./messages.js').Stats} stats  how the last few seconds were */
  look(stats) {
    const now = this.#clock.now();
    this.#sparing.look(stats, now);
    void this.#sendWanted();
    if (!this.trouble && this.#better.look(stats.path, now)) this.restart();
  }

  async #sendWanted() {
    const [peer, { layers, sound }] = [this.#peer, this.#sparing.spared];
    peer?.want(layers);
    try {
      if (!(await peer?.spareSound(sound, { now: this.#sparing.on })) || peer !== this.#peer) return;
      this.#next ??= { restart: this.#current?.restart ?? false };
      this.#current = null;
      void this.#negotiate();
    } catch (error) {
      if (peer?.state !== 'closed') console.error('the sound stays as it was', error); // else it may refuse
    }
  }

  /** @param {readonly import('./messages.js').Assignment[]} slots  what plays in them now */
  play(slots) {
    this.#peer?.play(slots);
  }

  /** @param {number} part  how many times smaller than usual the camera's picture is now */
  fitCamera(part) {
    this.#peer?.fitCamera(part);
  }

  /** @param {string} mid */
  streamIn(mid) {
    return this.#peer?.streamIn(mid) ?? null;
  }

  /** @param {string} mid  see `Peer.slotOf` */
  slotOf(mid) {
    return this.#peer?.slotOf(mid) ?? null;
  }

  /** @returns {Promise<import('./stats-digest.js').Counted | null>} what the browser has counted */
  async counted() {
    return (await this.#peer?.counted()) ?? null;
  }

  /** Everything ends; `prepare` starts anew. */
  close() {
    this.#cancelTimer();
    this.#cancelAnswer();
    this.#peer?.close();
    this.#peer = null;
    this.#introduction = this.#next = this.#current = null;
    this.#wishes = new Wishes();
    this.#better = new BetterWay();
    this.#known = this.#trouble = this.#socket = false;
    this.#failures = 0;
    this.#silence.stop();
  }

  #renew() {
    this.#cancelTimer();
    this.#cancelAnswer();
    this.#peer?.close();
    this.#silence.stop();
    this.#known = false;
    this.#sparing.wanted = NOTHING_SAID;
    this.#failures = 0;
    this.#introduction = this.#next = this.#current = null;
    const make = async () => {
      const peer = this.#makePeer({
        slots: this.#wishes.slots,
        iceServers: this.#host.iceServers?.() ?? [],
        encryption: this.#host.encryption,
        changed: (state) => peer === this.#peer && this.#watch(state),
      });
      this.#peer = peer;
      this.#wishes.tell(peer);
      const offer = await peer.offer();
      if (peer === this.#peer) this.#introduction = offer;
    };
    this.#ready = make();
    // Whoever waits for it hears of a failure; nobody need be waiting.
    this.#ready.catch(() => {});
  }

  /**
   * Makes the introduction again.
   * @param {Peer} peer
   * @param {Promise<void>} before
   */
  #introduce(peer, before) {
    const again = async () => {
      await before;
      if (peer !== this.#peer) return;
      this.#introduction = null;
      const offer = await peer.offer({ restart: true });
      if (peer === this.#peer) this.#introduction = offer;
    };
    this.#introduction = null;
    this.#ready = again();
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

  /** Makes and sends what waits to be offered, one offer at a time. Without a socket it goes into the greeting. */
  async #negotiate() {
    const peer = this.#peer;
    if (!peer || !this.#known || this.#current || !this.#next) return;
    this.#current = { restart: this.#next.restart, offer: null, sent: false };
    this.#next = null;
    const current = this.#current;
    if (current.restart) this.#restartedAt = this.#clock.now();
    try {
      current.offer = await peer.offer({ restart: current.restart });
    } catch (error) {
      // A connection that was closed meanwhile refuses, and that is fine; one that is ours must be replaced.
      if (peer !== this.#peer) return;
      console.error('no offer', error);
      this.#startOver();
      return;
    }
    if (peer === this.#peer && current === this.#current) this.#tell();
  }

  /** Sends what was made and not sent yet. */
  #tell() {
    const current = this.#current;
    if (!current?.offer || current.sent || !this.#host.offer(current.offer)) return;
    current.sent = true;
    this.#cancelAnswer = this.#clock.after(patience.ANSWER, () => {
      this.#cancelAnswer = this.#clock.after(patience.ANSWER_LIMIT - patience.ANSWER, () => this.#host.reconnect());
      this.#host.ask();
    });
  }

  /** @param {import('./peer.js').PeerState} state */
  #watch(state) {
    if (state === 'connected') {
      this.#cancelTimer();
      this.#failures = 0;
      this.#setTrouble(false);
      if (this.#peer) this.#silence.listen(this.#peer);
    } else if (state === 'broken') {
      this.#startOver();
    } else if (state === 'closed') {
      this.#cancelTimer();
      this.#cancelTimer = this.#clock.after(patience.GOODBYE, () => this.#startOver());
    } else if (state === 'failed') {
      this.#recover();
    } else if (this.#known) {
      const lately = this.#clock.now() - this.#restartedAt < patience.LATELY;
      if (state === 'disconnected') this.#host.doubt?.();
      if (state === 'disconnected' && !lately) this.#recover();
      else this.#expect(state === 'disconnected' ? patience.DISCONNECTED : patience.connecting(this.#failures));
    }
  }

  #recover() {
    this.#setTrouble(true);
    if (this.#failures >= patience.RESTARTS && this.#known && this.#socket) return this.#startOver();
    this.restart();
    this.#expect(patience.CONNECTING_LIMIT);
  }

  /** Nothing comes any more, whatever the browser says of the connection. Called again while that lasts. */
  #fellSilent() {
    this.#host.changed();
    this.#host.doubt?.();
    this.restart();
  }

  #heardAgain() {
    this.#host.changed();
    this.#host.heard?.();
  }

  /** @param {number} ms  recover unless connected by then */
  #expect(ms) {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(ms, () => this.#recover());
  }

  /** @param {boolean} trouble */
  #setTrouble(trouble) {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#host.changed();
    if (!trouble) this.#host.heard?.();
  }
}
