// @ts-check
/**
 * Capturing this machine's screen, a window or a tab, as the person picks it in the browser's own dialog.
 */

/** @typedef {'shared' | 'cancelled' | 'unsupported'} ScreenOutcome */

export class Screen {
  /** @type {MediaStream | null} */
  #stream = null;
  #ended;

  /** @param {() => void} ended  the person stopped it in the browser's own bar, or the window is gone */
  constructor(ended) {
    this.#ended = ended;
  }

  /** @returns {MediaStream | null} */
  get stream() {
    return this.#stream;
  }

  /** @returns {MediaStreamTrack | null} */
  get track() {
    return this.#stream?.getVideoTracks()[0] ?? null;
  }

  /**
   * To be called in the click handler.
   * @returns {Promise<ScreenOutcome>}
   */
  async open() {
    if (!navigator.mediaDevices?.getDisplayMedia) return 'unsupported';
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({
        video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { max: 15 } },
        audio: false,
      });
    } catch (error) {
      // Every way of saying no looks alike (NotAllowedError, AbortError, NotReadableError): nothing is shared.
      if (error instanceof DOMException) return 'cancelled';
      throw error;
    }
    this.close();
    this.#stream = stream;
    const track = stream.getVideoTracks()[0];
    track.addEventListener('ended', () => {
      if (this.#stream !== stream) return;
      this.#stream = null;
      this.#ended();
    });
    return 'shared';
  }

  close() {
    const stream = this.#stream;
    this.#stream = null;
    for (const track of stream?.getTracks() ?? []) track.stop();
  }
}
