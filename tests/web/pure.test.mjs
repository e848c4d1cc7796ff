import assert from 'node:assert/strict';
import test from 'node:test';

import { constraintsFor, judge } from '../../web/js/capture.js';
import { preferredCodecs } from '../../web/js/codecs.js';
import { readInvitation, requestToken } from '../../web/js/invitation.js';
import { loudness } from '../../web/js/meter.js';
import { SeatMemory } from '../../web/js/seat.js';
import { Preferences, clockOffset, loadSettings } from '../../web/js/settings.js';
import { Store } from '../../web/js/store.js';
import { Strings, chooseLanguage, loadStrings } from '../../web/js/strings.js';
import { FakeStorage, fakeLocks } from './fakes.mjs';

// codecs

const video = (mimeType, sdpFmtpLine) => ({ mimeType: `video/${mimeType}`, clockRate: 90000, sdpFmtpLine });
const CHROMIUM = [
  video('VP8'),
  video('rtx'),
  video('H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f'),
  video('H264', 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f'),
  video('H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'),
  video('H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f'),
  video('AV1', 'level-idx=5;profile=0;tier=0'),
  video('VP9', 'profile-id=0'),
  video('VP9', 'profile-id=2'),
  video('red'),
  video('ulpfec'),
];

test('one of each codec is offered, in our order, with retransmission', () => {
  const chosen = preferredCodecs('video', CHROMIUM);
  assert.deepEqual(chosen, [CHROMIUM[0], CHROMIUM[4], CHROMIUM[7], CHROMIUM[1]]);
});

test('H264 comes first where the hardware says so', () => {
  const chosen = preferredCodecs('video', CHROMIUM, { h264First: true });
  assert.deepEqual(chosen, [CHROMIUM[4], CHROMIUM[0], CHROMIUM[7], CHROMIUM[1]]);
});

test('plain baseline is taken where there is no constrained one, and a VP9 without profile is profile 0', () => {
  const known = [video('H264', 'packetization-mode=1; profile-level-id=42001F'), video('VP9'), video('rtx')];
  assert.deepEqual(preferredCodecs('video', known), known);
});

test('where nothing is known the browser keeps its own choice', () => {
  assert.deepEqual(preferredCodecs('video', []), []);
  assert.deepEqual(preferredCodecs('video', [video('rtx'), video('AV1')]), []);
});

test('of audio only Opus is offered', () => {
  const opus = { mimeType: 'audio/opus', clockRate: 48000, channels: 2, sdpFmtpLine: 'minptime=10;useinbandfec=1' };
  const names = ['red', 'PCMU', 'G722', 'telephone-event'];
  const others = names.map((name) => ({ mimeType: `audio/${name}`, clockRate: 8000 }));
  assert.deepEqual(preferredCodecs('audio', [...others, opus]), [opus]);
});

test('a slot also takes sound in redundant packets', () => {
  const opus = { mimeType: 'audio/opus', clockRate: 48000, channels: 2 };
  const red = { mimeType: 'audio/red', clockRate: 48000, channels: 2, sdpFmtpLine: '111/111' };
  const others = ['PCMU', 'CN'].map((name) => ({ mimeType: `audio/${name}`, clockRate: 8000 }));
  assert.deepEqual(preferredCodecs('audio', [...others, red, opus], { receiving: true }), [opus, red]);
  assert.deepEqual(preferredCodecs('audio', [opus, ...others], { receiving: true }), [opus]);
  assert.deepEqual(preferredCodecs('audio', [red], { receiving: true }), []);
});

// capture

test('a chosen device is preferred, an exact one demanded, and music is left as it is', () => {
  assert.deepEqual(constraintsFor('camera', { width: 1280, height: 720, frameRate: 30, deviceId: 'a' }), {
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30 },
    deviceId: { ideal: 'a' },
  });
  assert.deepEqual(constraintsFor('camera', { deviceId: { exact: 'a' } }).deviceId, { exact: 'a' });
  assert.equal(constraintsFor('camera', { deviceId: null }).deviceId, undefined);
  assert.equal(constraintsFor('microphone', {}).noiseSuppression, true);
  assert.equal(constraintsFor('microphone', { original: true }).echoCancellation, false);
});

test('each refusal of the browser has a meaning, and anything else is our defect', () => {
  const meaning = (name, message = '') => judge(new DOMException(message, name));
  assert.deepEqual(meaning('NotAllowedError', 'Permission denied'), { condition: 'denied', deniedBy: 'person' });
  assert.equal(meaning('NotAllowedError', 'Permission dismissed').deniedBy, 'dismissed');
  assert.equal(meaning('NotAllowedError', 'Permission denied by system').deniedBy, 'system');
  assert.equal(meaning('NotFoundError').condition, 'missing');
  assert.equal(meaning('OverconstrainedError').condition, 'missing');
  assert.equal(meaning('NotReadableError').condition, 'busy');
  assert.equal(meaning('AbortError').condition, 'busy');
  assert.throws(() => judge(new TypeError('constraints')), TypeError);
});

// meter

test('the meter is empty in silence, full at full scale, and even in decibels between', () => {
  assert.equal(loudness(new Float32Array(1024)), 0);
  assert.equal(loudness(new Float32Array(0)), 0);
  assert.ok(loudness(new Float32Array(1024).fill(1)) > 0.999);
  assert.ok(Math.abs(loudness(new Float32Array(1024).fill(10 ** (-30 / 20))) - 0.5) < 0.01);
});

// strings

const strings = new Strings('en-GB', {
  hello: 'Hello {name}',
  people: { one: '{count} person', other: '{count} people' },
  'errors.locked': 'This session is locked.',
  'errors.unknown': 'Something went wrong.',
});

test('texts take their values, by plural where there is one', () => {
  assert.equal(strings.text('hello', { name: 'Ann' }), 'Hello Ann');
  assert.equal(strings.text('people', { count: 1 }), '1 person');
  assert.equal(strings.text('people', { count: 1200 }), '1,200 people');
});

test('a value is put in as it is, whatever it looks like', () => {
  assert.equal(strings.text('hello', { name: '{count} $& <b>' }), 'Hello {count} $& <b>');
  assert.equal(strings.text('hello', {}), 'Hello {name}');
  assert.equal(strings.text('hello', { constructor: 'x' }), 'Hello {name}');
});

test('a missing text shows its key and is reported once', () => {
  const { warn } = console;
  const said = [];
  console.warn = (text) => said.push(text);
  assert.equal(strings.text('nowhere'), 'nowhere');
  assert.equal(strings.text('nowhere'), 'nowhere');
  assert.equal(strings.text('toString'), 'toString');
  console.warn = warn;
  assert.equal(said.length, 2);
});

test('refusals: the catalogue first, then the server, then something', () => {
  assert.equal(strings.error('locked', 'server'), 'This session is locked.');
  assert.equal(strings.error('other', 'server'), 'server');
  assert.equal(strings.error('other', ''), 'Something went wrong.');
});

test('times and lists are in the language', () => {
  assert.equal(strings.duration(65.9), '1:05');
  assert.equal(strings.duration(3599), '59:59');
  assert.equal(strings.duration(3661), '1:01:01');
  assert.equal(strings.duration(-5), '0:00');
  assert.equal(strings.list(['Ann', 'Ben', 'Cem']), 'Ann, Ben and Cem');
  assert.match(strings.time(1_700_000_000), /^\d\d:\d\d$/);
});

test('the language is the first wanted that is offered, be it only by its base', () => {
  assert.equal(chooseLanguage(['en', 'de'], ['fr-FR', 'de-AT', 'en']), 'de');
  assert.equal(chooseLanguage(['en', 'pt-BR'], ['pt-br']), 'pt-BR');
  assert.equal(chooseLanguage(['en'], ['tlh']), 'en');
  assert.equal(chooseLanguage([], []), 'en');
});

test('the catalogue is loaded from beside the modules', async () => {
  let asked;
  const fetch = async (url) => {
    asked = String(url);
    return new Response('{"a": "b"}');
  };
  const loaded = await loadStrings(['en'], ['en-GB'], fetch);
  assert.match(asked, /\/web\/strings\/en\.json$/);
  assert.equal(loaded.text('a'), 'b');
  await assert.rejects(loadStrings(['en'], ['en'], async () => new Response('', { status: 404 })), /404/);
});

// settings

test('settings come with the difference of the clocks', async () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const at = Date.parse(date);
  const fetch = async () => new Response('{"demo": true}', { headers: { Date: date } });
  const settings = await loadSettings({ fetch, now: () => at - 60_000 });
  assert.equal(settings.demo, true);
  assert.equal(settings.clockOffset, 60.5);
  await assert.rejects(loadSettings({ fetch: async () => new Response('', { status: 503 }) }), /503/);
});

test('differences that the header cannot tell are none', () => {
  const at = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT');
  assert.equal(clockOffset('Sun, 06 Nov 1994 08:49:37 GMT', at + 900), 0);
  assert.equal(clockOffset(null, at), 0);
  assert.equal(clockOffset('yesterday', at), 0);
});

test('preferences are kept, forgotten, and survive a browser without storage', () => {
  const storage = new FakeStorage();
  new Preferences(storage).set('camera', 'front');
  assert.equal(new Preferences(storage).get('camera'), 'front');
  new Preferences(storage).set('camera', null);
  assert.equal(new Preferences(storage).get('camera', 'any'), 'any');
  const forbidding = {
    getItem() {
      throw new Error('SecurityError');
    },
    setItem() {
      throw new Error('QuotaExceededError');
    },
    removeItem() {
      throw new Error('SecurityError');
    },
  };
  for (const nowhere of [null, forbidding]) {
    const preferences = new Preferences(nowhere);
    preferences.set('camera', 'front');
    assert.equal(preferences.get('camera'), 'front');
    preferences.set('camera', null);
    assert.equal(preferences.get('camera'), null);
  }
});

// seat

test('a reloaded page finds its seat, a copy of the tab does not get it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const locks = fakeLocks();
  const tab = new FakeStorage();
  const first = new SeatMemory({ storage: tab, locks });
  assert.equal(first.read(), null);
  first.write({ token: 'one', microphone: true, camera: false });
  const { id } = first.read();
  first.write({ token: 'two', microphone: true, camera: true });
  assert.deepEqual(first.read(), { id, token: 'two', microphone: true, camera: true });

  const copied = new FakeStorage();
  copied.setItem('therabook.seat', tab.getItem('therabook.seat'));
  const copy = new SeatMemory({ storage: copied, locks: abortingLocks(locks) });
  assert.equal(await copy.hold(copy.read().id), false);
});

function abortingLocks(locks) {
  // The wait of a second, without waiting.
  return { request: (name, _, body) => locks.request(name, { signal: AbortSignal.abort() }, body) };
}

test('a seat that was given up is free again', async () => {
  const locks = fakeLocks();
  const storage = new FakeStorage();
  const first = new SeatMemory({ storage, locks });
  first.write({ token: 'one', microphone: true, camera: true });
  const { id } = first.read();
  first.forget();
  assert.equal(first.read(), null);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await new SeatMemory({ storage, locks }).hold(id), true);
});

test('what is no seat is none', () => {
  const storage = new FakeStorage();
  for (const text of ['', '{', 'null', '1', '[]', '{"token": 1, "id": "a"}', '{"token": "a"}']) {
    storage.setItem('therabook.seat', text);
    assert.equal(new SeatMemory({ storage, locks: null }).read(), null);
  }
});

// store

test('listeners hear of changes only, in order, and one that throws does not stop the others', async () => {
  const store = new Store({ a: 1, b: 1 });
  const heard = [];
  let reported = 0;
  const report = () => reported++;
  process.setUncaughtExceptionCaptureCallback(report);
  store.subscribe(({ a }) => {
    if (a === 2) store.update({ a: 3 });
  });
  store.subscribe(() => {
    if (!heard.length) throw new Error('a listener of somebody else');
  });
  const stop = store.subscribe((state, previous) => heard.push([previous.a, state.a]));
  store.update({ a: 1 });
  store.update({ a: 2 });
  stop();
  store.update({ a: 4 });
  assert.deepEqual(heard, [[1, 2], [2, 3]]);
  assert.ok(Object.isFrozen(store.state));
  assert.equal(store.state.b, 1);
  await new Promise((resolve) => setImmediate(resolve));
  process.setUncaughtExceptionCaptureCallback(null);
  assert.equal(reported, 1);
});

// invitation

const link = (claims) => `#token=x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;

test('a link says which session it is for, and whether it seems to be over', () => {
  const invitation = readInvitation(link({ room: 'blue', role: 'patient', name: 'Zoë Ā', exp: 100 }), 50);
  const { token, ...shown } = invitation;
  assert.match(token, /^x\./);
  assert.deepEqual(shown, { session: 'blue', role: 'patient', name: 'Zoë Ā', expired: false, encrypted: false });
  assert.equal(readInvitation(link({ exp: 100 }), 101).expired, true);
  assert.equal(readInvitation(link({ encryption: 'required' })).encrypted, true);
  assert.equal(readInvitation(link({ encryption: 'preferred' })).encrypted, false);
});

test('any other fragment is no invitation, or one that says nothing', () => {
  assert.equal(readInvitation(''), null);
  assert.equal(readInvitation('#chat'), null);
  for (const token of ['a', 'a.b', 'a.%.c', 'a.bnVsbA.c', '....']) {
    assert.equal(readInvitation(`#token=${encodeURIComponent(token)}`).session, '');
  }
});

test('the demo form gets a token or the reason why not', async () => {
  const request = { session: 's', role: 'patient', name: 'Ann' };
  let sent;
  const ok = async (url, { body }) => {
    sent = JSON.parse(body);
    return new Response('{"token": "t"}');
  };
  assert.deepEqual(await requestToken(request, ok), { token: 't' });
  assert.deepEqual([sent.role, sent.room_id, sent.name], ['patient', 's', 'Ann']);
  const refuses = async () => new Response('{"code": "unauthorized", "error": "No."}', { status: 401 });
  assert.deepEqual(await requestToken(request, refuses), { code: 'unauthorized', error: 'No.' });
  const fails = async () => {
    throw new TypeError('fetch failed');
  };
  assert.deepEqual(await requestToken(request, fails), { code: 'unreachable', error: '' });
});
