/** A shared screen as the main picture: whole, never cut. */

import { called } from './called.js';
import { h, set, setText } from '../view.js';

/** @typedef {import('./arrange.js').Box} Box */

export class ScreenView extends HTMLElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super();
    this.context = context;
    this.className = 'screen-view';
    set(this, { role: 'figure' });
    this.video = h('video', { autoplay: true, playsinline: true });
    this.video.muted = true;
    this.label = h('p', { class: 'tile-name' });
    this.wait = h('p', { class: 'screen-wait soft' }, context.strings.text('screen.starting'));
    this.trouble = h('p', { class: 'tile-trouble', hidden: true }, context.strings.text('screen.held'));
    this.append(this.video, this.wait, this.trouble, this.label);
  }

  /**
   * @param {import('../messages').Person} person
   * @param {MediaStream | null} stream
   * @param {{held: boolean, spared: boolean}} now  as for a tile
   */
  show(person, stream, { held, spared }) {
    const { strings } = this.context;
    this.trouble.hidden = !held || spared;
    this.toggleAttribute('data-held', held && !spared);
    this.toggleAttribute('data-spared', spared);
    setText(this.wait, strings.text(spared ? 'tile.spared' : 'screen.starting'));
    const name = called(strings, person.name);
    set(this, { 'aria-label': strings.text('screen.of', { name }), 'data-person': person.id });
    setText(this.label, strings.text('screen.shared_by', { name }));
    if (this.video.srcObject === stream) return;
    this.video.srcObject = stream;
    this.removeAttribute('data-picture');
    if (stream === null) return;
    this.video.play().catch(() => {}); // a newer stream took its place; `autoplay` starts that one
    if (!('requestVideoFrameCallback' in this.video)) this.setAttribute('data-picture', '');
    else this.video.requestVideoFrameCallback(() => this.setAttribute('data-picture', ''));
  }

  /** @param {Box} box */
  place(box) {
    for (const key of /** @type {(keyof Box)[]} */ (['x', 'y', 'width', 'height'])) {
      this.style.setProperty(`--${key}`, `${Math.round(box[key])}px`);
    }
  }
}

customElements.define('tb-screen-view', ScreenView);
