import assert from 'node:assert/strict';
import test from 'node:test';
import { SOURCE, encryptFrame, keyId } from '../../web/js/e2ee/frames.js';
import { KEPT, KEY_WAIT, Keyring } from '../../web/js/e2ee/keyring.js';
import { SendingContext } from '../../web/js/e2ee/sframe.js';
import { FakeClock } from './fakes.mjs';

const FRAME = Uint8Array.of(0x78, 1, 2, 3, 4, 5);
const SOUND = { codec: 'opus', source: SOURCE.microphone };
const same = (buffer) => assert.deepEqual(new Uint8Array(buffer), FRAME);
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Somebody who sends sound under a key. */
async function sender(number, epoch) {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const kid = keyId(number, epoch);
  const context = await SendingContext.create(key, kid);
  return { kid, key, frame: () => encryptFrame(context, FRAME.buffer.slice(0), SOUND.codec, SOUND.source) };
}

function keyring() {
  const clock = new FakeClock();
  return { clock, ring: new Keyring({ clock }) };
}

test('a frame whose key is here is opened', async () => {
  const { ring } = keyring();
  const a = await sender(1, 0);
  await ring.add(a.kid, a.key);
  same(await ring.open(await a.frame(), { ...SOUND, number: 1 }));
});

test('a frame that comes before its key waits for it', async () => {
  const { ring } = keyring();
  const a = await sender(1, 0);
  const opened = ring.open(await a.frame(), { ...SOUND, number: 1 });
  await settled();
  await ring.add(a.kid, a.key);
  same(await opened);
});

test('no longer than a second, and not again for the same key', async () => {
  const { clock, ring } = keyring();
  const a = await sender(1, 0);
  const first = assert.rejects(ring.open(await a.frame(), { ...SOUND, number: 1 }), { fault: 'no-key' });
  await settled();
  clock.pass(KEY_WAIT);
  await first;
  await assert.rejects(ring.open(await a.frame(), { ...SOUND, number: 1 }), { fault: 'no-key' });
  await ring.add(a.kid, a.key);
  same(await ring.open(await a.frame(), { ...SOUND, number: 1 }));
});

test('what was before one came is not waited for when a later key is here', async () => {
  const { ring } = keyring();
  const [before, now] = [await sender(1, 4), await sender(1, 5)];
  const first = assert.rejects(ring.open(await before.frame(), { ...SOUND, number: 1 }), { fault: 'no-key' });
  await settled();
  await ring.add(now.kid, now.key);
  await first;
  await assert.rejects(ring.open(await before.frame(), { ...SOUND, number: 1 }), { fault: 'no-key' });
  same(await ring.open(await now.frame(), { ...SOUND, number: 1 }));
});

test('a key that comes is waited for although an older one is there', async () => {
  const { ring } = keyring();
  const [one, two] = [await sender(1, 255), await sender(1, 0)];
  await ring.add(one.kid, one.key);
  same(await ring.open(await one.frame(), { ...SOUND, number: 1 }));
  const opened = ring.open(await two.frame(), { ...SOUND, number: 1 });
  await settled();
  await ring.add(two.kid, two.key);
  same(await opened);
});

test('late packets of the key before are opened for ten seconds after the next one was used', async () => {
  const { clock, ring } = keyring();
  const [one, two] = [await sender(1, 0), await sender(1, 1)];
  await ring.add(one.kid, one.key);
  await ring.add(two.kid, two.key);
  clock.pass(KEPT);
  same(await ring.open(await one.frame(), { ...SOUND, number: 1 }));
  same(await ring.open(await two.frame(), { ...SOUND, number: 1 }));
  clock.pass(KEPT - 1);
  same(await ring.open(await one.frame(), { ...SOUND, number: 1 }));
  clock.pass(1);
  const late = assert.rejects(ring.open(await one.frame(), { ...SOUND, number: 1 }), { fault: 'no-key' });
  await settled();
  clock.pass(KEY_WAIT);
  await late;
});

test("what comes in somebody's slot is opened only if it is theirs", async () => {
  const { ring } = keyring();
  const [a, b] = [await sender(1, 0), await sender(2, 0)];
  await ring.add(a.kid, a.key);
  await ring.add(b.kid, b.key);
  await assert.rejects(ring.open(await b.frame(), { ...SOUND, number: 1 }), { fault: 'not-authentic' });
});

test('a key of somebody else is not even waited for', async () => {
  const { ring } = keyring();
  const b = await sender(2, 0);
  await assert.rejects(ring.open(await b.frame(), { ...SOUND, number: 1 }), { fault: 'no-key' });
});

test('a camera is not taken for a screen', async () => {
  const { ring } = keyring();
  const a = await sender(1, 0);
  await ring.add(a.kid, a.key);
  const from = { ...SOUND, source: SOURCE.screen, number: 1 };
  await assert.rejects(ring.open(await a.frame(), from), { fault: 'not-authentic' });
});

test('who has gone is opened no more, and nothing waits for them', async () => {
  const { ring } = keyring();
  const [a, next] = [await sender(1, 0), await sender(1, 1)];
  await ring.add(a.kid, a.key);
  const waits = assert.rejects(ring.open(await next.frame(), { ...SOUND, number: 1 }), { fault: 'no-key' });
  await settled();
  ring.forget(1);
  await waits;
});

test('only so many keys of one person are kept', async () => {
  const { ring } = keyring();
  const senders = await Promise.all(Array.from({ length: 6 }, (_, epoch) => sender(1, epoch)));
  for (const { kid, key } of senders) await ring.add(kid, key);
  for (const each of senders.slice(2)) same(await ring.open(await each.frame(), { ...SOUND, number: 1 }));
});
