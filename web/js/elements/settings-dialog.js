/** Settings: devices, the size of the own picture, sounds, texts under the controls, and the keyboard's short cuts. */

import { frameRateFor } from '../efficiency.js';
import { DeviceChoice } from './device-choice.js';
import { DeviceHelp } from './device-help.js';
import { open } from './dialog.js';
import { Meter } from './meter.js';
import { platform } from './platform.js';
import { button, h } from '../view.js';

/** @typedef {import('./element.js').Context} Context */

/**
 * What cameras are asked for: as the clinic set it, or 1080p where this person chose so.
 * @param {Pick<Context, 'settings' | 'preferences'>} context
 */
export function wantedVideo({ settings, preferences }) {
  const large = preferences.get('quality') === '1080p';
  return {
    width: large ? 1920 : settings.video.width,
    height: large ? 1080 : settings.video.height,
    frameRate: frameRateFor(settings.video.frame_rate),
  };
}

/** @param {Context} context */
export function openSettings(context) {
  const { strings, desk, sounds, preferences, announcer } = context;
  sounds.unlock();
  return open(strings.text('settings.title'), { close: strings.text('dialog.close'), broad: true }, () => [
    h(
      'section',
      { class: 'dialog-section' },
      new DeviceHelp(context),
      new DeviceChoice(context),
      h(
        'div',
        { class: 'settings-tests' },
        h(
          'div',
          { class: 'meter-line' },
          new Meter(context),
          h('span', { class: 'small-text soft' }, strings.text('settings.meter')),
        ),
        button('button compact', () => sounds.chime('test'), strings.text('settings.test_sound')),
      ),
    ),
    h(
      'section',
      { class: 'dialog-section' },
      toggle(strings, 'settings.large', preferences.get('quality') === '1080p', (on) => {
        preferences.set('quality', on ? '1080p' : null);
        void useVideo(context).then((size) => announcer.say(strings.text('settings.picture_is', size)));
      }),
      toggle(strings, 'settings.chimes', desk.state.chimes, (on) => desk.set({ chimes: on })),
      toggle(strings, 'settings.labels', desk.state.labels, (on) => desk.set({ labels: on })),
    ),
    h(
      'section',
      { class: 'dialog-section' },
      h('h3', {}, strings.text('settings.keys')),
      h(
        'dl',
        { class: 'keys' },
        shortcut(keyName('D'), strings.text('settings.key_microphone')),
        shortcut(keyName('E'), strings.text('settings.key_camera')),
        shortcut(['Esc'], strings.text('settings.key_close')),
      ),
    ),
  ]);
}

/**
 * Opens the camera again with the size that is wanted now.
 * @param {Context} context
 */
async function useVideo(context) {
  const { devices, session } = context;
  const { cameraId } = devices.state;
  await devices.open({ audio: false, video: false, ...wantedVideo(context) });
  if (session.state.camera && cameraId !== null) await devices.choose('camera', cameraId);
  const [track] = devices.stream.getVideoTracks();
  const { width = 0, height = 0 } = track?.getSettings() ?? {};
  return { width, height };
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {string} key  of the name; `key_explained` is what it means
 * @param {boolean} checked
 * @param {(on: boolean) => void} change
 */
function toggle(strings, key, checked, change) {
  const input = h('input', { type: 'checkbox', role: 'switch', onchange: () => change(input.checked) });
  input.checked = checked;
  return h(
    'label',
    { class: 'switch' },
    h('span', {}, strings.text(key)),
    input,
    h('span', { class: 'explain' }, strings.text(`${key}_explained`)),
  );
}

/** @param {string} letter */
function keyName(letter) {
  return [platform(navigator).system === 'mac' ? '⌘' : 'Ctrl', letter];
}

/**
 * @param {string[]} keys
 * @param {string} meaning
 */
function shortcut(keys, meaning) {
  return h('div', {}, h('dt', {}, keys.map((key) => h('kbd', {}, key))), h('dd', {}, meaning));
}
