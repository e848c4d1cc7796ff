/**
 * What the calm line says when a device fails in a call, and the one tap that mends it; and what it says when another
 * device was taken without having been chosen.
 */

import { another } from '../device-list.js';
import { problems } from './device-help.js';
import { openSettings } from './settings-dialog.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./element.js').SessionState} SessionState
 * @typedef {import('./notice-line.js').Line} Line
 */

/**
 * @param {Context} context
 * @param {Readonly<SessionState>} state
 * @returns {Line | null}
 */
export function deviceLine(context, state) {
  const { devices, strings } = context;
  const { unplugged, cameras } = devices.state;
  const concerns = (/** @type {'microphone' | 'camera'} */ kind) => state[kind] || unplugged[kind] !== null;
  const [problem] = problems(devices.state).filter(
    ({ kinds }) => (kinds !== 'camera' && concerns('microphone')) || (kinds !== 'microphone' && concerns('camera')),
  );
  if (!problem) return null;
  const { kinds, trouble } = problem;
  /** @type {Omit<Line, 'text' | 'button'>} */
  const look = { icon: 'warning', tone: 'warn' };
  if (trouble === 'interrupted') {
    const button = { text: strings.text('line.resume'), press: () => void resume(context) };
    return { ...look, text: strings.text(`line.interrupted.${kinds}`), button };
  }
  const gone = trouble === 'missing' && (kinds === 'both' || unplugged[kinds] !== null);
  const text = strings.text(`line.${gone ? 'unplugged' : 'device'}.${kinds}`);
  const other = gone && kinds === 'camera' ? another(cameras, unplugged.camera?.id ?? null) : null;
  if (other) {
    const use = () => void devices.makeDo('camera', other.id);
    return { ...look, text, button: { text: strings.text('line.use_device', { device: other.label }), press: use } };
  }
  return { ...look, text, button: { text: strings.text('line.device_help'), press: () => void openSettings(context) } };
}

/**
 * After a phone call: microphone and camera opened anew, and whatever was to be heard plays again.
 * @param {Context} context
 */
async function resume({ devices, sounds, desk, announcer, strings }) {
  sounds.unlock();
  const works = await devices.resume();
  const text = strings.text(works ? 'help.works' : 'line.still_paused');
  announcer.say(text);
  if (!works) desk.say(text, 'warn');
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {import('../devices-state.js').DeviceChange} change
 */
export function changeSaid(strings, { kind, what, label }) {
  return strings.text(`devices.change.${what}.${kind}`, { device: label || strings.text(`devices.${kind}`) });
}
