import assert from 'node:assert/strict';
import test from 'node:test';

import { SOURCE, decryptFrame, decryptRed, encryptFrame, keyId, numberOf } from '../../web/js/e2ee/frames.js';
import { buildRed, parseRed } from '../../web/js/e2ee/red.js';
import { ReceivingContext, SendingContext } from '../../web/js/e2ee/sframe.js';
import { Dice, bytes, fault, hex, joined } from './e2ee-fakes.mjs';

const { microphone, camera, screen, chat } = SOURCE;
const KEY = bytes('6b'.repeat(32));
const KID = keyId(1, 0);
const OPUS = 111;

const CLEAR = { opus: 1, 'VP8 key frame': 10, VP8: 3, VP9: 0, chat: 0 };

/** One frame of each kind: its name, codec, source and bytes. */
const KINDS = [
  ['opus', 'opus', microphone, 'fc 01 02 03 04'],
  ['VP8 key frame', 'VP8', camera, '10 02 00 9d 01 2a 80 02 e0 01 aa bb cc dd'],
  ['VP8', 'VP8', camera, '11 02 00 aa bb cc dd'],
  ['VP9', 'VP9', screen, '82 49 83 42 00 aa bb'],
  ['H264 key frame', 'H264', camera, '00000001 6742c01fda 00000001 68ce3c80 00000001 6588840021ff 000001 6588aa00'],
  ['H264', 'H264', camera, '00000001 419a0000'],
  ['chat', 'chat', chat, '68 69'],
];

async function both(kid = KID, key = KEY) {
  const receiving = new ReceivingContext();
  await receiving.add(kid, key);
  return { sending: await SendingContext.create(key, kid), receiving };
}

const encrypted = async (sending, frame, codec, source) =>
  new Uint8Array(await encryptFrame(sending, bytes(frame).buffer, codec, source));

const isFrameError = (error) => error.name === 'FrameError';

for (const [name, codec, source, text] of KINDS) {
  test(`${name}: comes back, with the clear bytes in front and nothing else to be read`, async () => {
    const { sending, receiving } = await both();
    const frame = bytes(text);
    const sent = await encrypted(sending, text, codec, source);
    const clear = CLEAR[name] ?? hex(frame).search(/(6588|419a)/) / 2 + 2;
    assert.equal(hex(sent.subarray(0, clear)), hex(frame.subarray(0, clear)));
    assert.ok(!hex(sent.subarray(clear)).includes(hex(frame.subarray(clear, clear + 4))));
    const opened = await decryptFrame(receiving, sent.buffer, codec, source);
    assert.equal(hex(opened.frame), hex(frame));
    assert.equal(numberOf(opened.kid), 1);
  });

  test(`${name}: not one bit can be changed, and nothing opens as what it is not`, async () => {
    const { sending, receiving } = await both();
    const sent = await encrypted(sending, text, codec, source);
    for (let bit = 0; bit < sent.length * 8; bit++) {
      const changed = sent.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      await assert.rejects(decryptFrame(receiving, changed.buffer, codec, source), isFrameError, `bit ${bit}`);
    }
    for (const other of Object.values(SOURCE).filter((one) => one !== source)) {
      await assert.rejects(decryptFrame(receiving, sent.buffer, codec, other), fault('not-authentic'));
    }
    await decryptFrame(receiving, sent.buffer, codec, source);
  });

  test(`${name}: what is cut off anywhere is encrypted so that it comes back, or refused`, async () => {
    const { sending, receiving } = await both();
    const whole = bytes(text);
    for (let length = 0; length < whole.length; length++) {
      const part = whole.slice(0, length);
      const sent = await encryptFrame(sending, part.buffer, codec, source).catch((error) => {
        assert.equal(error.fault, 'malformed');
      });
      if (!sent) continue;
      assert.equal(hex((await decryptFrame(receiving, sent, codec, source)).frame), hex(part));
    }
    const sent = await encrypted(sending, text, codec, source);
    for (let length = 0; length < sent.length; length++) {
      await assert.rejects(decryptFrame(receiving, sent.slice(0, length).buffer, codec, source), isFrameError);
    }
  });
}

test('a frame that is all clear bytes comes back; shorter ones are dropped', async () => {
  const { sending, receiving } = await both();
  for (const [codec, text] of [['opus', 'fc'], ['VP8', '11 02 00'], ['H264', '00000001 419a']]) {
    const sent = await encrypted(sending, text, codec, camera);
    assert.equal(hex((await decryptFrame(receiving, sent.buffer, codec, camera)).frame), hex(bytes(text)));
  }
  const short = [['opus', ''], ['VP9', ''], ['VP8', '11 02'], ['VP8', '10 02 00 9d 01 2a 80 02 e0']];
  for (const [codec, text] of short) {
    await assert.rejects(encrypted(sending, text, codec, camera), fault('malformed'));
  }
});

test('codecs that are not known are dropped, never sent in the clear', async () => {
  const { sending, receiving } = await both();
  for (const codec of ['AV1', 'vp8', 'red', '', 'constructor', undefined]) {
    await assert.rejects(encrypted(sending, '00 01 02', codec, camera), fault('malformed'));
    await assert.rejects(decryptFrame(receiving, new ArrayBuffer(40), codec, camera), fault('malformed'));
  }
});

test('what comes from the encoder is not changed', async () => {
  const { sending } = await both();
  for (const [, codec, source, text] of KINDS) {
    const frame = bytes(text);
    await encryptFrame(sending, frame.buffer, codec, source);
    assert.equal(hex(frame), hex(bytes(text)));
  }
});

/** What becomes of a frame on the way (RFC 6184): NAL units without start codes, which are then written anew. */
function overTheNetwork(frame, startCode) {
  const spaced = hex(frame).match(/../g).join(' ');
  const units = spaced.split(/(?: ?00)+ 00 01 /).slice(1);
  return bytes(units.map((unit) => startCode + unit.replace(/( 00)+$/, '')).join(''));
}

/** A NAL unit as an encoder writes it, with much in it that takes emulation prevention. */
function unit(dice, header) {
  const body = hex(dice.nasty(1 + dice.below(12))).match(/../g).join(' ');
  return `${header} ${dice.pick(['88', '00 80', '9a'])} ${body.replace(/00 00 (?=0[0-3])/g, '00 00 03 ')} 80 `;
}

test('H264 survives what becomes of start codes and zero bytes on the way', async (t) => {
  const dice = new Dice(t);
  const { sending, receiving } = await both();
  for (let run = 0; run < 400; run++) {
    const before = ['67', '68', '06'].slice(dice.below(4)).map((header) => unit(dice, header));
    const slices = ['65', '65', '61'].slice(dice.below(3)).map((header) => unit(dice, header));
    const code = dice.pick(['00000001 ', '000001 ']);
    const written = [...before, ...slices].map((each) => code + each).join('');
    const sent = await encryptFrame(sending, bytes(written).buffer, 'H264', camera);
    const arrived = overTheNetwork(sent, dice.pick(['00000001', '000001']));
    const { frame } = await decryptFrame(receiving, arrived.buffer, 'H264', camera);
    // Up to the first slice start codes have four bytes now; after it they are as they were.
    const head = [...before, slices[0]].map((each) => `00000001 ${each}`);
    const tail = slices.slice(1).map((each) => code + each);
    assert.equal(hex(frame), hex(bytes([...head, ...tail].join(''))), written);
  }
});

test('H264 survives ciphertexts that are full of start codes', async (t) => {
  const dice = new Dice(t);
  // With a cipher that changes nothing the ciphertext can be chosen. Its tag is all zeros.
  const subtle = new Proxy(crypto.subtle, {
    get(target, name) {
      if (name === 'encrypt') return async (algorithm, key, data) => joined(data, new Uint8Array(16)).buffer;
      if (name === 'decrypt') return async (algorithm, key, data) => data.slice(0, -16).buffer;
      return target[name].bind(target);
    },
  });
  // Key ids below 8 make headers that begin with zeros, too.
  const sending = await SendingContext.create(KEY, 0, { subtle });
  const receiving = new ReceivingContext({ subtle });
  await receiving.add(0, KEY);
  for (let run = 0; run < 400; run++) {
    const frame = joined(bytes(`00000001 65 ${dice.pick(['88', '00'])}`), dice.nasty(dice.below(30)));
    const sent = await encryptFrame(sending, frame.buffer, 'H264', camera);
    assert.equal(hex(sent).match(/../g).join(' ').lastIndexOf('00 00 01'), 3, hex(sent));
    const opened = await decryptFrame(receiving, overTheNetwork(sent, '00000001').buffer, 'H264', camera);
    assert.equal(hex(opened.frame), hex(frame));
  }
});

test('what an evil server puts before the slice is not shown to the decoder', async () => {
  const { sending, receiving } = await both();
  const sent = await encrypted(sending, '00000001 419a00aabb', 'H264', camera);
  for (const extra of ['00000001 6742c01fda', '00000001 06aa80', '00000001 4288', '00000001 419a']) {
    const changed = joined(bytes(extra), sent);
    await assert.rejects(decryptFrame(receiving, changed.buffer, 'H264', camera), isFrameError, extra);
  }
  const longer = joined(sent, bytes('000001 419a'));
  await assert.rejects(decryptFrame(receiving, longer.buffer, 'H264', camera), isFrameError);
  const dressed = joined(bytes('000001 09f0 0000 000001 0cff80 00'), sent);
  const opened = await decryptFrame(receiving, dressed.buffer, 'H264', camera);
  assert.equal(hex(opened.frame), '00000001419a00aabb');
});

/** An RFC 2198 payload of encrypted frames: redundant ones, the oldest first, then the primary. */
function red(...frames) {
  const blocks = frames.map((data, at) => ({ payloadType: OPUS, offset: 960 * (frames.length - 1 - at), data }));
  return buildRed({ redundant: blocks.slice(0, -1), primary: blocks.at(-1) });
}

async function sounds(sending, count) {
  const frames = [];
  for (let n = 0; n < count; n++) frames.push(await encrypted(sending, `fc aa 0${n}`, 'opus', microphone));
  return frames;
}

test('redundant sound: what was not played yet is opened, the rest left out', async () => {
  const { sending, receiving } = await both();
  const [one, two, three, four] = await sounds(sending, 4);
  await decryptFrame(receiving, one.buffer, 'opus', microphone);
  // The second was lost.
  const after = await decryptRed(receiving, red(one, two, three).buffer, microphone);
  assert.equal(after.redundant, 1);
  assert.equal(numberOf(after.kid), 1);
  const { redundant, primary } = parseRed(new Uint8Array(after.frame));
  assert.deepEqual(redundant, [{ payloadType: OPUS, offset: 960, data: bytes('fc aa 01') }]);
  assert.deepEqual(primary, { payloadType: OPUS, offset: 0, data: bytes('fc aa 02') });
  // Nothing was lost: a primary block alone is still an RFC 2198 payload.
  const alone = await decryptRed(receiving, red(two, three, four).buffer, microphone);
  assert.equal(alone.redundant, 0);
  assert.equal(hex(alone.frame), '6f' + 'fcaa03');
});

test('redundant sound: a primary that cannot be opened, or was, leaves everything unopened', async () => {
  const { sending, receiving } = await both();
  const [one, two] = await sounds(sending, 2);
  const changed = two.slice();
  changed[changed.length - 1] ^= 1;
  await assert.rejects(decryptRed(receiving, red(one, changed).buffer, microphone), fault('not-authentic'));
  await decryptFrame(receiving, two.buffer, 'opus', microphone);
  await assert.rejects(decryptRed(receiving, red(one, two).buffer, microphone), fault('replay'));
  await decryptFrame(receiving, one.buffer, 'opus', microphone);
});

test('redundant sound: copies that are forged, empty, of an unknown key or of somebody else are left out', async () => {
  const { sending, receiving } = await both();
  const [one, two] = await sounds(sending, 2);
  const forged = one.slice();
  forged[forged.length - 1] ^= 1;
  const other = await SendingContext.create(KEY, keyId(2, 0));
  await receiving.add(keyId(2, 0), KEY);
  const [elses] = await sounds(other, 1);
  const stranger = await SendingContext.create(KEY, keyId(1, 9));
  const [unknown] = await sounds(stranger, 1);
  const payload = red(forged, new Uint8Array(), bytes('fc'), unknown, elses, two);
  const opened = await decryptRed(receiving, payload.buffer, microphone);
  assert.equal(hex(opened.frame), '6f' + 'fcaa01');
  // Nothing was held against them.
  await decryptFrame(receiving, one.buffer, 'opus', microphone);
  await decryptFrame(receiving, elses.buffer, 'opus', microphone);
});

test('redundant sound: a copy from before a new key is opened with the old one', async () => {
  const { sending, receiving } = await both();
  const [old] = await sounds(sending, 1);
  await receiving.add(keyId(1, 1), bytes('6d'.repeat(32)));
  const [young] = await sounds(await SendingContext.create(bytes('6d'.repeat(32)), keyId(1, 1)), 1);
  assert.equal((await decryptRed(receiving, red(old, young).buffer, microphone)).redundant, 1);
});

test('redundant sound: what is cut off anywhere, or has too many blocks, is dropped', async () => {
  const { sending, receiving } = await both();
  const [one, two] = await sounds(sending, 2);
  const payload = red(one, two);
  for (let length = 0; length < payload.length; length++) {
    await assert.rejects(decryptRed(receiving, payload.slice(0, length).buffer, microphone), isFrameError);
  }
  assert.equal(parseRed(red(...Array.from({ length: 33 }, () => one))), null);
  assert.equal(parseRed(red(...Array.from({ length: 32 }, () => one))).redundant.length, 31);
  assert.equal(parseRed(new Uint8Array(3000).fill(0xff)), null);
});

test('RFC 2198 payloads are taken apart as they were put together', (t) => {
  const dice = new Dice(t);
  for (let run = 0; run < 200; run++) {
    const block = (offset, data) => ({ payloadType: dice.below(128), offset, data });
    const lengths = Array.from({ length: dice.below(5) }, () => dice.pick([0, 1, 255, 256, 1023]));
    const redundant = lengths.map((length) => block(dice.below(1 << 14), dice.bytes(length)));
    const blocks = { redundant, primary: block(0, dice.bytes(dice.below(1500))) };
    assert.deepEqual(parseRed(buildRed(blocks)), blocks);
  }
  // RFC 2198, section 3: F, payload type, timestamp offset, length.
  assert.equal(parseRed(bytes('ef 0f 00 05 6f aa bb')), null);
  const known = bytes('ef 0f 00 02 6f aa bb cc');
  assert.deepEqual(parseRed(known).redundant[0], { payloadType: OPUS, offset: 960, data: bytes('aa bb') });
});
