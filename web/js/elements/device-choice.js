/** Menus for camera, microphone and speaker. Each change holds at once. */

import { h, replace } from '../view.js';

/** @typedef {'microphone' | 'camera' | 'speaker'} Kind */

/** @type {Kind[]} */
const KINDS = ['microphone', 'camera', 'speaker'];
let count = 0;

export class DeviceChoice extends HTMLElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super();
    this.context = context;
    this.stop = () => {};
    count += 1;
    this.fields = KINDS.map((kind) => {
      const select = h('select', { id: `choice-${kind}-${count}`, onchange: () => void this.choose(kind, select) });
      const label = h('label', { for: select.id }, context.strings.text(`devices.${kind}`));
      return { kind, select, field: h('div', { class: 'field' }, label, select) };
    });
  }

  connectedCallback() {
    this.className = 'device-choice';
    this.replaceChildren(...this.fields.map(({ field }) => field));
    this.stop = this.context.devices.subscribe(() => this.update());
    this.update();
  }

  disconnectedCallback() {
    this.stop();
  }

  update() {
    const { devices, strings } = this.context;
    const { state } = devices;
    const lists = { microphone: state.microphones, camera: state.cameras, speaker: state.speakers };
    const chosen = { microphone: state.microphoneId, camera: state.cameraId, speaker: state.speakerId };
    for (const { kind, select, field } of this.fields) {
      const list = lists[kind];
      field.hidden = kind === 'speaker' && list.length === 0;
      const options = list.map((device, index) => ({
        id: device.id,
        label: device.label || strings.text(`devices.${kind}_number`, { number: index + 1 }),
      }));
      if (kind === 'speaker' && !options.some(({ id }) => id === 'default' || id === '')) {
        options.unshift({ id: '', label: strings.text('devices.default') });
      }
      if (options.length === 0) options.push({ id: '', label: strings.text(`devices.no_${kind}`) });
      const shown = JSON.stringify(options);
      if (select.dataset.shown !== shown) {
        select.dataset.shown = shown;
        replace(select, options.map(({ id, label }) => h('option', { value: id }, label)));
      }
      select.disabled = list.length === 0;
      const wanted = chosen[kind] ?? '';
      if (options.some(({ id }) => id === wanted) && select.value !== wanted) select.value = wanted;
    }
  }

  /**
   * @param {Kind} kind
   * @param {HTMLSelectElement} select
   */
  async choose(kind, select) {
    const { devices, announcer, strings } = this.context;
    const worked = await devices.choose(kind, select.value);
    if (!worked) announcer.say(strings.text('devices.not_changed'), true);
    this.update();
  }
}

customElements.define('tb-device-choice', DeviceChoice);
