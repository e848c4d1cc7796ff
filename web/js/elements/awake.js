/** Keeps the screen on during a call: a phone that goes dark stops its camera. */

export class Awake {
  constructor() {
    this.wanted = false;
    /** @type {WakeLockSentinel | null} */
    this.lock = null;
    document.addEventListener('visibilitychange', () => void this.take()); // hiding the page gives the lock back
  }

  /** @param {boolean} wanted */
  keep(wanted) {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) void this.take();
    else {
      void this.lock?.release();
      this.lock = null;
    }
  }

  async take() {
    if (!this.wanted || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    try {
      this.lock = await navigator.wakeLock.request('screen');
    } catch {
      // Battery saving forbids it: the screen then behaves as always.
    }
  }
}
