import assert from 'node:assert/strict';
import test from 'node:test';

import { FakeClock, FakeMedia, FakePage, FakeStream, FakeStorage, settled } from './fakes.mjs';

globalThis.MediaStream = FakeStream;
const { Devices } = await import('../../web/js/devices.js');
const { Preferences } = await import('../../web/js/settings.js');
const { PAUSE_LASTS } = await import('../../web/js/track-watch.js');
const { listed, ownLabel, systemMoved } = await import('../../web/js/device-list.js');
const { within } = await import('../../web/js/capture.js');

const LAPTOP = { kind: 'audioinput', deviceId: 'laptop', label: 'Laptop microphone', groupId: 'a' };
const HEADSET = { kind: 'audioinput', deviceId: 'headset', label: 'Headset', groupId: 'b' };
const EARS = { kind: 'audiooutput', deviceId: 'ears', label: 'Headset', groupId: 'b' };
const BUILT_IN = { kind: 'videoinput', deviceId: 'built-in', label: 'Built-in camera', groupId: 'a' };
const WEBCAM = { kind: 'videoinput', deviceId: 'webcam', label: 'Webcam', groupId: 'c' };

/** A machine with these devices, of which the person has chosen headset and webcam, and both are open. */
async function machine(plugged = [LAPTOP, HEADSET, EARS, BUILT_IN, WEBCAM], chosen = {}) {
  const clock = new FakeClock();
  const page = new FakePage();
  const media = new FakeMedia(plugged);
  const preferences = new Preferences(new FakeStorage());
  const choices = { microphone: 'headset', camera: 'webcam', ...chosen };
  for (const [kind, id] of Object.entries(choices)) preferences.set(kind, id);
  const devices = new Devices({ preferences, media, clock, page });
  const changes = [];
  devices.subscribe(({ change }, before) => change !== before.change && changes.push(change));
  await devices.open();
  return { clock, page, media, preferences, devices, changes };
}

const used = ({ devices }) =>
  ['microphone', 'camera'].map((kind) => devices.track(kind)?.getSettings().deviceId ?? null);

test('both are opened with one question, and as they were chosen', async () => {
  const here = await machine();
  assert.equal(here.media.asked.length, 1);
  assert.deepEqual(used(here), ['headset', 'webcam']);
  assert.deepEqual(here.changes, [], 'nothing that would have to be told');
});

test('an unplugged microphone is replaced at once, and taken back when it returns', async () => {
  const here = await machine();
  here.media.unplug('headset');
  await settled();
  assert.deepEqual(used(here), ['laptop', 'webcam']);
  assert.deepEqual(here.changes, [{ kind: 'microphone', what: 'replaced', label: 'Laptop microphone' }]);
  assert.deepEqual(here.devices.state.unplugged.microphone, { id: 'headset', label: 'Headset' });
  here.media.plug(HEADSET);
  await settled();
  assert.deepEqual(used(here), ['headset', 'webcam']);
  assert.deepEqual(here.changes.at(-1), { kind: 'microphone', what: 'back', label: 'Headset' });
  assert.equal(here.devices.state.unplugged.microphone, null);
  assert.equal(here.preferences.get('microphone'), 'headset');
});

test('an unplugged camera is not replaced by one that was not chosen, and is back when it returns', async () => {
  const here = await machine();
  here.media.unplug('webcam');
  await settled();
  assert.deepEqual(used(here), ['headset', null]);
  assert.equal(here.devices.state.camera, 'missing');
  assert.deepEqual(here.devices.state.unplugged.camera, { id: 'webcam', label: 'Webcam' });
  here.media.plug(WEBCAM);
  await settled();
  assert.deepEqual(used(here), ['headset', 'webcam']);
  assert.equal(here.devices.state.camera, 'ok');
  assert.deepEqual(here.changes, [{ kind: 'camera', what: 'back', label: 'Webcam' }]);
});

test('a person may make do with another camera until their own is back', async () => {
  const here = await machine();
  here.media.unplug('webcam');
  await settled();
  assert.equal(await here.devices.makeDo('camera', 'built-in'), true);
  assert.deepEqual(used(here), ['headset', 'built-in']);
  assert.equal(here.preferences.get('camera'), 'webcam', 'it is no choice for the next call');
  here.media.plug(WEBCAM);
  await settled();
  assert.deepEqual(used(here), ['headset', 'webcam']);
});

test('whoever turns the camera off does not want it back', async () => {
  const here = await machine();
  here.media.unplug('webcam');
  await settled();
  here.devices.close('camera');
  here.media.plug(WEBCAM);
  await settled();
  assert.deepEqual(used(here), ['headset', null]);
  assert.equal(here.devices.state.camera, 'off');
});

test('a device that only stumbled is opened again without a word', async () => {
  const here = await machine();
  here.media.stumble('webcam');
  await settled();
  assert.deepEqual(used(here), ['headset', 'webcam']);
  assert.deepEqual(here.changes, []);
  assert.equal(here.devices.state.unplugged.camera, null);
});

test('without any microphone left it is said, and the next one that is plugged in is taken', async () => {
  const here = await machine([HEADSET, WEBCAM]);
  here.media.unplug('headset');
  await settled();
  assert.equal(here.devices.state.microphone, 'missing');
  here.media.plug(LAPTOP);
  await settled();
  assert.deepEqual(used(here), ['laptop', 'webcam']);
  assert.deepEqual(here.changes, [{ kind: 'microphone', what: 'replaced', label: 'Laptop microphone' }]);
});

test('where the system chooses, the microphone goes with it to a headset that is put on, and comes back', async () => {
  const systems = (group, label) => ({ ...LAPTOP, deviceId: 'default', label: `Default - ${label}`, groupId: group });
  const here = await machine([systems('a', 'Laptop microphone'), LAPTOP], { microphone: 'default' });
  const before = here.devices.track('microphone');
  here.media.becomes([systems('b', 'Headset'), LAPTOP, HEADSET]);
  await settled();
  assert.notEqual(here.devices.track('microphone'), before, 'it was opened anew: the old track stays with the laptop');
  assert.deepEqual(here.changes, [{ kind: 'microphone', what: 'moved', label: 'Headset' }]);
  here.media.becomes([systems('a', 'Laptop microphone'), LAPTOP]);
  await settled();
  assert.deepEqual(here.changes.at(-1), { kind: 'microphone', what: 'moved', label: 'Laptop microphone' });
});

test('whoever has chosen a microphone keeps it when a headset is put on', async () => {
  const here = await machine([LAPTOP], { microphone: 'laptop' });
  here.media.plug(HEADSET);
  await settled();
  assert.deepEqual(used(here)[0], 'laptop');
  assert.deepEqual(here.changes, []);
});

test('a speaker that goes and comes back is told', async () => {
  const here = await machine([LAPTOP, EARS, { ...EARS, deviceId: 'default', label: 'Default' }], { speaker: 'ears' });
  here.media.unplug('ears');
  await settled();
  here.media.plug(LAPTOP); // something else changes meanwhile
  await settled();
  here.media.plug(EARS);
  await settled();
  assert.deepEqual(here.changes.map(({ kind, what }) => `${kind} ${what}`), ['speaker replaced', 'speaker back']);
});

test('a phone call is told when it lasts, and one tap opens the microphone anew', async () => {
  const here = await machine();
  const track = here.devices.track('microphone');
  track.isMuted(true);
  assert.equal(here.devices.state.microphone, 'ok');
  here.clock.pass(PAUSE_LASTS);
  assert.equal(here.devices.state.microphone, 'interrupted');
  assert.equal(await here.devices.resume(), true);
  assert.equal(here.devices.state.microphone, 'ok');
  assert.notEqual(here.devices.track('microphone'), track);
  assert.equal(track.readyState, 'ended');
});

test('while the phone call lasts a tap does not help, and afterwards coming back to the page does', async () => {
  const here = await machine();
  here.devices.track('microphone').isMuted(true);
  here.clock.pass(PAUSE_LASTS);
  here.media.busy.add('headset').add('laptop');
  assert.equal(await here.devices.resume(), false);
  assert.equal(here.devices.state.microphone, 'busy');
  here.media.busy.clear();
  here.page.turns('hidden');
  here.page.turns('visible');
  await settled();
  assert.equal(here.devices.state.microphone, 'ok');
  assert.deepEqual(used(here)[0], 'headset');
});

test('a moment of silence from the system is no interruption', async () => {
  const here = await machine();
  const track = here.devices.track('camera');
  track.isMuted(true);
  here.clock.pass(1000);
  assert.equal(here.devices.state.camera, 'ok');
  track.isMuted(false);
  here.clock.pass(PAUSE_LASTS);
  assert.equal(here.devices.state.camera, 'ok');
});

test('what the system gives back by itself needs no tap', async () => {
  const here = await machine();
  const track = here.devices.track('camera');
  track.isMuted(true);
  here.clock.pass(PAUSE_LASTS);
  assert.equal(here.devices.state.camera, 'interrupted');
  track.isMuted(false);
  assert.equal(here.devices.state.camera, 'ok');
});

test('phones pause the camera of a page that is not seen: told only if it lasts after coming back', async () => {
  const here = await machine();
  const track = here.devices.track('camera');
  here.page.turns('hidden');
  track.isMuted(true);
  here.clock.pass(60_000);
  assert.equal(here.devices.state.camera, 'ok');
  here.page.turns('visible');
  here.clock.pass(PAUSE_LASTS);
  assert.equal(here.devices.state.camera, 'interrupted');
});

test('a microphone that is opened during a phone call is found to be paused', async () => {
  const here = await machine();
  here.devices.close('microphone');
  here.media.mutesNew = true;
  await here.devices.open({ video: false });
  here.clock.pass(PAUSE_LASTS);
  assert.equal(here.devices.state.microphone, 'interrupted');
});

test('switched-off microphones stay silent, whichever device takes over', async () => {
  const here = await machine();
  here.devices.mute(true);
  here.media.unplug('headset');
  await settled();
  assert.equal(here.devices.track('microphone').enabled, false);
});

test('the camera captures a smaller picture of the same shape, and the whole again', async () => {
  const here = await machine();
  assert.equal(await here.devices.limit(2), true);
  assert.deepEqual(here.devices.track('camera').constraints.at(-1), {
    width: { ideal: 640 },
    height: { ideal: 360 },
    frameRate: { ideal: 30 },
  });
  await here.devices.limit(2);
  assert.equal(here.devices.track('camera').constraints.length, 1, 'it was asked once');
  assert.equal(await here.devices.limit(1), true);
  assert.equal(here.devices.track('camera').constraints.at(-1).height.ideal, 720);
});

test('a camera that keeps its size is told of', async () => {
  const here = await machine();
  here.devices.track('camera').getSettings = () => ({ width: 1280, height: 720 });
  assert.equal(await here.devices.limit(4), false);
});

test('devices are called by their own name, and the system is followed only where it can be told that it moved', () => {
  const moved = (group, label) => listed([{ ...LAPTOP, deviceId: 'default', label, groupId: group }]).microphones;
  const { microphones } = listed([{ ...HEADSET, deviceId: 'default', label: 'Default - Headset' }, LAPTOP, HEADSET]);
  assert.equal(ownLabel(microphones, 'default'), 'Headset');
  assert.equal(ownLabel(microphones, 'laptop'), 'Laptop microphone');
  assert.equal(ownLabel(microphones, 'gone'), '');
  assert.equal(systemMoved(moved('a', 'Default - A'), moved('b', 'Default - B'), 'default'), true);
  assert.equal(systemMoved(moved('a', 'Default - A'), moved('a', 'Default - A'), 'default'), false);
  assert.equal(systemMoved(moved('a', 'Default - A'), moved('b', 'Default - B'), 'laptop'), false);
  assert.equal(systemMoved(moved('', ''), moved('b', 'Default - B'), 'default'), false);
});
