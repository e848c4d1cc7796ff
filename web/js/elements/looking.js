/**
 * How large the pictures on this page are, and whether they are seen at all: measured, and told to the session.
 *
 * A picture is as high as its video is drawn, with what is cut off; it is not seen while the page is hidden or while
 * it is out of sight. Not here: what follows from it (`viewing.js`).
 */

/**
 * @typedef {import('../messages').Source} Source
 * @typedef {{video: HTMLVideoElement, person: string, source: Source}} Shown
 * @typedef {{shown: Shown, inSight: boolean}} Looked
 */

export class Looking {
  /** @param {(person: string, source: Source, height: number | null) => void} tell  device pixels; null: gone */
  constructor(tell) {
    this.tell = tell;
    /** @type {Map<Element, Looked>} */
    this.looked = new Map();
    this.sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) this.measure(target);
    });
    this.sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const known = this.looked.get(target);
        if (known) known.inSight = isIntersecting;
        this.measure(target);
      }
    });
    this.turned = () => {
      for (const video of this.looked.keys()) this.measure(video);
    };
    /** @param {Event} event */
    this.reshaped = ({ target }) => this.measure(/** @type {Element} */ (target));
  }

  start() {
    document.addEventListener('visibilitychange', this.turned);
  }

  /** Nothing is shown any more. */
  stop() {
    document.removeEventListener('visibilitychange', this.turned);
    this.follow([]);
  }

  /** @param {readonly Shown[]} shown  all that is on the page now */
  follow(shown) {
    const videos = new Map(shown.map((each) => [/** @type {Element} */ (each.video), each]));
    for (const [video, { shown: known }] of this.looked) {
      const now = videos.get(video);
      if (now && now.person === known.person && now.source === known.source) continue;
      this.sizes.unobserve(video);
      this.sight.unobserve(video);
      video.removeEventListener('resize', this.reshaped);
      this.looked.delete(video);
      this.tell(known.person, known.source, null);
    }
    for (const [video, each] of videos) {
      if (this.looked.has(video)) continue;
      this.looked.set(video, { shown: each, inSight: true });
      this.sizes.observe(video);
      this.sight.observe(video);
      video.addEventListener('resize', this.reshaped);
    }
  }

  /** @param {Element} video */
  measure(video) {
    const known = this.looked.get(video);
    if (!known) return;
    const { person, source } = known.shown;
    const seen = known.inSight && document.visibilityState === 'visible';
    this.tell(person, source, seen ? Math.round(drawnHeight(known.shown.video) * devicePixelRatio) : 0);
  }
}

/**
 * @param {HTMLVideoElement} video
 * @returns {number} CSS pixels of the whole picture, in which what is cut off counts
 */
export function drawnHeight(video) {
  const { clientWidth, clientHeight, videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return clientHeight;
  const byWidth = (clientWidth * videoHeight) / videoWidth;
  const whole = getComputedStyle(video).objectFit === 'contain';
  return whole ? Math.min(clientHeight, byWidth) : Math.max(clientHeight, byWidth);
}
