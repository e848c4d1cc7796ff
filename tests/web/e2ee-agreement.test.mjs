import assert from 'node:assert/strict';
import test from 'node:test';
import { Agreement, RECORDER } from '../../web/js/e2ee/agreement.js';
import { Epochs, PATIENCE } from '../../web/js/e2ee/epochs.js';
import { MOST_NONCES } from '../../web/js/e2ee/handshake.js';
import { generateKeyPair } from '../../web/js/e2ee/hpke.js';
import { Dice, SEED } from './e2ee-fakes.mjs';
import { FakeClock } from './fakes.mjs';

/** A server that forwards, and shows everybody who is there. */
class Room {
  #people = new Map();
  #sent = 0;
  clock = new FakeClock();
  /** What goes from one to the other is changed, or kept (null). */
  meddle = (from, to, body) => body;

  async add(id, { door = false, number = this.#people.size + 1, identity, found } = {}) {
    const before = this.#people.get(id);
    before?.agreement.close();
    const person = new Person(this, id, before?.number ?? number, identity ?? (await generateKeyPair()), found);
    person.page = (before?.page ?? 0) + 1;
    person.door = door;
    this.#people.set(id, person);
    this.show();
    return person;
  }

  remove(id) {
    this.#people.get(id).agreement.close();
    this.#people.delete(id);
    this.show();
  }

  /** Somebody's socket is away. */
  lose(person) {
    person.away = true;
  }

  /** They have another one: their page learns of it first, as it does of a seat. */
  back(person) {
    person.away = false;
    person.page++;
    person.agreement.again();
    this.show();
  }

  show() {
    for (const person of this.#people.values()) {
      if (person.away) continue;
      const others = [...this.#people.values()].filter((other) => other !== person && other.id !== RECORDER);
      const seen = others.map(({ id, number, page, door }) => ({ id, number, page, door }));
      const recorder = this.#people.has(RECORDER) && !person.door ? 1 : null;
      const present = person.door ? [] : seen.filter(({ door }) => !door);
      const door = person.door ? seen.filter(({ door }) => !door) : seen.filter(({ door }) => door);
      if (person.id === RECORDER) person.agreement.follow({ present: [...seen], door: [], recorder: null });
      else person.agreement.follow({ present, door, recorder });
    }
  }

  /** To one page and no other, as the server does. */
  forward(from, to, page, body) {
    const sender = this.#people.get(from);
    if (sender?.away) return;
    this.#sent++;
    setImmediate(() => {
      const receiver = this.#people.get(to);
      const changed = this.meddle(from, to, body);
      if (changed && receiver && !receiver.away && receiver.page === page) receiver.agreement.receive(from, changed);
    });
  }

  /** Waits until nothing has been sent for a while. */
  async calm() {
    for (let quiet = 0, before = -1; quiet < 60; quiet++) {
      if (before !== this.#sent) quiet = 0;
      before = this.#sent;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }
}

class Person {
  used = [];
  added = new Map();
  forgotten = [];
  holders = [];
  kept = 0;
  away = false;

  constructor(room, id, number, identity, found) {
    Object.assign(this, { id, number, identity });
    this.epochs = new Epochs({
      clock: room.clock,
      keeper: { give: (to, key) => this.agreement.give(to, key), use: (key) => this.used.push(key && key.kid) },
    });
    this.epochs.setNumber(number);
    this.agreement = new Agreement({
      session: 'session-1',
      me: id,
      identity,
      found,
      host: {
        send: (to, body) => room.forward(id, to.id, to.page, body),
        holders: (holders) => {
          this.holders = [...holders.keys()].sort();
          this.epochs.setHolders(holders);
        },
        has: (from, kid) => this.epochs.has(from, kid),
        again: (to) => this.epochs.again(to),
        add: (kid, key) => this.added.set(kid, key),
        forget: (gone) => this.forgotten.push(gone),
        keep: () => this.kept++,
        changed: () => {},
      },
    });
    this.agreement.setName(`Name of ${id}`);
  }

  get names() {
    return Object.fromEntries(this.agreement.names);
  }

  words(other) {
    return this.agreement.known(other)?.words.join(' ');
  }

  /** Whether this person can open what the other one sends now. */
  canOpen(other) {
    const kid = other.used.at(-1);
    return kid !== null && kid !== undefined && this.added.has(kid);
  }
}

async function call() {
  const room = new Room();
  const doctor = await room.add('doctor');
  const patient = await room.add('patient');
  await room.calm();
  return { room, doctor, patient };
}

test('two who see each other have names, keys and the same words', async () => {
  const { doctor, patient } = await call();
  assert.deepEqual(doctor.names, { patient: 'Name of patient' });
  assert.deepEqual(patient.names, { doctor: 'Name of doctor' });
  assert.ok(doctor.canOpen(patient) && patient.canOpen(doctor));
  assert.ok(doctor.words('patient'));
  assert.equal(doctor.words('patient'), patient.words('doctor'));
});

test('a third person gets a key that nobody has used before, and so do the others', async () => {
  const { room, doctor, patient } = await call();
  const before = doctor.used.at(-1);
  const third = await room.add('third');
  await room.calm();
  assert.notEqual(doctor.used.at(-1), before);
  assert.ok(!third.added.has(before));
  for (const [one, other] of [[third, doctor], [third, patient], [doctor, third], [patient, doctor]]) {
    assert.ok(one.canOpen(other), `${one.id} opens ${other.id}`);
  }
});

test('who has gone gets nothing any more, and is forgotten', async () => {
  const { room, doctor, patient } = await call();
  const third = await room.add('third');
  await room.calm();
  room.remove('third');
  await room.calm();
  assert.ok(!third.canOpen(doctor) && !third.canOpen(patient));
  assert.ok(patient.canOpen(doctor) && doctor.canOpen(patient));
  assert.deepEqual(doctor.forgotten, [third.number]);
  assert.deepEqual(doctor.names, { patient: 'Name of patient' });
});

test('whoever waits tells who they are, and gets no key and gives none', async () => {
  const room = new Room();
  const doctor = await room.add('doctor');
  const waiting = await room.add('patient', { door: true });
  await room.calm();
  assert.deepEqual(doctor.names, { patient: 'Name of patient' });
  assert.deepEqual(waiting.names, { doctor: 'Name of doctor' });
  assert.deepEqual([doctor.holders, waiting.holders], [[], []]);
  assert.deepEqual([doctor.used, waiting.used], [[], []]);
  waiting.door = false;
  room.show();
  await room.calm();
  assert.ok(doctor.canOpen(waiting) && waiting.canOpen(doctor));
});

test('a key of somebody who waits is not taken', async () => {
  const room = new Room();
  const doctor = await room.add('doctor');
  const waiting = await room.add('patient', { door: true });
  await room.calm();
  waiting.agreement.give('doctor', { kid: waiting.number * 256, key: new Uint8Array(32) });
  await room.calm();
  assert.equal(doctor.added.size, 0);
});

test("nobody's key is taken for somebody else's", async () => {
  const { room, doctor, patient } = await call();
  const before = doctor.added.size;
  patient.agreement.give('doctor', { kid: 9 * 256, key: new Uint8Array(32) });
  await room.calm();
  assert.equal(doctor.added.size, before);
});

test('a reloaded page with the same key stays compared, one with another key is told', async () => {
  const { room, doctor, patient } = await call();
  doctor.agreement.compare('patient');
  assert.deepEqual({ ...doctor.agreement.known('patient'), words: 0 }, { words: 0, compared: true, changed: false });
  const reloaded = await room.add('patient', { identity: patient.identity });
  await room.calm();
  assert.deepEqual({ ...doctor.agreement.known('patient'), words: 0 }, { words: 0, compared: true, changed: false });
  assert.ok(doctor.canOpen(reloaded) && reloaded.canOpen(doctor));
  await room.add('patient');
  await room.calm();
  assert.deepEqual({ ...doctor.agreement.known('patient'), words: 0 }, { words: 0, compared: false, changed: true });
});

test('what was lost with a socket comes when there is another one', async () => {
  const { room, doctor, patient } = await call();
  room.meddle = () => null;
  const third = await room.add('third');
  await room.calm();
  assert.ok(!third.canOpen(doctor));
  room.meddle = (from, to, body) => body;
  third.agreement.again();
  await room.calm();
  assert.ok(third.canOpen(doctor) && third.canOpen(patient) && doctor.canOpen(third));
});

test('the recorder gets keys and a name only while the own person agrees, and from both only if both do', async () => {
  const { room, doctor, patient } = await call();
  const recorder = await room.add(RECORDER, { number: 0 });
  await room.calm();
  assert.deepEqual(recorder.names, {});
  assert.equal(recorder.added.size, 0);
  assert.deepEqual(doctor.holders, ['patient']);
  doctor.agreement.setRecorded(true);
  await room.calm();
  assert.deepEqual(doctor.holders, ['patient', RECORDER]);
  assert.ok(recorder.canOpen(doctor) && patient.canOpen(doctor));
  assert.ok(!recorder.canOpen(patient));
  assert.deepEqual(recorder.names, { doctor: 'Name of doctor' });
  doctor.agreement.setRecorded(false);
  await room.calm();
  assert.ok(!recorder.canOpen(doctor));
  assert.ok(patient.canOpen(doctor));
});

test('the recorder is no source of keys or names', async () => {
  const { room, doctor } = await call();
  const recorder = await room.add(RECORDER, { number: 0 });
  await room.calm();
  recorder.agreement.give('doctor', { kid: doctor.number * 256 + 512, key: new Uint8Array(32) });
  await room.calm();
  assert.equal(doctor.added.size, 1);
  assert.deepEqual(doctor.names, { patient: 'Name of patient' });
});

test('a server that forges a key in the middle is found out by the words', async () => {
  const room = new Room();
  const [evil, other] = [new Room(), new Room()];
  const doctor = await room.add('doctor');
  const patient = await other.add('patient', { number: 2 });
  // Two rooms, in each of which somebody plays the other one.
  await room.add('patient');
  await other.add('doctor');
  await Promise.all([room.calm(), other.calm(), evil.calm()]);
  assert.ok(doctor.words('patient') && patient.words('doctor'));
  assert.notEqual(doctor.words('patient'), patient.words('doctor'));
});

test('letters that were changed on the way agree on nothing', async () => {
  const room = new Room();
  room.meddle = (from, to, body) => `${body.slice(0, 40)}${body[40] === 'A' ? 'B' : 'A'}${body.slice(41)}`;
  const doctor = await room.add('doctor');
  const patient = await room.add('patient');
  await room.calm();
  assert.ok(!doctor.canOpen(patient) && !patient.canOpen(doctor));
});

test('at the end nothing is held by anybody', async () => {
  const { doctor } = await call();
  doctor.agreement.close();
  assert.equal(doctor.used.at(-1), null);
  assert.deepEqual(doctor.names, {});
});

test('a lost socket takes nothing from anybody, and changes neither words nor keys', async () => {
  const { room, doctor, patient } = await call();
  const words = doctor.words('patient');
  const [held, used] = [new Map(doctor.added), doctor.used.length];
  room.lose(patient);
  await room.calm();
  assert.deepEqual([doctor.forgotten, doctor.used.length, doctor.holders], [[], used, ['patient']]);
  assert.deepEqual(doctor.added, held);
  let said = 0;
  room.meddle = (from, to, body) => {
    said += body.length;
    return body;
  };
  room.back(patient);
  await room.calm();
  assert.deepEqual([doctor.words('patient'), patient.words('doctor')], [words, words]);
  assert.deepEqual([doctor.used.length, doctor.added], [used, held]);
  assert.ok(said > 0 && said < 3000, `${said} characters`); // on a way that carries little
  assert.ok(doctor.canOpen(patient) && patient.canOpen(doctor));
});

for (let turn = 0; turn < 8; turn++) {
  test(`sockets that are lost at any moment change no words, and nobody lacks a thing in the end (${turn})`, async (t) => {
    const dice = new Dice(t, SEED + turn);
    const { room, doctor, patient } = await call();
    const third = await room.add('third');
    await room.calm();
    const people = [doctor, patient, third];
    const pairs = people.flatMap((one) => people.filter((other) => other !== one).map((other) => [one, other]));
    const words = () => pairs.map(([one, other]) => one.words(other.id));
    const before = words();
    for (let step = 0; step < 16; step++) {
      const person = dice.pick(people);
      if (person.away) room.back(person);
      else room.lose(person);
      for (let wait = dice.below(8); wait > 0; wait--) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const person of people) if (person.away) room.back(person);
    await room.calm();
    room.clock.pass(PATIENCE);
    await room.calm();
    assert.deepEqual(words(), before);
    for (const [one, other] of pairs) {
      assert.ok(one.canOpen(other), `${one.id} opens ${other.id}`);
      assert.equal(one.names[other.id], `Name of ${other.id}`);
    }
  });
}

test('who is loaded again while sockets are lost has new words with everybody, who have the same', async (t) => {
  const dice = new Dice(t);
  const { room, doctor, patient } = await call();
  let page = patient;
  for (let step = 0; step < 5; step++) {
    const before = doctor.words('patient');
    page = await room.add('patient', { identity: patient.identity });
    for (let wait = dice.below(12); wait > 0; wait--) await new Promise((resolve) => setImmediate(resolve));
    const losing = dice.pick([doctor, page]);
    room.lose(losing);
    await room.calm();
    room.back(losing);
    await room.calm();
    room.clock.pass(PATIENCE);
    await room.calm();
    assert.equal(doctor.words('patient'), page.words('doctor'));
    assert.notEqual(doctor.words('patient'), before);
    assert.ok(doctor.canOpen(page) && page.canOpen(doctor));
  }
});

test('who gets another number sends under it at once, and nothing under the one before is taken', async () => {
  const { room, doctor, patient } = await call();
  const before = patient.number;
  patient.number = 9;
  patient.epochs.setNumber(9);
  assert.equal(patient.used.at(-1) >> 8, 9);
  room.back(patient);
  await room.calm();
  assert.deepEqual(doctor.forgotten, [before]);
  assert.equal(patient.used.at(-1) >> 8, 9);
  assert.ok(doctor.canOpen(patient) && patient.canOpen(doctor));
  const held = doctor.added.size;
  patient.agreement.give('doctor', { kid: before * 256 + 7, key: new Uint8Array(32) });
  await room.calm();
  assert.equal(doctor.added.size, held);
});

test('a server that shows page after page sees one nonce, and one that shows new people only so many', async () => {
  const { room, doctor, patient } = await call();
  const shown = new Set();
  room.meddle = (from, to, body) => {
    const letter = JSON.parse(Buffer.from(body, 'base64url'));
    if (from === 'doctor' && letter.kind === 'commit') shown.add(letter.commitment);
    return null;
  };
  for (let at = 0; at < 50; at++) {
    patient.page++;
    room.show();
  }
  await room.calm();
  assert.equal(shown.size, 1);
  for (let at = 0; at < MOST_NONCES + 20; at++) {
    doctor.agreement.follow({ present: [], door: [], recorder: null });
    room.show();
    for (let turn = 0; turn < 200 && shown.size <= at + 1; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  await room.calm();
  assert.ok(shown.size <= MOST_NONCES && shown.size > MOST_NONCES / 2, `${shown.size}`);
});

test('a recorder of another recording is another one, with whom nothing was agreed', async () => {
  const { room, doctor } = await call();
  const recorder = await room.add(RECORDER, { number: 0 });
  await room.calm();
  doctor.agreement.setRecorded(true);
  await room.calm();
  assert.ok(recorder.canOpen(doctor));
  const seen = { id: 'patient', number: 2, page: 1 };
  doctor.agreement.follow({ present: [seen], door: [], recorder: 2 });
  assert.deepEqual(doctor.holders, ['patient']);
});

// Forgeries

/** What the patient reveals to the doctor is changed on the way. */
function forging(from, to, body) {
  const letter = JSON.parse(Buffer.from(body, 'base64url'));
  if (to !== 'doctor' || letter.kind !== 'reveal') return body;
  const nonce = Buffer.from(letter.nonce, 'base64url');
  nonce[0] ^= 1;
  return Buffer.from(JSON.stringify({ ...letter, nonce: nonce.toString('base64url') })).toString('base64url');
}

async function forged(found = { compared: new Map(), forged: new Set() }) {
  const room = new Room();
  room.meddle = forging;
  const doctor = await room.add('doctor', { found });
  const patient = await room.add('patient');
  await room.calm();
  room.meddle = (from, to, body) => body;
  const seen = () => [doctor.agreement.isForged('patient'), doctor.agreement.wasForged('patient')];
  return { room, doctor, patient, found, seen };
}

test('a forgery is told, is over with the next agreement, and is known until the words were compared', async () => {
  const { room, doctor, patient, seen } = await forged();
  assert.deepEqual(seen(), [true, true]);
  assert.equal(doctor.words('patient'), undefined);
  assert.equal(doctor.kept, 1);
  room.lose(patient);
  room.back(patient);
  await room.calm();
  assert.deepEqual(seen(), [false, true]);
  assert.equal(doctor.words('patient'), patient.words('doctor'));
  assert.ok(doctor.canOpen(patient) && patient.canOpen(doctor));
  doctor.agreement.compare('patient');
  assert.deepEqual(seen(), [false, false]);
  assert.equal(doctor.kept, 2);
});

test('it is known to the next page of this call too', async () => {
  const { room, doctor, found } = await forged();
  const again = await room.add('doctor', { identity: doctor.identity, found: structuredClone(found) });
  await room.calm();
  assert.ok(again.words('patient'));
  assert.deepEqual([again.agreement.isForged('patient'), again.agreement.wasForged('patient')], [false, true]);
});

test('a key that was compared before leaves nothing to be made sure of', async () => {
  const { room, doctor, patient } = await call();
  doctor.agreement.compare('patient');
  room.meddle = forging;
  await room.add('patient', { identity: patient.identity });
  await room.calm();
  assert.deepEqual([doctor.agreement.isForged('patient'), doctor.agreement.wasForged('patient')], [true, true]);
  room.meddle = (from, to, body) => body;
  await room.add('patient', { identity: patient.identity });
  await room.calm();
  assert.deepEqual([doctor.agreement.isForged('patient'), doctor.agreement.wasForged('patient')], [false, false]);
  assert.ok(doctor.agreement.known('patient').compared);
});
