/**
 * What stands where the film will be: that the session is still recorded, how far the film is, why there is none, and
 * what can be done about it. Nothing once there is a film and nothing else is made.
 */

import { button, h, icon, replace, set, setText } from '../view.js';
import { ArchiveElement, Drawn } from './element.js';
import { openMaking } from './make-dialog.js';
import { isUnderWay, noteOf } from './whole.js';

/**
 * @typedef {import('./element.js').ArchiveState} ArchiveState
 * @typedef {import('./api.js').Whole} Whole
 * @typedef {import('./api.js').Job} Job
 * @typedef {import('./whole.js').Note} Note
 */

/** How often progress is said aloud. */
const QUARTERS = 4;

export class Making extends ArchiveElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'recordings-making';
    this.drawn = new Drawn();
    this.label = h('label', { for: 'recordings-progress' });
    this.bar = h('progress', { id: 'recordings-progress', max: 1, value: 0 });
    this.progress = h('div', { class: 'recordings-progress' }, this.label, this.bar);
    this.note = h('div', {});
    this.append(this.progress, this.note);
  }

  /**
   * @param {Readonly<ArchiveState>} state
   * @param {Readonly<ArchiveState>} previous
   */
  update({ whole, me }, previous) {
    if (whole === null) return;
    const job = whole.jobs.findLast(isUnderWay) ?? null;
    const note = noteOf(whole, me?.sealed ?? false);
    this.progress.hidden = job === null;
    if (job) this.show(job);
    this.hidden = job === null && note === null;
    if (this.drawn.isNew([note, this.context.archive.may('compose')])) this.draw(note);
    if (previous.whole?.recording.id === whole.recording.id) this.tell(whole, previous.whole);
  }

  /** @param {Job} job */
  show(job) {
    const name = nameOf(job);
    const values = { percent: Math.floor(job.progress * 100), why: job.error ?? '' };
    const waits = job.error === null ? `recordings.job.${name}_waits` : `recordings.job.${name}_again`;
    setText(this.label, this.t(job.state === 'waiting' ? waits : `recordings.job.${name}`, values));
    set(this.bar, { value: job.progress });
  }

  /** @param {Note | null} note */
  draw(note) {
    if (note === null) {
      replace(this.note);
      return;
    }
    const offer =
      note.offer &&
      this.context.archive.may('compose') &&
      button('button compact', () => void openMaking(this.context), this.t(`recordings.making.${note.offer}`));
    replace(
      this.note,
      h(
        'div',
        { class: `note ${note.tone}` },
        icon(note.icon),
        h(
          'div',
          { class: 'note-body' },
          h('p', {}, this.t(note.key, { why: note.why ?? '' })),
          note.command && h('pre', { tabindex: '0' }, h('code', {}, note.command)),
          offer && h('div', {}, offer),
        ),
      ),
    );
  }

  /**
   * Tells ears how far it is.
   * @param {Whole} whole
   * @param {Whole} before
   */
  tell(whole, before) {
    const { announcer } = this.context;
    for (const job of whole.jobs) {
      const old = before.jobs.find(({ id }) => id === job.id);
      const name = nameOf(job);
      const ended = old !== undefined && isUnderWay(old) && !isUnderWay(job);
      if (ended && job.state === 'done') announcer.say(this.t(`recordings.say.${name}_done`), true);
      if (ended && job.state === 'failed') announcer.say(this.t(`recordings.say.${name}_failed`), true);
      const quarter = Math.floor(job.progress * QUARTERS);
      if (job.state === 'running' && quarter > Math.floor((old?.progress ?? 0) * QUARTERS)) {
        announcer.say(this.t(`recordings.job.${name}`, { percent: Math.floor(job.progress * 100) }));
      }
    }
  }
}

customElements.define('tb-recordings-making', Making);

/** @param {Job} job */
function nameOf({ kind }) {
  return kind === 'audio' ? 'audio' : 'compose';
}
