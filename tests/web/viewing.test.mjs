import assert from 'node:assert/strict';
import test from 'node:test';

import { Viewing } from '../../web/js/viewing.js';
import { FakeClock } from './fakes.mjs';

const slot = (mid, person, source = 'camera') => ({ mid, person, source, held: false });
const SLOTS = [slot('3', 'ann', 'microphone'), slot('4', 'ann'), slot('5', 'ben')];

/** A page that shows Ann and Ben, and a server that is told. */
function open({ reachable = true } = {}) {
  const clock = new FakeClock();
  const told = [];
  const here = { clock, told, reachable };
  here.viewing = new Viewing({ clock, send: (view) => here.reachable && told.push(view) > 0 });
  here.viewing.assigned(SLOTS);
  return here;
}

function shown(here) {
  here.viewing.seen('stage', 'ann', 'camera', 720);
  here.viewing.seen('stage', 'ben', 'camera', 180);
  here.clock.pass(1000);
  return here;
}

test('each picture is told by its slot, sound is not', () => {
  const { told } = shown(open());
  assert.deepEqual(told.at(-1), {
    type: 'view',
    slots: [
      { mid: '4', height: 720 },
      { mid: '5', height: 180 },
    ],
    pinned: null,
  });
});

test('a picture that was not measured yet is left out, so that it counts as seen in full', () => {
  const { viewing, told, clock } = open();
  viewing.seen('stage', 'ben', 'camera', 180);
  clock.pass(1000);
  assert.deepEqual(told.at(-1).slots, [{ mid: '5', height: 180 }]);
});

test('a stage that is being resized is told once it stands still', () => {
  const { viewing, told, clock } = shown(open());
  const before = told.length;
  for (let height = 719; height > 600; height--) {
    viewing.seen('stage', 'ann', 'camera', height);
    clock.pass(16);
  }
  assert.equal(told.length, before);
  clock.pass(150);
  assert.equal(told.length, before + 1);
  assert.equal(told.at(-1).slots[0].height, 601);
});

test('what comes into sight is told at once', () => {
  const { viewing, told, clock } = shown(open());
  viewing.seen('stage', 'ann', 'camera', 0);
  clock.pass(150);
  assert.equal(told.at(-1).slots[0].height, 0);
  viewing.seen('stage', 'ann', 'camera', 720);
  clock.pass(0);
  assert.equal(told.at(-1).slots[0].height, 720);
});

test('what is as it was is not told again', () => {
  const { viewing, told, clock } = shown(open());
  const before = told.length;
  viewing.seen('stage', 'ann', 'camera', 500);
  viewing.seen('stage', 'ann', 'camera', 720);
  viewing.assigned(SLOTS);
  clock.pass(1000);
  assert.equal(told.length, before);
});

test('a slot that another person gets is told anew at once: the server knows the height of the one before', () => {
  const { viewing, told, clock } = shown(open());
  viewing.assigned([slot('4', 'ben')]);
  clock.pass(0);
  assert.deepEqual(told.at(-1).slots, [{ mid: '4', height: 180 }]);
});

test('with sound only nothing is to come, also for whoever joins later', () => {
  const { viewing, told, clock } = shown(open());
  viewing.soundOnly = true;
  viewing.assigned([...SLOTS, slot('6', 'cem')]);
  clock.pass(0);
  assert.deepEqual(told.at(-1).slots.map(({ height }) => height), [0, 0, 0]);
  assert.deepEqual([...viewing.unseen], ['4', '5', '6']);
  viewing.soundOnly = false;
  clock.pass(0);
  assert.deepEqual(told.at(-1).slots.map(({ height }) => height), [720, 180]);
  assert.deepEqual([...viewing.unseen], []);
});

test('a picture that is also in a small window is as large as the larger of the two', () => {
  const { viewing, told, clock } = shown(open());
  viewing.seen('window', 'ann', 'camera', 300);
  viewing.seen('stage', 'ann', 'camera', 0); // the page is hidden, the window is not
  viewing.seen('stage', 'ben', 'camera', 0);
  clock.pass(150);
  assert.deepEqual(told.at(-1).slots.map(({ height }) => height), [300, 0]);
  viewing.seen('window', 'ann', 'camera', null);
  clock.pass(150);
  assert.deepEqual(told.at(-1).slots.map(({ height }) => height), [0, 0]);
});

test('who is pinned is told', () => {
  const { viewing, told, clock } = shown(open());
  viewing.pin('ben');
  clock.pass(150);
  assert.equal(told.at(-1).pinned, 'ben');
  viewing.pin(null);
  clock.pass(150);
  assert.equal(told.at(-1).pinned, null);
});

test('what could not be told is told on the next socket', () => {
  const here = open({ reachable: false });
  shown(here);
  assert.equal(here.told.length, 0);
  here.reachable = true;
  here.viewing.forget();
  here.clock.pass(0);
  assert.equal(here.told.length, 1);
  here.viewing.forget();
  here.clock.pass(0);
  assert.equal(here.told.length, 2, 'another seat knows nothing of it');
});

test('heights are whole numbers within what any screen has', () => {
  const { viewing, told, clock } = open();
  viewing.seen('stage', 'ann', 'camera', 719.6);
  viewing.seen('stage', 'ben', 'camera', 99_999);
  clock.pass(150);
  assert.deepEqual(told.at(-1).slots.map(({ height }) => height), [720, 4320]);
});

test('after the call nothing is told and nothing is remembered', () => {
  const { viewing, told, clock } = shown(open());
  const before = told.length;
  viewing.soundOnly = true;
  viewing.close();
  clock.pass(1000);
  assert.equal(told.length, before);
  assert.equal(viewing.soundOnly, false);
  viewing.assigned(SLOTS);
  clock.pass(1000);
  assert.equal(viewing.view.slots.length, 0, 'of nobody is known how large they are');
});
