import assert from 'node:assert/strict';
import test from 'node:test';

import { connectionOf } from '../../web/js/recovery.js';
import { Trouble } from '../../web/js/trouble.js';
import { FakeClock } from './fakes.mjs';

function told() {
  const clock = new FakeClock();
  const said = [];
  const trouble = new Trouble({ clock, changed: (how) => said.push(`${clock.now()} ${how}`) });
  return { clock, said, trouble };
}

test('what is over within a second is never told', () => {
  const { clock, said, trouble } = told();
  for (let times = 0; times < 5; times++) {
    trouble.is('reconnecting');
    clock.pass(900);
    trouble.is('ok');
    clock.pass(100);
  }
  clock.pass(10_000);
  assert.deepEqual(said, []);
});

test('what lasts is told once, and long enough to be read', () => {
  const { clock, said, trouble } = told();
  trouble.is('reconnecting');
  trouble.is('reconnecting');
  clock.pass(1100);
  trouble.is('ok');
  clock.pass(10_000);
  assert.deepEqual(said, ['1000 reconnecting', '2500 ok']);
});

test('a lost socket is told later than lost sound and picture, and becomes that when they are lost too', () => {
  const { clock, said, trouble } = told();
  trouble.is('detached');
  clock.pass(1500);
  assert.deepEqual(said, []);
  clock.pass(1500);
  trouble.is('reconnecting');
  clock.pass(5000);
  trouble.is('ok');
  clock.pass(10_000);
  assert.deepEqual(said, ['2000 detached', '3500 reconnecting', '8000 ok']);
});

test('a socket that is lost a moment before sound and picture counts from then', () => {
  const { clock, said, trouble } = told();
  trouble.is('detached');
  clock.pass(600);
  trouble.is('reconnecting');
  clock.pass(1000);
  assert.deepEqual(said, ['1000 reconnecting']);
});

test('when a call is over nothing of it is told', () => {
  const { clock, said, trouble } = told();
  trouble.is('reconnecting');
  trouble.end();
  clock.pass(10_000);
  assert.deepEqual(said, []);
});

test('a lost socket alone leaves the session going on, but not the waiting room', () => {
  const fine = { trouble: false };
  assert.equal(connectionOf({ phase: 'present', seated: true, media: fine }), 'ok');
  assert.equal(connectionOf({ phase: 'present', seated: false, media: fine }), 'detached');
  assert.equal(connectionOf({ phase: 'present', seated: true, media: { trouble: true } }), 'reconnecting');
  assert.equal(connectionOf({ phase: 'waiting', seated: false, media: fine }), 'reconnecting');
  for (const phase of ['idle', 'joining', 'moving', 'over']) {
    assert.equal(connectionOf({ phase, seated: false, media: { trouble: true } }), 'ok');
  }
});
