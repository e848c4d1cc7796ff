// @ts-check
/**
 * A person's session as the pages see it: one frozen state, a few moments, and the things that a person can do.
 *
 * Knows no DOM: pages subscribe to the state and draw it. What a person may do is decided by the server; this file only
 * sends what was asked and shows what came back. How the call is kept up is `call.js`.
 */

import { Call } from './call.js';
import { INITIAL } from './session-state.js';
import { Store, callSafely } from './store.js';

/** @typedef {import('./messages.js').Source} Source */
/** @typedef {import('./session-state.js').Phase} Phase */
/** @typedef {import('./session-state.js').Refusal} Refusal */
/** @typedef {import('./session-state.js').SessionState} SessionState */
/** @typedef {import('./session-state.js').Moments} Moments */

export class Session {
  #settings;
  #devices;
  #store = new Store(INITIAL);
  /** @type {Map<string, Set<(moment: any) => void>>} */
  #moments = new Map();
  #call;

  /**
   * @param {{settings: import('./settings.js').ClientSettings, devices: import('./devices.js').Devices} &
   *         Partial<import('./session-state.js').Seams>} parts  `settings` as `loadSettings()` gives them
   */
  constructor({ settings, devices, ...seams }) {
    this.#settings = settings;
    this.#devices = devices;
    this.#call = new Call({
      settings,
      devices,
      store: this.#store,
      happened: (kind, moment) => {
        for (const listener of [...(this.#moments.get(kind) ?? [])]) callSafely(() => listener(moment));
      },
      ...seams,
    });
  }

  /** @returns {Readonly<SessionState>} a new object after each change, so `===` tells whether anything changed */
  get state() {
    return this.#store.state;
  }

  /**
   * @param {(state: Readonly<SessionState>, previous: Readonly<SessionState>) => void} listener
   *   called after each change, not at once
   * @returns {() => void} unsubscribe
   */
  subscribe(listener) {
    return this.#store.subscribe(listener);
  }

  /**
   * @template {keyof Moments} K
   * @param {K} kind
   * @param {(moment: Moments[K]) => void} listener
   * @returns {() => void} unsubscribe
   */
  on(kind, listener) {
    const listeners = this.#moments.get(kind) ?? new Set();
    this.#moments.set(kind, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  // Coming and going ------------------------------------------------------------------------------------------

  /**
   * Gets everything ready that can be before Join is pressed: media connection, offer, socket. Call it as soon as
   * the join form or preview is shown (needs no permission), and again when the person is about to press Join
   * (focus or pointer on the button): it repairs what has become stale and otherwise does nothing. Never throws.
   * @param {string | null} [token]  of the link, if there is one already
   * @returns {void}
   */
  prepare(token = null) {
    this.#call.prepare(token);
  }

  /**
   * Takes a seat. The outcome is `state.phase` (waiting or present) or `state.refused`.
   * Microphone and camera start as `setMicrophone`/`setCamera` left them (on by default where there is a device).
   * @param {{token: string, name: string, move?: boolean}} request  `move`: take over from this person's other device
   * @returns {void}
   */
  join({ token, name, move = false }) {
    this.#call.join({ token, name, move });
  }

  /**
   * After a page reload: takes this tab's seat again, devices included. True: phase is 'joining' from now on and ends
   * in waiting, present, or back in idle with `refused` null (the seat was gone: show the join form).
   * @returns {boolean} false when this tab has no seat to go back to
   */
  resumeStored() {
    return this.#call.resumeStored();
  }

  /** Leaves; 'over' at once, and all devices are released. Also gives up a join or a place in the waiting room. */
  leave() {
    this.#call.leave();
  }

  /** Ends the session for everyone. */
  end() {
    this.#call.ask({ type: 'end' });
  }

  // What this person sends --------------------------------------------------------------------------------------

  /**
   * Before joining too. Turning on may have to open the device: false if that failed (see `devices.state`).
   * @param {boolean} on
   * @returns {Promise<boolean>} whether it is now as asked
   */
  setMicrophone(on) {
    return this.#call.sending.setMicrophone(on);
  }

  /**
   * As `setMicrophone`. Off also releases the camera, so that its light goes out.
   * @param {boolean} on
   * @returns {Promise<boolean>}
   */
  setCamera(on) {
    return this.#call.sending.setCamera(on);
  }

  /**
   * Call it directly in the click handler (browsers want the click). Asks the browser for a screen, then the server.
   * A refusal of the server also comes as the moment `refused`.
   * @returns {Promise<'shared' | 'cancelled' | 'unsupported' | 'refused'>}
   */
  shareScreen() {
    return this.#call.sending.shareScreen();
  }

  /** @returns {void} */
  stopScreen() {
    this.#call.sending.stopScreen();
  }

  // What this person asks for. The server decides; what it refuses comes as the moment `refused` ------------------

  /** @param {boolean} on */
  raiseHand(on) {
    this.#call.ask({ type: 'hand', raised: on });
  }

  /**
   * @param {string} text  1 to 4,000 characters. Delivered when it comes back as the moment `chat` with `mine`
   * @returns {Promise<import('./writing.js').Said>} what is not sent is not kept here
   */
  async sendChat(text) {
    return text.trim() ? this.#call.writing.say(text) : 'sent';
  }

  /** @param {string} id */
  admit(id) {
    this.#call.ask({ type: 'admit', person: id });
  }

  /** @param {string} id */
  decline(id) {
    this.#call.ask({ type: 'decline', person: id });
  }

  /** @param {string} id */
  remove(id) {
    this.#call.ask({ type: 'remove', person: id });
  }

  /** @param {string} id */
  askToMute(id) {
    this.#call.ask({ type: 'ask_to_mute', person: id });
  }

  /**
   * @param {string} id
   * @param {boolean} allowed
   */
  allowScreen(id, allowed) {
    this.#call.ask({ type: 'allow_screen', person: id, allowed });
  }

  /** @param {boolean} locked */
  lock(locked) {
    this.#call.ask({ type: 'lock', locked });
  }

  /**
   * Needs the action `record`. `start` asks everyone first.
   * @param {'start' | 'pause' | 'resume' | 'stop'} action
   */
  record(action) {
    // Whoever starts it has agreed by that.
    if (action === 'start') this.#agree({ type: 'record', action });
    else this.#call.ask({ type: 'record', action });
  }

  /**
   * Answers the question in `state.server.recording.text`; a no also takes back an earlier yes, and does not get lost
   * when the socket is away.
   * @param {{agreed: boolean, text?: string | null, place?: string | null, signed_as?: string | null}} answer
   */
  answerConsent(answer) {
    if (answer.agreed) this.#agree({ type: 'consent', ...answer });
    else this.#call.refuseRecording();
  }

  /** @param {string} id  this person has compared the words with theirs, and they are the same */
  compareWords(id) {
    this.#call.encryption.compare(id);
  }

  /** @param {boolean} allowed  lets the other device take over, or not */
  answerMove(allowed) {
    this.#call.ask({ type: 'move_answer', allowed });
  }

  // What this person sees -----------------------------------------------------------------------------------------

  /**
   * @param {string} personId
   * @param {Source} kind
   * @returns {MediaStream | null} the same object as long as the same slot plays it. Own id: own devices or screen.
   *   Whether there is a picture to show is told by `state.server.people[].camera` / `.screen`, not by the stream.
   */
  streamOf(personId, kind) {
    const { server } = this.state;
    if (personId === server?.you.id) return kind === 'screen' ? this.#call.sending.screenStream : this.#devices.stream;
    const slot = server?.slots.find(({ person, source }) => person === personId && source === kind);
    return slot ? this.#call.streamIn(slot.mid) : null;
  }

  /**
   * Whether the server has paused a picture because the connection is too weak for it. It comes back by itself.
   * @param {string} personId
   * @param {Source} kind
   */
  isHeld(personId, kind) {
    const slot = this.state.server?.slots.find(({ person, source }) => person === personId && source === kind);
    return /** @type {{held?: boolean} | undefined} */ (slot)?.held ?? false;
  }

  /**
   * Sound only, to save data: no pictures come, and the own camera goes off. Taken back, the camera is on again if it
   * was before. Holds for this call.
   * @param {boolean} soundOnly
   */
  setSoundOnly(soundOnly) {
    this.#call.setSoundOnly(soundOnly);
  }

  /** @returns {import('./messages.js').Stats | null} the figures of the last seconds; null before there are any */
  get statistics() {
    return this.#call.lastStatistics;
  }

  /** @returns {import('./viewing.js').Viewing} where pages tell how large each picture is shown */
  get viewing() {
    return this.#call.viewing;
  }

  /** @returns {number} seconds since 1970 by the server's clock, to compare with `started_at`, `ends_at`, `since` */
  now() {
    return Date.now() / 1000 + this.#settings.clockOffset;
  }

  /** @param {import('./messages.js').ClientMessage} message  by which this person agrees to being recorded */
  #agree(message) {
    this.#call.encryption.consents(true);
    this.#call.ask(message);
  }
}
