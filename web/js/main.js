/** Starts the client: settings, catalogue, then the page. The clinic's colours come as a style sheet. */

import { Devices } from './devices.js';
import { Announcer } from './elements/announcer.js';
import { Desk } from './elements/desk.js';
import { wantedVideo } from './elements/settings-dialog.js';
import { SmallWindow } from './elements/small-window.js';
import { Sounds } from './elements/sounds.js';
import { App } from './pages/app.js';
import { takeInvitation } from './pages/link.js';
import { prepared } from './pages/prepared.js';
import { Session } from './session.js';
import { Preferences } from './settings.js';

const { invitation, fresh } = takeInvitation();
// Another link opened in this tab changes only the fragment, and the page would stay as it is.
addEventListener('hashchange', () => location.reload());

const ready = await prepared();
if (ready) {
  const { settings, strings } = ready;
  const preferences = new Preferences();
  const devices = new Devices({ preferences });
  const { width, height, frameRate } = wantedVideo({ settings, preferences });
  const session = new Session({ settings: { ...settings, video: { width, height, frame_rate: frameRate } }, devices });
  const desk = new Desk(preferences);
  const sounds = new Sounds({ session, devices, desk });
  const parts = { session, devices, strings, settings, preferences, desk, sounds, announcer: new Announcer() };
  const context = { ...parts, smallWindow: new SmallWindow(parts) };
  if (!fresh) session.resumeStored();
  const demo = settings.demo && location.pathname.startsWith('/video-call/demo');
  const used = demo ? null : invitation;
  const typed = { name: '', session: '', role: '' };
  document.body.append(new App(context, { invitation: used, demo, token: used?.token ?? '', typed }));
}
