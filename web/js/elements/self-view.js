/**
 * The own picture on the stage. In a call of two it stands in a corner: drag it to another one, use the arrow keys on
 * its move button, or press that button for the next corner. It can be hidden.
 */

import { nearestCorner } from './arrange.js';
import { initials } from './initials.js';
import { Tile } from './tile.js';
import { h, iconButton, set, setText } from '../view.js';

/** @typedef {import('./desk.js').Corner} Corner */

/** @type {Corner[]} clockwise */
const CORNERS = ['top-left', 'top-right', 'bottom-right', 'bottom-left'];
const DRAG_STARTS = 6; // pixels: less is a tap

export class SelfView extends Tile {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    const { strings, devices } = context;
    this.classList.add('self');
    this.video.classList.add('mirrored');
    this.video.srcObject = devices.stream;
    const name = strings.text('you');
    set(this, { 'aria-label': name });
    setText(this.label, name);
    this.move = iconButton('move', strings.text('self.move'), () => this.nextCorner());
    this.hide = iconButton('eye-off', strings.text('self.hide'), () => this.hideSelf());
    set(this.move, { 'aria-describedby': 'self-move-hint' });
    this.append(
      h('div', { class: 'self-tools' }, this.move, this.hide),
      h('span', { class: 'only-read', id: 'self-move-hint', hidden: true }, strings.text('self.move_hint')),
    );
    this.move.addEventListener('keydown', (event) => this.moveByKey(event));
    this.addEventListener('pointerdown', (event) => this.drag(event));
  }

  /**
   * @param {import('../messages').Person} you
   * @param {{camera: boolean, microphone: boolean, speaking: boolean}} now
   */
  showSelf(you, { camera, microphone, speaking }) {
    set(this, { 'data-speaking': speaking && microphone });
    this.muted.hidden = microphone || you.role === 'observer';
    this.hand.hidden = !you.hand;
    setText(this.face, initials(you.name));
    const { stream } = this.context.devices;
    this.play(camera ? stream : null, stream);
  }

  nextCorner() {
    const { corner } = this.context.desk.state;
    this.moveTo(CORNERS[(CORNERS.indexOf(corner) + 1) % CORNERS.length]);
  }

  /** @param {KeyboardEvent} event */
  moveByKey(event) {
    const [row, column] = this.context.desk.state.corner.split('-');
    /** @type {Record<string, string>} */
    const corners = {
      ArrowUp: `top-${column}`,
      ArrowDown: `bottom-${column}`,
      ArrowLeft: `${row}-left`,
      ArrowRight: `${row}-right`,
    };
    const corner = corners[event.key];
    if (corner === undefined) return;
    event.preventDefault();
    this.moveTo(/** @type {Corner} */ (corner));
  }

  /** @param {Corner} corner */
  moveTo(corner) {
    const { desk, announcer, strings } = this.context;
    desk.set({ corner });
    announcer.say(strings.text(`self.at.${corner}`));
  }

  hideSelf() {
    const { desk, announcer, strings } = this.context;
    desk.set({ selfShown: false });
    announcer.say(strings.text('self.hidden'));
    desk.say(strings.text('self.hidden'));
    const more = document.querySelector('[data-control="more"]');
    if (more instanceof HTMLElement) more.focus();
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const { box } = this;
    const stage = this.parentElement;
    const onButton = event.target instanceof Element && event.target.closest('button');
    if (box === null || stage === null || event.button !== 0 || onButton || !this.matches('[data-floating]')) return;
    const from = { x: event.clientX, y: event.clientY };
    const { clientWidth: width, clientHeight: height } = stage;
    const at = { x: box.x, y: box.y };
    this.setPointerCapture(event.pointerId);
    /** @param {PointerEvent} moved */
    const move = (moved) => {
      const [x, y] = [moved.clientX - from.x, moved.clientY - from.y];
      if (!this.hasAttribute('data-dragged') && Math.hypot(x, y) < DRAG_STARTS) return;
      this.setAttribute('data-dragged', '');
      at.x = Math.min(Math.max(box.x + x, 0), width - box.width);
      at.y = Math.min(Math.max(box.y + y, 0), height - box.height);
      this.style.setProperty('--x', `${at.x}px`);
      this.style.setProperty('--y', `${at.y}px`);
    };
    const stop = () => {
      this.removeEventListener('pointermove', move);
      if (!this.hasAttribute('data-dragged')) {
        this.toggleAttribute('data-tools');
        return;
      }
      this.removeAttribute('data-dragged');
      this.place(box); // back, if the corner is the old one
      const middle = { x: at.x + box.width / 2, y: at.y + box.height / 2 };
      this.moveTo(nearestCorner(middle, { width, height }));
    };
    this.addEventListener('pointermove', move);
    this.addEventListener('lostpointercapture', stop, { once: true });
  }
}

customElements.define('tb-self-view', SelfView);
