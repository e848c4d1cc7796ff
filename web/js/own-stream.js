// @ts-check
/**
 * The own microphone and camera tracks in one MediaStream that stays the same while tracks come and go, and how loud
 * the microphone is. Not here: opening devices (`devices.js`).
 */

import { Meter } from './meter.js';
import { watchTrack } from './track-watch.js';

/** @typedef {import('./devices-state.js').Kind} Kind */

/** The meter is let go when nobody has looked at it for so long. */
const METER_IDLE = 3000;

export class OwnStream {
  stream = new MediaStream();
  #clock;
  #page;
  #meter = new Meter();
  #metering = false;
  #stopMeter = () => {};
  #muted = false;
  /** @type {Record<Kind, () => void>} */
  #unwatch = { microphone: () => {}, camera: () => {} };

  /**
   * @param {{clock: import('./clock.js').Clock,
   *          page: Pick<Document, 'visibilityState' | 'addEventListener'>}} parts
   */
  constructor({ clock, page }) {
    this.#clock = clock;
    this.#page = page;
  }

  /**
   * @param {Kind} kind
   * @returns {MediaStreamTrack | null}
   */
  track(kind) {
    return this.#tracks(kind).find(({ readyState }) => readyState === 'live') ?? null;
  }

  /**
   * Puts a track in the place of the one before, which is let go.
   * @param {Kind} kind
   * @param {MediaStreamTrack | null} track
   * @param {Parameters<typeof watchTrack>[1]} [tell]  what becomes of it
   * @returns {boolean} whether anything has changed
   */
  put(kind, track, tell) {
    const old = this.#tracks(kind);
    this.#unwatch[kind]();
    for (const former of old) {
      this.stream.removeTrack(former);
      former.stop();
    }
    if (kind === 'microphone' && this.#metering) this.#meter.listen(track);
    if (!track) return old.length > 0;
    if (kind === 'microphone') track.enabled = !this.#muted;
    this.stream.addTrack(track);
    if (tell) this.#unwatch[kind] = watchTrack(track, tell, { clock: this.#clock, page: this.#page });
    return true;
  }

  /** @param {boolean} muted  whatever the microphone is or becomes */
  mute(muted) {
    this.#muted = muted;
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
  }

  /** @returns {number} 0 to 1, how loud the microphone is now */
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

  /** @param {Kind} kind */
  #tracks(kind) {
    return kind === 'microphone' ? this.stream.getAudioTracks() : this.stream.getVideoTracks();
  }
}
