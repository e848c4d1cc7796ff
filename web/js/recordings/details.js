/**
 * One recording: which session and when, its film, its tracks, what can be done with it and what is on record about it.
 *
 * Not here: the parts themselves.
 */

import { button, h, icon, replace, setText } from '../view.js';
import { ArchiveElement, Drawn } from './element.js';
import { Facts } from './facts.js';
import { Files } from './files.js';
import { Making } from './making.js';
import { LIST } from './place.js';
import { Player } from './player.js';
import { Proofs, Viewings } from './records.js';
import { badge, stateBadge } from './row.js';
import { sentenceOf } from './words.js';

/** @typedef {import('./element.js').ArchiveState} ArchiveState */

export class Details extends ArchiveElement {
  /** @param {import('./element.js').Context} context */
  constructor(context) {
    super(context);
    this.className = 'page recordings-page recordings-details';
    this.drawn = new Drawn();
    this.heading = h('h1', { tabindex: '-1' }, this.t('recordings.loading'));
    this.badges = h('div', { class: 'recordings-marks' });
    this.sentence = h('p', {});
    this.failed = h(
      'div',
      { class: 'note bad', role: 'alert', hidden: true },
      icon('warning'),
      h(
        'div',
        { class: 'note-body' },
        this.sentence,
        h('div', {}, button('button compact', () => void context.archive.again(), this.t('recordings.again'))),
      ),
    );
    const player = new Player(context);
    const proofs = new Proofs(context);
    this.parts = h(
      'div',
      { class: 'recordings-parts' },
      h(
        'div',
        { class: 'recordings-main' },
        player,
        new Making(context),
        proofs,
        new Files(context, (file) => player.play(file)),
        new Viewings(context),
      ),
      new Facts(context, () => proofs.takeFocus()),
    );
    this.append(
      h(
        'div',
        { class: 'recordings-head' },
        h('a', { class: 'button compact plain recordings-back', href: LIST }, icon('back'), this.t('recordings.back')),
        h('div', { class: 'recordings-title' }, this.heading, this.badges),
      ),
      this.failed,
      this.parts,
    );
  }

  /**
   * @param {Readonly<ArchiveState>} state
   * @param {Readonly<ArchiveState>} previous
   */
  update({ whole, problem }, previous) {
    this.failed.hidden = problem === null || whole !== null;
    this.parts.hidden = whole === null;
    if (problem) setText(this.sentence, sentenceOf(this.context.strings, problem));
    if (whole === null) {
      setText(this.heading, this.t(problem ? 'recordings.not_shown' : 'recordings.loading'));
      return;
    }
    const { recording, jobs } = whole;
    setText(this.heading, recording.session);
    if (previous.whole === null) this.context.announcer.say(recording.session); // the heading was read without it
    if (!this.drawn.isNew([recording.state, recording.hold, jobs])) return;
    replace(
      this.badges,
      stateBadge(this.context, recording, jobs),
      recording.hold && badge('lock', this.t('recordings.on_hold'), 'warn'),
    );
  }
}

customElements.define('tb-recordings-details', Details);
