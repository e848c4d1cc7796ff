/**
 * The other person's picture in a small window over all others, for whoever has to look something up meanwhile.
 *
 * Where the browser can, it is a page of ours (Document Picture-in-Picture, `picture-window.js`); else the browser
 * shows the picture alone. Opens only when the person asks for it.
 */

import { PictureWindow } from './picture-window.js';
import { subjectOf } from './subject.js';
import { set } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {{requestWindow(options: {width: number, height: number}): Promise<Window>}} Documents
 */

const SIZE = { width: 400, height: 300 };

export class SmallWindow {
  /** @param {Omit<Context, 'smallWindow'>} context */
  constructor(context) {
    this.context = context;
    /** @type {{close: () => void} | null} */
    this.open = null;
    context.session.subscribe(({ phase }) => {
      if (phase !== 'present') this.open?.close();
    });
  }

  /** Whether this browser can, and there is somebody to be shown. */
  get possible() {
    const can = documents() !== null || document.pictureInPictureEnabled === true;
    return can && subjectOf(this.context.session.state, null, null) !== null;
  }

  /** To be called in the click handler. */
  async toggle() {
    const { desk, strings } = this.context;
    if (this.open) return this.open.close();
    const closed = () => {
      this.open = null;
      desk.set({ windowOpen: false });
    };
    try {
      const window = await documents()?.requestWindow(SIZE);
      this.open = window ? new PictureWindow(this.context, window, closed) : await showAlone(this.context, closed);
      desk.set({ windowOpen: this.open !== null });
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      desk.say(strings.text('window.refused'), 'warn'); // the system allows none, or there is no picture yet
    }
  }
}

/** @returns {Documents | null} */
function documents() {
  return Reflect.get(globalThis, 'documentPictureInPicture') ?? null;
}

/**
 * Where there are no windows of our own: a picture of the stage, without name and controls.
 * @param {Omit<Context, 'smallWindow'>} context
 * @param {() => void} closed
 * @returns {Promise<{close: () => void} | null>}
 */
async function showAlone({ session, desk }, closed) {
  const subject = subjectOf(session.state, desk.state.pinned, null);
  const id = subject?.person.id ?? '';
  const place = subject?.source === 'screen' ? 'tb-screen-view' : `tb-tile[data-person="${id}"]`;
  const video = document.querySelector(`${place} video`);
  if (!subject || !(video instanceof HTMLVideoElement)) return null;
  set(video, { disablepictureinpicture: false });
  const shown = await video.requestPictureInPicture();
  const tell = () => session.viewing.seen('window', id, subject.source, Math.round(shown.height * devicePixelRatio));
  shown.addEventListener('resize', tell);
  tell();
  const over = () => {
    set(video, { disablepictureinpicture: true });
    session.viewing.seen('window', id, subject.source, null);
    closed();
  };
  video.addEventListener('leavepictureinpicture', over, { once: true });
  return { close: () => void document.exitPictureInPicture() };
}
