/** Says in plain words how picture and sound are protected, and what they are not. */

import { open } from './dialog.js';
import { recordingOf } from './recording-state.js';
import { h } from '../view.js';

/** @param {import('./element.js').Context} context */
export function openPrivacy({ session, strings, settings }) {
  const name = settings.brand.name;
  const recorded = recordingOf(session.state.server)?.phase === 'running';
  return open(strings.text('privacy.title'), { close: strings.text('dialog.close') }, () => [
    h('p', {}, strings.text('privacy.transit', { name })),
    h('p', {}, strings.text('privacy.server', { name })),
    h('p', {}, strings.text(recorded ? 'privacy.recorded' : 'privacy.stored', { name })),
  ]);
}
