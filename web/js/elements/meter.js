/** Bars that move with the microphone, so that a person sees that they are heard. */

import { h } from '../view.js';

const BARS = 5;
const GAIN = 1.6; // speech at arm's length should light three or four bars

export class Meter extends HTMLElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super();
    this.context = context;
    this.bars = Array.from({ length: BARS }, () => h('span'));
    this.lit = -1;
    this.frame = 0;
  }

  connectedCallback() {
    this.className = 'meter';
    this.setAttribute('aria-hidden', 'true'); // the status line says in words whether the microphone works
    this.replaceChildren(...this.bars);
    const draw = () => {
      this.frame = requestAnimationFrame(draw);
      this.show(this.context.session.state.microphone ? this.context.devices.level() : 0);
    };
    draw();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.frame);
  }

  /** @param {number} level  0 to 1 */
  show(level) {
    const lit = Math.min(BARS, Math.round(level * GAIN * BARS));
    if (lit === this.lit) return;
    this.lit = lit;
    this.bars.forEach((bar, index) => bar.toggleAttribute('data-lit', index < lit));
  }
}

customElements.define('tb-meter', Meter);
