/**
 * When camera or microphone do not work: what is the matter, and the exact steps for this browser and system.
 */

import { button, h, icon, replace } from '../view.js';
import { platform, stepsKey } from './platform.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {'denied' | 'missing' | 'busy' | 'interrupted' | 'insecure'} Trouble
 * @typedef {{kinds: 'both' | 'camera' | 'microphone', trouble: Trouble}} Problem
 */

const TROUBLES = ['denied', 'missing', 'busy', 'interrupted', 'insecure'];

/**
 * The problems that a person can do something about, the two devices together when they share one.
 * @param {Readonly<import('../devices.js').DevicesState>} state
 * @returns {Problem[]}
 */
export function problems({ camera, microphone }) {
  /** @type {Problem[]} */
  const found = [];
  if (camera === microphone && isTrouble(camera)) return [{ kinds: 'both', trouble: camera }];
  if (isTrouble(microphone)) found.push({ kinds: 'microphone', trouble: microphone });
  if (isTrouble(camera)) found.push({ kinds: 'camera', trouble: camera });
  return found;
}

/**
 * @param {string} condition
 * @returns {condition is Trouble}
 */
function isTrouble(condition) {
  return TROUBLES.includes(condition);
}

/** Follows the devices and shows a card for each problem; nothing when all works. */
export class DeviceHelp extends HTMLElement {
  /** @param {Context} context */
  constructor(context) {
    super();
    this.context = context;
    this.shown = '';
    this.stop = () => {};
  }

  connectedCallback() {
    this.className = 'device-help';
    this.stop = this.context.devices.subscribe(() => this.update());
    this.update();
  }

  disconnectedCallback() {
    this.stop();
  }

  update() {
    const { devices } = this.context;
    const found = problems(devices.state);
    const shown = JSON.stringify([found, devices.state.deniedBy]);
    if (shown === this.shown) return;
    this.shown = shown;
    replace(this, found.map((problem) => this.card(problem)));
    this.hidden = found.length === 0;
  }

  /** @param {Problem} problem */
  card({ kinds, trouble }) {
    const { strings, devices } = this.context;
    const { deniedBy } = devices.state;
    const steps = strings.text(stepsKey(trouble, deniedBy, platform(navigator))).split('\n');
    const system = trouble === 'denied' && deniedBy === 'system' ? 'system' : trouble;
    return h(
      'div',
      { class: 'note warn' },
      icon('warning'),
      h(
        'div',
        { class: 'note-body' },
        h('h2', { class: 'note-title' }, strings.text(`help.${system}.${kinds}`)),
        steps.length === 1 ? h('p', {}, steps[0]) : h('ol', { class: 'steps' }, steps.map((step) => h('li', {}, step))),
        trouble !== 'insecure' &&
          h('div', {}, button('button compact', () => void this.retry(), strings.text('help.retry'))),
      ),
    );
  }

  async retry() {
    const { devices, session, strings, announcer } = this.context;
    const { camera, microphone } = devices.state;
    const tried = [];
    if (isTrouble(microphone)) tried.push(session.setMicrophone(true));
    if (isTrouble(camera)) tried.push(session.setCamera(true));
    const worked = await Promise.all(tried);
    announcer.say(strings.text(worked.every(Boolean) ? 'help.works' : 'help.still'));
  }
}

customElements.define('tb-device-help', DeviceHelp);
