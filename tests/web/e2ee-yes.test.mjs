import assert from 'node:assert/strict';
import test from 'node:test';

import { YES_WAITS } from '../../web/js/e2ee/encryption.js';
import { Yes } from '../../web/js/e2ee/yes.js';
import { Room } from './e2ee-room.mjs';

const RUNS = { phase: 'running', recorder: 1, keys: true, you: 'agreed' };

/** A page that says yes to a recording, and the one after its reload, which the server shows this recording. */
async function reloadedWith(recording) {
  const kept = new Map();
  const yes = new Yes({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  });
  const room = new Room();
  const before = room.page('doctor', { yes });
  await room.recordedFor(before);
  room.show({ recording: { ...RUNS, phase: 'asking', keys: false, you: 'asked' } });
  before.encryption.consents(true);
  room.show({ recording: RUNS });
  await room.calm();
  assert.equal(before.encryption.encrypted.recorder, true);
  room.pages = [];
  const after = room.page('doctor', { yes });
  await room.recordedFor(after);
  room.show({ recording });
  await room.calm();
  return { room, after };
}

test('a yes outlives a reload of the page', async () => {
  const { after } = await reloadedWith(RUNS);
  assert.equal(after.encryption.encrypted.recorder, true);
});

test('but not the recording to which it was said', async () => {
  for (const recording of [{ ...RUNS, you: 'asked' }, { ...RUNS, phase: 'declined' }, null]) {
    const { room, after } = await reloadedWith(recording);
    room.show({ recording: RUNS });
    await room.calm();
    assert.equal(after.encryption.encrypted.recorder, false);
  }
});

test('nor does it say more than the person did', async () => {
  const { room, after } = await reloadedWith(RUNS);
  after.encryption.consents(false);
  await room.calm();
  assert.equal(after.encryption.encrypted.recorder, false);
  room.show({ recording: RUNS });
  await room.calm();
  assert.equal(after.encryption.encrypted.recorder, false);
});

test('whoever asks for a recording has said yes to it, although a state without it may cross the question', async () => {
  const room = new Room();
  const doctor = room.page('doctor');
  await room.recordedFor(doctor);
  room.show();
  doctor.encryption.consents(true);
  room.show();
  room.show({ recording: RUNS });
  await room.calm();
  assert.equal(doctor.encryption.encrypted.recorder, true);
  room.show({ recording: { ...RUNS, phase: 'stopped', keys: false } });
  room.show({ recording: RUNS });
  await room.calm();
  assert.equal(doctor.encryption.encrypted.recorder, false, 'that was to another one');
});

test('a yes to a recording that does not come is none to one that comes later', async () => {
  const room = new Room();
  const doctor = room.page('doctor');
  await room.recordedFor(doctor);
  room.show();
  doctor.encryption.consents(true);
  doctor.clock.pass(YES_WAITS);
  room.show();
  room.show({ recording: RUNS });
  await room.calm();
  assert.equal(doctor.encryption.encrypted.recorder, false);
});
