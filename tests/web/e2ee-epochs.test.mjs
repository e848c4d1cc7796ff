import assert from 'node:assert/strict';
import test from 'node:test';
import { Epochs, PATIENCE } from '../../web/js/e2ee/epochs.js';
import { FakeClock } from './fakes.mjs';

function begun() {
  const clock = new FakeClock();
  const given = [];
  const used = [];
  let count = 0;
  const epochs = new Epochs({
    clock,
    random: (bytes) => new Uint8Array(bytes).fill(bytes === 1 ? 254 : ++count),
    keeper: {
      give: (id, { kid, key }) => given.push([id, kid, key[0]]),
      use: (key) => used.push(key && key.kid),
    },
  });
  epochs.setNumber(3);
  /** @param {string} ids  one letter each, with a digit behind it where the handshake is not the first */
  const holders = (ids) => {
    epochs.setHolders(new Map([...ids.matchAll(/([a-z])(\d?)/g)].map(([, id, at]) => [id, Number(at || 1)])));
  };
  return { clock, given, used, epochs, holders };
}

const kid = (epoch) => 3 * 256 + epoch;

test('the first key is used at once: before it nothing is sent', () => {
  const { given, used, holders } = begun();
  assert.deepEqual(used, []);
  holders('a');
  assert.deepEqual(given, [['a', kid(255), 1]]);
  assert.deepEqual(used, [kid(255)]);
});

test('who comes gets another key, as do the others, and it is used when all have it', () => {
  const { given, used, holders, epochs } = begun();
  holders('a');
  holders('ab');
  assert.deepEqual(given.slice(1), [['a', kid(0), 2], ['b', kid(0), 2]]);
  assert.deepEqual(used, [kid(255)]);
  epochs.has('b', kid(0));
  epochs.has('b', kid(255));
  assert.deepEqual(used, [kid(255)]);
  epochs.has('a', kid(0));
  assert.deepEqual(used, [kid(255), kid(0)]);
});

test('who says nothing is waited for two seconds', () => {
  const { clock, used, holders } = begun();
  holders('a');
  holders('ab');
  clock.pass(PATIENCE - 1);
  assert.deepEqual(used, [kid(255)]);
  clock.pass(1);
  assert.deepEqual(used, [kid(255), kid(0)]);
});

test('when somebody has gone the next key is used at once, and they do not get it', () => {
  const { given, used, holders } = begun();
  holders('ab');
  given.length = 0;
  holders('a');
  assert.deepEqual(given, [['a', kid(0), 2]]);
  assert.deepEqual(used, [kid(255), kid(0)]);
});

test('so it is when one has gone and another has come', () => {
  const { used, holders } = begun();
  holders('ab');
  holders('ac');
  assert.deepEqual(used, [kid(255), kid(0)]);
});

test('who has come back with a new page is somebody who has come', () => {
  const { given, used, holders, epochs } = begun();
  holders('ab');
  given.length = 0;
  holders('ab2');
  assert.deepEqual(given.map(([id]) => id), ['a', 'b']);
  assert.deepEqual(used, [kid(255)]);
  epochs.has('a', kid(0));
  epochs.has('b', kid(0));
  assert.deepEqual(used.at(-1), kid(0));
});

test('who lost a socket gets again what they have not said came, and nothing else changes', () => {
  const { given, used, holders, epochs } = begun();
  holders('ab');
  epochs.has('b', kid(255));
  given.length = 0;
  epochs.again('a');
  epochs.again('b');
  epochs.again('c');
  assert.deepEqual(given, [['a', kid(255), 1]]);
  assert.deepEqual(used, [kid(255)]);
});

test('the newest key comes last, also where only the one in use is missing', () => {
  const { given, used, holders, epochs } = begun();
  holders('ab');
  holders('abc');
  epochs.has('a', kid(0));
  epochs.has('b', kid(255));
  given.length = 0;
  epochs.again('a');
  assert.deepEqual(given, [['a', kid(255), 1], ['a', kid(0), 2]]);
  given.length = 0;
  epochs.again('b');
  assert.deepEqual(given, [['b', kid(0), 2]]);
  epochs.has('b', kid(0));
  epochs.has('c', kid(0));
  assert.deepEqual(used, [kid(255), kid(0)]);
});

test('the same people change nothing', () => {
  const { given, used, holders } = begun();
  holders('ab');
  holders('ba');
  assert.equal(given.length, 2);
  assert.equal(used.length, 1);
});

test('with nobody to have a key nothing is sent', () => {
  const { used, holders, epochs } = begun();
  holders('a');
  holders('');
  assert.deepEqual(used, [kid(255), null]);
  assert.equal(epochs.holders.size, 0);
  holders('a');
  assert.deepEqual(used, [kid(255), null, kid(0)]);
});

test('a key that is waited for is given up for the next one', () => {
  const { clock, used, holders, epochs } = begun();
  holders('a');
  holders('ab');
  holders('abc');
  epochs.has('a', kid(0));
  epochs.has('b', kid(0));
  assert.deepEqual(used, [kid(255)]);
  clock.pass(PATIENCE);
  assert.deepEqual(used, [kid(255), kid(1)]);
});

test('nothing that was waited for is used after the end', () => {
  const { clock, used, holders, epochs } = begun();
  holders('a');
  holders('ab');
  epochs.close();
  clock.pass(PATIENCE * 2);
  assert.deepEqual(used, [kid(255), null]);
});
