/**
 * Plays what was chosen of the open recording: a film, a mix, or a single track. Chapters are a list to be pressed.
 *
 * The media element asks for the parts that it needs by itself. It does not say why it gets none: then the server is
 * asked, and the reason is told in words with what to do.
 */

import { button, h, icon, replace, set, setText } from '../view.js';
import { addressOf, chaptersOf } from './api.js';
import { ArchiveElement, Drawn } from './element.js';
import { canPlay, fileOf, mainOutput } from './whole.js';
import { sentenceOf, titleOf } from './words.js';

/**
 * @typedef {import('./element.js').ArchiveState} ArchiveState
 * @typedef {import('./api.js').File} File
 * @typedef {import('./api.js').Whole} Whole
 */

/** The reasons that a browser gives (`MediaError.code`) where the server would give the file out. */
const TROUBLES = ['unsupported', 'interrupted', 'interrupted', 'damaged', 'unsupported'];

/** Codes that mean that nobody is signed in any more. */
const SIGNED_OUT = new Set(['sign_in_needed', 'token_expired', 'token_invalid', 'token_revoked']);

export class Player extends ArchiveElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'recordings-player';
    this.hidden = true;
    this.drawn = new Drawn();
    /** @type {File | null} what somebody has chosen; otherwise the newest film plays */
    this.wanted = null;
    /** @type {HTMLMediaElement | null} */
    this.media = null;
    this.heading = h('h2', { tabindex: '-1' });
    this.screen = h('div', { class: 'recordings-screen' });
    this.sentence = h('p', {});
    this.trouble = h(
      'div',
      { class: 'note bad', role: 'alert', hidden: true },
      icon('warning'),
      h(
        'div',
        { class: 'note-body' },
        this.sentence,
        h('div', {}, button('button compact', () => this.retry(), this.t('recordings.again'))),
      ),
    );
    this.marks = h('ol', { class: 'recordings-chapter-list' });
    this.chapters = h(
      'section',
      { class: 'recordings-chapters', 'aria-labelledby': 'recordings-chapters', hidden: true },
      h('h3', { id: 'recordings-chapters' }, this.t('recordings.chapters')),
      this.marks,
    );
    this.append(this.heading, this.screen, this.trouble, this.chapters);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.empty();
  }

  /** @param {Readonly<ArchiveState>} state */
  update({ whole }) {
    if (whole === null) return;
    const file = this.choose(whole);
    this.hidden = file === null;
    if (!this.drawn.isNew([whole.recording.id, file])) return;
    this.empty();
    if (file !== null) this.show(whole, file);
  }

  /**
   * Somebody wants this one.
   * @param {File} file
   */
  play(file) {
    this.wanted = file;
    this.update(this.context.archive.state);
    this.scrollIntoView({ block: 'nearest' });
    this.media?.focus();
    void this.media?.play().catch(() => {}); // held back, or its 'error' says why: nothing is lost, it can be pressed
  }

  /**
   * @param {Whole} whole
   * @returns {File | null}
   */
  choose(whole) {
    const { archive } = this.context;
    const { wanted } = this;
    if (wanted !== null && canPlay(archive, whole, wanted)) return wanted;
    const output = mainOutput(whole);
    const file = output && fileOf(output);
    return file && canPlay(archive, whole, file) ? file : null;
  }

  /**
   * @param {Whole} whole
   * @param {File} file
   */
  show(whole, file) {
    const title = titleOf(this.context.strings, whole, file);
    setText(this.heading, title);
    const { id } = whole.recording;
    const source = whole.tracks.find((track) => file.kind === 'track' && track.id === file.id)?.source;
    const output = whole.outputs.find((each) => file.kind === 'output' && each.id === file.id);
    const heard = output ? output.kind === 'audio' : source === 'microphone';
    const media = h(heard ? 'audio' : 'video', {
      class: 'recordings-media',
      src: addressOf(id, file),
      controls: true,
      preload: 'metadata',
      playsinline: true,
      tabindex: '0',
      'aria-label': title,
      onerror: () => void this.fails(media),
      onplaying: () => (this.trouble.hidden = true),
    });
    this.media = media;
    if (output) this.readChapters(media, id);
    replace(this.screen, media);
  }

  /**
   * The server's chapters are those of this very film. None is no trouble.
   * @param {HTMLMediaElement} media
   * @param {string} id
   */
  readChapters(media, id) {
    const track = h('track', { kind: 'chapters', src: chaptersOf(id), label: this.t('recordings.chapters') });
    track.addEventListener('load', () => media === this.media && this.listChapters(media, track.track));
    media.append(track);
    track.track.mode = 'hidden'; // read, but not shown by the browser
  }

  /**
   * @param {HTMLMediaElement} media
   * @param {TextTrack} track
   */
  listChapters(media, track) {
    const cues = [...(track.cues ?? [])];
    const { strings } = this.context;
    const items = cues.map((cue) => {
      const press = () => {
        media.currentTime = cue.startTime;
      };
      const text = cue instanceof VTTCue ? cue.getCueAsHTML().textContent : ''; // with its escapes undone
      const at = h('span', { class: 'recordings-at' }, strings.duration(cue.startTime));
      return button('recordings-chapter', press, at, ' ', h('span', {}, text));
    });
    replace(this.marks, items.map((item) => h('li', {}, item)));
    this.chapters.hidden = items.length === 0;
    const follow = () => {
      const now = cues.findLastIndex((cue) => cue.startTime <= media.currentTime + 0.01);
      items.forEach((item, index) => set(item, { 'aria-current': index === now ? 'true' : null }));
    };
    media.addEventListener('timeupdate', follow);
    media.addEventListener('seeked', follow);
  }

  /**
   * Tells why it does not play.
   * @param {HTMLMediaElement} media
   */
  async fails(media) {
    const { archive, strings } = this.context;
    const trouble = TROUBLES[media.error?.code ?? 0] ?? 'unsupported';
    const problem = await archive.api.refusalOf(media.src);
    if (media !== this.media) return;
    if (problem !== null && SIGNED_OUT.has(problem.code)) archive.over();
    else {
      setText(this.sentence, problem ? sentenceOf(strings, problem) : this.t(`recordings.player.${trouble}`));
      this.trouble.hidden = false;
    }
  }

  /** From where it was. */
  retry() {
    const { media } = this;
    if (media === null) return;
    const { currentTime } = media;
    this.trouble.hidden = true;
    media.load();
    media.currentTime = currentTime;
    media.focus();
  }

  /** Lets go of the file: otherwise the browser would go on asking for it. */
  empty() {
    const { media } = this;
    this.media = null;
    this.trouble.hidden = this.chapters.hidden = true;
    if (media === null) return;
    media.pause();
    media.removeAttribute('src');
    media.load();
    media.remove();
  }
}

customElements.define('tb-recordings-player', Player);
