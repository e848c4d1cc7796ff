import assert from 'node:assert/strict';
import test from 'node:test';
import { Cryptor, FIRST_WAITS } from '../../web/js/e2ee/cryptor.js';
import { FakeClock } from './fakes.mjs';

const CODECS = { 96: 'VP8', 103: 'H264', 111: 'opus', 63: 'red', 45: 'AV1' };
const KEY = { kid: 300, key: new Uint8Array(32).fill(7) };
const NUMBER = 1;
const PICTURE = Uint8Array.from({ length: 300 }, (_, at) => at & 0xfe);
const settled = () => new Promise((resolve) => setImmediate(resolve));

const frame = (data = PICTURE, payloadType = 96) => {
  return { data: data.slice().buffer, getMetadata: () => ({ payloadType }) };
};

function a(...orders) {
  const told = [];
  const cryptor = new Cryptor({ tell: (each) => told.push(each) });
  for (const order of [{ op: 'codecs', codecs: CODECS }, ...orders]) cryptor.take(order);
  return { cryptor, told };
}

const counts = async ({ cryptor, told }) => {
  cryptor.take({ op: 'count', id: 99 });
  await settled();
  return told.findLast(({ id }) => id === 99).value;
};

const SLOTS = { op: 'slots', slots: [{ mid: '3', number: NUMBER, source: 'camera' }] };
const use = (key = KEY) => ({ op: 'use', key, fresh: false });

/** Waits for orders about keys. */
const ready = async ({ cryptor, told }) => {
  const asked = 1000 + told.length;
  cryptor.take({ op: 'seal', id: asked, text: '' });
  while (!told.some(({ id }) => id === asked)) await settled();
};

test('without a key nothing goes out', async () => {
  const me = a();
  assert.equal(await me.cryptor.seal(frame(), 'camera'), null);
  assert.deepEqual((await counts(me)).dropped, { 'no-key': 1 });
});

test('what goes out is opened where it comes in, and is not what it was in between', async () => {
  const [me, other] = [a(use()), a({ op: 'add', ...KEY }, SLOTS)];
  await ready(me);
  const sealed = await me.cryptor.seal(frame(), 'camera');
  assert.ok(!Buffer.from(sealed).includes(Buffer.from(PICTURE.subarray(20, 60))));
  const opened = await other.cryptor.open({ ...frame(), data: sealed }, '3');
  assert.deepEqual(new Uint8Array(opened), PICTURE);
  assert.equal((await counts(other)).opened, 1);
});

test('after the key is taken away nothing goes out', async () => {
  const me = a(use());
  await ready(me);
  me.cryptor.take({ op: 'use', key: null, fresh: false });
  await settled();
  await settled();
  assert.equal(await me.cryptor.seal(frame(), 'camera'), null);
});

test('a codec that is not known goes nowhere', async () => {
  const me = a(use(), { op: 'add', ...KEY }, SLOTS);
  await ready(me);
  for (const payloadType of [45, 0, 127]) {
    assert.equal(await me.cryptor.seal(frame(PICTURE, payloadType), 'camera'), null);
    assert.equal(await me.cryptor.open(frame(PICTURE, payloadType), '3'), null);
  }
  assert.equal(await me.cryptor.seal(frame(PICTURE, 63), 'microphone'), null);
});

test('browsers that name the codec instead of its number are understood', async () => {
  const me = a(use());
  await ready(me);
  const named = { data: PICTURE.slice().buffer, getMetadata: () => ({ mimeType: 'video/VP8' }) };
  assert.notEqual(await me.cryptor.seal(named, 'camera'), null);
});

test('what comes where nobody plays goes nowhere', async () => {
  const me = a(use(), { op: 'add', ...KEY });
  await ready(me);
  const sealed = await me.cryptor.seal(frame(), 'camera');
  assert.equal(await me.cryptor.open({ ...frame(), data: sealed }, '3'), null);
});

test('what is not encrypted is not shown', async () => {
  const other = a({ op: 'add', ...KEY }, SLOTS);
  assert.equal(await other.cryptor.open(frame(), '3'), null);
  assert.equal((await counts(other)).clear, 0);
});

test("somebody's frame in another one's slot is not shown", async () => {
  const me = a(use());
  const other = a({ op: 'add', ...KEY }, { op: 'slots', slots: [{ mid: '3', number: 2, source: 'camera' }] });
  await ready(me);
  const sealed = await me.cryptor.seal(frame(), 'camera');
  assert.equal(await other.cryptor.open({ ...frame(), data: sealed }, '3'), null);
});

test('in a clear session frames pass as they are, and what is still encrypted is opened', async () => {
  const me = a(use());
  const other = a({ op: 'add', ...KEY }, SLOTS, { op: 'clear', clear: true });
  await Promise.all([me, other].map(ready));
  const sealed = await me.cryptor.seal(frame(), 'camera');
  me.cryptor.take({ op: 'clear', clear: true });
  const clear = await me.cryptor.seal(frame(), 'camera');
  assert.deepEqual(new Uint8Array(clear), PICTURE);
  assert.deepEqual(new Uint8Array(await other.cryptor.open({ ...frame(), data: sealed }, '3')), PICTURE);
  assert.deepEqual(new Uint8Array(await other.cryptor.open({ ...frame(), data: clear }, '3')), PICTURE);
});

test('texts are sealed and opened, once', async () => {
  const [me, other] = [a(use()), a({ op: 'add', ...KEY })];
  me.cryptor.take({ op: 'seal', id: 1, text: 'Grüße 🦉' });
  const answered = () => me.told.find(({ op }) => op === 'answer');
  while (!answered()) await settled();
  const { value: text } = answered();
  assert.match(text, /^[A-Za-z0-9_-]+$/);
  for (const id of [1, 2]) other.cryptor.take({ op: 'open', id, number: NUMBER, text });
  other.cryptor.take({ op: 'open', id: 3, number: 2, text });
  other.cryptor.take({ op: 'open', id: 4, number: NUMBER, text: 'ab$' });
  while (other.told.length < 4) await settled();
  const values = Object.fromEntries(other.told.map(({ id, value }) => [id, value]));
  assert.equal(values[4], null);
  assert.equal(values[3], null);
  assert.deepEqual([values[1], values[2]].sort(), ['Grüße 🦉', null].sort());
});

test('without a key a text is not sealed', async () => {
  const me = a();
  me.cryptor.take({ op: 'seal', id: 1, text: 'secret' });
  while (!me.told.length) await settled();
  assert.deepEqual(me.told, [{ op: 'answer', id: 1, value: null }]);
});

test('streams are piped through, and pictures begin anew where somebody new is to see', async () => {
  const me = a(use());
  await ready(me);
  const through = new TransformStream();
  const out = new TransformStream();
  let keyFrames = 0;
  const transformer = { generateKeyFrame: async () => void keyFrames++ };
  me.cryptor.pipe(through.readable, out.writable, { send: 'camera' }, transformer);
  const writer = through.writable.getWriter();
  writer.write(frame());
  const { value } = await out.readable.getReader().read();
  assert.ok(value.data.byteLength > PICTURE.length);
  me.cryptor.take({ op: 'use', key: { ...KEY, kid: 301 }, fresh: true });
  await ready(me);
  assert.equal(keyFrames, 1);
});

const piped = (me, pipe = { send: 'camera' }) => {
  const [from, to] = [new TransformStream(), new TransformStream()];
  me.cryptor.pipe(from.readable, to.writable, pipe);
  return { writer: from.writable.getWriter(), reader: to.readable.getReader() };
};

test('frames stay in order, and one that goes nowhere stops none', async () => {
  const [me, other] = [a(use()), a({ op: 'add', ...KEY }, SLOTS)];
  await ready(me);
  const out = piped(me);
  const frames = [10, 20_000, 11, 12].map((length, at) => new Uint8Array(length).fill(2 * at));
  const unknown = frame(PICTURE, 45);
  for (const each of [frame(frames[0]), unknown, ...frames.slice(1).map((data) => frame(data))]) out.writer.write(each);
  for (const expected of frames) {
    const { value } = await out.reader.read();
    assert.deepEqual(new Uint8Array(await other.cryptor.open(value, '3')), expected);
  }
});

test('where frames end, so does what is made of them', async () => {
  const me = a(use());
  await ready(me);
  const { writer, reader } = piped(me);
  writer.close();
  assert.equal((await reader.read()).done, true);
});

test('where nobody takes frames any more, no more are taken', async () => {
  const me = a(use());
  await ready(me);
  const { writer, reader } = piped(me);
  const closed = assert.rejects(writer.closed);
  await reader.cancel(new Error('closed'));
  writer.write(frame()).catch(() => {});
  await closed;
});

test('a stream that fails ends the other one, and nothing else', async () => {
  const me = a(use());
  await ready(me);
  const { writer, reader } = piped(me);
  const ended = assert.rejects(reader.read());
  await writer.abort(new Error('the connection is closed'));
  await ended;
  await settled();
  assert.notEqual(await me.cryptor.seal(frame(), 'camera'), null);
});

test('each encoding of a picture begins anew, and one that is not sent may refuse', async () => {
  const me = a(use());
  await ready(me);
  const asked = [];
  const generateKeyFrame = async (rid) => {
    asked.push(rid);
    if (rid === 'q') throw new Error('it is not sent');
  };
  const streams = () => [new TransformStream().readable, new TransformStream().writable];
  me.cryptor.pipe(...streams(), { send: 'camera', rids: ['q', 'f'] }, { generateKeyFrame });
  me.cryptor.pipe(...streams(), { send: 'screen', rids: [] }, { generateKeyFrame });
  me.cryptor.pipe(...streams(), { send: 'microphone' }, { generateKeyFrame });
  me.cryptor.take({ op: 'use', key: { ...KEY, kid: 301 }, fresh: true });
  await ready(me);
  assert.deepEqual(asked, ['q', 'f', undefined]);
  assert.ok(!me.told.some(({ begin }) => begin));
});

test('where the worker cannot ask for a key frame, the page is told when the key is in use', async () => {
  const me = a();
  me.cryptor.pipe(new TransformStream().readable, new TransformStream().writable, { send: 'camera' }, {});
  me.cryptor.take(use());
  await ready(me);
  assert.deepEqual(me.told.find(({ op }) => op === 'using'), { op: 'using', key: true, begin: false });
  me.cryptor.take({ op: 'use', key: { ...KEY, kid: 301 }, fresh: true });
  await ready(me);
  assert.equal(me.told.filter(({ begin }) => begin).length, 1);
  me.cryptor.take({ op: 'use', key: null, fresh: true });
  await ready(me);
  assert.deepEqual(me.told.findLast(({ op }) => op === 'using'), { op: 'using', key: false, begin: false });
});

test('the page is told of whom nothing can be opened for a while', async () => {
  const told = [];
  const clock = { now: 0 };
  const cryptor = new Cryptor({ tell: (each) => told.push(each), now: () => clock.now });
  for (const order of [{ op: 'codecs', codecs: CODECS }, SLOTS, { op: 'add', ...KEY }]) cryptor.take(order);
  const stranger = a(use({ kid: KEY.kid, key: new Uint8Array(32).fill(8) }));
  await ready(stranger);
  const next = async () => ({ ...frame(), data: await stranger.cryptor.seal(frame(), 'camera') });
  assert.equal(await cryptor.open(await next(), '3'), null);
  assert.deepEqual(told, []);
  clock.now = 3000;
  assert.equal(await cryptor.open(await next(), '3'), null);
  assert.deepEqual(told, [{ op: 'unopened', numbers: [NUMBER] }]);
});

const first = () => ({ ...frame(), type: 'key' });

test('the first frame of a picture waits for the first key, and no other is asked for', async () => {
  const asked = [];
  const me = a();
  for (const send of ['camera', 'screen']) {
    const generateKeyFrame = async () => asked.push(send);
    me.cryptor.pipe(new ReadableStream(), new WritableStream(), { send }, { generateKeyFrame });
  }
  const sealed = me.cryptor.seal(first(), 'camera');
  await settled();
  me.cryptor.take({ ...use(), fresh: true });
  await ready(me);
  assert.notEqual(await sealed, null);
  assert.deepEqual(asked, ['screen']);
});

test('it does not wait for long, nor what follows it, and then it has to begin anew', async () => {
  const clock = new FakeClock();
  const asked = [];
  const cryptor = new Cryptor({ tell: () => {}, clock });
  cryptor.take({ op: 'codecs', codecs: CODECS });
  const generateKeyFrame = async () => asked.push('camera');
  cryptor.pipe(new ReadableStream(), new WritableStream(), { send: 'camera' }, { generateKeyFrame });
  assert.equal(await cryptor.seal({ ...frame(), type: 'delta' }, 'camera'), null);
  const sealed = cryptor.seal(first(), 'camera');
  clock.pass(FIRST_WAITS);
  assert.equal(await sealed, null);
  cryptor.take({ ...use(), fresh: true });
  while (!asked.length) await settled();
});

test('where it turns out that nothing is encrypted, it waits no longer', async () => {
  const me = a();
  const passed = me.cryptor.seal(first(), 'camera');
  me.cryptor.take({ op: 'clear', clear: true });
  assert.deepEqual(new Uint8Array(await passed), PICTURE);
});
