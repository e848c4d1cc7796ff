import assert from 'node:assert/strict';
import test from 'node:test';

import { LASTS, Unread } from '../../web/js/e2ee/unread.js';

const CAMERA = { mid: '3', number: 7 };
const SOUND = { mid: '2', number: 7 };

function watched() {
  const here = { now: 1000, told: [] };
  here.unread = new Unread({ tell: (numbers) => here.told.push(numbers), now: () => here.now });
  return here;
}

test('a frame that cannot be opened is nothing yet; for three seconds it is told, once', () => {
  const here = watched();
  here.unread.failed(CAMERA);
  here.now += LASTS - 1;
  here.unread.failed(CAMERA);
  assert.deepEqual(here.told, []);
  here.now += 1;
  here.unread.failed(CAMERA);
  here.unread.failed(CAMERA);
  assert.deepEqual(here.told, [[7]]);
});

test('it is over with the first that can, and counts anew', () => {
  const here = watched();
  here.unread.failed(CAMERA);
  here.now += LASTS;
  here.unread.failed(CAMERA);
  here.unread.opened(CAMERA);
  here.unread.failed(CAMERA);
  here.now += LASTS - 1;
  here.unread.failed(CAMERA);
  assert.deepEqual(here.told, [[7], []]);
});

test('sound that is opened does not hide a picture that is not', () => {
  const here = watched();
  here.unread.failed(CAMERA);
  here.unread.failed(SOUND);
  here.unread.opened(SOUND);
  here.now += LASTS;
  here.unread.opened(SOUND);
  here.unread.failed(CAMERA);
  assert.deepEqual(here.told, [[7]]);
});

test('who no longer plays there is no longer told of', () => {
  const here = watched();
  here.unread.failed(CAMERA);
  here.now += LASTS;
  here.unread.failed(CAMERA);
  here.unread.follow([CAMERA]);
  assert.deepEqual(here.told, [[7]]);
  here.unread.follow([{ ...CAMERA, number: 8 }]);
  assert.deepEqual(here.told, [[7], []]);
});
