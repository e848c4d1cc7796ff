import assert from 'node:assert/strict';
import test from 'node:test';

import { CaptureSize } from '../../web/js/capture-size.js';
import { FakeClock } from './fakes.mjs';

const settled = () => new Promise((resolve) => setTimeout(resolve));

const camera = (settings = {}) => ({ getSettings: () => settings });

function phone({ handheld = true, able = true } = {}) {
  const clock = new FakeClock();
  const here = { clock, asked: [], fitted: [], camera: camera(), changed: () => {} };
  const devices = {
    track: () => here.camera,
    subscribe: (listener) => (here.changed = listener),
    limit: async (part) => {
      here.asked.push(part);
      return able;
    },
  };
  here.size = new CaptureSize({ devices, clock, handheld, fit: (part) => here.fitted.push(part) });
  return here;
}

test('what nobody uses of the picture is not captured after a while, and again at once', async () => {
  const { size, clock, asked, fitted } = phone();
  size.want(['q', 'h']);
  clock.pass(4900);
  assert.deepEqual(asked, []);
  clock.pass(200);
  await settled();
  assert.deepEqual([asked, fitted], [[2], [2]]);
  size.want(['q']);
  clock.pass(5100);
  await settled();
  size.want(['q', 'f']);
  await settled();
  assert.deepEqual([asked, fitted], [[2, 4, 1], [2, 4, 1]]);
});

test('a size that is wanted only for a moment changes nothing', async () => {
  const { size, clock, asked } = phone();
  size.want(['q']);
  clock.pass(3000);
  size.want(['f']);
  clock.pass(10_000);
  assert.deepEqual(asked, []);
});

test('while nobody watches there is still oneself', async () => {
  const { size, clock, asked } = phone();
  size.want([]);
  clock.pass(5100);
  await settled();
  assert.deepEqual(asked, [2]);
});

test('encodings stay as they are where the camera does', async () => {
  const { size, clock, fitted } = phone({ able: false });
  size.want(['q']);
  clock.pass(5100);
  await settled();
  assert.deepEqual(fitted, [1]);
});

test('another camera, and another connection, begin with the whole picture', async () => {
  const here = phone();
  here.size.want(['h']);
  here.clock.pass(5100);
  await settled();
  here.camera = camera();
  here.changed();
  await settled();
  assert.deepEqual(here.fitted, [2, 1]);
  here.clock.pass(5100);
  await settled();
  assert.deepEqual(here.fitted, [2, 1, 2]);
  here.size.forget();
  here.clock.pass(10_000);
  await settled();
  assert.deepEqual(here.fitted, [2, 1, 2, 1]);
});

test('what is plugged in captures all the time as much as it can', async () => {
  const { size, clock, asked } = phone({ handheld: false });
  size.want(['q']);
  clock.pass(60_000);
  assert.deepEqual(asked, []);
});

test('of a small camera nothing is spared that is sent as it is', async () => {
  const here = phone();
  here.camera = camera({ width: 640, height: 360 });
  here.changed();
  here.size.want(['q', 'h']);
  here.clock.pass(5100);
  await settled();
  assert.deepEqual(here.asked, []);
  here.size.want(['q']);
  here.clock.pass(5100);
  here.camera.getSettings = () => ({ width: 320, height: 180 });
  await settled();
  here.size.want(['q', 'h']);
  await settled();
  assert.deepEqual(here.fitted, [2, 1]);
});
