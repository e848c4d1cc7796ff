/**
 * One person's picture, with their name and what there is to know: microphone off, hand up, weak connection, picture
 * paused, gone for a moment. Their sound is not here (`sounds.js`).
 */

import { shapeIn } from './arrange.js';
import { called } from './called.js';
import { initials } from './initials.js';
import { h, icon, set, setIcon, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./arrange.js').Box} Box
 * @typedef {import('../messages').Person} Person
 * @typedef {'good' | 'fair' | 'poor' | 'lost'} Quality
 */

const WORDY = 320; // pixels in which a sentence stands in two lines

export class Tile extends HTMLElement {
  /** @param {Context} context */
  constructor(context) {
    super();
    this.context = context;
    this.className = 'tile';
    set(this, { role: 'group' });
    this.video = h('video', { autoplay: true, playsinline: true, disablepictureinpicture: true });
    this.video.muted = true;
    this.face = h('span', { class: 'face', 'aria-hidden': 'true' });
    this.off = h('p', { class: 'camera-off soft', hidden: true }, context.strings.text('people.no_camera'));
    this.trouble = h('p', { class: 'tile-trouble', hidden: true });
    this.muted = badge('microphone-off', context.strings.text('tile.muted'));
    this.signal = badge('signal-fair', '');
    this.hand = badge('hand', context.strings.text('tile.hand'));
    this.hand.className = 'tile-hand';
    this.label = h('span', { class: 'tile-label' });
    this.append(
      this.video,
      h('div', { class: 'tile-instead' }, this.face, this.off),
      this.trouble,
      this.hand,
      h('p', { class: 'tile-name' }, this.muted, this.label, this.signal),
    );
    /** @type {Box | null} */
    this.box = null;
    this.picture = false;
    this.held = false;
    this.video.addEventListener('resize', () => this.fit());
    this.video.addEventListener('loadeddata', () => this.fit());
  }

  /**
   * @param {Person} person
   * @param {{speaking: boolean, quality: Quality | undefined, stream: MediaStream | null, held: boolean,
   *   spared: boolean}} now  `held`: the server has paused the picture; `spared`: this person wants sound only
   */
  show(person, { speaking, quality, stream, held, spared }) {
    const { strings } = this.context;
    const name = called(strings, person.name);
    set(this, { 'aria-label': name, 'data-person': person.id, 'data-speaking': speaking && person.microphone });
    setText(this.label, person.name);
    setText(this.face, initials(person.name));
    this.muted.hidden = person.microphone || person.role === 'observer';
    this.hand.hidden = !person.hand;
    const weak = quality !== undefined && quality !== 'good' && !person.reconnecting;
    this.signal.hidden = !weak;
    if (weak) {
      setIcon(/** @type {Element} */ (this.signal.firstElementChild), `signal-${quality}`);
      setText(/** @type {Element} */ (this.signal.lastElementChild), strings.text(`quality.${quality}`));
    }
    this.hold(held && person.camera && !spared && !person.reconnecting);
    this.toggleAttribute('data-away', person.reconnecting);
    this.trouble.hidden = !person.reconnecting && !this.held;
    if (person.reconnecting) setText(this.trouble, strings.text('tile.reconnecting', { name }));
    else if (this.held) this.sayHeld();
    setText(this.off, strings.text(person.camera && spared ? 'tile.spared' : 'people.no_camera'));
    this.play(person.camera && !spared ? stream : null, stream);
  }

  /**
   * Keeps the last picture, but so that nobody takes it for the present, until the next one is there.
   * @param {boolean} held
   */
  hold(held) {
    if (held === this.held) return;
    this.held = held;
    if (held) this.setAttribute('data-held', '');
    else if (!this.picture || !('requestVideoFrameCallback' in this.video)) this.removeAttribute('data-held');
    else this.video.requestVideoFrameCallback(() => this.toggleAttribute('data-held', this.held));
  }

  /**
   * A stream that stops keeps its last frame, and a slot may have shown somebody else before: a picture is shown only
   * once its next frame is there.
   *
   * @param {MediaStream | null} shown   null: the camera is off
   * @param {MediaStream | null} stream
   */
  play(shown, stream) {
    const changed = this.video.srcObject !== stream;
    if (changed) this.video.srcObject = stream;
    const picture = shown !== null;
    this.off.hidden = picture;
    if (picture === this.picture && !changed) return;
    this.picture = picture;
    this.removeAttribute('data-picture');
    if (!picture) this.removeAttribute('data-held');
    if (!picture) return;
    this.video.play().catch(() => {}); // a newer stream took its place; `autoplay` starts that one
    if (!('requestVideoFrameCallback' in this.video)) this.setAttribute('data-picture', '');
    else this.video.requestVideoFrameCallback(() => this.toggleAttribute('data-picture', this.picture));
  }

  /** @param {Box} box */
  place(box) {
    this.box = box;
    for (const key of /** @type {(keyof Box)[]} */ (['x', 'y', 'width', 'height'])) {
      this.style.setProperty(`--${key}`, `${Math.round(box[key] * 100) / 100}px`);
    }
    this.toggleAttribute('data-small', box.width < 220 || box.height < 140);
    if (this.held) this.sayHeld();
    this.fit();
  }

  /** In few words where many would hide the picture. */
  sayHeld() {
    const narrow = this.box !== null && this.box.width < WORDY;
    setText(this.trouble, this.context.strings.text(narrow ? 'tile.held.short' : 'tile.held'));
  }

  /** Fills the box without cutting off a face. */
  fit() {
    const { videoWidth, videoHeight } = this.video;
    if (this.box === null || videoWidth === 0 || videoHeight === 0) return;
    const shape = shapeIn(videoWidth / videoHeight, this.box.width / this.box.height);
    const width = Math.min(this.box.width, this.box.height * shape);
    this.style.setProperty('--picture-width', `${Math.ceil(width)}px`);
    this.style.setProperty('--picture-height', `${Math.ceil(width / shape)}px`);
  }
}

/**
 * @param {string} picture
 * @param {string} text
 */
function badge(picture, text) {
  return h('span', { class: 'badge', hidden: true }, icon(picture), h('span', { class: 'only-read' }, text));
}

customElements.define('tb-tile', Tile);
