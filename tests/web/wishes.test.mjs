import assert from 'node:assert/strict';
import test from 'node:test';
import { Wishes } from '../../web/js/wishes.js';

test('slots are never fewer than before', () => {
  const wishes = new Wishes();
  const first = { ...wishes.slots };
  wishes.grow({ audio: first.audio + 2, video: 0 });
  wishes.grow({ audio: 0, video: first.video + 1 });
  assert.deepEqual(wishes.slots, { audio: first.audio + 2, video: first.video + 1 });
});

test('what is to be sent already is nothing new, nor is that nothing is', () => {
  const wishes = new Wishes();
  const [one, other] = [{ id: 'one' }, { id: 'other' }];
  const told = [null, one, one, other, null, null].map((track) => wishes.send('camera', track));
  assert.deepEqual(told, [false, true, false, true, true, false]);
});

test('another peer connection is told of all that is to be sent, and of nothing else', () => {
  const wishes = new Wishes();
  const [voice, picture] = [{ id: 'voice' }, { id: 'picture' }];
  wishes.send('microphone', voice);
  wishes.send('camera', picture);
  wishes.send('camera', null);
  const sent = [];
  wishes.tell({ send: (source, track) => sent.push([source, track]) });
  assert.deepEqual(sent, [['microphone', voice]]);
});
