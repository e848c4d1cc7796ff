// @ts-check
/**
 * On a device that is held in the hand, the camera captures no more than somebody uses: it is what costs its battery
 * most. Smaller with patience, as each change costs a key frame; larger at once, as somebody waits.
 *
 * Not here: which sizes are sent (`simulcast.js`), the camera itself (`devices.js`).
 */

import { systemClock } from './clock.js';
import { isHandheld } from './efficiency.js';
import { partNeeded, whole } from './simulcast.js';

/** Milliseconds for which less must have been enough. */
const CALM = 5000;

export class CaptureSize {
  #devices;
  #fit;
  #clock;
  #handheld;
  /** @type {readonly string[] | null} */
  #layers = null;
  #part = 1;
  /** Of the camera, which may not be able to do what was asked. */
  #taken = 1;
  #cancel = () => {};

  /**
   * @param {{devices: Pick<import('./devices.js').Devices, 'limit' | 'track' | 'subscribe'>,
   *          fit: (part: number) => void, clock?: import('./clock.js').Clock, handheld?: boolean}} parts
   *   `fit`: told how many times smaller than usual the camera's picture is now
   */
  constructor({ devices, fit, clock = systemClock, handheld = isHandheld() }) {
    this.#devices = devices;
    this.#fit = fit;
    this.#clock = clock;
    this.#handheld = handheld;
    let camera = devices.track('camera');
    devices.subscribe(() => {
      const before = camera;
      camera = devices.track('camera');
      // Another camera may have other sizes: it begins with all it has.
      if (camera !== before) this.#begin();
    });
  }

  /** @param {readonly string[]} layers  the camera's encodings that somebody uses */
  want(layers) {
    this.#layers = layers;
    this.#judge();
  }

  /** Nothing is known of who uses what: a new connection, or none. */
  forget() {
    this.#layers = null;
    this.#begin();
  }

  #begin() {
    void this.#take(1);
    this.#judge();
  }

  #judge() {
    this.#cancel();
    if (!this.#handheld || !this.#layers) return;
    const part = partNeeded(this.#layers, whole(this.#devices.track('camera'), this.#taken));
    if (part < this.#part) void this.#take(part);
    else if (part > this.#part) this.#cancel = this.#clock.after(CALM, () => void this.#take(part));
  }

  /** @param {number} part */
  async #take(part) {
    if (part === this.#part) return;
    this.#part = part;
    const taken = await this.#devices.limit(part);
    // A camera that cannot do it goes on as it is, and so do the encodings.
    if (part !== this.#part) return;
    this.#taken = taken ? part : 1;
    this.#fit(this.#taken);
  }
}
