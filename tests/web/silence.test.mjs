import assert from 'node:assert/strict';
import test from 'node:test';

import { Quiet, Silence } from '../../web/js/silence.js';
import { FakeClock, settled } from './fakes.mjs';

const LOOK = 100;

/** Looks each 100 ms; `comes(now)` says whether something came. Returns when it was found silent. */
function alarms(quiet, from, until, comes) {
  const found = [];
  for (let now = from; now <= until; now += LOOK) if (quiet.look(comes(now), now)) found.push(now);
  return found;
}

test('what comes all the time and then no more is found silent within half a second', () => {
  const quiet = new Quiet();
  assert.deepEqual(alarms(quiet, 0, 5000, () => true), []);
  const [first] = alarms(quiet, 5100, 8000, () => false);
  assert.ok(first - 5000 <= 500, `${first - 5000} ms`);
});

test('while it lasts that is said again, ever more rarely', () => {
  const quiet = new Quiet();
  alarms(quiet, 0, 5000, () => true);
  const found = alarms(quiet, 5100, 60_000, () => false);
  assert.deepEqual(found.length, 5);
  const pauses = found.slice(1).map((at, index) => at - found[index]);
  assert.deepEqual(pauses, [3000, 6000, 12_000, 24_000]);
});

test('where nothing ever came, and where it has only just begun to, nothing is missed', () => {
  assert.deepEqual(alarms(new Quiet(), 0, 20_000, () => false), []);
  assert.deepEqual(alarms(new Quiet(), 0, 20_000, (now) => now < 800), []);
});

test('pauses that are usual are no silence: a longer one is', () => {
  const quiet = new Quiet();
  const speech = (now) => now % 400 < LOOK;
  assert.deepEqual(alarms(quiet, 0, 20_000, speech), []);
  const [first] = alarms(quiet, 20_100, 30_000, () => false);
  assert.ok(first > 20_700 && first <= 21_100, `${first}`);
});

test('a network that stalls now and then is not restarted at each time', () => {
  const stalls = (now) => now % 5000 >= 600;
  const found = alarms(new Quiet(), 0, 120_000, stalls);
  assert.ok(found.length <= 2, `${found.length} alarms in two minutes`);
});

test('a change of network that was mended says nothing about the next silence', () => {
  const quiet = new Quiet();
  alarms(quiet, 0, 5000, () => true);
  assert.equal(alarms(quiet, 5100, 5600, () => false).length, 1);
  quiet.cured();
  alarms(quiet, 5700, 8000, () => true);
  const [first] = alarms(quiet, 8100, 9000, () => false);
  assert.ok(first - 8000 <= 500, `${first - 8000} ms`);
});

function listening() {
  const clock = new FakeClock();
  const seen = { fell: 0, ended: 0 };
  const source = { played: 1, bytes: 0, asked: 0, pulse: () => source.played, arrived: async () => (source.asked++, source.bytes) };
  const silence = new Silence({ clock, fell: () => seen.fell++, ended: () => seen.ended++ });
  const passes = async (ms, each = () => {}) => {
    for (let passed = 0; passed < ms; passed += 50) {
      each();
      clock.pass(50);
      await settled();
    }
  };
  silence.listen(source);
  return { clock, seen, silence, source, passes };
}

test('while something comes out nobody counts bytes', async () => {
  const { seen, source, passes } = listening();
  await passes(3000, () => source.played++);
  assert.deepEqual([source.asked, seen.fell], [0, 0]);
});

test('others who send nothing are no silence, as long as the server reports', async () => {
  const { seen, source, passes } = listening();
  await passes(2000, () => source.played++);
  await passes(5000, () => (source.bytes += 40));
  assert.equal(seen.fell, 0);
});

test('neither sound nor bytes is silence, and its end is told once', async () => {
  const { seen, source, passes } = listening();
  await passes(2000, () => source.played++);
  await passes(700);
  assert.deepEqual(seen, { fell: 1, ended: 0 });
  await passes(1000, () => source.played++);
  assert.deepEqual(seen, { fell: 1, ended: 1 });
});

test('who has stopped listening is told nothing', async () => {
  const { seen, silence, source, passes } = listening();
  await passes(2000, () => source.played++);
  silence.stop();
  await passes(5000);
  assert.equal(seen.fell, 0);
});
