/** Starts the page of recordings: settings, catalogue, then who is signed in and what they may see. */

import { Announcer } from '../elements/announcer.js';
import { RecordingsApi } from '../recordings/api.js';
import { Archive } from '../recordings/archive.js';
import { placeOf, takeToken } from '../recordings/place.js';
import { Formats } from '../recordings/words.js';
import { prepared } from './prepared.js';
import { RecordingsApp } from './recordings-app.js';

const token = takeToken();

const ready = await prepared();
if (ready) {
  const { settings, strings } = ready;
  const after = (/** @type {number} */ ms, /** @type {() => void} */ call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  };
  const archive = new Archive({ api: new RecordingsApi(), after });
  const context = { archive, strings, formats: new Formats(strings), settings, announcer: new Announcer() };
  document.body.append(new RecordingsApp(context));
  await archive.start(token, placeOf());
}
