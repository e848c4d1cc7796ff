/**
 * One control: an icon, and its name as the accessible name, as a tooltip and (when asked for) as a text under it.
 */

import { h, icon, set, setIcon, setText } from '../view.js';

/**
 * @typedef {object} Look
 * @property {string} icon
 * @property {string} name      what pressing it does: "Turn camera off"
 * @property {string} [short]   a part of the name, for the text under the icon: "Camera off"
 * @property {boolean} [off]    filled light: something is off, raised or open
 */

let counters = 0;

export class Control {
  /** @param {{press: () => void, class?: string}} parts */
  constructor({ press, class: extra = '' }) {
    /** @type {HTMLElement | undefined} */
    this.counter = undefined;
    /** @type {HTMLElement | undefined} */
    this.counted = undefined;
    this.icon = icon('more');
    this.short = h('span', { class: 'control-short', 'aria-hidden': 'true' });
    this.name = h('span', { class: 'control-name' });
    this.button = h(
      'button',
      { class: `control ${extra}`, type: 'button', onclick: press },
      this.icon,
      this.short,
      this.name,
    );
  }

  /**
   * A number on the control's corner: messages that were not read, people who wait.
   * @param {number} count  0 takes it away
   * @param {string} text   what is counted, for screen readers
   */
  showCount(count, text) {
    if (this.counter === undefined) {
      if (count === 0) return;
      counters += 1;
      this.counter = h('span', { class: 'counter', 'aria-hidden': 'true' });
      this.counted = h('span', { hidden: true, id: `counted-${counters}` });
      this.button.append(this.counter, this.counted);
    }
    this.counter.hidden = count === 0;
    setText(this.counter, count > 9 ? '9+' : String(count));
    if (this.counted) {
      setText(this.counted, text);
      set(this.button, { 'aria-describedby': count === 0 ? null : this.counted.id });
    }
  }

  /** @param {Look} look */
  show(look) {
    setIcon(this.icon, look.icon);
    setText(this.name, look.name);
    setText(this.short, look.short ?? look.name);
    set(this.button, { 'data-off': look.off ?? false });
  }
}

/**
 * @typedef {import('./element.js').Context} Context
 * @param {Context} context
 * @param {(problem: 'microphone' | 'camera') => void} onFailure  a device could not be opened
 * @returns {{microphone: Control, camera: Control, update: () => void}}
 */
export function deviceControls(context, onFailure) {
  const { session, strings } = context;
  const microphone = new Control({ press: () => void toggleMicrophone(context, onFailure) });
  const camera = new Control({ press: () => void toggleCamera(context, onFailure) });
  const update = () => {
    const { state } = session;
    microphone.show({
      icon: state.microphone ? 'microphone' : 'microphone-off',
      name: strings.text(state.microphone ? 'control.mute' : 'control.unmute'),
      short: strings.text(state.microphone ? 'control.mute.short' : 'control.unmute.short'),
      off: !state.microphone,
    });
    camera.show({
      icon: state.camera ? 'camera' : 'camera-off',
      name: strings.text(state.camera ? 'control.camera_off' : 'control.camera_on'),
      short: strings.text(state.camera ? 'control.camera_off.short' : 'control.camera_on.short'),
      off: !state.camera,
    });
  };
  return { microphone, camera, update };
}

/**
 * @param {Context} context
 * @param {(problem: 'microphone') => void} onFailure
 */
export async function toggleMicrophone({ session, announcer, strings }, onFailure) {
  const on = !session.state.microphone;
  if (await session.setMicrophone(on)) announcer.say(strings.text(on ? 'say.unmuted' : 'say.muted'));
  else onFailure('microphone');
}

/**
 * @param {Context} context
 * @param {(problem: 'camera') => void} onFailure
 */
export async function toggleCamera({ session, announcer, strings }, onFailure) {
  const on = !session.state.camera;
  if (await session.setCamera(on)) announcer.say(strings.text(on ? 'say.camera_on' : 'say.camera_off'));
  else onFailure('camera');
}
