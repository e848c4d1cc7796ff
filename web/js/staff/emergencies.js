/** Emergency access that was taken: by whom, why and for how long, and whether somebody has looked at it since. */

import { button, h, replace, set } from '../view.js';
import { now } from './element.js';
import { Panel, register } from './panel.js';

/** @typedef {import('./office.js').Emergency} Emergency */

export class EmergenciesPanel extends Panel {
  /** @param {import('./element.js').StaffContext} context */
  constructor(context) {
    super(context);
    this.list = h('ul', { class: 'staff-rows', 'aria-label': this.t('staff.emergencies.title') });
    this.nothing = h('p', { class: 'staff-nothing soft', hidden: true }, this.t('staff.emergencies.none'));
    this.append(
      this.head('staff.emergencies.title'),
      h('p', { class: 'soft' }, this.t('staff.emergencies.lead')),
      this.trouble,
      this.told,
      this.list,
      this.nothing,
    );
  }

  open() {
    void this.load(
      () => this.context.api.get('/api/staff/emergencies'),
      (/** @type {{emergencies: Emergency[]}} */ { emergencies }) => {
        replace(this.list, emergencies.map((each) => this.row(each)));
        this.list.hidden = emergencies.length === 0;
        this.nothing.hidden = emergencies.length > 0;
      },
    );
  }

  /** @param {Emergency} emergency */
  row(emergency) {
    const { formats, office, strings } = this.context;
    const { since, until, ended_at: ended, acknowledged_at: looked } = emergency;
    const over = ended ?? until;
    const running = over > now(this.context);
    const own = emergency.account === office.state.me?.id;
    const time = { from: formats.moment(since), until: strings.time(over) };
    return h(
      'li',
      {},
      h(
        'div',
        { class: 'staff-row-main' },
        h('strong', {}, emergency.name),
        h('span', { class: 'staff-quote' }, emergency.reason),
        h(
          'span',
          { class: 'small-text soft' },
          this.t(running ? 'staff.emergencies.runs' : 'staff.emergencies.time', time),
        ),
      ),
      h(
        'span',
        { class: 'staff-marks' },
        looked !== null &&
          h('span', { class: 'pill' }, this.t('staff.emergencies.looked', { when: formats.moment(looked) })),
        looked === null && own && h('span', { class: 'pill' }, this.t('staff.emergencies.own')),
        looked === null &&
          !own &&
          set(button('button compact', () => void this.acknowledge(emergency), this.t('staff.emergencies.look')), {
            'aria-label': this.t('staff.emergencies.look_name', { name: emergency.name }),
          }),
      ),
    );
  }

  /** @param {Emergency} emergency */
  async acknowledge({ id, name }) {
    const { api, office } = this.context;
    const well = await this.act(async () => {
      await api.post(`/api/staff/emergencies/${encodeURIComponent(id)}/acknowledge`);
      await office.refresh();
    });
    if (!well) return;
    this.say(this.t('staff.emergencies.done', { name }));
    this.open();
    this.querySelector('h1')?.focus();
  }
}

customElements.define('tb-staff-emergencies', EmergenciesPanel);

register({
  name: 'emergencies',
  title: 'staff.emergencies.title',
  icon: 'alert',
  order: 80,
  needs: ['close_alerts'],
  make: (context) => new EmergenciesPanel(context),
});
