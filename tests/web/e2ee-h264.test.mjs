import assert from 'node:assert/strict';
import test from 'node:test';

import { protect, splitAccessUnit, unprotect } from '../../web/js/e2ee/h264.js';
import { Dice, bytes, hex, joined } from './e2ee-fakes.mjs';

const [LONG, SHORT] = ['00000001', '000001'];
const [SPS, PPS, SEI, AUD] = ['6742c01fda', '68ce3c80', '0605ffaa80', '09f0'];
const SLICE = '6588840021ff';

const split = (text) => {
  const parts = splitAccessUnit(bytes(text));
  return parts && { clear: hex(parts.clear), rest: hex(parts.rest) };
};

test('up to the second byte of the first slice is clear, with start codes of four bytes', () => {
  const clear = `${LONG}${SPS}${LONG}${PPS}${LONG}6588`;
  for (const code of [LONG, SHORT, `0000${LONG}`]) {
    assert.deepEqual(split(`${code}${SPS}${code}${PPS}${code}${SLICE}`), { clear, rest: '840021ff' });
  }
  assert.deepEqual(split(`${SHORT}419a33`), { clear: `${LONG}419a`, rest: '33' });
  assert.deepEqual(split(`${SHORT}419a`), { clear: `${LONG}419a`, rest: '' });
});

test('what says nothing about the picture does not matter: delimiters, filler, zero bytes, empty units', () => {
  const clear = `${LONG}${SEI}${LONG}${SPS}${LONG}6588`;
  const plain = `${LONG}${SEI}${LONG}${SPS}${LONG}${SLICE}`;
  const dressed = `${SHORT}${AUD}${LONG}${LONG}${SEI}0000${LONG}${SPS}${SHORT}0cffff80${SHORT}${SHORT}${SLICE}`;
  assert.deepEqual(split(plain), { clear, rest: '840021ff' });
  assert.deepEqual(split(dressed), { clear, rest: '840021ff' });
});

test('further slices are part of the rest, as they are', () => {
  const rest = `8400${SHORT}6588${LONG}419a00`;
  assert.equal(split(`${LONG}6588${rest}`).rest, rest);
});

test('what has no slice, or something before it that may be picture, cannot be split', () => {
  for (const type of [0, 2, 3, 4, 10, 11, 13, 15, 19, 20, 21, 24, 28, 31]) {
    const unit = `${(0x60 | type).toString(16)}8884`;
    assert.equal(split(`${LONG}${unit}${LONG}${SLICE}`), null, `type ${type}`);
  }
  for (const text of ['', '00', '0000', SHORT, LONG, '00000002', `${LONG}65`, `${LONG}${SPS}`, SLICE]) {
    assert.equal(split(text), null, text);
  }
  assert.equal(split(`ff${LONG}${SLICE}`), null);
  assert.equal(split(`00${'00'.repeat(5000)}`), null);
  assert.equal(split(`${SHORT.repeat(5000)}`), null);
});

test('what can be split when it is cut off has the clear bytes of the whole', () => {
  const whole = bytes(`${LONG}${AUD}${SHORT}${SPS}${SHORT}${PPS}${LONG}${SLICE}`);
  const { clear } = splitAccessUnit(whole);
  for (let length = 0; length < whole.length; length++) {
    const parts = splitAccessUnit(whole.subarray(0, length));
    if (length < whole.length - 4) assert.equal(parts, null);
    else assert.deepEqual(parts.clear, clear);
  }
});

/** Protects a ciphertext behind a clear byte. */
function protectedBy(lastClear, ciphertext) {
  const clear = Uint8Array.of(0x65, lastClear);
  const whole = protect(joined(clear, ciphertext, Uint8Array.of(0)), 2);
  assert.deepEqual(whole.subarray(0, 2), clear);
  return whole.subarray(2);
}

test('emulation prevention is that of ITU-T H.264', () => {
  const cases = [
    ['000000', '00000300'],
    ['000001', '00000301'],
    ['000002', '00000302'],
    ['000003', '00000303'],
    ['000004', '000004'],
    ['0000000000', '000003000003 00'],
    ['00000000', '0000030000'],
    ['0000030000', '000003030000'],
    ['', ''],
  ];
  for (const [ciphertext, expected] of cases) {
    assert.equal(hex(protectedBy(0x88, bytes(ciphertext))), `${expected.replace(' ', '')}80`, ciphertext);
  }
});

test('a zero byte that is clear counts: the ciphertext after it makes no start code of it', () => {
  assert.equal(hex(protectedBy(0, bytes('0001aa'))), '000301aa80');
  assert.equal(hex(protectedBy(0, bytes('01'))), '0180');
  assert.equal(hex(unprotect(bytes('000301aa80'), 0)), '0001aa');
  assert.equal(unprotect(bytes('0001aa80'), 0), null);
});

test('nothing is copied if there is nothing to put in', () => {
  const frame = bytes('65 88 91 01 02 03 04 00');
  assert.equal(protect(frame, 2), frame);
  const opened = unprotect(frame.subarray(2), 0x88);
  assert.equal(opened.buffer, frame.buffer);
  assert.equal(hex(opened), '9101020304');
});

test('any ciphertext comes back, whatever was clear before it and however many zero bytes were added or lost', (t) => {
  const dice = new Dice(t);
  for (let run = 0; run < 3000; run++) {
    const ciphertext = dice.nasty(dice.below(40));
    const lastClear = dice.pick([0, 1, 0x88]);
    const whole = joined(Uint8Array.of(0x65, lastClear), protectedBy(lastClear, ciphertext));
    const text = hex(whole);
    for (let at = 0; at + 2 < whole.length; at++) {
      const three = (whole[at] << 16) | (whole[at + 1] << 8) | whole[at + 2];
      assert.ok(three >= 3, text);
    }
    assert.equal(whole.at(-1), 0x80);
    const tail = new Uint8Array(dice.below(3));
    assert.deepEqual(unprotect(joined(whole.subarray(2), tail), lastClear), ciphertext, text);
  }
});

test('what was not protected is refused', () => {
  for (const text of ['', '00', '0000', '81', '8000 01', '000000 80', '000001 80', '000002 80']) {
    assert.equal(unprotect(bytes(text), 0x88), null, text);
  }
});

test('nonsense is split or not, in time that grows with its length only', (t) => {
  const dice = new Dice(t);
  for (let run = 0; run < 3000; run++) {
    const frame = joined(dice.pick([bytes(LONG), bytes(SHORT), bytes('')]), dice.nasty(dice.below(60)));
    const parts = splitAccessUnit(frame);
    if (!parts) continue;
    // In its one form it is split in the same way.
    const again = splitAccessUnit(joined(parts.clear, parts.rest));
    assert.deepEqual(again, parts, hex(frame));
    unprotect(parts.rest, parts.clear.at(-1));
  }
});
