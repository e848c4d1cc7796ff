/**
 * The own picture before the call, with the controls for it on it.
 */

import { Control, deviceControls } from './control.js';
import { SessionElement } from './element.js';
import { initials } from './initials.js';
import { Meter } from './meter.js';
import { openSettings } from './settings-dialog.js';
import { h, icon, set, setText } from '../view.js';

export class Preview extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'preview in-room';
    set(this, { role: 'group', 'aria-label': this.t('you') });
    this.video = h('video', { class: 'mirrored', playsinline: true, autoplay: true });
    this.video.muted = true;
    this.video.srcObject = this.context.devices.stream;
    this.face = h('span', { class: 'face', 'aria-hidden': 'true' });
    this.sign = icon('camera-off');
    this.words = h('p', { class: 'preview-words' });
    this.instead = h('div', { class: 'preview-instead' }, this.face, this.sign, this.words);
    this.controls = deviceControls(this.context, () => {}); // the card with the steps appears by itself
    const settings = new Control({ press: () => openSettings(this.context) });
    settings.show({ icon: 'settings', name: this.t('control.settings') });
    this.append(
      this.video,
      this.instead,
      h(
        'div',
        { class: 'preview-bar' },
        new Meter(this.context),
        h(
          'div',
          { class: 'preview-controls' },
          [this.controls.microphone, this.controls.camera, settings].map((control) => control.button),
        ),
      ),
    );
  }

  connect() {
    this.keep(this.context.devices.subscribe(() => this.update(this.context.session.state)));
    this.video.play().catch(() => {}); // refused only while the page is hidden; autoplay tries again
  }

  /**
   * The name whose initials stand in for the picture.
   * @param {string} name
   */
  set person(name) {
    setText(this.face, initials(name));
  }

  /** @param {Readonly<import('../session.js').SessionState>} state */
  update(state) {
    this.controls.update();
    const { camera, microphone } = this.context.devices.state;
    const asking = camera === 'asking' || microphone === 'asking';
    const shows = state.camera && camera === 'ok';
    this.instead.hidden = shows;
    const words = asking ? 'asking' : camera === 'ok' || camera === 'off' ? 'camera_off' : 'no_picture';
    this.dataset.words = words;
    setText(this.words, this.t(`preview.${words}`));
  }
}

customElements.define('tb-preview', Preview);
