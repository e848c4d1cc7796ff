/**
 * What there is of a recording: what was made of it, and each single track with who it is of and from when to when.
 *
 * Not here: playing (`player.js`), how it is downloaded (`download-dialog.js`).
 */

import { button, h, icon, replace, set } from '../view.js';
import { openDownload } from './download-dialog.js';
import { ArchiveElement, Drawn } from './element.js';
import { canPlay, fileOf, formsOf } from './whole.js';
import { titleOf } from './words.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./element.js').ArchiveState} ArchiveState
 * @typedef {import('./api.js').File} File
 * @typedef {import('./api.js').Output} Output
 * @typedef {import('./api.js').Track} Track
 * @typedef {import('./api.js').Whole} Whole
 */

const ICONS = {
  mp4: 'film',
  audio: 'sound',
  track: 'film',
  microphone: 'microphone',
  camera: 'camera',
  screen: 'screen',
};

export class Files extends ArchiveElement {
  /**
   * @param {Context} context
   * @param {(file: File) => void} play
   */
  constructor(context, play) {
    super(context);
    this.className = 'recordings-files';
    this.play = play;
    this.drawn = new Drawn();
    this.outputs = h('ul', { class: 'recordings-file-list' });
    this.tracks = h('ul', { class: 'recordings-file-list' });
    this.made = section('recordings-made', this.t('recordings.outputs'), this.outputs);
    this.single = section('recordings-tracks', this.t('recordings.tracks'), this.tracks);
    this.append(this.made, this.single);
  }

  /** @param {Readonly<ArchiveState>} state */
  update({ whole, me }) {
    if (whole === null || !this.drawn.isNew([whole.recording, whole.people, whole.tracks, whole.outputs, me])) return;
    const outputs = whole.outputs.filter((output) => output.available);
    this.made.hidden = outputs.length === 0;
    this.single.hidden = whole.tracks.length === 0;
    replace(this.outputs, [...outputs].reverse().map((output) => this.output(whole, output)));
    replace(this.tracks, whole.tracks.map((track) => this.track(whole, track)));
  }

  /**
   * @param {Whole} whole
   * @param {Output} output
   */
  output(whole, output) {
    const { formats } = this.context;
    const details = [
      this.t('recordings.output.made', { when: formats.moment(output.made_at) }),
      formats.size(output.size),
    ];
    return this.item(whole, fileOf(output), ICONS[output.kind], details, true);
  }

  /**
   * @param {Whole} whole
   * @param {Track} track
   */
  track(whole, track) {
    const { strings, formats } = this.context;
    const from = strings.duration(track.started_ms / 1000);
    const to = track.duration_ms === null ? null : strings.duration((track.started_ms + track.duration_ms) / 1000);
    const gone = !track.available && track.state !== 'writing' && track.state !== 'lost';
    const details = [
      to === null ? this.t('recordings.track.from', { from }) : this.t('recordings.track.from_to', { from, to }),
      track.available && track.size !== null && formats.size(track.size),
      gone && this.t('recordings.track.deleted'),
      !gone && track.state !== 'finished' && this.t(`recordings.track.${track.state}`),
    ];
    return this.item(whole, { kind: 'track', id: track.id }, ICONS[track.source], details, track.available);
  }

  /**
   * @param {Whole} whole
   * @param {File} file
   * @param {string} picture
   * @param {(string | false)[]} details
   * @param {boolean} available
   */
  item(whole, file, picture, details, available) {
    const { context } = this;
    const title = titleOf(context.strings, whole, file);
    const named = (/** @type {HTMLButtonElement} */ press, /** @type {string} */ key) =>
      set(press, { 'aria-label': this.t(key, { what: title }) });
    const play = canPlay(context.archive, whole, file);
    const download = available && formsOf(context.archive).length > 0;
    return h(
      'li',
      { class: 'recordings-file' },
      icon(picture),
      h(
        'div',
        { class: 'recordings-file-words' },
        h('p', { class: 'recordings-file-title' }, title),
        h('p', { class: 'small-text soft' }, details.filter((detail) => detail !== false).join(' · ')),
      ),
      (play || download) &&
        h(
          'div',
          { class: 'recordings-file-buttons' },
          play &&
            named(
              button('button compact', () => this.play(file), icon('play'), this.t('recordings.play')),
              'recordings.play_what',
            ),
          download &&
            named(
              button(
                'button compact',
                () => void openDownload(context, whole.recording, file, title),
                icon('download'),
                this.t('recordings.download'),
              ),
              'recordings.download_what',
            ),
        ),
    );
  }
}

customElements.define('tb-recordings-files', Files);

/**
 * @param {string} id
 * @param {string} title
 * @param {HTMLElement} content
 */
export function section(id, title, content) {
  return h(
    'section',
    { class: 'recordings-section', 'aria-labelledby': id },
    h('h2', { id, tabindex: '-1' }, title),
    content,
  );
}
