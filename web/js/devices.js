// @ts-check
/**
 * This machine's camera, microphone and speaker: opening, choosing, losing and finding them again.
 *
 * One stable MediaStream holds the own camera and microphone tracks; tracks in it come and go. Knows no DOM and no
 * socket. Sharing a screen is `screen.js`; playing to the chosen speaker is the media elements' business (`setSinkId`).
 *
 * A device that was lost comes back by itself: a microphone at once on another device if there is one (the
 * conversation matters more than which microphone carries it), a camera only when the same one is plugged in again
 * (another camera may show what nobody wanted to show).
 */

import { systemClock } from './clock.js';
import { constraintsFor, judge } from './capture.js';
import { Meter } from './meter.js';
import { Preferences } from './settings.js';
import { Store } from './store.js';

/**
 * @typedef {'off' | 'asking' | 'ok' | 'denied' | 'missing' | 'busy' | 'interrupted' | 'insecure'} DeviceCondition
 *   off: not asked for, or turned off · asking: the browser may be showing its question · ok · denied: see `deniedBy`
 *   · missing: there is none, or it was unplugged · busy: another program holds it, or it does not start ·
 *   interrupted: open, but the system has paused it (a phone call) · insecure: the page was not opened over https, so
 *   browsers give no device.
 */

/** @typedef {'microphone' | 'camera'} Kind */

/**
 * @typedef {object} DevicesState
 * @property {DeviceCondition} microphone
 * @property {DeviceCondition} camera
 * @property {'person' | 'dismissed' | 'system' | null} deniedBy  who said no: the person (or a stored choice) in the
 *                                                        browser; nobody, the question was closed; the operating system
 * @property {readonly DeviceChoice[]} microphones
 * @property {readonly DeviceChoice[]} cameras
 * @property {readonly DeviceChoice[]} speakers           empty where the browser cannot choose one
 * @property {string | null} microphoneId                 the one in use, or chosen for the next opening
 * @property {string | null} cameraId
 * @property {string | null} speakerId                    null: the system's default
 * @property {number} tracks                              changes when the tracks in `stream` changed
 */

/**
 * @typedef {object} DeviceChoice
 * @property {string} id
 * @property {string} label  as the system names it; empty until permission was given
 */

/**
 * @typedef {object} OpenRequest
 * @property {boolean} [audio]       default true
 * @property {boolean} [video]       default true
 * @property {number} [width]        wanted, default 1280; the camera may give another
 * @property {number} [height]       default 720
 * @property {number} [frameRate]    default 30
 */

/** The meter is let go when nobody has looked at it for so long. */
const METER_IDLE = 3000;

/** @type {readonly Kind[]} */
const KINDS = ['microphone', 'camera'];

export class Devices {
  #preferences;
  #media;
  #clock;
  /** @type {Store<DevicesState>} */
  #store;
  #stream = new MediaStream();
  #meter = new Meter();
  #metering = false;
  #stopMeter = () => {};
  /** @type {Record<Kind, boolean>} */
  #wanted = { microphone: false, camera: false };
  /** @type {Record<Kind, string | null>} the device that was lost and is waited for */
  #lost = { microphone: null, camera: null };
  #size = { width: 1280, height: 720, frameRate: 30 };
  #muted = false;
  /** @type {Promise<unknown>} one opening at a time: two questions at once confuse people, and some browsers */
  #queue = Promise.resolve();

  /**
   * @param {{preferences?: Preferences, media?: MediaDevices | undefined, clock?: import('./clock.js').Clock}} [parts]
   *   `preferences`: where choices of devices are remembered
   */
  constructor({ preferences = new Preferences(), media = navigator.mediaDevices, clock = systemClock } = {}) {
    this.#preferences = preferences;
    this.#media = media;
    this.#clock = clock;
    /** @type {DevicesState} */
    const initial = {
      microphone: 'off',
      camera: 'off',
      deniedBy: null,
      microphones: [],
      cameras: [],
      speakers: [],
      microphoneId: preferences.get('microphone'),
      cameraId: preferences.get('camera'),
      speakerId: preferences.get('speaker'),
      tracks: 0,
    };
    this.#store = new Store(initial);
    media?.addEventListener?.('devicechange', () => void this.#devicesChanged());
    this.#watchPermissions();
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
    return this.#stream;
  }

  get cameras() {
    return this.state.cameras;
  }

  get microphones() {
    return this.state.microphones;
  }

  get speakers() {
    return this.state.speakers;
  }

  /**
   * @param {Kind} kind
   * @returns {MediaStreamTrack | null}
   */
  track(kind) {
    const tracks = kind === 'microphone' ? this.#stream.getAudioTracks() : this.#stream.getVideoTracks();
    return tracks.find(({ readyState }) => readyState === 'live') ?? null;
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
      this.#lost[kind] = null; // the person asks: any will do
    }
    await this.#inTurn(async () => {
      const camera = this.track('camera');
      if (resized && camera) {
        await camera.applyConstraints(constraintsFor('camera', this.#size)).catch(ignoreRefusal);
      }
      await this.#openMissing(asked);
    });
    return this.state;
  }

  /**
   * Closes one, so that its light goes out. Its condition becomes 'off'.
   * @param {Kind} kind
   */
  close(kind) {
    this.#wanted[kind] = false;
    this.#lost[kind] = null;
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
    this.#muted = muted;
    for (const track of this.#stream.getAudioTracks()) track.enabled = !muted;
  }

  /**
   * Opens a device anew that is denied, busy, missing or interrupted: for a "try again" button.
   * @param {Kind} kind
   * @returns {Promise<boolean>}
   */
  async retry(kind) {
    this.#wanted[kind] = true;
    this.#lost[kind] = null;
    await this.#inTurn(async () => {
      if (this.state[kind] === 'interrupted') this.#replace(kind, null);
      await this.#openMissing([kind]);
    });
    return this.state[kind] === 'ok';
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

  /** @returns {number} 0 to 1, how loud the microphone is now; for a meter, call it per animation frame */
  level() {
    const track = this.track('microphone');
    if (!track) return 0;
    if (!this.#metering) {
      this.#metering = true;
      this.#meter.listen(track);
    }
    this.#stopMeter();
    this.#stopMeter = this.#clock.after(METER_IDLE, () => {
      this.#metering = false;
      this.#meter.listen(null);
    });
    return this.#meter.level();
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
      const deviceId = exact ?? this.#lost[kind] ?? this.state[`${kind}Id`];
      const original = this.#preferences.get('sound') === 'original';
      constraints[kind === 'microphone' ? 'audio' : 'video'] = constraintsFor(kind, {
        ...this.#size,
        original,
        deviceId: exact || (kind === 'camera' && this.#lost.camera) ? { exact: deviceId } : deviceId,
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
    const old = kind === 'microphone' ? this.#stream.getAudioTracks() : this.#stream.getVideoTracks();
    for (const former of old) {
      this.#stream.removeTrack(former);
      former.stop();
    }
    if (!track && !old.length) return;
    const tracks = this.state.tracks + 1;
    if (kind === 'microphone' && this.#metering) this.#meter.listen(track);
    if (!track) {
      this.#store.update({ tracks });
      return;
    }
    if (kind === 'microphone') track.enabled = !this.#muted;
    this.#stream.addTrack(track);
    track.addEventListener('ended', () => void this.#trackEnded(kind, track));
    track.addEventListener('mute', () => this.track(kind) === track && this.#store.update({ [kind]: 'interrupted' }));
    track.addEventListener('unmute', () => this.track(kind) === track && this.#store.update({ [kind]: 'ok' }));
    const id = track.getSettings().deviceId ?? this.state[`${kind}Id`];
    if (this.#lost[kind] === id) this.#lost[kind] = null;
    this.#store.update({ [kind]: 'ok', [`${kind}Id`]: id, tracks });
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} track
   */
  async #trackEnded(kind, track) {
    if (!this.#stream.getTracks().includes(track)) return;
    this.#lost[kind] = track.getSettings().deviceId ?? this.state[`${kind}Id`];
    this.#replace(kind, null);
    this.#store.update({ [kind]: 'missing' });
    await this.#inTurn(() => this.#openMissing([kind]));
  }

  async #devicesChanged() {
    await this.#inTurn(async () => {
      await this.#list();
      // Busy too: the program that held it may have been what was unplugged.
      const waiting = KINDS.filter((kind) => ['missing', 'busy'].includes(this.state[kind]));
      for (const kind of waiting) await this.#openMissing([kind]);
      const back = this.#lost.microphone;
      if (back && this.#wanted.microphone && this.microphones.some(({ id }) => id === back)) {
        await this.#switchTo('microphone', back);
      }
    });
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
    this.#lost[kind] = null;
    this.#preferences.set(kind, deviceId);
    this.#store.update({ [`${kind}Id`]: deviceId });
  }

  async #list() {
    const all = (await this.#media?.enumerateDevices?.().catch(() => null)) ?? [];
    /** @param {MediaDeviceKind} wanted */
    const choices = (wanted) =>
      all
        .filter(({ kind, deviceId }) => kind === wanted && deviceId)
        .map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.#store.update({
      microphones: choices('audioinput'),
      cameras: choices('videoinput'),
      speakers: choices('audiooutput'),
    });
  }

  async #watchPermissions() {
    for (const kind of KINDS) {
      try {
        const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (kind) });
        status.addEventListener('change', () => {
          if (status.state === 'granted' && this.state[kind] === 'denied') void this.retry(kind);
        });
      } catch {
        // Not every browser can tell; the person then presses "try again".
      }
    }
  }
}

/** @param {unknown} error */
function ignoreRefusal(error) {
  // The camera cannot do what was wished for and goes on as it is; anything else is a defect.
  if (!(error instanceof DOMException) && !Object.hasOwn(Object(error), 'constraint')) throw error;
}
