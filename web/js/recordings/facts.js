/** What is to be known of a recording, and what this role can do with the whole of it: make, check, hold, delete. */

import { button, h, icon, replace } from '../view.js';
import { openCheck } from './check-dialog.js';
import { ArchiveElement, Drawn } from './element.js';
import { openDeletion, openHold, openRelease } from './keep-dialogs.js';
import { openMaking } from './make-dialog.js';
import { untilOf } from './row.js';
import { isUnderWay, mainOutput } from './whole.js';
import { namesOf, secondsOf } from './words.js';

/**
 * @typedef {import('./element.js').ArchiveState} ArchiveState
 * @typedef {import('./api.js').Whole} Whole
 */

export class Facts extends ArchiveElement {
  /**
   * @param {import('./element.js').Context} context
   * @param {() => void} deleted  something was: the proof of it is on the page now
   */
  constructor(context, deleted) {
    super(context);
    this.className = 'recordings-facts';
    this.deleted = deleted;
    this.drawn = new Drawn();
    this.hold = h('div', {});
    this.list = h('dl', {});
    this.actions = h('div', { class: 'recordings-actions' });
    this.append(h('h2', { class: 'only-read' }, this.t('recordings.about')), this.hold, this.list, this.actions);
  }

  /** @param {Readonly<ArchiveState>} state */
  update({ whole, me }) {
    if (whole === null) return;
    const underWay = whole.jobs.some(isUnderWay);
    const film = mainOutput(whole) !== null;
    if (!this.drawn.isNew([whole.recording, whole.people, underWay, film, me])) return;
    replace(this.hold, this.holdNote(whole));
    replace(this.list, this.facts(whole));
    replace(this.actions, this.possible(whole, underWay, film));
  }

  /** @param {Whole} whole */
  holdNote({ recording: { hold } }) {
    const { formats } = this.context;
    if (!hold) return null;
    const values = { by: hold.by ?? '', when: hold.at === null ? '' : formats.moment(hold.at) };
    return h(
      'div',
      { class: 'note warn' },
      icon('lock'),
      h(
        'div',
        { class: 'note-body' },
        h('strong', {}, this.t('recordings.on_hold')),
        hold.because !== null && h('p', {}, hold.because),
        hold.at !== null && h('p', { class: 'small-text soft' }, this.t('recordings.hold.since', values)),
      ),
    );
  }

  /** @param {Whole} whole */
  facts({ recording, people }) {
    const { strings, formats } = this.context;
    const { started_at: started, ended_at: ended } = recording;
    const seconds = secondsOf(recording);
    const to = ended === null ? '' : `–${strings.time(ended)}`;
    const until = untilOf(this.context, recording);
    const names = namesOf(strings, people);
    const deleted = this.t('recordings.track.deleted');
    return [
      fact(
        this.t('recordings.fact.when'),
        h('p', {}, formats.day(started)),
        h('p', {}, `${strings.time(started)}${to}`),
      ),
      seconds !== null && fact(this.t('recordings.fact.length'), strings.duration(seconds)),
      people.length > 0 &&
        fact(
          this.t('recordings.fact.people'),
          ...people.map(({ id, shredded }) =>
            h('p', {}, names.get(id), shredded && h('span', { class: 'soft' }, ` (${deleted})`)),
          ),
        ),
      until !== '' && fact(this.t('recordings.fact.until'), until),
      fact(this.t('recordings.fact.id'), h('code', {}, recording.id)),
    ];
  }

  /**
   * @param {Whole} whole
   * @param {boolean} underWay
   * @param {boolean} film
   */
  possible(whole, underWay, film) {
    const { context } = this;
    const { archive } = context;
    const { state, hold } = whole.recording;
    if (state === 'shredded') return [];
    const over = state !== 'capturing';
    const sealed = archive.state.me?.sealed ?? false;
    const makes = archive.may('compose') && !sealed && over && !underWay;
    return [
      makes &&
        this.action('make', 'film', film ? 'recordings.make.again' : 'recordings.make.open', () => openMaking(context)),
      archive.may('verify') &&
        !sealed &&
        over &&
        this.action('check', 'check', 'recordings.check.open', () => openCheck(context, whole)),
      archive.may('hold') && !hold && this.action('hold', 'lock', 'recordings.hold.open', () => openHold(context)),
      archive.may('hold') &&
        hold &&
        this.action('hold', 'unlock', 'recordings.release.open', () => openRelease(context)),
      archive.may('delete') &&
        !hold &&
        over &&
        this.action('delete', 'delete', 'recordings.delete.open', () => this.delete(whole)),
    ];
  }

  /**
   * @param {string} name  the focus comes back to the button of this name, also when it is another one by then
   * @param {string} picture
   * @param {string} key
   * @param {() => Promise<unknown>} press  until what it opens is closed
   */
  action(name, picture, key, press) {
    const pressed = async () => {
      await press();
      const lost = document.activeElement === null || document.activeElement === document.body;
      const next = this.actions.querySelector(`[data-action="${name}"]`) ?? this.actions.querySelector('button');
      if (lost && next instanceof HTMLElement) next.focus();
    };
    const control = button('button wide', () => void pressed(), icon(picture), this.t(key));
    control.dataset.action = name;
    return control;
  }

  /** @param {Whole} whole */
  async delete(whole) {
    if (await openDeletion(this.context, whole)) this.deleted();
  }
}

customElements.define('tb-recordings-facts', Facts);

/**
 * @param {string} name
 * @param {...(Node | string)} value
 */
function fact(name, ...value) {
  return h('div', {}, h('dt', { class: 'small-text soft' }, name), h('dd', {}, value));
}
