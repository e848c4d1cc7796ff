import assert from 'node:assert/strict';
import test from 'node:test';

import { LONGEST_REST, LOSES, NARROW, OwnSparing, RESTS } from '../../web/js/own-sparing.js';

const EVERY = 5_000;
const looked = (loss, bitrate = 60_000, camera = 0) => ({
  sent: [
    { source: 'microphone', bitrate, loss, jitter_ms: null, round_trip_ms: null, limited: null, layers: [] },
    ...(camera ? [{ source: 'camera', bitrate: camera, loss: null }] : []),
  ],
});

test('sound of which hardly anything gets through twice in a row is made as small as can be', () => {
  const sparing = new OwnSparing();
  assert.equal(sparing.look(looked(LOSES), 0), false);
  assert.equal(sparing.look(looked(0), EVERY), false);
  assert.equal(sparing.look(looked(LOSES), 2 * EVERY), false);
  assert.equal(sparing.look(looked(LOSES), 3 * EVERY), true);
});

test('a radio link that loses less, or that carries much, is no reason', () => {
  const sparing = new OwnSparing();
  for (let at = 0; at < 60_000; at += EVERY) {
    assert.equal(sparing.look(looked(LOSES - 0.01), at), false);
    assert.equal(sparing.look(looked(LOSES, 60_000, (2 * NARROW) / (1 - LOSES)), at + 1), false);
    assert.equal(sparing.look({ sent: [] }, at + 2), false, 'nothing is said, or nothing is known');
  }
});

test('after a while it is tried again, and later each time that it was in vain', () => {
  const sparing = new OwnSparing();
  const rests = [];
  let at = 0;
  for (let round = 0; round < 6; round++) {
    while (!sparing.look(looked(LOSES), at)) at += EVERY;
    const began = at;
    while (sparing.look(looked(0), at)) at += EVERY;
    rests.push(at - began);
  }
  assert.deepEqual(rests.slice(0, 3), [RESTS, 2 * RESTS, 4 * RESTS]);
  assert.equal(rests.at(-1), LONGEST_REST);
  at += RESTS;
  while (!sparing.look(looked(LOSES), at)) at += EVERY;
  const began = at;
  while (sparing.look(looked(0), at)) at += EVERY;
  assert.equal(at - began, RESTS);
});
