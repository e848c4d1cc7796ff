import assert from 'node:assert/strict';
import test from 'node:test';

import { SIZES, made, partNeeded, scaleOf } from '../../web/js/simulcast.js';

const LARGE = { width: 960, height: 540 };
const SMALL = { width: 640, height: 480 };
const UPRIGHT = { width: 480, height: 640 };
const TINY = { width: 320, height: 240 };

const scales = (picture) => SIZES.map(({ rid }) => scaleOf(rid, picture));

test('a small picture is not made smaller than can be seen', () => {
  assert.deepEqual(scales({}), [4, 2, 1]);
  assert.deepEqual(scales(LARGE), [4, 2, 1]);
  assert.deepEqual(scales(SMALL), [2, 1, 1]);
  assert.deepEqual(scales(UPRIGHT), [2, 1, 1]);
  assert.deepEqual(scales(TINY), [1, 1, 1]);
});

test('what a browser would not make of it is replaced by the largest that it does', () => {
  for (const [picture, watched, expected] of [
    [LARGE, ['q', 'f'], ['q', 'f']],
    [LARGE, ['f', 'h', 'q'], ['q', 'h', 'f']],
    [SMALL, ['q', 'f'], ['q', 'h']],
    [SMALL, ['h', 'f'], ['h']],
    [SMALL, ['q', 'h', 'f'], ['q', 'h']],
    [TINY, ['h', 'f'], ['q']],
    [TINY, ['q', 'f'], ['q']],
  ]) {
    assert.deepEqual(made(watched, picture), expected);
  }
});

test('one alone is always made', () => {
  for (const picture of [LARGE, SMALL, TINY]) {
    for (const rid of ['q', 'h', 'f']) assert.deepEqual(made([rid], picture), [rid]);
    assert.deepEqual(made([], picture), []);
  }
});

test('as much is captured as the largest size needs that somebody watches', () => {
  assert.equal(partNeeded(['q', 'f'], LARGE), 1);
  assert.equal(partNeeded(['q', 'h'], LARGE), 2);
  assert.equal(partNeeded(['q'], LARGE), 4);
  assert.equal(partNeeded(['q', 'h'], SMALL), 1);
  assert.equal(partNeeded(['q'], SMALL), 2);
  assert.equal(partNeeded([], SMALL), 2);
});
