import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';

import { code, commitment, fits } from '../../web/js/e2ee/code.js';
import { WORDS } from '../../web/js/e2ee/words.js';
import { Dice, bytes, hex } from './e2ee-fakes.mjs';

const ONE = { id: 'p1', publicKey: bytes(`04${'11'.repeat(64)}`), nonce: bytes('22'.repeat(32)) };
const OTHER = { id: 'p2', publicKey: bytes(`04${'33'.repeat(64)}`), nonce: bytes('44'.repeat(32)) };

/** Written out as `docs/e2ee.md` has it, apart from the code under test. */
function digest(...values) {
  const hash = createHash('sha256');
  for (const value of values) {
    const part = Buffer.from(value);
    hash.update(Buffer.from([part.length >> 8, part.length & 255])).update(part);
  }
  return hash.digest();
}

test('the commitment is the hash that the document says', async () => {
  const expected = digest('TheraBook e2ee commitment', 'consult-1', 'p1', ONE.publicKey, ONE.nonce);
  assert.equal(hex(await commitment('consult-1', ONE)), hex(expected));
});

test('what was revealed fits its own commitment and no other', async () => {
  const committed = await commitment('consult-1', ONE);
  assert.ok(fits(committed, await commitment('consult-1', { ...ONE })));
  const others = [OTHER, { ...ONE, id: 'p' }, { ...ONE, nonce: OTHER.nonce }, { ...ONE, publicKey: OTHER.publicKey }];
  for (const other of others) assert.ok(!fits(committed, await commitment('consult-1', other)));
  assert.ok(!fits(committed, await commitment('consult-2', ONE)));
  assert.ok(!fits(committed.subarray(0, 31), committed) && !fits(new Uint8Array(), committed));
});

test('both see the same four words, which are those that the document says', async () => {
  const words = await code('consult-1', ONE, OTHER);
  const values = [ONE, OTHER].flatMap(({ id, publicKey, nonce }) => [id, publicKey, nonce]);
  const expected = digest('TheraBook e2ee code', 'consult-1', ...values);
  assert.deepEqual(words, Array.from(expected.subarray(0, 4), (byte) => WORDS[byte]));
  assert.deepEqual(await code('consult-1', OTHER, ONE), words);
});

test('who comes first is said by bytes, with the lengths', async () => {
  const long = { ...ONE, id: 'aaa' };
  const short = { ...ONE, id: 'b' };
  const values = [short, long].flatMap(({ id, publicKey, nonce }) => [id, publicKey, nonce]);
  const expected = digest('TheraBook e2ee code', 's', ...values);
  assert.deepEqual(await code('s', long, short), Array.from(expected.subarray(0, 4), (byte) => WORDS[byte]));
  const [same, high] = [{ ...ONE }, { ...ONE, nonce: bytes('ff'.repeat(32)) }];
  assert.deepEqual(await code('s', same, high), await code('s', high, same));
  assert.deepEqual((await code('s', ONE, same)).length, 4);
});

test('whatever is another makes other words', async (t) => {
  const dice = new Dice(t);
  const words = (await code('consult-1', ONE, OTHER)).join(' ');
  for (const part of ['publicKey', 'nonce']) {
    for (let draw = 0; draw < 50; draw++) {
      const changed = ONE[part].slice();
      changed[dice.below(changed.length)] ^= 1 << dice.below(8);
      assert.notEqual((await code('consult-1', { ...ONE, [part]: changed }, OTHER)).join(' '), words);
    }
  }
  assert.notEqual((await code('consult-2', ONE, OTHER)).join(' '), words);
  assert.notEqual((await code('consult-1', { ...ONE, id: 'p3' }, OTHER)).join(' '), words);
});

/** Levenshtein's. */
function distance(one, other) {
  let before = Array.from({ length: other.length + 1 }, (_, n) => n);
  for (let at = 0; at < one.length; at++) {
    const row = [at + 1];
    for (let to = 0; to < other.length; to++) {
      row.push(Math.min(before[to + 1] + 1, row[to] + 1, before[to] + (one[at] === other[to] ? 0 : 1)));
    }
    before = row;
  }
  return before[other.length];
}

test('there is a word for every byte, and no two can be taken for each other', () => {
  assert.equal(WORDS.length, 256);
  for (const word of WORDS) assert.match(word, /^[a-z]{4,8}$/);
  assert.equal(new Set(WORDS.map((word) => word.slice(0, 4))).size, 256);
  for (const [at, word] of WORDS.entries()) {
    for (const other of WORDS.slice(0, at)) assert.ok(distance(word, other) >= 3, `${word} and ${other}`);
  }
});
