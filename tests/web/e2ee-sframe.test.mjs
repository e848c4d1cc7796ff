import assert from 'node:assert/strict';
import test from 'node:test';

import { ReplayWindow, WINDOW } from '../../web/js/e2ee/replay-window.js';
import {
  MOST_FRAMES,
  ReceivingContext,
  SendingContext,
  decodeHeader,
  encodeHeader,
} from '../../web/js/e2ee/sframe.js';
import { Dice, bytes, fault, hex, joined, vectors } from './e2ee-fakes.mjs';

const KID = 0x1234;
const KEY = bytes('6b'.repeat(32));
const METADATA = bytes('02 9d 01 2a');

const { header: HEADERS, sframe: FRAMES } = vectors('sframe');
const SUITES = FRAMES.filter((vector) => [4, 5].includes(vector.cipher_suite));

async function receiver(key = KEY, kid = KID) {
  const context = new ReceivingContext();
  await context.add(kid, key);
  return context;
}

/** Encrypts so many frames, whose plaintexts are their numbers. */
async function sent(count, first = 0) {
  const sending = await SendingContext.create(KEY, KID, { first });
  return Promise.all(Array.from({ length: count }, (_, n) => sending.encrypt(Uint8Array.of(n >> 8, n), METADATA)));
}

test('headers are those that RFC 9605 prints', () => {
  const exact = HEADERS.filter(({ kid, ctr }) => Number.isSafeInteger(kid) && Number.isSafeInteger(ctr));
  assert.ok(exact.length > 30);
  for (const { kid, ctr, encoded } of exact) {
    assert.equal(hex(encodeHeader(kid, ctr)), encoded);
    const decoded = decodeHeader(bytes(`${encoded}aabb`));
    assert.deepEqual(decoded, { kid, counter: ctr, length: encoded.length / 2 });
  }
});

test('numbers that JavaScript does not hold exactly are refused', () => {
  const inexact = HEADERS.filter(({ kid, ctr }) => !Number.isSafeInteger(kid) || !Number.isSafeInteger(ctr));
  assert.ok(inexact.length > 3);
  for (const { encoded } of inexact) assert.throws(() => decodeHeader(bytes(encoded)), fault('malformed'));
  for (const number of [-1, 0.5, NaN, 2 ** 53]) assert.throws(() => encodeHeader(number, 0), RangeError);
});

test('a header that is cut off anywhere is refused', () => {
  for (const { encoded } of HEADERS) {
    const whole = bytes(encoded);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => decodeHeader(whole.subarray(0, length)), fault('malformed'));
    }
  }
});

for (const vector of SUITES) {
  test(`cipher suite ${vector.cipher_suite} gives what RFC 9605 prints, and opens it`, async () => {
    const suite = vector.cipher_suite;
    const sending = await SendingContext.create(bytes(vector.base_key), vector.kid, { suite, first: vector.ctr });
    assert.equal(hex(await sending.encrypt(bytes(vector.pt), bytes(vector.metadata))), vector.ct);
    const context = new ReceivingContext({ suite });
    await context.add(vector.kid, bytes(vector.base_key));
    const opened = await context.decrypt(bytes(vector.ct), bytes(vector.metadata));
    assert.equal(hex(opened.plaintext), vector.pt);
    assert.deepEqual([opened.kid, opened.counter], [vector.kid, vector.ctr]);
  });
}

test('the vectors are there', () => assert.deepEqual(SUITES.map((vector) => vector.cipher_suite), [4, 5]));

test('there is room around the ciphertext for what the caller puts there', async () => {
  const [one, other] = await Promise.all([SendingContext.create(KEY, KID), SendingContext.create(KEY, KID)]);
  const bare = await one.encrypt(bytes('01 02 03'), METADATA);
  const roomy = await other.encrypt(bytes('01 02 03'), METADATA, { before: 3, after: 2 });
  assert.equal(hex(roomy), `000000${hex(bare)}0000`);
});

test('many frames at once have each a counter of their own, and all can be opened', async () => {
  const frames = await sent(500);
  const counters = frames.map((frame) => decodeHeader(frame).counter);
  assert.deepEqual(counters, Array.from({ length: 500 }, (_, n) => n));
  const context = await receiver();
  const opened = await Promise.all(frames.map((frame) => context.decrypt(frame, METADATA)));
  assert.deepEqual(opened.map(({ plaintext }) => (plaintext[0] << 8) | plaintext[1]), counters);
});

test('a counter is never used again, not even of a frame whose encryption failed', async () => {
  let fails = true;
  const subtle = new Proxy(crypto.subtle, {
    get(target, name) {
      if (name === 'encrypt' && fails) return () => Promise.reject(new Error('no memory'));
      return target[name].bind(target);
    },
  });
  const sending = await SendingContext.create(KEY, KID, { subtle });
  await assert.rejects(sending.encrypt(bytes('00'), METADATA), /no memory/);
  fails = false;
  assert.equal(decodeHeader(await sending.encrypt(bytes('00'), METADATA)).counter, 1);
});

test('a key that was used for 2^32 frames encrypts no more', async () => {
  const sending = await SendingContext.create(KEY, KID, { first: MOST_FRAMES - 2 });
  assert.equal(sending.left, 2);
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => sending.encrypt(bytes('00'), METADATA)));
  assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  assert.equal(results[2].reason.fault, 'exhausted');
  assert.equal(decodeHeader(results[1].value).counter, MOST_FRAMES - 1);
  assert.equal(sending.left, 0);
});

test('frames that come in another order, and with others lost, are opened', async (t) => {
  const dice = new Dice(t);
  const frames = await sent(300);
  const context = await receiver();
  for (const frame of dice.shuffled(frames).filter(() => dice.below(4))) await context.decrypt(frame, METADATA);
});

test('a frame is opened once, also if both copies are on their way at once', async () => {
  const [first, second] = await sent(2);
  const context = await receiver();
  const both = await Promise.allSettled([context.decrypt(first, METADATA), context.decrypt(first, METADATA)]);
  assert.deepEqual(both.map(({ reason }) => reason?.fault).sort(), ['replay', undefined], 'whichever was first');
  assert.ok(context.seen(first) && !context.seen(second));
  await context.decrypt(second, METADATA);
  await assert.rejects(context.decrypt(second, METADATA), fault('replay'));
});

test('a frame that is older than the window is refused, one at its end is not', async () => {
  const [old, oldest] = await sent(2);
  const [newest] = await sent(1, WINDOW + 1);
  const context = await receiver();
  await context.decrypt(newest, METADATA);
  await context.decrypt(oldest, METADATA);
  await assert.rejects(context.decrypt(old, METADATA), fault('replay'));
});

test('a forged frame is no replay, and moves nothing', async () => {
  const [first] = await sent(1);
  const [far] = await sent(1, 1_000_000);
  const context = await receiver();
  await context.decrypt(first, METADATA);
  const forged = far.slice();
  forged[forged.length - 1] ^= 1;
  await assert.rejects(context.decrypt(forged, METADATA), fault('not-authentic'));
  const again = first.slice();
  again[again.length - 1] ^= 1;
  await assert.rejects(context.decrypt(again, METADATA), fault('not-authentic'));
  const [, second] = await sent(2);
  await context.decrypt(second, METADATA);
});

test('no bit of a frame or its metadata can be changed', async () => {
  const [frame] = await sent(1, 300);
  const context = await receiver();
  await context.add(KID ^ 1, KEY);
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const changed = frame.slice();
    changed[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(context.decrypt(changed, METADATA), (error) => error.name === 'FrameError', `bit ${bit}`);
  }
  for (let bit = 0; bit < METADATA.length * 8; bit++) {
    const changed = METADATA.slice();
    changed[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(context.decrypt(frame, changed), fault('not-authentic'));
  }
  await assert.rejects(context.decrypt(frame, joined(METADATA, bytes('00'))), fault('not-authentic'));
  assert.equal((await context.decrypt(frame, METADATA)).counter, 300);
});

test('a frame that is cut off anywhere is refused', async () => {
  const [frame] = await sent(1, 70_000);
  const context = await receiver();
  for (let length = 0; length < frame.length; length++) {
    await assert.rejects(context.decrypt(frame.subarray(0, length), METADATA), (error) => error.name === 'FrameError');
  }
});

test('another key, and a key that is not there, open nothing', async () => {
  const [frame] = await sent(1);
  await assert.rejects((await receiver(bytes('6c'.repeat(32)))).decrypt(frame, METADATA), fault('not-authentic'));
  const context = await receiver(KEY, KID + 1);
  await assert.rejects(context.decrypt(frame, METADATA), fault('no-key'));
  assert.ok(!context.seen(frame));
  await context.add(KID, KEY);
  assert.ok(context.has(KID));
  await context.decrypt(frame, METADATA);
  context.remove(KID);
  await assert.rejects(context.decrypt(frame, METADATA), fault('no-key'));
});

test('the same key again keeps what was seen, another key under its id does not', async () => {
  const [frame] = await sent(1);
  const context = await receiver();
  await context.decrypt(frame, METADATA);
  await context.add(KID, KEY);
  await assert.rejects(context.decrypt(frame, METADATA), fault('replay'));
  const other = bytes('6c'.repeat(32));
  await context.add(KID, other);
  const sending = await SendingContext.create(other, KID);
  await context.decrypt(await sending.encrypt(bytes('00'), METADATA), METADATA);
  await assert.rejects(context.decrypt(frame, METADATA), fault('not-authentic'));
});

test('keys cannot be exported', async () => {
  const made = [];
  const subtle = new Proxy(crypto.subtle, {
    get(target, name) {
      return (...given) => {
        const result = target[name](...given);
        if (name === 'deriveKey' || name === 'importKey') made.push(result);
        return result;
      };
    },
  });
  await SendingContext.create(KEY, KID, { subtle });
  assert.equal(made.length, 2);
  for (const key of await Promise.all(made)) assert.equal(key.extractable, false);
});

test('the window knows what a list of everything would know', (t) => {
  const dice = new Dice(t);
  for (let run = 0; run < 20; run++) {
    const window = new ReplayWindow();
    const added = new Set();
    let highest = -1;
    const steps = [1, 3, 100, WINDOW - 1, WINDOW, WINDOW + 1, 3 * WINDOW];
    for (let draw = 0; draw < 300; draw++) {
      const near = highest - dice.below(dice.pick([4, 200, WINDOW + 3]));
      const counter = Math.max(0, dice.below(2) ? highest + dice.pick(steps) : near);
      const expected = added.has(counter) || counter < highest - WINDOW;
      assert.equal(window.has(counter), expected, `${counter} of ${highest}`);
      assert.equal(window.add(counter), !expected);
      added.add(counter);
      highest = Math.max(highest, counter);
    }
  }
});
