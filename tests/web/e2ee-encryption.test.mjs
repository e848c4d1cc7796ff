import assert from 'node:assert/strict';
import test from 'node:test';

import { Identities } from '../../web/js/e2ee/identity.js';
import { UNNAMED, UNNAMED_WAIT, named } from '../../web/js/e2ee/names.js';
import { PICTURE, Room, call, frame, shown } from './e2ee-room.mjs';

test('two pages agree, and what one sends the other sees', async () => {
  const { doctor, patient } = await call();
  assert.deepEqual(new Uint8Array(await shown(doctor, patient)), PICTURE);
  assert.deepEqual(new Uint8Array(await shown(patient, doctor)), PICTURE);
  assert.deepEqual(doctor.encryption.encrypted.state, 'on');
  assert.deepEqual(doctor.encryption.encrypted.people.patient, patient.encryption.encrypted.people.doctor);
  assert.equal(doctor.encryption.nameOf('patient'), 'Name of patient');
});

test('before anybody has agreed nothing goes out', async () => {
  const room = new Room();
  const doctor = room.page('doctor');
  room.show();
  await room.calm();
  assert.equal(await doctor.worker.cryptor.seal(frame(), 'camera'), null);
});

test('texts go from page to page', async () => {
  const { doctor, patient } = await call();
  const text = await doctor.encryption.seal('Good morning');
  assert.ok(!text.includes('Good'));
  assert.equal(await patient.encryption.open('doctor', text), 'Good morning');
  assert.equal(await patient.encryption.open('doctor', text), null, 'it is not said twice');
  assert.equal(await patient.encryption.open('nobody', text), null);
});

test('where encryption is required, a server that says otherwise changes nothing', async () => {
  const { room, doctor } = await call();
  room.show({ clear: true });
  await room.calm();
  assert.equal(doctor.encryption.encrypted.state, 'on');
  assert.notDeepEqual(new Uint8Array(await doctor.worker.cryptor.seal(frame(), 'camera')), PICTURE);
});

test('nor does one that comes to prefer it later', async () => {
  const { room, doctor } = await call();
  doctor.policy = 'preferred';
  room.show({ clear: true });
  await room.calm();
  assert.equal(doctor.encryption.encrypted.state, 'on');
  assert.ok(doctor.encryption.seals);
});

test('where it is preferred, a browser that cannot makes the session clear until it has gone', async () => {
  const { room, doctor, patient } = await call({ encryption: 'preferred' });
  const old = room.page('old', { way: null, encryption: 'preferred' });
  room.show();
  await room.calm();
  assert.deepEqual([doctor, old].map(({ encryption }) => encryption.encrypted.state), ['clear', 'impossible']);
  assert.ok(!doctor.encryption.seals);
  assert.deepEqual(new Uint8Array(await doctor.worker.cryptor.seal(frame(), 'camera')), PICTURE);
  assert.deepEqual(doctor.sent.at(-1), { type: 'name', name: 'Name of doctor' }, 'the server has to tell names now');
  room.leave(old);
  await room.calm();
  assert.equal(doctor.encryption.encrypted.state, 'on');
  assert.deepEqual(new Uint8Array(await shown(doctor, patient)), PICTURE);
});

test('the recorder is asked for only after a yes, and is shown to hold keys only while it does', async () => {
  const { room, doctor } = await call();
  const recording = { phase: 'asking', recorder: 1, keys: false };
  room.show({ recording });
  room.show({ recording: { ...recording, phase: 'running', keys: true } });
  await room.calm();
  assert.equal(doctor.encryption.encrypted.recorder, false);
  assert.ok(doctor.sent.some(({ to }) => to === 'recorder'));
});

test('at the end the worker and its keys are gone', async () => {
  const { doctor } = await call();
  doctor.encryption.close();
  assert.ok(doctor.worker.over);
  assert.deepEqual(doctor.worker.orders.at(-1), { op: 'use', key: null, fresh: false });
});

test('payload types are those of the answer', async () => {
  const { doctor } = await call();
  doctor.encryption.answered('v=0\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:111 opus/48000/2\r\n');
  assert.deepEqual(doctor.worker.orders.at(-1), { op: 'codecs', codecs: { 96: 'VP8', 111: 'opus' } });
});

test('names of others, the own one, and of who can let one in', async () => {
  const room = new Room();
  const [doctor, waiting] = [room.page('doctor'), room.page('patient', { door: true })];
  room.show();
  assert.deepEqual(named(room.stateFor(doctor), doctor.encryption).waiting, [], 'not without a name');
  await room.calm();
  assert.equal(named(room.stateFor(doctor), doctor.encryption).waiting[0].name, 'Name of patient');
  const shown = named(room.stateFor(waiting), waiting.encryption);
  assert.deepEqual([shown.you.name, shown.waiting_for], ['Name of patient', 'Name of doctor']);
});

test('who waits and says no name is shown after a while', async () => {
  const room = new Room();
  const doctor = room.page('doctor');
  room.page('patient', { door: true, name: '' });
  room.show();
  await room.calm();
  assert.deepEqual(named(room.stateFor(doctor), doctor.encryption).waiting, []);
  const before = doctor.changes;
  doctor.clock.pass(UNNAMED_WAIT);
  assert.ok(doctor.changes > before);
  assert.equal(named(room.stateFor(doctor), doctor.encryption).waiting[0].name, UNNAMED);
});

test('a name that the clinic has given is not replaced by another', async () => {
  const { doctor, room } = await call();
  const state = room.stateFor(doctor);
  state.people[0].name = 'Given by the clinic';
  assert.equal(named(state, doctor.encryption).people[0].name, 'Given by the clinic');
});

/** What the browser keeps, as IndexedDB does: copies. */
class Kept extends Identities {
  kept = new Map();

  constructor() {
    super({ indexedDB: undefined });
  }

  async of(name) {
    return structuredClone(this.kept.get(name)) ?? super.of(name);
  }

  async keep(name, identity) {
    this.kept.set(name, structuredClone(identity));
  }

  async forget(name) {
    this.kept.delete(name);
  }
}

/** The tab is loaded anew: nobody says goodbye. */
async function loadAgain(room, page, options) {
  room.pages.splice(room.pages.indexOf(page), 1);
  const again = room.page(page.id, options);
  Object.assign(again, { number: page.number, page: page.page + 1 });
  room.show();
  await room.calm();
  return again;
}

test('what was compared still is when the own page was loaded again, and not in another call', async () => {
  const identities = new Kept();
  const room = new Room();
  const doctor = room.page('doctor', { identities });
  room.page('patient');
  room.show();
  await room.calm();
  doctor.encryption.compare('patient');
  await room.calm();

  const again = await loadAgain(room, doctor, { identities });
  const { words, ...known } = again.encryption.encrypted.people.patient;
  assert.deepEqual(known, { compared: true, changed: false, forged: false, tried: false, unopened: false });
  assert.equal(words.length, 4);

  again.encryption.close();
  assert.equal(identities.kept.size, 0);
});

test('what was forged is known when the own page was loaded again, until the words were compared', async () => {
  const identities = new Kept();
  const room = new Room();
  room.meddle = (from, to, body) => {
    const letter = JSON.parse(Buffer.from(body, 'base64url'));
    if (to !== 'doctor' || letter.kind !== 'reveal') return body;
    return Buffer.from(JSON.stringify({ ...letter, nonce: 'A'.repeat(43) })).toString('base64url');
  };
  const doctor = room.page('doctor', { identities });
  room.page('patient');
  room.show();
  await room.calm();
  const { words, ...known } = doctor.encryption.encrypted.people.patient;
  assert.deepEqual(known, { compared: false, changed: false, forged: true, tried: true, unopened: false });
  assert.deepEqual(words, []);

  room.meddle = (from, to, body) => body;
  const again = await loadAgain(room, doctor, { identities });
  const about = () => again.encryption.encrypted.people.patient;
  assert.deepEqual([about().words.length, about().forged, about().tried], [4, false, true]);
  again.encryption.compare('patient');
  assert.deepEqual([about().compared, about().tried], [true, false]);

  const third = await loadAgain(room, again, { identities });
  assert.equal(third.encryption.encrypted.people.patient.tried, false);
});

test('after another number what is sent under it is shown, and what was said before stays said', async () => {
  const { room, doctor, patient } = await call();
  const words = doctor.encryption.encrypted.people.patient.words;
  Object.assign(patient, { number: 7, page: 2 });
  patient.encryption.seated({ me: 'patient', seat: 'seat of patient' });
  room.show();
  await room.calm();
  assert.deepEqual(new Uint8Array(await shown(patient, doctor)), PICTURE);
  assert.deepEqual(new Uint8Array(await shown(doctor, patient)), PICTURE);
  assert.ok(doctor.worker.orders.some(({ op, number }) => op === 'forget' && number === 2));
  assert.deepEqual(doctor.encryption.encrypted.people.patient.words, words);
  assert.equal(await doctor.encryption.open('patient', await patient.encryption.seal('Still here')), 'Still here');
});

test('whoever comes is shown pictures from their beginning, with a key that they have', async (t) => {
  t.after(() => delete globalThis.RTCRtpScriptTransform);
  globalThis.RTCRtpScriptTransform = class {
    constructor(worker, pipe) {
      pipes.push(pipe);
    }
  };
  const pipes = [];
  const begun = [];
  const room = new Room();
  const doctor = room.page('doctor');
  const sends = (encodings) => ({ getParameters: () => ({ encodings }) });
  const held = {};
  const begins = (source) => ({ refresh: () => begun.push(source), hold: (now) => (held[source] = now) });
  doctor.encryption.leadOut(sends([{ rid: 'q' }, { rid: 'f' }]), 'camera', begins('camera'));
  doctor.encryption.leadOut(sends([{}]), 'screen', begins('screen'));
  doctor.encryption.leadOut(sends([{}]), 'microphone', begins('microphone'));
  assert.deepEqual(pipes.map(({ rids }) => rids), [['q', 'f'], [], []]);
  room.show();
  await room.calm();
  assert.deepEqual(begun, []);
  assert.deepEqual(held, { camera: true, screen: true }, 'nobody is to have a key, so nothing is encoded');
  const patient = room.page('patient');
  room.show();
  assert.deepEqual(held, { camera: false, screen: false }, 'encoders begin while a key is agreed on');
  assert.deepEqual(begun, []);
  await room.calm();
  assert.deepEqual(begun, ['camera', 'screen']);
  assert.deepEqual(held, { camera: false, screen: false });
  room.leave(patient);
  await room.calm();
  assert.deepEqual(held, { camera: true, screen: true });
});

test('what calls before have left is tidied up before anybody joins', () => {
  class Tidied extends Identities {
    tidied = 0;

    async tidy() {
      this.tidied++;
    }
  }
  const identities = new Tidied({ indexedDB: undefined });
  new Room().page('patient', { identities });
  assert.equal(identities.tidied, 1);
});
