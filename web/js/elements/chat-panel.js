/**
 * The chat. Nothing of it is kept: it lives in this page and is gone with it. It says whether it is encrypted end to
 * end.
 */

import { called } from './called.js';
import { Panel } from './panel.js';
import { h, icon, set, setText } from '../view.js';

/**
 * @typedef {import('../session.js').Moments['chat']} ChatMoment
 */

const LONGEST = 4000;
const NEAR_END = 80; // pixels: who reads further up is not moved
const LINK = /(https:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])/;

export class ChatPanel extends Panel {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context, 'chat', context.strings.text('chat.title'));
    this.lastPerson = '';
    this.log = h('div', { class: 'chat-log', role: 'log', tabindex: '0', 'aria-label': this.t('chat.log') });
    this.empty = h('p', { class: 'chat-empty soft' }, this.t('chat.empty'));
    this.log.append(this.empty);
    this.field = h('textarea', {
      id: 'chat-field',
      class: 'text-input',
      rows: 1,
      maxlength: LONGEST,
      enterkeyhint: 'send',
      autocomplete: 'off',
      placeholder: this.t('chat.field'),
      oninput: () => this.grow(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
    });
    const form = h(
      'form',
      { class: 'chat-form', onsubmit: (/** @type {Event} */ event) => void this.submit(event) },
      h('label', { for: 'chat-field', class: 'only-read' }, this.t('chat.field')),
      this.field,
      h('button', { class: 'icon-button send', type: 'submit', 'aria-label': this.t('chat.send') }, icon('send')),
    );
    this.promise = h('p', { class: 'chat-promise small-text soft' });
    this.sending = false;
    this.body.append(this.log, this.promise, form);
    context.session.on('chat', (moment) => this.add(moment));
  }

  update() {
    super.update();
    const clear = this.context.session.state.encrypted.state !== 'on';
    setText(this.promise, this.t(clear ? 'chat.promise.clear' : 'chat.promise'));
    this.promise.toggleAttribute('data-clear', clear);
  }

  opened() {
    this.context.desk.set({ unread: 0 });
    this.log.scrollTop = this.log.scrollHeight;
    // On a phone the keyboard would cover what was written: there the heading takes the focus.
    if (matchMedia('(pointer: coarse)').matches) super.opened();
    else this.field.focus();
  }

  /** @param {ChatMoment} moment */
  add(moment) {
    const { desk, announcer, strings } = this.context;
    this.empty.remove();
    const name = called(strings, moment.name);
    const text = moment.unreadable ? this.t('chat.unreadable') : moment.text;
    const follows = this.lastPerson === moment.person;
    this.lastPerson = moment.person;
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END;
    this.log.append(
      h(
        'div',
        { class: `chat-item ${moment.mine ? 'mine' : ''} ${follows ? 'follows' : ''}` },
        h(
          'p',
          { class: `chat-meta ${follows ? 'only-read' : 'small-text soft'}` },
          h('span', { class: 'chat-name' }, moment.mine ? this.t('you') : name),
          ' ',
          h('time', {}, strings.time(moment.at)),
        ),
        h('p', { class: `chat-text ${moment.unreadable ? 'unreadable' : ''}`, dir: 'auto' }, withLinks(text)),
      ),
    );
    if (atEnd || moment.mine) this.log.scrollTop = this.log.scrollHeight;
    if (this.isOpen || moment.mine) return;
    desk.set({ unread: desk.state.unread + 1 });
    announcer.say(strings.text(moment.unreadable ? 'say.chat_unreadable' : 'say.chat', { name, text }));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    void this.submit(event);
  }

  /**
   * What is not sent stays in the field until it can be.
   * @param {Event} event
   */
  async submit(event) {
    event.preventDefault();
    const { session, desk } = this.context;
    const { value } = this.field;
    if (value.trim() === '') return this.field.focus();
    if (this.sending) return;
    this.sending = true;
    this.field.focus();
    const said = await session.sendChat(value.trim()).finally(() => {
      this.sending = false;
    });
    if (said === 'nobody') desk.say(this.t('chat.nobody'), 'warn');
    if (said !== 'sent') return; // that the server is out of reach, the line above the stage says
    this.field.value = this.field.value.startsWith(value) ? this.field.value.slice(value.length) : this.field.value;
    this.grow();
  }

  /** The field is as high as its text, up to a limit in the style sheet. */
  grow() {
    this.field.style.setProperty('--lines', '0px');
    this.field.style.setProperty('--lines', `${this.field.scrollHeight + 2}px`);
  }
}

/**
 * Addresses in a text become links; everything else stays text.
 * @param {string} text
 */
function withLinks(text) {
  return text.split(LINK).map((part, index) => {
    if (index % 2 === 0) return part;
    return set(h('a', { target: '_blank', rel: 'noopener noreferrer nofollow' }, part), { href: part });
  });
}

customElements.define('tb-chat-panel', ChatPanel);
