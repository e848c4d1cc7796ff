/**
 * Who is here and who waits, and what those who lead the session may do about it.
 */

import { called } from './called.js';
import { ask } from './dialog.js';
import { Panel } from './panel.js';
import { passFocus, WaitingItem } from './waiting-card.js';
import { initials } from './initials.js';
import { openPrivacy } from './privacy.js';
import { worryAbout } from './protection.js';
import { RecorderRow } from './recorder-row.js';
import { button, h, icon, mirror, replace, set, setIcon, setText } from '../view.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./element.js').SessionState} SessionState
 * @typedef {import('../messages').Person} Person
 */

export class PeoplePanel extends Panel {
  /** @param {Context} context */
  constructor(context) {
    super(context, 'people', context.strings.text('people.title'));
    this.waitingTitle = h('h3', {}, this.t('people.waiting'));
    this.waiting = h('div', { role: 'list', class: 'people-waiting' });
    this.count = h('h3', {});
    this.people = h('ul', { class: 'people-list' });
    this.lockIcon = icon('lock');
    this.lockText = h('span', {});
    const { session } = context;
    this.lock = button(
      'button wide',
      () => session.lock(!session.state.server?.locked),
      this.lockIcon,
      this.lockText,
    );
    this.lockHint = h('p', { class: 'small-text soft' });
    this.foot = h('div', { class: 'panel-foot' }, this.lock, this.lockHint);
    this.body.append(
      h('div', { class: 'people-scroll', tabindex: '-1' }, [
        this.waitingTitle,
        this.waiting,
        this.count,
        this.people,
        new RecorderRow(context),
      ]),
      this.foot,
    );
  }

  connect() {
    this.every(10, () => this.update());
  }

  update() {
    super.update();
    const { session, strings } = this.context;
    const { state } = session;
    const { server } = state;
    if (!this.isOpen || !server) return;
    this.waitingTitle.hidden = server.waiting.length === 0;
    this.waiting.hidden = server.waiting.length === 0;
    const focused = this.waiting.contains(document.activeElement);
    mirror(
      this.waiting,
      server.waiting,
      (person) => person.id,
      () => new WaitingItem(this.context),
      (item, person) => item.show(person),
    );
    passFocus(focused, server.waiting.length > 0 ? this.waiting : null);
    const everyone = [{ ...server.you, microphone: state.microphone, camera: state.camera }, ...server.people];
    setText(this.count, strings.text('people.here', { count: everyone.length, limit: server.limit }));
    mirror(
      this.people,
      everyone,
      (person) => person.id,
      (person) => new PersonRow(this.context, person.id).element,
      (element, person) => rows.get(element)?.show(person, state),
    );
    this.foot.hidden = !server.may.includes('lock');
    setIcon(this.lockIcon, server.locked ? 'unlock' : 'lock');
    setText(this.lockText, strings.text(server.locked ? 'people.unlock' : 'people.lock'));
    setText(this.lockHint, strings.text(server.locked ? 'people.locked_hint' : 'people.unlocked_hint'));
  }
}

/** @type {WeakMap<HTMLElement, PersonRow>} */
const rows = new WeakMap();

class PersonRow {
  /**
   * @param {Context} context
   * @param {string} id
   */
  constructor(context, id) {
    this.context = context;
    this.id = id;
    const { session } = context;
    this.face = h('span', { class: 'face small', 'aria-hidden': 'true' });
    this.name = h('p', { class: 'person-name' });
    this.facts = h('p', { class: 'small-text soft' });
    this.worry = h('p', { class: 'person-worry small-text' });
    this.microphone = icon('microphone');
    this.camera = icon('camera');
    this.signal = icon('signal-good');
    this.large = button('button compact', () => this.showLarge());
    this.mute = button('button compact', () => this.askToMute());
    this.screen = button('button compact', () => session.allowScreen(id, !this.person?.may_share));
    this.remove = button('button compact', () => void this.confirmRemoval());
    this.look = button('button compact', () => openPrivacy(context));
    const actions = [this.look, this.large, this.mute, this.screen, this.remove];
    this.actions = h('div', { class: 'person-actions' }, actions);
    this.element = h(
      'li',
      { class: 'person' },
      this.face,
      h('div', { class: 'person-words' }, this.name, this.facts, this.worry),
      h('div', { class: 'person-icons', 'aria-hidden': 'true' }, this.microphone, this.camera, this.signal),
      this.actions,
    );
    /** @type {Person | null} */
    this.person = null;
    rows.set(this.element, this);
  }

  /**
   * @param {Person} person
   * @param {Readonly<SessionState>} state
   */
  show(person, { quality, server, encrypted }) {
    const { strings, desk } = this.context;
    const mine = person.id === server?.you.id;
    const may = server?.may ?? [];
    const grade = quality[person.id] ?? 'good';
    const calm = grade === 'good' && !person.reconnecting; // the bars say it, and nobody needs to read it
    const publishes = person.role !== 'observer';
    const values = { name: called(strings, person.name) };
    const clear = encrypted.state !== 'on';
    const worry = mine ? null : worryAbout(desk.state.worries, person.id);
    this.person = person;
    setText(this.face, initials(person.name));
    setText(this.name, mine ? strings.text('people.you', values) : person.name);
    this.worry.hidden = worry === null;
    const sentence = worry === null ? '' : strings.text(`people.worry.${worry}`);
    if (this.worry.textContent !== sentence) replace(this.worry, icon('warning'), sentence);
    const facts = [
      strings.text(`role.${person.role}`),
      publishes && !person.microphone && strings.text('tile.muted'),
      publishes && !person.camera && strings.text('people.no_camera'),
      person.hand && strings.text('tile.hand'),
      person.screen && strings.text('people.shares'),
      clear && !person.encrypts && strings.text('people.unable'),
      !clear && worry === null && encrypted.people[person.id]?.compared && strings.text('people.compared'),
      person.reconnecting ? strings.text('people.reconnecting') : !calm && strings.text(`quality.${grade}`),
    ];
    const unseen = h('span', { class: 'only-read' }, ` · ${strings.text('quality.good')}`);
    replace(this.facts, facts.filter(Boolean).join(' · '), calm && unseen);
    setIcon(this.microphone, person.microphone ? 'microphone' : 'microphone-off');
    setIcon(this.camera, person.camera ? 'camera' : 'camera-off');
    setIcon(this.signal, `signal-${person.reconnecting ? 'lost' : grade}`);
    this.microphone.toggleAttribute('hidden', !publishes);
    this.camera.toggleAttribute('hidden', !publishes);
    this.large.hidden = mine || !publishes || (server?.people.length ?? 0) < 2;
    this.mute.hidden = mine || !person.microphone || !may.includes('ask_to_mute');
    this.screen.hidden = mine || !publishes || person.role === 'therapist' || !may.includes('allow_screen');
    this.remove.hidden = mine || !may.includes('remove');
    this.look.hidden = worry === null;
    const { large, mute, screen, remove, look } = this;
    this.actions.hidden = [large, mute, screen, remove, look].every(({ hidden }) => hidden);
    label(look, strings.text('people.what_to_do'), strings.text('people.what_to_do_name', values));
    const pin = this.context.desk.state.pinned === person.id ? 'people.unpin' : 'people.pin';
    label(large, strings.text(pin), strings.text(`${pin}_name`, values));
    label(this.mute, strings.text('people.ask_mute'), strings.text('people.ask_mute_name', values));
    const share = person.may_share ? 'people.stop_share' : 'people.let_share';
    label(this.screen, strings.text(share), strings.text(`${share}_name`, values));
    label(this.remove, strings.text('people.remove'), strings.text('people.remove_name', values));
  }

  showLarge() {
    const { desk, announcer, strings } = this.context;
    const pinned = desk.state.pinned === this.id ? null : this.id;
    desk.set({ pinned });
    const name = called(strings, this.person?.name ?? '');
    announcer.say(strings.text(pinned ? 'say.pinned' : 'say.unpinned', { name }));
  }

  askToMute() {
    const { session, desk, strings } = this.context;
    session.askToMute(this.id);
    desk.say(strings.text('people.asked_mute', { name: called(strings, this.person?.name ?? '') }));
  }

  async confirmRemoval() {
    const { session, strings } = this.context;
    const values = { name: called(strings, this.person?.name ?? '') };
    const remove = await ask({
      title: strings.text('remove.title', values),
      text: strings.text('remove.text', values),
      careful: strings.text('remove.keep'),
      other: strings.text('people.remove_name', values),
      danger: true,
    });
    if (!remove) return;
    session.remove(this.id);
    document.getElementById('panel-people-title')?.focus(); // the row with the button is about to go
  }
}

/**
 * @param {HTMLElement} button
 * @param {string} shown
 * @param {string} name  begins with what is shown
 */
function label(button, shown, name) {
  setText(button, shown);
  set(button, { 'aria-label': name });
}

customElements.define('tb-people-panel', PeoplePanel);
