/** Starts the staff pages: settings, catalogue, then who is signed in and what they may see. */

import { Announcer } from '../elements/announcer.js';
import { Formats } from '../recordings/words.js';
import { StaffApi } from '../staff/api.js';
import { StaffApp } from '../staff/app.js';
import { Office } from '../staff/office.js';
import '../staff/panels.js';
import { takeBrought } from '../staff/place.js';
import { prepared } from './prepared.js';

const brought = takeBrought();

const ready = await prepared();
if (ready) {
  const { settings, strings } = ready;
  const api = new StaffApi();
  const office = new Office(api);
  const context = { office, api, strings, formats: new Formats(strings), settings, announcer: new Announcer() };
  document.body.append(new StaffApp(context));
  await office.start(brought);
}
