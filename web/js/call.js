// @ts-check
/**
 * A call, as the server and this client speak about it: greetings, refusals, losing the seat and taking it again.
 *
 * Joins the socket (`connection.js`), the media connection (`media.js`) and what this machine's devices give
 * (`sending.js`), and keeps the session's state. What pages may ask for is `session.js`.
 */

import { systemClock } from './clock.js';
import { Connection, socketUrl } from './connection.js';
import { Encryption } from './e2ee/encryption.js';
import { Following } from './following.js';
import { Media } from './media.js';
import { watchNetwork } from './network.js';
import { JOIN_PATIENCE } from './patience.js';
import { connectionOf, wakeUp } from './recovery.js';
import { Relay } from './relay.js';
import { SeatMemory } from './seat.js';
import { Sending } from './sending.js';
import { INITIAL } from './session-state.js';
import { Statistics } from './statistics.js';
import { Trouble } from './trouble.js';
import { Viewing } from './viewing.js';
import { Writing } from './writing.js';

/** @typedef {import('./session-state.js').SessionState} SessionState */
/** @typedef {import('./session-state.js').Refusal} Refusal */
/** @typedef {import('./session-state.js').Moments} Moments */
/** @typedef {import('./session-state.js').Seams} Seams */

/** Refusals that say nothing about a seat that one had: it is tried again. */
const LATER = new Set(['restarting', 'server_full', 'too_many_requests', 'internal']);

/** Refusals that concern a shared screen. */
const ABOUT_SCREEN = new Set(['screen_taken', 'screen_not_allowed', 'no_screen']);

export class Call {
  #settings;
  #devices;
  #store;
  #happened;
  #connection;
  #media;
  #relay;
  #memory;
  #statistics;
  /** @type {string | null} the link's token, from the first look at the page on */
  #ticket = null;
  /** @type {{token: string, name: string, move: boolean} | null} */
  #invited = null;
  /** @type {string | null} the resume token, while there is a seat */
  #resume = null;
  #seated = false; // whether this socket's greeting was accepted
  #greeted = { microphone: false, camera: false }; // what the greeting said that is sent
  #following;
  #trouble;
  /** @type {import('./messages.js').Stats | null} the figures of the last seconds */
  lastStatistics = null;

  /**
   * @param {{settings: import('./settings.js').ClientSettings, devices: import('./devices.js').Devices,
   *          store: import('./store.js').Store<SessionState>,
   *          happened: <K extends keyof Moments>(kind: K, moment: Moments[K]) => void} & Partial<Seams>} parts
   */
  constructor({
    settings,
    devices,
    store,
    happened,
    memory = new SeatMemory(),
    connect = (events) => new Connection({ url: socketUrl(location), events }),
    makeMedia = (host) => new Media({ host }),
    watch = watchNetwork,
    makeRelay = (changed) => new Relay({ wanted: settings.turn, changed }),
    clock = systemClock,
    makeEncryption = (host) => new Encryption({ host, clock }),
  }) {
    this.#settings = settings;
    this.#devices = devices;
    this.#store = store;
    this.#happened = happened;
    this.#memory = memory;
    this.#trouble = new Trouble({ clock, changed: (connection) => this.#store.update({ connection }) });
    this.#connection = connect({
      hello: () => this.#hello(),
      receive: (message) => this.#receive(message),
      lost: () => this.#socketLost(),
      unreachable: () => this.#unreachable(),
    });
    this.encryption = makeEncryption({
      send: (message) => this.#seated && this.#connection.send(message),
      changed: () => this.#following.show(),
    });
    this.writing = new Writing({
      encryption: this.encryption,
      host: {
        ask: (message) => this.ask(message),
        came: (moment) => this.#happened('chat', moment),
        me: () => this.state.server?.you.id ?? null,
      },
    });
    this.#relay = makeRelay(() => this.#media.iceServersChanged(['idle', 'over'].includes(this.state.phase)));
    this.#media = makeMedia({
      encryption: this.encryption,
      iceServers: () => this.#relay.servers,
      offer: (offer) => this.#seated && this.#connection.send({ type: 'offer', offer }),
      reconnect: () => this.#connection.reopen(),
      ask: () => this.#connection.ask(),
      changed: () => this.#mediaChanged(),
      doubt: () => this.#connection.doubt(),
      heard: () => this.#connection.hurry(),
    });
    this.sending = new Sending({
      devices,
      host: {
        send: (source, track) => this.#media.send(source, track),
        fitCamera: (part) => this.#media.fitCamera(part),
        tell: (sent) => this.#seated && this.#connection.send({ type: 'devices', ...sent }),
        changed: () => this.#sendingChanged(),
      },
    });
    this.viewing = new Viewing({ clock, send: (view) => this.#seated && this.#connection.send(view) });
    this.#statistics = new Statistics({
      clock,
      count: () => this.#media.counted(),
      looked: (stats) => this.#media.look(stats),
      send: (stats) => {
        this.lastStatistics = stats;
        return this.#seated && this.#connection.send(stats);
      },
      unseen: () => this.viewing.unseen,
    });
    const { sending, viewing, writing, encryption } = this;
    const [media, statistics] = [this.#media, this.#statistics];
    this.#following = new Following({ store, devices, media, sending, viewing, statistics, writing, encryption });
    watch((wake) => this.#woken(wake));
    store.update({ encrypted: encryption.encrypted }); // whether this browser can is known before joining
  }

  get state() {
    return this.#store.state;
  }

  /**
   * Makes ready what can be before joining.
   * @param {string | null} [token]  of the link, if it is at hand
   */
  prepare(token = null) {
    if (this.state.phase !== 'idle' && this.state.phase !== 'over') return;
    this.#ticket = token ?? this.#ticket;
    this.#findRelay();
    this.#connection.warm();
    // A browser without WebRTC is told so when it joins.
    this.#media.prepare().catch(() => {});
  }

  /** @param {{token: string, name: string, move: boolean}} request */
  join({ token, name, move }) {
    if (this.state.phase !== 'idle' && this.state.phase !== 'over') return;
    this.#invited = { token, name, move };
    this.encryption.ownName = name;
    if (!move) this.#statistics.pressed();
    this.#ticket = token;
    this.#findRelay();
    this.#resume = null;
    this.#store.update({ phase: 'joining', refused: null, over: null, server: null });
    void this.#enter();
  }

  /** @returns {boolean} false when this tab has no seat to go back to */
  resumeStored() {
    const seat = this.#memory.read();
    if (!seat || this.state.phase !== 'idle') return false;
    this.#store.update({ phase: 'joining', refused: null });
    this.#connection.warm();
    void this.#media.prepare().catch(() => {});
    void this.#memory.hold(seat.id).then((held) => {
      if (this.state.phase !== 'joining') return;
      if (!held) {
        // Another tab, of which this one is a copy, sits there.
        this.#store.update({ phase: 'idle' });
        return;
      }
      this.#resume = seat.token;
      this.#findRelay();
      this.sending.recall(seat);
      this.encryption.ownName = seat.name ?? '';
      this.setSoundOnly(seat.sound_only ?? false);
      const { width, height, frame_rate: frameRate } = this.#settings.video;
      if (seat.microphone || seat.camera) {
        void this.#devices.open({ audio: seat.microphone, video: seat.camera, width, height, frameRate });
      }
      void this.#enter();
    });
    return true;
  }

  /** Gives up the seat, or the wish for one. */
  leave() {
    if (this.state.phase === 'idle' || this.state.phase === 'over') return;
    this.#connection.send({ type: 'leave' });
    this.#finish({ reason: 'left', error: '' });
  }

  /** @param {import('./messages.js').ClientMessage} message  what the server refuses comes as a moment */
  ask(message) {
    const sent = this.#seated && this.#connection.send(message);
    if (!sent) this.#happened('refused', { code: 'not_connected', error: '' });
    return sent;
  }

  /** Says no to the recording; said again on each new socket until the server shows that it knows. */
  refuseRecording() {
    this.encryption.consents(false);
    const refusal = this.writing.refuse();
    if (this.#seated) this.#connection.send(refusal);
  }

  /** @param {boolean} soundOnly  receive no pictures and send none */
  setSoundOnly(soundOnly) {
    if (soundOnly === this.state.soundOnly) return;
    this.viewing.soundOnly = soundOnly;
    this.#store.update({ soundOnly });
    void this.sending.saveData(soundOnly);
    this.#remember();
  }

  /**
   * @param {string} mid
   * @returns {MediaStream | null} what plays in a slot
   */
  streamIn(mid) {
    return this.#media.streamIn(mid);
  }

  // The greeting ----------------------------------------------------------------------------------------------

  get #inside() {
    return this.state.phase === 'waiting' || this.state.phase === 'present';
  }

  async #enter() {
    try {
      await this.#media.prepare();
    } catch (error) {
      console.error('no media connection', error);
      this.#refuse({ code: 'unsupported', error: '' });
      return;
    }
    if (this.state.phase === 'joining') this.#connection.greet(this.#resume ? undefined : JOIN_PATIENCE);
  }

  /** @returns {import('./messages.js').ClientMessage | null} */
  #hello() {
    const [{ microphone, camera }, offer] = [this.sending.sent, this.#media.greet()];
    this.#greeted = { microphone, camera };
    const { possible: encrypts } = this.encryption;
    // Not ready yet: a second join, with its offer, would find the seat taken; a seat without one gets no media.
    if (!offer && (this.#resume === null || !this.#media.known)) return null;
    if (this.#resume) return { type: 'resume', token: this.#resume, encrypts, offer, microphone, camera };
    if (!this.#invited) return null;
    const { token, name, move } = this.#invited;
    return { type: 'join', token, name: encrypts ? null : name, encrypts, move, offer, microphone, camera };
  }

  /** @param {import('./messages.js').ServerMessage} message */
  #receive(message) {
    switch (message.type) {
      case 'joined':
        return this.#joined(message);
      case 'renewed':
        this.#resume = message.resume;
        return this.#remember();
      case 'state':
        return this.#following.came(message);
      case 'answer':
        return void this.#media.answered(message.answer);
      case 'wanted':
        return void (this.#media.want(message) && this.sending.want(message.layers));
      case 'more_slots':
        return this.#media.grow({ audio: message.audio, video: message.video });
      case 'sealed':
        return this.encryption.receive(message.person, message.body);
      case 'chat':
        return this.writing.came(message);
      case 'mute_requested':
        return this.#happened('mute_requested', { by: message.by || (this.encryption.nameOf(message.person) ?? '') });
      case 'move_requested':
        return this.#happened('move_requested', {});
      case 'moving':
        return this.#store.update({ phase: 'moving' });
      case 'speaking':
      case 'quality':
        return this.#store.update({ [message.type]: Object.freeze(message.people) });
      case 'over':
        return this.#finish({ reason: message.reason, error: message.error });
      case 'error':
        return this.#refusedBy(message);
    }
  }

  /** @param {import('./messages.js').Joined} message */
  #joined({ you, resume, answer }) {
    this.#connection.settle();
    this.#seated = true;
    this.#resume = resume;
    this.#following.anew();
    if (this.#invited) this.#invited.move = false;
    const kept = this.#media.known;
    if (!kept) this.sending.want(null);
    this.#media.seated(answer);
    this.viewing.forget();
    this.sending.serverKnows({ ...this.#greeted, screen: kept ? null : false });
    this.#remember();
    this.encryption.seated({ me: you, seat: this.#memory.id });
    this.writing.again((message) => this.#connection.send(message));
    this.#mediaChanged();
  }

  /** @param {Refusal} refusal */
  #refusedBy({ code, error }) {
    if (this.#seated) {
      if (ABOUT_SCREEN.has(code)) this.sending.screenRefused();
      if (code === 'bad_offer') this.#media.lost();
      else this.#happened('refused', { code, error });
    } else if (LATER.has(code) && (this.#resume || this.#inside)) {
      this.#connection.postpone();
    } else if (this.#resume && code === 'bad_offer' && this.#media.known) {
      this.#media.lost();
    } else if (this.#resume) {
      this.#seatGone(error);
    } else {
      this.#refuse({ code, error });
    }
  }

  /**
   * A join was refused, or there was nobody to refuse it.
   * @param {Refusal} refused
   */
  #refuse(refused) {
    if (this.#inside) {
      // It was the join of somebody whose seat had been lost.
      this.#finish({ reason: 'lost', error: refused.error });
      return;
    }
    this.#invited = this.#resume = null;
    this.#connection.hush();
    if (refused.code === 'bad_offer') this.#media.close();
    this.#store.update({ phase: 'idle', refused });
    this.prepare();
  }

  /**
   * The seat was given up while we were away. With the invitation at hand: in by the door again.
   * @param {string} error
   */
  #seatGone(error) {
    this.#resume = null;
    this.#memory.forget();
    this.writing.forget();
    if (this.#invited) {
      // Whoever comes in by the door may have to wait, and sends nothing before being let in.
      this.sending.serverKnows(null);
      this.sending.setLive(false);
      this.#media.close();
      void this.#media.prepare().then(() => this.#connection.reopen(), () => this.#finish({ reason: 'lost', error }));
    } else if (this.#inside) {
      this.#finish({ reason: 'lost', error });
    } else {
      this.#connection.hush();
      this.#devices.closeAll();
      this.#store.update({ phase: 'idle' });
    }
  }

  // Trouble -------------------------------------------------------------------------------------------------

  #socketLost() {
    this.#seated = false;
    this.#media.socketLost();
    this.#mediaChanged();
  }

  #unreachable() {
    if (this.#inside) this.#finish({ reason: 'lost', error: '' });
    else if (this.state.phase !== 'idle') this.#refuse({ code: 'unreachable', error: '' });
  }

  /** @param {import('./network.js').Wake} wake */
  #woken(wake) {
    if (this.state.phase !== 'idle') {
      wakeUp(wake, { connection: this.#connection, media: this.#media });
    } else if (wake === 'network' && this.#media.introduction) {
      // Prepared on a network that is gone.
      this.#media.close();
      this.prepare();
    }
  }

  /** Asks for TURN servers, where there are any and those at hand are too old for a new way. */
  #findRelay() {
    void this.#relay.refresh(this.#resume ?? this.#ticket);
  }

  // Keeping the state -----------------------------------------------------------------------------------------

  #mediaChanged() {
    const how = connectionOf({ phase: this.state.phase, seated: this.#seated, media: this.#media });
    if (how !== 'ok') this.#findRelay();
    this.#trouble.is(how);
    this.#store.update({ streams: this.state.streams + 1 });
  }

  #sendingChanged() {
    const { sent } = this.sending;
    const { microphone, camera, screen } = this.state;
    if (screen !== sent.screen) this.#store.update({ streams: this.state.streams + 1 });
    this.#store.update(sent);
    if (microphone !== sent.microphone || camera !== sent.camera) this.#remember();
  }

  #remember() {
    const { microphone, camera } = this.sending.sent;
    if (!this.#resume || !this.#seated) return;
    const { ownName: name } = this.encryption;
    this.#memory.write({ token: this.#resume, name, microphone, camera, sound_only: this.state.soundOnly });
  }

  /** @param {NonNullable<SessionState['over']>} over */
  #finish(over) {
    this.#connection.close();
    this.#seated = false;
    this.#invited = this.#resume = null;
    this.#memory.forget();
    this.sending.serverKnows(null);
    this.sending.setLive(false);
    this.#media.close();
    this.viewing.close();
    this.#statistics.close();
    this.#devices.closeAll();
    this.#trouble.end();
    this.writing.forget();
    this.encryption.close();
    this.#following.end();
    const { connection, soundOnly, speaking, quality } = INITIAL;
    const streams = this.state.streams + 1;
    this.#store.update({ phase: 'over', over, connection, soundOnly, speaking, quality, streams });
  }
}
