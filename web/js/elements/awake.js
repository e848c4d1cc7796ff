/** Keeps the screen on during a call: a phone that goes dark stops its camera. */

export class Awake {
  /** @param {{page?: Document, lock?: WakeLock}} [parts] */
  constructor({ page = document, lock = navigator.wakeLock } = {}) {
    this.page = page;
    this.wakeLock = lock;
    this.wanted = false;
    this.asking = false;
    /** @type {WakeLockSentinel | null} */
    this.lock = null;
    // Hiding the page gives the lock back.
    page.addEventListener('visibilitychange', () => void this.take());
  }

  /** @param {boolean} wanted */
  keep(wanted) {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) void this.take();
    else this.release();
  }

  async take() {
    if (!this.wanted || this.lock || this.asking || this.page.visibilityState !== 'visible' || !this.wakeLock) return;
    this.asking = true;
    try {
      const lock = await this.wakeLock.request('screen');
      this.lock = lock;
      // The system takes it too, as when the battery is low: the next look at the page asks again.
      lock.addEventListener('release', () => {
        if (this.lock === lock) this.lock = null;
      });
    } catch {
      // Battery saving forbids it: the screen then behaves as always.
    }
    this.asking = false;
    if (!this.wanted) this.release();
    else if (this.lock?.released) {
      this.lock = null; // the page was hidden and seen again before there was anything to give back
      void this.take();
    }
  }

  release() {
    void this.lock?.release();
    this.lock = null;
  }
}
