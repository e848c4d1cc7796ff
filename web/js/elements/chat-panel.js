/**
 * The chat. Nothing of it is kept: it lives in this page and is gone with it.
 */

import { Panel } from './panel.js';
import { h, icon, set } from '../view.js';

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
      { class: 'chat-form', onsubmit: (/** @type {Event} */ event) => this.submit(event) },
      h('label', { for: 'chat-field', class: 'only-read' }, this.t('chat.field')),
      this.field,
      h('button', { class: 'icon-button send', type: 'submit', 'aria-label': this.t('chat.send') }, icon('send')),
    );
    this.body.append(this.log, h('p', { class: 'chat-promise small-text soft' }, this.t('chat.promise')), form);
    context.session.on('chat', (moment) => this.add(moment));
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
          h('span', { class: 'chat-name' }, moment.mine ? this.t('you') : moment.name),
          ' ',
          h('time', {}, strings.time(moment.at)),
        ),
        h('p', { class: 'chat-text', dir: 'auto' }, withLinks(moment.text)),
      ),
    );
    if (atEnd || moment.mine) this.log.scrollTop = this.log.scrollHeight;
    if (this.isOpen || moment.mine) return;
    desk.set({ unread: desk.state.unread + 1 });
    announcer.say(strings.text('say.chat', { name: moment.name, text: moment.text }));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    this.submit(event);
  }

  /** @param {Event} event */
  submit(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (text === '') return this.field.focus();
    if (!this.send(text)) return; // it stays in the field until it can be sent
    this.field.value = '';
    this.grow();
    this.field.focus();
  }

  /**
   * @param {string} text
   * @returns {boolean} false when the server is out of reach; the line above the stage then says so
   */
  send(text) {
    const { session } = this.context;
    let sent = true;
    const stop = session.on('refused', ({ code }) => {
      if (code === 'not_connected') sent = false;
    });
    session.sendChat(text);
    stop();
    return sent;
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
