/**
 * The page of the check before a call: picture and meter on one side, what was found on the other.
 *
 * Not here: how anything is found out (`check/`), what follows from it (`check/verdict.js`).
 */

import { itemsOf, reportOf, summaryOf } from '../check/verdict.js';
import { CheckItem, ICONS } from '../elements/check-item.js';
import { DeviceChoice } from '../elements/device-choice.js';
import { DeviceHelp } from '../elements/device-help.js';
import { Meter } from '../elements/meter.js';
import { platform } from '../elements/platform.js';
import { Tone } from '../elements/tone.js';
import { unableList } from '../elements/unable.js';
import { button, h, icon, replace, set, setText } from '../view.js';

/**
 * @typedef {object} CheckContext
 * @property {import('../check/run.js').Check} check
 * @property {import('../devices.js').Devices} devices
 * @property {import('../strings.js').Strings} strings
 * @property {import('../settings.js').ClientSettings} settings
 * @property {import('../settings.js').Preferences} preferences
 * @property {import('../elements/announcer.js').Announcer} announcer
 * @property {import('../check/verdict.js').Encrypting} encrypting
 * @property {string | null} back  where the person came from
 *
 * @typedef {import('../check/verdict.js').Name} Name
 */

const SILENCE_SECONDS = 8;
const HEARD = 0.02;
const LOOK_SECONDS = 0.25;
/** @type {Name[]} */
const NAMES = ['camera', 'microphone', 'speaker', 'encryption', 'socket', 'udp', 'tcp', 'turn', 'speed'];

export class CheckApp extends HTMLElement {
  /** @param {CheckContext} context */
  constructor(context) {
    super();
    this.context = context;
    this.tone = new Tone();
    /** @type {import('../check/verdict.js').DeviceFindings['sound']} */
    this.sound = 'wait';
    /** @type {import('../check/verdict.js').DeviceFindings['speaker']} */
    this.speaker = 'wait';
    this.listeningSince = 0;
    this.said = '';
    /** @type {(() => void)[]} */
    this.stops = [];

    this.video = h('video', { class: 'mirrored', playsinline: true, autoplay: true, 'aria-label': this.t('you') });
    this.video.muted = true;
    this.video.srcObject = context.devices.stream;
    this.words = h('p', { class: 'preview-words' });
    this.instead = h('div', { class: 'preview-instead' }, icon('camera-off'), this.words);
    this.preview = h('div', { class: 'preview in-room' }, this.video, this.instead, new Meter(this.asSession()));
    this.playing = button('button compact', () => void this.playTone(), icon('sound'), this.t('check.speaker.play'));
    this.question = h(
      'div',
      { class: 'check-question', role: 'group', 'aria-label': this.t('check.speaker.asked'), hidden: true },
      button('button compact', () => this.answer('heard'), this.t('check.speaker.yes')),
      button('button compact', () => this.answer('not_heard'), this.t('check.speaker.no')),
    );
    this.choice = new DeviceChoice(this.asSession());
    /** @type {Partial<Record<Name, Node[]>>} */
    const more = {
      speaker: [this.playing, this.question],
      encryption: context.encrypting.possible ? [] : [unableList(context)],
    };
    this.items = new Map(NAMES.map((name) => [name, new CheckItem(context.strings, name, ...(more[name] ?? []))]));
    this.sign = icon('info');
    this.summary = h('p', { class: 'check-summary-text' });
    this.start = button('button main', () => void this.begin());
    this.copy = button('button', () => void this.copyReport(), icon('copy'), this.t('check.copy'));
    this.copy.hidden = true;
    this.report = h('textarea', { class: 'text-input check-report', readonly: true, rows: 8, hidden: true });
    set(this.report, { 'aria-label': this.t('check.report') });
    this.className = 'check';
    const { back } = context;
    this.append(
      this.topLine(),
      h(
        'main',
        { id: 'main' },
        h(
          'div',
          { class: 'page check-page' },
          h(
            'div',
            { class: 'check-head' },
            h('h1', { tabindex: '-1' }, this.t('check.title')),
            h('p', { class: 'soft' }, this.t('check.lead')),
            h('div', { class: 'note check-summary' }, this.sign, this.summary),
            h(
              'div',
              { class: 'check-ways' },
              this.start,
              this.copy,
              back !== null && h('a', { class: 'button plain', href: back }, icon('back'), this.t('check.back')),
            ),
            this.report,
          ),
          h(
            'div',
            { class: 'check-devices' },
            this.preview,
            new DeviceHelp(this.asSession()),
            this.choice,
          ),
          h('div', { class: 'check-list', role: 'list', 'aria-label': this.t('check.list') }, ...this.items.values()),
        ),
      ),
      context.announcer,
    );
  }

  connectedCallback() {
    const { check, devices, strings, settings } = this.context;
    document.title = strings.text('title', { page: this.t('check.title'), name: settings.brand.name });
    this.stops.push(check.subscribe(() => this.update()), devices.subscribe(() => this.update()));
    const timer = setInterval(() => this.listen(), LOOK_SECONDS * 1000);
    this.stops.push(() => clearInterval(timer));
    this.update();
  }

  disconnectedCallback() {
    for (const stop of this.stops.splice(0)) stop();
  }

  async begin() {
    const { check, devices, settings } = this.context;
    if (check.state.phase === 'running') return;
    this.report.hidden = true;
    this.sound = 'wait';
    this.listeningSince = 0;
    const { width, height, frame_rate: frameRate } = settings.video;
    // at the same time: whoever has to answer the browser's question need not wait for the rest as well
    await Promise.all([devices.open({ width, height, frameRate }), check.start()]);
  }

  /** A microphone may be open and give nothing: a switch on the headset, or the wrong one of two. */
  listen() {
    const { devices } = this.context;
    if (devices.state.microphone !== 'ok') {
      this.sound = 'wait';
      this.listeningSince = 0;
      return;
    }
    if (this.listeningSince === 0) {
      this.listeningSince = Date.now();
      this.sound = 'listening';
    }
    if (devices.level() > HEARD) this.sound = 'heard';
    else if (this.sound === 'listening' && Date.now() - this.listeningSince > SILENCE_SECONDS * 1000) {
      this.sound = 'silent';
    }
    this.update();
  }

  async playTone() {
    const played = await this.tone.play(this.context.devices.state.speakerId ?? '');
    this.speaker = played ? 'asked' : 'unsupported';
    this.update();
  }

  /** @param {'heard' | 'not_heard'} answer */
  answer(answer) {
    this.speaker = answer;
    this.playing.focus();
    this.update();
  }

  update() {
    const { check, devices } = this.context;
    const { phase } = check.state;
    const items = this.found();
    for (const item of items) this.items.get(item.name)?.show(item);
    const { mark, key } = summaryOf(items, check.state);
    const summary = this.t(key);
    if (this.dataset.summary !== key) {
      this.dataset.summary = key;
      const box = /** @type {HTMLElement} */ (this.summary.parentElement);
      box.dataset.mark = mark;
      replace(box, icon(ICONS[mark]), this.summary);
      setText(this.summary, summary);
    }
    const start = { not_yet: 'check.start', running: 'check.running', done: 'check.again' }[phase];
    setText(this.start, this.t(start));
    this.choice.hidden = phase === 'not_yet' && devices.state.microphones.length + devices.state.cameras.length === 0;
    set(this.start, { 'aria-disabled': phase === 'running' ? 'true' : null });
    this.copy.hidden = phase !== 'done';
    this.question.hidden = this.speaker !== 'asked';
    const { camera, microphone } = devices.state;
    this.instead.hidden = camera === 'ok';
    this.preview.dataset.words = camera === 'off' || camera === 'asking' ? 'asking' : 'no_picture';
    const asking = camera === 'asking' || microphone === 'asking';
    const words = asking ? 'preview.asking' : camera === 'off' ? 'check.no_picture_yet' : 'preview.no_picture';
    setText(this.words, this.t(words));
    this.speak(phase, summary);
  }

  /**
   * What eyes see change at the top, ears are told once.
   * @param {string} phase
   * @param {string} summary
   */
  speak(phase, summary) {
    if (phase === 'not_yet' || this.said === summary) return;
    this.said = summary;
    this.context.announcer.say(summary);
  }

  found() {
    const { check, devices } = this.context;
    const { camera, microphone } = devices.state;
    const found = { camera, microphone, sound: this.sound, speaker: this.speaker };
    return itemsOf(found, check.state, this.context.encrypting);
  }

  async copyReport() {
    const { strings, check, announcer } = this.context;
    const items = this.found();
    const { browser, system } = platform(navigator);
    const text = reportOf(items, (key, values) => strings.text(key, values), {
      summary: this.t(summaryOf(items, check.state).key),
      system: `${browser}, ${system}`,
      when: new Date().toISOString().slice(0, 16).replace('T', ' '),
    });
    try {
      await navigator.clipboard.writeText(text);
      announcer.say(this.t('check.copied'));
      replace(this.copy, icon('check'), this.t('check.copied'));
    } catch {
      // a page without https, or a browser that asks first: then it is there to be selected
      this.report.hidden = false;
      this.report.value = text;
      this.report.focus();
      this.report.select();
    }
  }

  topLine() {
    const { brand } = this.context.settings;
    const logo = brand.logo
      ? h('img', { class: 'logo', src: brand.logo, alt: '', decoding: 'async' })
      : h('span', { class: 'logo mark', 'aria-hidden': 'true' });
    const name = h('span', { class: 'brand-name' }, brand.name);
    return h('div', { class: 'top-line', role: 'banner' }, h('div', { class: 'brand' }, logo, name));
  }

  /** For elements that are made for the session's pages: here everything is always on. */
  asSession() {
    const { devices } = this.context;
    const session = {
      state: { microphone: true, camera: true },
      setMicrophone: () => devices.retry('microphone'),
      setCamera: () => devices.retry('camera'),
    };
    /** @type {unknown} */
    const context = { ...this.context, session };
    return /** @type {import('../elements/element.js').Context} */ (context);
  }

  /**
   * A text of the catalogue.
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  t(key, values) {
    return this.context.strings.text(key, values);
  }
}

customElements.define('tb-check', CheckApp);
