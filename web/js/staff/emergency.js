/**
 * Emergency access: the question for the reason, and the bar that stands there as long as it lasts.
 *
 * Not here: who has looked at it afterwards (`emergencies.js`).
 */

import { field } from '../elements/field.js';
import { refusal } from '../http.js';
import { button, h, icon, setText } from '../view.js';
import { now, OfficeElement } from './element.js';
import { complain, openForm } from './form-dialog.js';
import { minutesOf, sentenceOf } from './words.js';

/** @typedef {import('./element.js').OfficeState} OfficeState */

const SHORTEST_REASON = 10;
const LONGEST_REASON = 500;

export class EmergencyBar extends OfficeElement {
  constructor(/** @type {import('./element.js').StaffContext} */ context) {
    super(context);
    this.className = 'staff-emergency';
    this.until = h('strong', {});
    this.append(
      h(
        'div',
        { role: 'region', 'aria-label': this.t('staff.emergency.region') },
        icon('alert'),
        h('p', {}, this.until, ' ', h('span', {}, this.t('staff.emergency.watched'))),
        button('button compact', () => void this.end(), this.t('staff.emergency.end')),
      ),
    );
  }

  connect() {
    this.every(10, () => void this.look());
  }

  /** @param {Readonly<OfficeState>} state */
  update({ me }) {
    const { strings } = this.context;
    const emergency = me?.emergency ?? null;
    this.hidden = emergency === null;
    if (emergency === null) return;
    const left = minutesOf(strings, emergency.until - now(this.context));
    setText(this.until, this.t('staff.emergency.until', { time: strings.time(emergency.until), left }));
  }

  /** Whether its time is over: then what they may is asked anew. */
  async look() {
    const { office } = this.context;
    const { emergency } = office.state.me ?? {};
    if (!emergency) return;
    if (now(this.context) < emergency.until) this.update(office.state);
    // No answer: it is asked again in ten seconds, and the server keeps the time in any case.
    else await office.refresh({ quiet: true }).catch(refusal);
  }

  async end() {
    const { office, api, announcer, strings } = this.context;
    try {
      await api.post('/api/staff/emergency/end');
      await office.refresh();
      announcer.say(this.t('staff.emergency.ended'));
    } catch (error) {
      announcer.say(sentenceOf(strings, refusal(error)), true);
    }
  }
}

customElements.define('tb-staff-emergency', EmergencyBar);

/** @param {import('./element.js').StaffContext} context */
export async function openEmergency({ office, api, strings, announcer }) {
  const reason = h('textarea', {
    id: 'staff-emergency-reason',
    rows: 3,
    maxlength: LONGEST_REASON,
    autocomplete: 'off',
  });
  const done = await openForm(strings, {
    title: 'staff.emergency.title',
    content: [
      h('p', {}, strings.text('staff.emergency.text')),
      h('div', { class: 'note warn' }, icon('eye'), h('p', {}, strings.text('staff.emergency.told'))),
      field(reason, strings.text('staff.emergency.reason'), strings.text('staff.emergency.reason_hint')),
    ],
    submit: 'staff.emergency.do',
    danger: true,
    check: () => {
      if (reason.value.trim().length >= SHORTEST_REASON) return true;
      complain(reason, strings.text('staff.emergency.reason_short'));
      return false;
    },
    send: () => api.post('/api/staff/emergency', { reason: reason.value.trim() }),
  });
  if (!done) return;
  await office.refresh();
  const { emergency } = office.state.me ?? {};
  if (emergency) announcer.say(strings.text('staff.emergency.begun', { time: strings.time(emergency.until) }), true);
}
