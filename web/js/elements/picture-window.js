/**
 * A small page over all other windows: one picture, whose it is, the microphone's control, and the way back.
 * It is closed with Escape too. Not here: when it is opened (`small-window.js`).
 */

import { called } from './called.js';
import { deviceControls } from './control.js';
import { drawnHeight } from './looking.js';
import { subjectOf } from './subject.js';
import { append, h, iconButton, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./subject.js').Subject} Subject
 */

const STYLES = ['base', 'controls', 'call', 'stage', 'small-window'];

export class PictureWindow {
  /**
   * @param {Omit<Context, 'smallWindow'>} context
   * @param {Window} window  empty, as the browser gives it
   * @param {() => void} closed
   */
  constructor(context, window, closed) {
    const { session, desk, devices, strings } = context;
    this.context = context;
    this.window = window;
    /** @type {Subject | null} */
    this.subject = null;
    this.video = h('video', { autoplay: true, playsinline: true });
    this.video.muted = true;
    this.label = h('p', { class: 'tile-name' });
    this.trouble = h('p', { class: 'tile-trouble', hidden: true });
    this.controls = deviceControls(/** @type {Context} */ (context), () => {});
    this.build();
    const update = () => this.update();
    const stops = [session.subscribe(update), desk.subscribe(update), devices.subscribe(update)];
    const measure = () => this.measure();
    this.video.addEventListener('resize', measure);
    // One of that window's own: ours rests while this page is hidden.
    const { ResizeObserver } = /** @type {Window & typeof globalThis} */ (window);
    new ResizeObserver(measure).observe(this.video);
    window.document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.close());
    const over = () => {
      for (const stop of stops) stop();
      this.turnTo(null);
      closed();
    };
    window.addEventListener('pagehide', over, { once: true });
    window.document.title = strings.text('window.title');
    update();
  }

  close() {
    this.window.close();
  }

  build() {
    const { strings } = this.context;
    const { document: page } = this.window;
    page.documentElement.lang = strings.language;
    page.documentElement.className = 'in-room';
    page.body.className = 'small-window in-room';
    for (const name of STYLES) {
      page.head.append(h('link', { rel: 'stylesheet', href: new URL(`../../css/${name}.css`, import.meta.url).href }));
    }
    page.head.append(h('link', { rel: 'stylesheet', href: new URL('/brand.css', location.href).href }));
    append(
      page.body,
      h('main', { class: 'small-window-picture' }, [
        h('h1', { class: 'only-read' }, strings.text('window.title')),
        this.video,
        this.trouble,
        this.label,
      ]),
      h('div', { class: 'small-window-bar' }, [
        this.controls.microphone.button,
        iconButton('back', strings.text('window.close'), () => this.close()),
      ]),
    );
  }

  update() {
    const { session, desk, strings } = this.context;
    const { state } = session;
    const subject = subjectOf(state, desk.state.pinned, this.subject?.person.id ?? null);
    if (!subject) return this.close();
    const { person, source } = subject;
    this.turnTo(subject);
    this.controls.update();
    const stream = session.streamOf(person.id, source);
    if (this.video.srcObject !== stream) {
      this.video.srcObject = stream;
      this.video.play().catch(() => {}); // a newer stream took its place; `autoplay` starts that one
    }
    const name = called(strings, person.name);
    setText(this.label, source === 'screen' ? strings.text('screen.shared_by', { name }) : person.name);
    const off = source === 'camera' && !person.camera;
    const held = session.isHeld(person.id, source) && !off && !state.soundOnly;
    this.video.hidden = off || state.soundOnly;
    this.video.toggleAttribute('data-held', held);
    const words = [
      person.reconnecting && 'tile.reconnecting',
      off && 'people.no_camera',
      state.soundOnly && 'tile.spared',
      held && 'tile.held',
    ];
    const word = words.find((each) => each !== false);
    this.trouble.hidden = !word;
    if (word) setText(this.trouble, strings.text(word, { name }));
    this.measure();
  }

  /** @param {Subject | null} subject */
  turnTo(subject) {
    const before = this.subject;
    this.subject = subject;
    if (!before || (before.person.id === subject?.person.id && before.source === subject.source)) return;
    this.context.session.viewing.seen('window', before.person.id, before.source, null);
  }

  /** This picture is seen while the call's own page may be hidden. */
  measure() {
    if (!this.subject) return;
    const { person, source } = this.subject;
    const height = Math.round(drawnHeight(this.video) * this.window.devicePixelRatio);
    this.context.session.viewing.seen('window', person.id, source, height);
  }
}
