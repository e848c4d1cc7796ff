/**
 * The stage: the pictures of everybody in the session and a shared screen, placed by `arrange.js`.
 */

import { arrange } from './arrange.js';
import { SessionElement } from './element.js';
import { Looking } from './looking.js';
import { ScreenView } from './screen-view.js';
import { SelfView } from './self-view.js';
import { Tile } from './tile.js';
import { beforePaint, h, mirror, replace } from '../view.js';

/**
 * @typedef {import('./element.js').SessionState} SessionState
 * @typedef {import('../messages').Person} Person
 */

export class Stage extends SessionElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'stage';
    this.self = new SelfView(context);
    this.screen = new ScreenView(context);
    this.screen.hidden = true;
    this.tiles = h('div', { class: 'tiles' });
    this.alone = h('div', { class: 'stage-alone on-paper', hidden: true });
    this.append(this.screen, this.tiles, this.self, this.alone);
    /** @type {Person[]} */
    this.people = [];
    this.size = { width: 0, height: 0 };
    this.dueToLayOut = false;
    this.observer = new ResizeObserver(() => this.layOut(false));
    const { viewing } = context.session;
    this.looking = new Looking((person, source, height) => viewing.seen('stage', person, source, height));
  }

  connect() {
    this.observer.observe(this);
    this.keep(() => this.observer.disconnect());
    this.looking.start();
    this.keep(() => this.looking.stop());
    this.keep(this.context.devices.subscribe(() => this.update(this.context.session.state)));
  }

  /** @param {Readonly<SessionState>} state */
  update(state) {
    const { server } = state;
    if (!server) return;
    const { session } = this.context;
    this.people = inOrder(server.people);
    mirror(
      this.tiles,
      this.people,
      (person) => person.id,
      () => new Tile(this.context),
      (tile, person) =>
        tile.show(person, {
          speaking: state.speaking.includes(person.id),
          quality: state.quality[person.id],
          stream: session.streamOf(person.id, 'camera'),
          held: session.isHeld(person.id, 'camera'),
          spared: state.soundOnly,
        }),
    );
    this.self.showSelf(server.you, {
      camera: state.camera,
      microphone: state.microphone,
      speaking: state.speaking.includes(server.you.id),
    });
    const sharing = server.people.find((person) => person.screen);
    this.screen.hidden = sharing === undefined;
    if (sharing) {
      const held = session.isHeld(sharing.id, 'screen');
      this.screen.show(sharing, session.streamOf(sharing.id, 'screen'), { held, spared: state.soundOnly });
    }
    session.viewing.pin(this.pinned);
    this.showAlone(state);
    this.look(sharing?.id ?? null);
    this.layOutSoon();
  }

  /** Of several people the one who is to be large, if they are here. */
  get pinned() {
    const { pinned } = this.context.desk.state;
    return this.people.length > 1 && this.people.some(({ id }) => id === pinned) ? pinned : null;
  }

  /**
   * Has measured what is shown.
   * @param {string | null} sharing  whose screen it is
   */
  look(sharing) {
    const tiles = /** @type {Tile[]} */ ([...this.tiles.children]);
    /** @type {import('./looking.js').Shown[]} */
    const shown = tiles.map(({ video, dataset }) => ({ video, person: dataset.key ?? '', source: 'camera' }));
    if (sharing !== null) shown.push({ video: this.screen.video, person: sharing, source: 'screen' });
    this.looking.follow(shown);
  }

  /** Once for all changes until the next paint. */
  layOutSoon() {
    if (this.dueToLayOut) return;
    this.dueToLayOut = true;
    beforePaint(() => {
      this.dueToLayOut = false;
      this.layOut(true);
    });
  }

  /** @param {boolean} glide  whether pictures may move to their new places */
  layOut(glide) {
    const { clientWidth: width, clientHeight: height } = this;
    if (width === 0 || height === 0) return;
    const { corner, selfShown } = this.context.desk.state;
    const arrangement = arrange({
      width,
      height,
      people: this.people.map((person) => person.id),
      screen: !this.screen.hidden,
      pinned: this.pinned,
      self: selfShown && !this.observes(),
      corner,
    });
    this.dataset.layout = arrangement.layout;
    this.toggleAttribute('data-glide', glide && this.size.width === width && this.size.height === height);
    this.size = { width, height };
    for (const tile of this.tiles.children) {
      const box = tile instanceof Tile && arrangement.people.get(tile.dataset.key ?? '');
      if (box) tile.place(box);
    }
    this.self.hidden = arrangement.self === null;
    this.self.toggleAttribute('data-floating', arrangement.layout === 'two');
    if (arrangement.self) this.self.place(arrangement.self);
    if (arrangement.screen) this.screen.place(arrangement.screen);
  }

  observes() {
    const { server } = this.context.session.state;
    return server !== null && !server.may.includes('publish');
  }

  /** @param {Readonly<SessionState>} state */
  showAlone({ server }) {
    if (!server) return;
    const alone = server.people.length === 0;
    const admits = server.may.includes('admit');
    this.alone.hidden = !alone || server.waiting.length > 0;
    const key = `${admits}`;
    if (!alone || this.alone.dataset.key === key) return;
    this.alone.dataset.key = key;
    const { demo } = this.context.settings;
    replace(
      this.alone,
      h('p', { class: 'stage-alone-title' }, this.t('alone.title')),
      h('p', { class: 'soft' }, this.t(admits ? 'alone.admits' : 'alone.other')),
      admits && demo && h('p', { class: 'soft' }, this.t('alone.demo', { session: server.session })),
    );
  }
}

/**
 * Interpreters first: they are needed all the time. Everybody else stays where they were.
 * @param {readonly Person[]} people
 */
function inOrder(people) {
  const interprets = (/** @type {Person} */ person) => person.role === 'interpreter';
  return [...people.filter(interprets), ...people.filter((person) => !interprets(person))];
}

customElements.define('tb-stage', Stage);
