/**
 * Keeping: how long each kind of record is kept, what is on legal hold, what was deleted with proof, when the last
 * backup was made and tried; and the ways to change that.
 *
 * Not here: the forms (`keeping-forms.js`), recordings' own holds, which the page of recordings places.
 */

import { button, h, icon, replace, set } from '../view.js';
import { question } from './form-dialog.js';
import { openChange, openDeletion, openExport, openHold } from './keeping-forms.js';
import { Panel, register } from './panel.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 *
 * @typedef {object} Kind
 * @property {string} kind
 * @property {number | null} days
 * @property {number | null} default_days
 * @property {number} minimum_days
 * @property {boolean} documentation
 * @property {boolean} can_change
 *
 * @typedef {{kind: string, records: number, held: number}} Due
 *
 * @typedef {object} Hold
 * @property {string} id
 * @property {string} because
 * @property {number} placed_at
 * @property {string | null} patient
 * @property {string | null} session
 * @property {string | null} therapist
 * @property {number | null} since
 * @property {number | null} until
 * @property {boolean} everything
 *
 * @typedef {{recording: string, session: string, because: string, placed_at: number}} HeldRecording
 * @typedef {Record<string, number>} Counts
 * @typedef {{id: string, at: number, reason: string, counts: Counts, left: Counts}} Proof
 * @typedef {{kind: string, at: number, seconds: number, size: number, well: boolean}} Run
 */

export class KeepingPanel extends Panel {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    this.kinds = this.list('staff.keeping.retention');
    this.held = this.list('staff.keeping.holds');
    this.proofs = this.list('staff.keeping.proofs');
    this.runs = this.list('staff.keeping.backups');
    this.append(
      this.head(
        'staff.keeping.title',
        this.may('export_patient') &&
          button('button compact', () => void this.export(), icon('download'), this.t('staff.keeping.export.open')),
        this.may('delete_records') &&
          button('button compact', () => void this.remove(), icon('delete'), this.t('staff.keeping.delete.open')),
      ),
      h('p', { class: 'soft' }, this.t('staff.keeping.lead')),
      this.trouble,
      this.told,
    );
    if (this.may('place_holds')) {
      const place = button('button compact', () => void this.place(), icon('add'), this.t('staff.keeping.hold.open'));
      this.append(this.section('staff.keeping.holds', this.held, place));
    }
    if (this.may('change_retention')) {
      this.append(
        this.section('staff.keeping.retention', this.kinds),
        this.section('staff.keeping.backups', this.runs),
      );
    }
    if (this.may('delete_records')) this.append(this.section('staff.keeping.proofs', this.proofs));
  }

  open() {
    void this.load(
      () => this.ask(),
      ({ kinds, due, holds, recordings, proofs, runs }) => {
        /** @type {Map<string, Due>} */
        const over = new Map(due.map((/** @type {Due} */ each) => [each.kind, each]));
        replace(this.kinds, kinds.map((/** @type {Kind} */ kind) => this.kindRow(kind, over.get(kind.kind))));
        const rows = [
          ...holds.map((/** @type {Hold} */ hold) => this.holdRow(hold)),
          ...recordings.map((/** @type {HeldRecording} */ held) => this.recordingRow(held)),
        ];
        this.fill(this.held, rows, 'staff.keeping.holds_none');
        const deleted = proofs.map((/** @type {Proof} */ proof) => this.proofRow(proof));
        this.fill(this.proofs, deleted, 'staff.keeping.proofs_none');
        this.fill(this.runs, runs.map((/** @type {Run} */ run) => this.runRow(run)), 'staff.keeping.backups_none');
      },
    );
  }

  /** What this person may see, and nothing else is asked for. */
  async ask() {
    const { api } = this.context;
    const none = { kinds: [], holds: [], recordings: [], proofs: [], runs: [] };
    const changes = this.may('change_retention');
    const [retention, due, holds, proofs, backups] = await Promise.all([
      changes ? api.get('/api/keeping/retention') : none,
      changes ? api.get('/api/keeping/retention/due') : none,
      this.may('place_holds') ? api.get('/api/keeping/holds') : none,
      this.may('delete_records') ? api.get('/api/keeping/deletions') : none,
      changes ? api.get('/api/keeping/backups') : none,
    ]);
    return {
      kinds: retention.kinds,
      due: due.kinds,
      holds: holds.holds,
      recordings: holds.recordings,
      proofs: proofs.proofs,
      runs: backups.runs,
    };
  }

  // Rows ------------------------------------------------------------------------------------------------------------

  /**
   * @param {Kind} kind
   * @param {Due | undefined} due
   */
  kindRow(kind, due) {
    const name = this.t(`staff.keeping.kind.${kind.kind}`);
    const facts = [
      kind.documentation && kind.days !== null && this.t('staff.keeping.documentation'),
      due && due.records > 0 && this.t('staff.keeping.due', { count: due.records }),
      due && due.held > 0 && this.t('staff.keeping.due_held', { count: due.held }),
    ].filter((fact) => typeof fact === 'string');
    return this.row(
      name,
      this.days(kind.days),
      facts.join(' · '),
      kind.can_change &&
        set(button('button compact', () => void this.change(kind), this.t('staff.keeping.change.open')), {
          'aria-label': this.t('staff.keeping.change.open_name', { name }),
        }),
    );
  }

  /** @param {Hold} hold */
  holdRow(hold) {
    const { formats, strings } = this.context;
    const about = [
      hold.everything && this.t('staff.keeping.hold.everything'),
      hold.patient !== null && this.t('staff.keeping.hold.of_patient', { id: hold.patient }),
      hold.session !== null && this.t('staff.keeping.hold.of_session', { id: hold.session }),
      hold.therapist !== null && this.t('staff.keeping.hold.of_therapist', { id: hold.therapist }),
      hold.since !== null && this.t('staff.keeping.hold.since', { when: formats.date(hold.since) }),
      hold.until !== null && this.t('staff.keeping.hold.until', { when: formats.date(hold.until) }),
    ].filter((fact) => typeof fact === 'string');
    const what = strings.list(about);
    return this.row(
      what,
      hold.because,
      this.t('staff.keeping.hold.placed', { when: formats.moment(hold.placed_at) }),
      set(button('button compact', () => void this.release(hold), this.t('staff.keeping.release.open')), {
        'aria-label': this.t('staff.keeping.release.open_name', { what }),
      }),
    );
  }

  /** @param {HeldRecording} held */
  recordingRow(held) {
    const when = this.context.formats.moment(held.placed_at);
    const what = this.t('staff.keeping.hold.of_recording', { id: held.session });
    return this.row(what, held.because, this.t('staff.keeping.hold.placed', { when }));
  }

  /** @param {Proof} proof */
  proofRow(proof) {
    const stayed = Object.values(proof.left).reduce((sum, count) => sum + count, 0);
    const facts = [
      this.context.formats.moment(proof.at),
      stayed > 0 && this.t('staff.keeping.stayed', { count: stayed }),
    ].filter((fact) => typeof fact === 'string');
    return this.row(this.counted(proof.counts), proof.reason, facts.join(' · '));
  }

  /** @param {Run} run */
  runRow(run) {
    const { formats } = this.context;
    const took = this.t('staff.keeping.took', { seconds: Math.max(1, Math.round(run.seconds)) });
    const tone = run.well ? 'good' : 'bad';
    const pill = h('span', { class: 'pill', 'data-tone': tone }, this.t(`staff.keeping.run.${run.well}`));
    return this.row(this.t(`staff.keeping.run.${run.kind}`), took, formats.moment(run.at), pill);
  }

  /**
   * @param {string} title
   * @param {string} text
   * @param {string} small
   * @param {Node | null | false} [action]
   */
  row(title, text, small, action = null) {
    return h(
      'li',
      {},
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', {}, title),
        text !== '' && h('span', {}, text),
        small !== '' && h('span', { class: 'small-text soft' }, small),
      ),
      action,
    );
  }

  /** @param {Record<string, number>} counts */
  counted(counts) {
    const parts = Object.entries(counts).map(([kind, count]) =>
      this.t('staff.keeping.counted', { count, kind: this.t(`staff.keeping.kind.${kind}`) }),
    );
    return parts.length > 0 ? this.context.strings.list(parts) : this.t('staff.keeping.nothing_deleted');
  }

  /** @param {number | null} days */
  days(days) {
    return days === null ? this.t('staff.keeping.for_ever') : this.t('staff.days', { count: days });
  }

  // What can be done --------------------------------------------------------------------------------------------------

  /** @param {Kind} kind */
  async change(kind) {
    if (!(await openChange(this.context, kind))) return;
    this.done(this.t('staff.keeping.change.done', { name: this.t(`staff.keeping.kind.${kind.kind}`) }));
  }

  async place() {
    if (await openHold(this.context)) this.done(this.t('staff.keeping.hold.done'));
  }

  /** @param {Hold} hold */
  async release(hold) {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.keeping.release', { because: hold.because }))) return;
    if (!(await this.act(() => api.post(`/api/keeping/holds/${encodeURIComponent(hold.id)}/release`)))) return;
    this.done(this.t('staff.keeping.release.done'));
    this.querySelector('h1')?.focus();
  }

  async remove() {
    const proof = await openDeletion(this.context);
    if (proof !== null) this.done(this.t('staff.keeping.delete.done', { what: this.counted(proof.counts) }));
  }

  async export() {
    if (await openExport(this.context)) this.say(this.t('staff.keeping.export.done'));
  }

  /** @param {string} text */
  done(text) {
    this.open();
    this.say(text);
  }

  /** @param {string} title */
  list(title) {
    return h('ul', { class: 'staff-rows', 'aria-label': this.t(title) });
  }

  /**
   * @param {HTMLElement} list
   * @param {Node[]} rows
   * @param {string} none  what is said where there are none
   */
  fill(list, rows, none) {
    replace(list, rows.length > 0 ? rows : [h('li', { class: 'soft' }, this.t(none))]);
  }

  /**
   * @param {string} title
   * @param {HTMLElement} list
   * @param {Node | null} [action]
   */
  section(title, list, action = null) {
    const actions = action && h('div', { class: 'staff-actions' }, action);
    const head = h('div', { class: 'staff-head' }, h('h2', {}, this.t(title)), actions);
    return h('section', { class: 'staff-stack' }, head, list);
  }
}

customElements.define('tb-staff-keeping', KeepingPanel);

register({
  name: 'keeping',
  title: 'staff.keeping.title',
  icon: 'box',
  order: 70,
  needs: ['change_retention', 'place_holds', 'delete_records', 'export_patient'],
  make: (context) => new KeepingPanel(context),
});
