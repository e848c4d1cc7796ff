/**
 * What can be done in a call apart from microphone and camera: how each control looks now and what pressing it does.
 * The call bar and the "More" sheet both draw from here.
 */

import { gradeOf, openConnection } from './connection-dialog.js';
import { ask } from './dialog.js';
import { askToRecord, openRecording } from './recording-dialog.js';
import { isOpen, recordingOf } from './recording-state.js';
import { openSettings } from './settings-dialog.js';
import { setSoundOnly } from './sound-only.js';
import { forgetEverything } from '../pages/link.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./control.js').Look} Look
 * @typedef {'share' | 'chat' | 'people' | 'hand'} BarAction
 * @typedef {'record' | 'window' | 'sound_only' | 'self' | 'connection' | 'settings' | 'quick_exit' | 'end'} SheetAction
 * @typedef {BarAction | SheetAction} CallAction
 */

/**
 * The actions that this person has now, most wanted first: as many as fit stand in the bar, the rest in "More".
 * @param {Context} context
 * @param {boolean} narrow
 * @returns {BarAction[]}
 */
export function barActions({ session }, narrow) {
  const { server } = session.state;
  if (!server) return [];
  const share = server.you.may_share && 'getDisplayMedia' in (navigator.mediaDevices ?? {});
  const leads = server.may.includes('admit');
  /** @type {(BarAction | false)[]} */
  const wanted = [
    narrow && server.may.includes('chat') && 'chat',
    !leads && server.may.includes('raise_hand') && 'hand',
    share && 'share',
    !narrow && server.may.includes('chat') && 'chat',
    'people',
    leads && server.may.includes('raise_hand') && 'hand',
  ];
  return wanted.filter((action) => action !== false);
}

/**
 * @param {Context} context
 * @returns {SheetAction[]}
 */
export function sheetActions({ session, desk, smallWindow }) {
  const { server } = session.state;
  if (!server) return [];
  /** @type {(SheetAction | false)[]} */
  const wanted = [
    server.may.includes('record') && 'record',
    (smallWindow.possible || desk.state.windowOpen) && 'window',
    'sound_only',
    server.may.includes('publish') && !desk.state.selfShown && 'self',
    'connection',
    'settings',
    !server.may.includes('admit') && 'quick_exit',
    server.may.includes('end') && 'end',
  ];
  return wanted.filter((action) => action !== false);
}

/**
 * @param {Context} context
 * @param {CallAction} action
 * @returns {Look & {hint?: string}}
 */
export function look({ session, desk, strings }, action) {
  const { screen, server, soundOnly } = session.state;
  const { panel, windowOpen } = desk.state;
  const text = (/** @type {string} */ key) => ({ name: strings.text(key), short: strings.text(`${key}.short`) });
  switch (action) {
    case 'record': {
      const key = isOpen(recordingOf(server)) ? 'control.recording' : 'control.record';
      return { icon: 'record', name: strings.text(key), hint: strings.text(`${key}_hint`) };
    }
    case 'share':
      if (screen) return { icon: 'screen-stop', off: true, ...text('control.share_stop') };
      return { icon: 'screen', off: false, ...text('control.share') };
    case 'hand':
      if (server?.you.hand) return { icon: 'hand', off: true, ...text('control.hand_down') };
      return { icon: 'hand', off: false, ...text('control.hand') };
    case 'chat':
      return { icon: 'chat', off: panel === 'chat', ...text('control.chat') };
    case 'people':
      return { icon: 'people', off: panel === 'people', ...text('control.people') };
    case 'window': {
      const key = windowOpen ? 'control.window_close' : 'control.window';
      return { icon: 'window', name: strings.text(key), hint: strings.text('control.window_hint') };
    }
    case 'sound_only': {
      const key = soundOnly ? 'control.pictures' : 'control.sound_only';
      return { icon: soundOnly ? 'eye' : 'sound', name: strings.text(key), hint: strings.text(`${key}_hint`) };
    }
    case 'connection': {
      const grade = gradeOf(session.state);
      const hint = strings.text(`quality.${grade}`);
      return { icon: `signal-${grade}`, name: strings.text('control.connection'), hint };
    }
    case 'self':
      return { icon: 'eye', name: strings.text('self.show') };
    case 'settings':
      return { icon: 'settings', name: strings.text('control.settings') };
    case 'quick_exit':
      return { icon: 'exit', name: strings.text('control.quick_exit'), hint: strings.text('control.quick_exit_hint') };
    case 'end':
      return { icon: 'end', name: strings.text('control.end'), hint: strings.text('control.end_hint') };
  }
}

/**
 * @param {Context} context
 * @param {CallAction} action
 */
export async function press(context, action) {
  const { session, desk, strings, smallWindow } = context;
  const { screen, server, soundOnly } = session.state;
  const { panel } = desk.state;
  if (action === 'chat' || action === 'people') desk.set({ panel: panel === action ? null : action });
  else if (action === 'hand') raiseHand(context, !server?.you.hand);
  else if (action === 'record') record(context);
  else if (action === 'window') await smallWindow.toggle();
  else if (action === 'sound_only') setSoundOnly(context, !soundOnly);
  else if (action === 'connection') openConnection(context);
  else if (action === 'settings') openSettings(context);
  else if (action === 'self') desk.set({ selfShown: true });
  else if (action === 'quick_exit') quickExit(context);
  else if (action === 'end') await endForEveryone(context);
  else if (screen) session.stopScreen();
  else if ((await session.shareScreen()) === 'unsupported') desk.say(strings.text('screen.unsupported'), 'warn');
}

/**
 * @param {Context} context
 * @param {boolean} up
 */
function raiseHand({ session, announcer, strings }, up) {
  session.raiseHand(up);
  announcer.say(strings.text(up ? 'say.own_hand' : 'say.own_hand_down'));
}

/** @param {Context} context */
function record(context) {
  if (isOpen(recordingOf(context.session.state.server))) openRecording(context);
  else void askToRecord(context);
}

/**
 * Leaves at once: the page is replaced, so that going back does not lead here, and the tab forgets what it knew.
 * @param {Context} context
 */
function quickExit({ session, settings }) {
  session.leave();
  forgetEverything();
  location.replace(settings.exit_page);
}

/** @param {Context} context */
async function endForEveryone({ session, strings }) {
  const end = await ask({
    title: strings.text('end.title'),
    text: strings.text('end.text'),
    careful: strings.text('end.keep'),
    other: strings.text('control.end'),
    danger: true,
  });
  if (end) session.end();
}
