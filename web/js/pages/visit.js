/** Starts the page that a patient's link leads to: the link, settings and catalogue, then the page. */

import { Announcer } from '../elements/announcer.js';
import { takeLink } from '../visit/link.js';
import { VisitApp } from '../visit/page.js';
import { Visit } from '../visit/visit.js';
import { prepared } from './prepared.js';

const link = takeLink();
addEventListener('hashchange', () => location.reload());

const ready = await prepared();
if (ready) {
  const visit = new Visit(link);
  document.body.append(new VisitApp({ visit, announcer: new Announcer(), ...ready }));
  await visit.look();
}
