import assert from 'node:assert/strict';
import test from 'node:test';
import { Cryptor } from '../../web/js/e2ee/cryptor.js';
import { Encryption } from '../../web/js/e2ee/encryption.js';
import { Identities } from '../../web/js/e2ee/identity.js';
import { UNNAMED, UNNAMED_WAIT, named } from '../../web/js/e2ee/names.js';
import { FakeClock } from './fakes.mjs';

/** The worker, in the same thread. */
class NearWorker {
  constructor() {
    this.cryptor = new Cryptor({ tell: (data) => queueMicrotask(() => this.onmessage?.({ data })) });
    this.orders = [];
  }

  postMessage(order) {
    this.orders.push(order);
    this.cryptor.take(structuredClone(order));
  }

  terminate() {
    this.over = true;
  }
}

/** People whose pages a server shows to each other. */
class Room {
  pages = [];
  #sent = 0;
  more = {};

  page(id, { way = 'transform', encryption = 'required', door = false, name = `Name of ${id}`, identities } = {}) {
    const clock = new FakeClock();
    const page = { id, number: this.pages.length + 1, page: 1, way, door, clock, sent: [], changes: 0, encryption };
    page.encryption = new Encryption({
      clock,
      way,
      identities: identities ?? new Identities({ indexedDB: undefined }),
      makeWorker: () => (page.worker = new NearWorker()),
      host: {
        send: (message) => {
          page.sent.push(message);
          if (message.type === 'sealed') this.#forward(page, message);
        },
        changed: () => page.changes++,
      },
    });
    page.policy = encryption;
    page.encryption.ownName = name;
    page.encryption.seated({ me: id, seat: `seat of ${id}` });
    this.pages.push(page);
    return page;
  }

  leave(page) {
    page.encryption.close();
    this.pages.splice(this.pages.indexOf(page), 1);
    this.show();
  }

  show(more = {}) {
    this.more = more;
    for (const page of this.pages) page.encryption.follow(this.stateFor(page), (mid) => `slot ${mid}`);
  }

  stateFor(page) {
    const others = this.pages.filter((other) => other !== page);
    const seen = others.map(({ id, number, page, way, door }) => {
      return { id, number, page, encrypts: way !== null, door, name: '' };
    });
    const inside = seen.filter(({ door }) => !door);
    return {
      you: { id: page.id, number: page.number, name: '' },
      session: 'session-1',
      people: page.door ? [] : inside,
      waiting: page.door ? [] : seen.filter(({ door }) => door),
      hosts: page.door ? inside : [],
      waiting_for: null,
      slots: inside.map(({ id }, at) => ({ mid: `${at}`, person: id, source: 'camera' })),
      encryption: page.policy,
      clear: this.pages.some(({ way, door }) => way === null && !door),
      recording: null,
      ...this.more,
    };
  }

  #forward(from, { to, body }) {
    this.#sent++;
    setImmediate(() => this.pages.find(({ id }) => id === to)?.encryption.receive(from.id, body));
  }

  async calm() {
    for (let quiet = 0, before = -1; quiet < 60; quiet++) {
      if (before !== this.#sent) quiet = 0;
      before = this.#sent;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }
}

async function call(options = {}) {
  const room = new Room();
  const [doctor, patient] = [room.page('doctor', options), room.page('patient', options)];
  room.show();
  await room.calm();
  return { room, doctor, patient };
}

const PICTURE = Uint8Array.from({ length: 200 }, (_, at) => at & 0xfe);
const frame = (data = PICTURE) => ({ data: data.slice().buffer, getMetadata: () => ({ mimeType: 'video/VP8' }) });

/** What one sends, as it comes at the other: null, if it does not. */
async function shown(from, to) {
  const sealed = await from.worker.cryptor.seal(frame(), 'camera');
  if (!sealed) return null;
  const { mid } = to.worker.orders.findLast(({ op }) => op === 'slots').slots[0];
  return to.worker.cryptor.open({ ...frame(), data: sealed }, mid);
}

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

test('what was compared still is when the own page was loaded again, and not in another call', async () => {
  /** What the browser keeps, as IndexedDB does: copies. */
  const kept = new Map();
  class Kept extends Identities {
    async of(name) {
      return structuredClone(kept.get(name)) ?? super.of(name);
    }

    async keep(name, identity) {
      kept.set(name, structuredClone(identity));
    }

    async forget(name) {
      kept.delete(name);
    }
  }
  const identities = new Kept();
  const room = new Room();
  const doctor = room.page('doctor', { identities });
  room.page('patient');
  room.show();
  await room.calm();
  doctor.encryption.compare('patient');
  await room.calm();

  room.pages.splice(room.pages.indexOf(doctor), 1); // the tab is loaded anew: nobody says goodbye
  const again = room.page('doctor', { identities });
  Object.assign(again, { number: doctor.number, page: 2 });
  room.show();
  await room.calm();
  const { words, ...known } = again.encryption.encrypted.people.patient;
  assert.deepEqual(known, { compared: true, changed: false, forged: false });
  assert.equal(words.length, 4);

  again.encryption.close();
  assert.equal(kept.size, 0);
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
  assert.deepEqual(held, { camera: true, screen: true }, 'nobody has a key, so nothing is encoded');
  const patient = room.page('patient');
  room.show();
  await room.calm();
  assert.deepEqual(begun, ['camera', 'screen']);
  assert.deepEqual(held, { camera: false, screen: false });
  room.leave(patient);
  await room.calm();
  assert.deepEqual(held, { camera: true, screen: true });
});
