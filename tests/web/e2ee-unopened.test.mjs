import assert from 'node:assert/strict';
import test from 'node:test';

import { LASTS, Unopened } from '../../web/js/e2ee/unopened.js';

const CAMERA = { mid: '3', number: 7 };
const SOUND = { mid: '2', number: 7 };

function watched() {
  const here = { now: 1000, told: [] };
  here.unopened = new Unopened({ tell: (numbers) => here.told.push(numbers), now: () => here.now });
  return here;
}

test('a frame that cannot be opened is nothing yet; for three seconds it is told, once', () => {
  const here = watched();
  here.unopened.failed(CAMERA);
  here.now += LASTS - 1;
  here.unopened.failed(CAMERA);
  assert.deepEqual(here.told, []);
  here.now += 1;
  here.unopened.failed(CAMERA);
  here.unopened.failed(CAMERA);
  assert.deepEqual(here.told, [[7]]);
});

test('it is over with the first that can, and counts anew', () => {
  const here = watched();
  here.unopened.failed(CAMERA);
  here.now += LASTS;
  here.unopened.failed(CAMERA);
  here.unopened.opened(CAMERA);
  here.unopened.failed(CAMERA);
  here.now += LASTS - 1;
  here.unopened.failed(CAMERA);
  assert.deepEqual(here.told, [[7], []]);
});

test('sound that is opened does not hide a picture that is not', () => {
  const here = watched();
  here.unopened.failed(CAMERA);
  here.unopened.failed(SOUND);
  here.unopened.opened(SOUND);
  here.now += LASTS;
  here.unopened.opened(SOUND);
  here.unopened.failed(CAMERA);
  assert.deepEqual(here.told, [[7]]);
});

test('who no longer plays there is no longer told of', () => {
  const here = watched();
  here.unopened.failed(CAMERA);
  here.now += LASTS;
  here.unopened.failed(CAMERA);
  here.unopened.follow([CAMERA]);
  assert.deepEqual(here.told, [[7]]);
  here.unopened.follow([{ ...CAMERA, number: 8 }]);
  assert.deepEqual(here.told, [[7], []]);
});
