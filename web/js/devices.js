// @ts-check
/**
 * This machine's camera, microphone and speaker: opening, choosing, losing and finding them again.
 *
 * One stable MediaStream (`own-stream.js`) holds the own camera and microphone tracks. Knows no socket, and of the DOM
 * only whether the page is seen. Sharing a screen is `screen.js`; playing to the chosen speaker is the media elements'
 * business (`setSinkId`).
 *
 * A device that was lost comes back by itself: a microphone at once on another device if there is one (the
 * conversation matters more than which microphone carries it), a camera only when the same one is plugged in again
 * (another camera may show what nobody wanted to show) or when the person takes another. Either is given up for the
 * lost one as soon as that is there again. What happened is told in `change`.
 */

import { systemClock } from './clock.js';
import { constraintsFor, judge, longest, within } from './capture.js';
import { listed, ownLabel, systemMoved } from './device-list.js';
import { INITIAL, KINDS } from './devices-state.js';
import { OwnStream } from './own-stream.js';
import { watchPermissions } from './permissions.js';
import { Preferences } from './settings.js';
import { Store } from './store.js';

/** @typedef {import('./devices-state.js').Kind} Kind */
/** @typedef {import('./devices-state.js').DevicesState} DevicesState */
/** @typedef {import('./devices-state.js').DeviceChoice} DeviceChoice */
/** @typedef {import('./devices-state.js').DeviceCondition} DeviceCondition */
/** @typedef {import('./devices-state.js').DeviceChange} DeviceChange */
/** @typedef {import('./devices-state.js').OpenRequest} OpenRequest */

export class Devices {
  #preferences;
  #media;
  /** @type {Store<DevicesState>} */
  #store;
  #own;
  /** @type {Record<Kind, boolean>} */
  #wanted = { microphone: false, camera: false };
  #size = { width: 1280, height: 720, frameRate: 30 };
  #part = 1; // of it that is captured, see `limit`
  #whole = this.#size; // what the camera gave while all of it was captured
  #speakerGone = false;
  /** @type {Promise<unknown>} one opening at a time: two questions at once confuse people, and some browsers */
  #queue = Promise.resolve();

  /**
   * @param {{preferences?: Preferences, media?: MediaDevices | undefined, clock?: import('./clock.js').Clock,
   *          page?: Pick<Document, 'visibilityState' | 'addEventListener'>}} [parts]
   *   `preferences`: where choices of devices are remembered
   */
  constructor({
    preferences = new Preferences(),
    media = navigator.mediaDevices,
    clock = systemClock,
    page = document,
  } = {}) {
    this.#preferences = preferences;
    this.#media = media;
    this.#own = new OwnStream({ clock, page });
    this.#store = new Store({
      ...INITIAL,
      microphoneId: preferences.get('microphone'),
      cameraId: preferences.get('camera'),
      speakerId: preferences.get('speaker'),
    });
    media?.addEventListener?.('devicechange', () => void this.#devicesChanged());
    // While a page is not seen, phones tell it nothing; and who comes back from a phone call has a free microphone.
    page.addEventListener('visibilitychange', () => {
      const waits = KINDS.some((kind) => this.state[kind] === 'busy' || this.state.unplugged[kind]);
      if (page.visibilityState === 'visible' && waits) void this.#devicesChanged();
    });
    void watchPermissions(KINDS, (kind) => this.state[kind] === 'denied' && void this.retry(kind));
  }

  /** @returns {Readonly<DevicesState>} a new object after each change */
  get state() {
    return this.#store.state;
  }

  /**
   * @param {(state: Readonly<DevicesState>, previous: Readonly<DevicesState>) => void} listener
   * @returns {() => void} unsubscribe
   */
  subscribe(listener) {
    return this.#store.subscribe(listener);
  }

  /** @returns {MediaStream} always the same object; for the own picture (muted video element) */
  get stream() {
    return this.#own.stream;
  }

  /**
   * @param {Kind} kind
   * @returns {MediaStreamTrack | null}
   */
  track(kind) {
    return this.#own.track(kind);
  }

  /**
   * Opens what is asked for and not open yet, with one question of the browser for both if it can be. If one of the two
   * fails the other still opens. Never throws: the outcome is `state`. Closes nothing. A camera that is open already
   * takes the new size if it can.
   * @param {OpenRequest} [request]  size and rate are kept for later openings
   * @returns {Promise<Readonly<DevicesState>>}
   */
  async open({ audio = true, video = true, ...size } = {}) {
    const resized = Object.entries(size).some(([key, value]) => Reflect.get(this.#size, key) !== value);
    this.#size = { ...this.#size, ...size };
    const asked = KINDS.filter((kind) => (kind === 'microphone' ? audio : video));
    for (const kind of asked) {
      this.#wanted[kind] = true;
      this.#waitFor(kind, null); // the person asks: any will do
    }
    await this.#inTurn(async () => {
      if (resized) await this.#resize();
      await this.#openMissing(asked);
    });
    return this.state;
  }

  /**
   * Captures a smaller picture than the camera gives. One that cannot do it goes on as it is; nothing is closed.
   * @param {number} part  how many times smaller in each direction; 1: as large as was asked for
   * @returns {Promise<boolean>} whether the camera does it
   */
  async limit(part) {
    const settings = () => this.track('camera')?.getSettings() ?? {};
    await this.#inTurn(async () => {
      const { width, height } = { ...this.#size, ...settings() };
      if (this.#part === 1) this.#whole = { ...this.#size, width, height };
      if (part === this.#part) return;
      this.#part = part;
      await this.#resize();
    });
    return longest(settings()) <= (1.1 * longest(this.#whole)) / part;
  }

  /**
   * Closes one, so that its light goes out. Its condition becomes 'off'.
   * @param {Kind} kind
   */
  close(kind) {
    this.#wanted[kind] = false;
    this.#waitFor(kind, null);
    this.#replace(kind, null);
    this.#store.update({ [kind]: 'off' });
  }

  /** Closes everything, meter included. */
  closeAll() {
    for (const kind of KINDS) this.close(kind);
  }

  /**
   * Silences the microphone without closing it, whatever device it is or becomes.
   * @param {boolean} muted
   */
  mute(muted) {
    this.#own.mute(muted);
  }

  /**
   * Opens a device anew that is denied, busy, missing or interrupted: for a "try again" button.
   * @param {Kind} kind
   * @returns {Promise<boolean>}
   */
  async retry(kind) {
    this.#wanted[kind] = true;
    this.#waitFor(kind, null);
    await this.#reopen([kind]);
    return this.state[kind] === 'ok';
  }

  /**
   * Opens anew what the system has paused: one tap for both.
   * @returns {Promise<boolean>} whether all that is wanted works now
   */
  async resume() {
    await this.#reopen(KINDS.filter((kind) => this.state[kind] === 'interrupted'));
    return KINDS.every((kind) => !this.#wanted[kind] || this.state[kind] === 'ok');
  }

  /**
   * Uses another device from now on (remembered). The old one stays in use if the new one cannot be opened.
   * @param {Kind | 'speaker'} kind
   * @param {string} deviceId
   * @returns {Promise<boolean>} whether it is in use now (speaker: remembered; media elements apply `speakerId`)
   */
  async choose(kind, deviceId) {
    if (kind === 'speaker') {
      this.#preferences.set('speaker', deviceId || null);
      this.#speakerGone = false;
      this.#store.update({ speakerId: deviceId || null });
      return true;
    }
    if (!this.#wanted[kind]) {
      this.#remember(kind, deviceId);
      return true;
    }
    return this.#inTurn(async () => {
      const opened = await this.#switchTo(kind, deviceId);
      if (opened) this.#remember(kind, deviceId);
      return opened;
    });
  }

  /**
   * Makes do with another device until the one that was unplugged is back. Not remembered.
   * @param {Kind} kind
   * @param {string} deviceId
   * @returns {Promise<boolean>}
   */
  makeDo(kind, deviceId) {
    return this.#inTurn(() => this.#switchTo(kind, deviceId));
  }

  /** @returns {number} 0 to 1, how loud the microphone is now; for a meter, call it per animation frame */
  level() {
    return this.#own.level();
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #inTurn(work) {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }

  /** @param {readonly Kind[]} asked */
  async #openMissing(asked) {
    const kinds = asked.filter((kind) => this.#wanted[kind] && !this.track(kind));
    if (!kinds.length) return;
    if (!this.#media?.getUserMedia) {
      for (const kind of kinds) this.#store.update({ [kind]: 'insecure' });
      return;
    }
    for (const kind of kinds) this.#store.update({ [kind]: 'asking' });
    const failure = await this.#capture(kinds);
    // The question was closed: asking for one of the two would only put the same question again.
    if (failure && kinds.length > 1 && failure.deniedBy !== 'dismissed') {
      for (const kind of kinds) this.#note([kind], await this.#capture([kind]));
    } else {
      this.#note(kinds, failure);
    }
    await this.#list();
  }

  /**
   * @param {readonly Kind[]} kinds
   * @param {{exact?: string}} [device]  this one and no other
   * @returns {Promise<import('./capture.js').Failure | null>}
   */
  async #capture(kinds, { exact } = {}) {
    /** @type {MediaStreamConstraints} */
    const constraints = {};
    for (const kind of kinds) {
      const lost = this.state.unplugged[kind]?.id;
      const deviceId = exact ?? lost ?? this.state[`${kind}Id`];
      constraints[kind === 'microphone' ? 'audio' : 'video'] = constraintsFor(kind, {
        ...this.#asked(),
        original: this.#preferences.get('sound') === 'original',
        deviceId: exact || (kind === 'camera' && lost) ? { exact: deviceId } : deviceId,
      });
    }
    let stream;
    try {
      stream = await /** @type {MediaDevices} */ (this.#media).getUserMedia(constraints);
    } catch (error) {
      return judge(error);
    }
    for (const kind of kinds) {
      const track = kind === 'microphone' ? stream.getAudioTracks()[0] : stream.getVideoTracks()[0];
      if (this.#wanted[kind]) this.#replace(kind, track);
      else track.stop();
    }
    return null;
  }

  /**
   * @param {readonly Kind[]} kinds
   * @param {import('./capture.js').Failure | null} failure
   */
  #note(kinds, failure) {
    for (const kind of kinds) {
      if (!failure || !this.#wanted[kind]) continue;
      this.#store.update({ [kind]: failure.condition, deniedBy: failure.deniedBy });
    }
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack | null} track
   */
  #replace(kind, track) {
    const changed = this.#own.put(kind, track, {
      paused: () => this.#store.update({ [kind]: 'interrupted' }),
      resumed: () => this.#store.update({ [kind]: 'ok' }),
      ended: () => void (track && this.#ended(kind, track)),
    });
    if (!changed) return;
    const tracks = this.state.tracks + 1;
    if (!track) return this.#store.update({ tracks });
    const id = idOf(track) ?? this.state[`${kind}Id`];
    if (this.state.unplugged[kind]?.id === id) this.#waitFor(kind, null);
    this.#store.update({ [kind]: 'ok', [`${kind}Id`]: id, tracks });
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  async #ended(kind, track) {
    const lost = { id: idOf(track) ?? this.state[`${kind}Id`], label: track.label };
    this.#replace(kind, null);
    this.#waitFor(kind, lost);
    this.#store.update({ [kind]: 'missing' });
    await this.#inTurn(() => this.#openMissing([kind]));
    // If it is the same one again it had only stumbled, and nobody needs to know.
    if (this.track(kind) && this.state.unplugged[kind] === lost) this.#happened(kind, 'replaced');
  }

  async #devicesChanged() {
    await this.#inTurn(async () => {
      const before = this.state;
      await this.#list();
      this.#followSpeaker(before.speakers);
      for (const kind of KINDS) await this.#findAgain(kind);
      const used = this.track('microphone') && this.state.microphoneId;
      if (used && systemMoved(before.microphones, this.state.microphones, used)) {
        if (await this.#switchTo('microphone', used)) this.#happened('microphone', 'moved');
      }
    });
  }

  /** @param {Kind} kind */
  async #findAgain(kind) {
    const lost = this.state.unplugged[kind];
    const list = kind === 'microphone' ? this.state.microphones : this.state.cameras;
    const there = lost !== null && list.some(({ id }) => id === lost.id);
    if (this.track(kind)) {
      if (there && lost?.id && (await this.#switchTo(kind, lost.id))) this.#happened(kind, 'back');
      return;
    }
    // Busy too: the program that held it may have been what was unplugged.
    const due = this.state[kind] === 'missing' || this.state[kind] === 'busy';
    if (!due || (kind === 'camera' && lost && !there)) return;
    await this.#openMissing([kind]);
    if (lost && this.track(kind)) this.#happened(kind, this.state.unplugged[kind] ? 'replaced' : 'back');
  }

  /**
   * While the chosen speaker is gone the browser plays to the system's own.
   * @param {readonly DeviceChoice[]} before
   */
  #followSpeaker(before) {
    const { speakerId, speakers } = this.state;
    if (!speakerId || speakers.length === 0) return;
    const there = speakers.some(({ id }) => id === speakerId);
    if (there && this.#speakerGone) this.#happened('speaker', 'back');
    const goes = !there && before.some(({ id }) => id === speakerId);
    if (goes) this.#happened('speaker', 'replaced');
    this.#speakerGone = !there && (this.#speakerGone || goes);
  }

  /**
   * @param {Kind | 'speaker'} kind
   * @param {DeviceChange['what']} what
   */
  #happened(kind, what) {
    const { microphones, microphoneId, cameras, cameraId, speakers, speakerId } = this.state;
    const label = {
      microphone: ownLabel(microphones, microphoneId),
      camera: ownLabel(cameras, cameraId),
      speaker: ownLabel(speakers, speakerId),
    }[kind];
    this.#store.update({ change: Object.freeze({ kind, what, label }) });
  }

  /**
   * @param {Kind} kind
   * @param {import('./devices-state.js').Unplugged | null} lost
   */
  #waitFor(kind, lost) {
    if (this.state.unplugged[kind] === lost) return;
    this.#store.update({ unplugged: Object.freeze({ ...this.state.unplugged, [kind]: lost }) });
  }

  /** @param {readonly Kind[]} kinds */
  async #reopen(kinds) {
    await this.#inTurn(async () => {
      for (const kind of kinds) if (this.state[kind] === 'interrupted') this.#replace(kind, null);
      await this.#openMissing(kinds);
    });
  }

  #asked = () => (this.#part === 1 ? this.#size : within(this.#whole, this.#part));

  async #resize() {
    await this.track('camera')?.applyConstraints(constraintsFor('camera', this.#asked())).catch(ignoreRefusal);
  }

  /**
   * @param {Kind} kind
   * @param {string} deviceId
   * @returns {Promise<boolean>}
   */
  async #switchTo(kind, deviceId) {
    const failure = await this.#capture([kind], { exact: deviceId });
    if (!failure) return true;
    if (failure.condition !== 'busy' || !this.track(kind)) return false;
    // Phones cannot hold two cameras open: the old one has to go first.
    const former = this.state[`${kind}Id`];
    this.#replace(kind, null);
    if (!(await this.#capture([kind], { exact: deviceId }))) return true;
    this.#note([kind], await this.#capture([kind], former ? { exact: former } : {}));
    return false;
  }

  /**
   * @param {Kind} kind
   * @param {string} deviceId
   */
  #remember(kind, deviceId) {
    this.#waitFor(kind, null);
    this.#preferences.set(kind, deviceId);
    this.#store.update({ [`${kind}Id`]: deviceId });
  }

  async #list() {
    this.#store.update(listed((await this.#media?.enumerateDevices?.().catch(() => null)) ?? []));
  }
}

/** @param {MediaStreamTrack} track */
function idOf(track) {
  return track.getSettings().deviceId ?? null;
}

/** @param {unknown} error */
function ignoreRefusal(error) {
  // The camera cannot do what was wished for and goes on as it is; anything else is a defect.
  if (!(error instanceof DOMException) && !Object.hasOwn(Object(error), 'constraint')) throw error;
}
