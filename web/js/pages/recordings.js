/** Starts the page of recordings: settings, catalogue, then who is signed in and what they may see. */

import { Announcer } from '../elements/announcer.js';
import { RecordingsApi } from '../recordings/api.js';
import { Archive } from '../recordings/archive.js';
import { placeOf, takeToken } from '../recordings/place.js';
import { Formats } from '../recordings/words.js';
import { loadSettings } from '../settings.js';
import { loadStrings } from '../strings.js';
import { h } from '../view.js';
import { unreachablePage } from './over.js';
import { RecordingsApp } from './recordings-app.js';

const token = takeToken();

/** @type {import('../settings.js').ClientSettings | null} */
const settings = await loadSettings().catch((error) => {
  console.error(error);
  return null;
});
const strings = await loadStrings(settings?.languages ?? ['en']);
document.documentElement.lang = strings.language;

if (settings === null) {
  document.title = strings.text('unreachable.title');
  document.body.append(h('main', {}, unreachablePage(strings)));
} else {
  const after = (/** @type {number} */ ms, /** @type {() => void} */ call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  };
  const archive = new Archive({ api: new RecordingsApi(), after });
  const context = { archive, strings, formats: new Formats(strings), settings, announcer: new Announcer() };
  document.body.append(new RecordingsApp(context));
  await archive.start(token, placeOf());
}
