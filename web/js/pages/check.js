/** Starts the check before a call: settings, catalogue, the link that this tab came with, then the page. */

import { CheckApi } from '../check/api.js';
import { Check } from '../check/run.js';
import { socketUrl } from '../connection.js';
import { Devices } from '../devices.js';
import { wayOf } from '../e2ee/pipes.js';
import { Announcer } from '../elements/announcer.js';
import { movingPicture } from '../elements/moving-picture.js';
import { requestToken } from '../invitation.js';
import { Preferences } from '../settings.js';
import { CheckApp } from './check-app.js';
import { takeInvitation } from './link.js';
import { prepared } from './prepared.js';

const { invitation } = takeInvitation();
addEventListener('hashchange', () => location.reload());

const ready = await prepared();
if (ready) {
  const { settings, strings } = ready;
  const token = invitation?.token ?? (settings.demo ? await demoToken() : '');
  const api = token ? new CheckApi({ token, socket: socketUrl(location) }) : null;
  const preferences = new Preferences();
  const context = {
    check: new Check({ api, picture: movingPicture }),
    devices: new Devices({ preferences }),
    strings,
    settings,
    preferences,
    announcer: new Announcer(),
    encrypting: {
      possible: wayOf() !== null,
      required: settings.encryption === 'required' || (invitation?.encrypted ?? false),
    },
    back: invitation ? pageOf(invitation.role) : settings.demo ? '/video-call/demo' : null,
  };
  document.body.append(new CheckApp(context));
}

/** In the demonstration whoever is at this machine may come to any session. */
async function demoToken() {
  const answer = await requestToken({ session: 'check', role: 'patient', name: 'Check' });
  return 'token' in answer ? answer.token : '';
}

/** @param {string} role */
function pageOf(role) {
  return role === 'therapist' ? '/video-call/therapy' : '/video-call/secure-therapy';
}
