// @ts-check
/**
 * What a person's call is to send and how much it is to receive, whichever peer connection does it: one that takes
 * another's place is told all of it.
 */

/** @typedef {import('./messages.js').Source} Source */
/** @typedef {{audio: number, video: number}} Slots */

/** @type {Slots} Two others with voice and picture and one to spare, and a shared screen. */
const FIRST_SLOTS = { audio: 3, video: 4 };

export class Wishes {
  /** How many there are to be in all. */
  slots = FIRST_SLOTS;
  /** @type {Map<Source, MediaStreamTrack>} */
  #tracks = new Map();

  /** @param {Slots} wanted  never fewer than before */
  grow({ audio, video }) {
    this.slots = { audio: Math.max(audio, this.slots.audio), video: Math.max(video, this.slots.video) };
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track  null: nothing
   * @returns {boolean} whether that is something new
   */
  send(source, track) {
    if ((this.#tracks.get(source) ?? null) === track) return false;
    if (track) this.#tracks.set(source, track);
    else this.#tracks.delete(source);
    return true;
  }

  /** @param {Pick<import('./peer.js').Peer, 'send'>} peer  a new one */
  tell(peer) {
    for (const [source, track] of this.#tracks) peer.send(source, track);
  }
}
