// @ts-check
/**
 * What this person sends: what they have switched on, what their devices can give, and what the server was told.
 *
 * Nothing leaves this machine unless `live` is set, which the session does for people who are present and may
 * publish. Switched off means that the sender has no track, not only a silent one.
 */

import { CaptureSize } from './capture-size.js';
import { Screen } from './screen.js';

/** @typedef {{microphone: boolean, camera: boolean, screen: boolean}} Sent */

/**
 * @typedef {object} SendingHost
 * @property {(source: import('./messages.js').Source, track: MediaStreamTrack | null) => void} send  to the peer
 * @property {(part: number) => void} fitCamera  how many times smaller than usual its picture is now
 * @property {(sent: Sent) => boolean} tell   to the server; false if that was not possible now
 * @property {() => void} changed             `sent` may have changed
 */

export class Sending {
  #devices;
  #host;
  #screen;
  #captureSize;
  /** @type {{microphone: boolean, camera: boolean}} what the person wants */
  #switched = { microphone: true, camera: true };
  /** Whether the camera was on when it was turned off to save data, and the person has not touched it since. */
  #cameraSpared = false;
  #live = false;
  /** @type {{microphone: boolean, camera: boolean, screen: boolean | null} | null} */
  #told = null;
  /** @type {((outcome: 'shared' | 'refused' | 'cancelled') => void) | null} */
  #settleScreen = null;
  #screenGranted = false;

  /**
   * @param {{devices: import('./devices.js').Devices, host: SendingHost}} parts
   */
  constructor({ devices, host }) {
    this.#devices = devices;
    this.#host = host;
    this.#screen = new Screen(() => this.stopScreen());
    this.#captureSize = new CaptureSize({ devices, fit: host.fitCamera });
    devices.subscribe((state, previous) => {
      if (state.tracks !== previous.tracks) this.apply();
    });
  }

  /** @returns {Sent} what is sent, or will be as soon as it may */
  get sent() {
    return {
      microphone: this.#switched.microphone && this.#devices.track('microphone') !== null,
      camera: this.#switched.camera && this.#devices.track('camera') !== null,
      screen: this.#screen.track !== null,
    };
  }

  /** @returns {MediaStream | null} the own screen while it is shared */
  get screenStream() {
    return this.#screen.stream;
  }

  /** @param {boolean} live  whether anything may leave this machine now */
  setLive(live) {
    this.#live = live;
    if (!live) this.#screen.close();
    this.apply();
  }

  /**
   * What the server knows from the greeting; null while there is no seat to speak of.
   * @param {{microphone: boolean, camera: boolean, screen: boolean | null} | null} told  `screen` null: not known
   */
  serverKnows(told) {
    this.#told = told;
    if (!told) this.want(null);
    this.#screenGranted = false;
    this.apply();
  }

  /** @param {import('./messages.js').Wanted['layers'] | null} layers  that somebody uses; null: it is not known */
  want(layers) {
    if (layers?.camera) this.#captureSize.want(layers.camera);
    else if (!layers) this.#captureSize.forget();
  }

  /** @param {{microphone: boolean, camera: boolean}} switched  without opening anything */
  recall({ microphone, camera }) {
    this.#switched = { microphone, camera };
    this.#devices.mute(!microphone);
    this.apply();
  }

  /**
   * @param {boolean} on
   * @returns {Promise<boolean>}
   */
  async setMicrophone(on) {
    this.#switched.microphone = on;
    this.#devices.mute(!on);
    this.apply();
    if (on && !this.#devices.track('microphone')) await this.#devices.open({ audio: true, video: false });
    return this.sent.microphone === on;
  }

  /**
   * @param {boolean} on
   * @returns {Promise<boolean>}
   */
  async setCamera(on) {
    this.#cameraSpared = false;
    this.#switched.camera = on;
    if (!on) this.#devices.close('camera');
    this.apply();
    if (on && !this.#devices.track('camera')) await this.#devices.open({ audio: false, video: true });
    return this.sent.camera === on;
  }

  /**
   * Turns the camera off to save data, and on again afterwards if it was on before.
   * @param {boolean} save
   */
  async saveData(save) {
    const spared = this.#cameraSpared;
    if (save) {
      const on = this.#switched.camera;
      const off = this.setCamera(false);
      this.#cameraSpared = on;
      await off;
    } else if (spared) {
      await this.setCamera(true);
    }
  }

  /** @returns {Promise<'shared' | 'cancelled' | 'unsupported' | 'refused'>} */
  async shareScreen() {
    const outcome = await this.#screen.open();
    if (outcome !== 'shared') return outcome;
    if (!this.#live) {
      this.#screen.close();
      return 'cancelled';
    }
    this.#settleScreen?.('cancelled');
    return new Promise((resolve) => {
      this.#settleScreen = resolve;
      this.apply();
    });
  }

  stopScreen() {
    this.#endScreen('cancelled');
  }

  /** The server has refused the screen. */
  screenRefused() {
    this.#endScreen('refused');
  }

  /** @param {boolean} granted  whether the server shows our screen to the others */
  screenSeen(granted) {
    if (!this.#screen.track) return;
    if (granted) {
      this.#screenGranted = true;
      this.#settleScreen?.('shared');
      this.#settleScreen = null;
    } else if (this.#screenGranted) {
      // It was shown and is not any more: the therapist has taken the permission back.
      this.#endScreen('refused');
    }
  }

  /** Brings senders and server to what is wanted now. */
  apply() {
    const sent = this.sent;
    const told = this.#told;
    if (told && (told.microphone !== sent.microphone || told.camera !== sent.camera || told.screen !== sent.screen)) {
      // First the word, then the picture: the server drops the media of what it takes to be off.
      if (this.#host.tell(sent)) this.#told = sent;
    }
    this.#host.send('microphone', this.#live && sent.microphone ? this.#devices.track('microphone') : null);
    this.#host.send('camera', this.#live && sent.camera ? this.#devices.track('camera') : null);
    this.#host.send('screen', this.#live ? this.#screen.track : null);
    this.#host.changed();
  }

  /** @param {'refused' | 'cancelled'} outcome */
  #endScreen(outcome) {
    this.#screen.close();
    this.#screenGranted = false;
    this.#settleScreen?.(outcome);
    this.#settleScreen = null;
    this.apply();
  }
}
