// What is seen, said and saved in a call: pinned people, sound only, paused pictures, figures, the small window, the
// screen that stays on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { announcements } from '../../web/js/elements/announcements.js';
import { arrange } from '../../web/js/elements/arrange.js';
import { Awake } from '../../web/js/elements/awake.js';
import { connectionFacts } from '../../web/js/elements/connection-facts.js';
import { drawnHeight } from '../../web/js/elements/looking.js';
import { subjectOf } from '../../web/js/elements/subject.js';
import { Strings } from '../../web/js/strings.js';
import { FakePage, settled } from './fakes.mjs';

const catalogue = JSON.parse(readFileSync(new URL('../../web/strings/en.json', import.meta.url), 'utf-8'));
const strings = new Strings('en', catalogue);

// Pinned

const scene = { width: 1200, height: 700, people: ['a', 'b', 'c'], screen: false, self: true, corner: 'top-left' };
const area = ({ width, height }) => width * height;

test('who is pinned is much larger than the others, who all keep a place on the stage', () => {
  for (const size of [{ width: 1200, height: 700 }, { width: 375, height: 640 }]) {
    const { layout, people, self, screen } = arrange({ ...scene, ...size, pinned: 'b' });
    assert.equal(layout, 'pinned');
    assert.equal(screen, null);
    const others = [people.get('a'), people.get('c'), self];
    for (const box of others) {
      assert.ok(area(people.get('b')) > 4 * area(box));
      assert.ok(box.x >= 0 && box.x + box.width <= size.width + 1);
      assert.ok(box.y >= 0 && box.y + box.height <= size.height + 1);
    }
  }
});

test('a shared screen is the main picture, whoever is pinned', () => {
  assert.equal(arrange({ ...scene, screen: true, pinned: 'b' }).layout, 'screen');
});

test('with two people there is nobody to pin, and who has left is not waited for', () => {
  assert.equal(arrange({ ...scene, people: ['a'], pinned: 'a' }).layout, 'two');
  assert.equal(arrange({ ...scene, pinned: 'z' }).layout, 'group');
});

// How high a picture is drawn

function video(objectFit, [clientWidth, clientHeight], [videoWidth, videoHeight]) {
  globalThis.getComputedStyle = () => ({ objectFit });
  return { clientWidth, clientHeight, videoWidth, videoHeight };
}

test('what is cut off of a picture counts, and bars beside it do not', () => {
  assert.equal(drawnHeight(video('cover', [400, 400], [1600, 900])), 400);
  assert.equal(drawnHeight(video('cover', [1600, 400], [1600, 900])), 900);
  assert.equal(drawnHeight(video('contain', [400, 400], [1600, 900])), 225);
  assert.equal(drawnHeight(video('cover', [400, 300], [0, 0])), 300, 'nothing has come yet');
});

// Paused pictures are said

const person = (id, more = {}) => {
  return { id, name: id.toUpperCase(), role: 'patient', camera: true, screen: false, ...more };
};
const slot = (mid, id, held, source = 'camera') => ({ mid, person: id, source, held });
const present = (slots, people, more = {}) => ({
  phase: 'present',
  connection: 'ok',
  screen: false,
  soundOnly: false,
  encrypted: { state: 'on', people: {}, recorder: false },
  server: { you: person('me'), people, waiting: [], locked: false, recording: null, film: null, slots },
  ...more,
});

test('a picture that is paused is said once, with whose it is; a camera that is off is not', () => {
  const people = [person('ann'), person('ben', { camera: false })];
  const before = present([slot('1', 'ann', false), slot('2', 'ben', false)], people);
  const paused = present([slot('1', 'ann', true), slot('2', 'ben', true)], people);
  assert.deepEqual(announcements(paused, before), [{ key: 'say.held', names: ['ANN'] }]);
  assert.deepEqual(announcements(present([slot('1', 'ann', true)], people), paused), []);
  assert.deepEqual(announcements({ ...paused, soundOnly: true }, before), [], 'nobody waits for it');
});

test('a server that knows no paused pictures has none', () => {
  const people = [person('ann')];
  const bare = () => present([{ mid: '1', person: 'ann', source: 'camera' }], people);
  assert.deepEqual(announcements(bare(), bare()), []);
});

// The small window

const seen = (people, speaking = []) => ({ server: { people }, speaking });
const who = (...parts) => {
  const subject = subjectOf(...parts);
  return subject && `${subject.person.id} ${subject.source}`;
};

test('the small window shows a screen, else who is pinned, else who speaks, else who was there before', () => {
  const people = [person('ann'), person('ben'), person('cem')];
  assert.equal(who(seen([...people, person('dov', { screen: true })]), 'ben', 'ann'), 'dov screen');
  assert.equal(who(seen(people, ['cem']), 'ben', 'ann'), 'ben camera');
  assert.equal(who(seen(people, ['me', 'cem']), null, 'ann'), 'cem camera');
  assert.equal(who(seen(people), null, 'ben'), 'ben camera');
  assert.equal(who(seen(people), 'gone', 'gone'), 'ann camera');
});

test('without anybody who can be seen there is nothing to show', () => {
  assert.equal(who(seen([]), null, null), null);
  assert.equal(who(seen([person('eva', { role: 'observer' })]), null, null), null);
  assert.equal(who({ server: null, speaking: [] }, null, null), null);
});

// Figures

const STATS = {
  type: 'stats',
  ms: 5000,
  path: { candidate: 'host', protocol: 'udp', relay: null },
  round_trip_ms: 48,
  send_limit: 2_000_000,
  join_ms: null,
  sent: [
    { source: 'microphone', bitrate: 32_000, loss: 0.001 },
    {
      source: 'camera',
      bitrate: 1_200_000,
      loss: 0.0234,
      limited: 'bandwidth',
      layers: [
        { width: 320, height: 180, frame_rate: 15, bitrate: 1 },
        { width: 1280, height: 720, frame_rate: 29.7, bitrate: 1 },
      ],
    },
  ],
  received: [
    { person: 'ann', source: 'microphone', bitrate: 30_000, loss: 0 },
    { person: 'ann', source: 'camera', bitrate: 600_000, loss: 0.01, width: 640, height: 360, frame_rate: 24 },
  ],
};
const facts = (more = {}) => Object.fromEntries(connectionFacts({ ...STATS, ...more }, strings).map(Object.values));

test('figures are said in words and in the units that people know', () => {
  assert.deepEqual(facts(), {
    'Delay, there and back': '48 ms',
    'Lost on the way from you': '2.3%',
    'Lost on the way to you': '1%',
    'You send': '1.2 Mbit/s',
    'Your picture': '1280 × 720, 30 a second',
    'You receive': '630 kbit/s',
    'The largest picture that you receive': '640 × 360, 24 a second',
    'Your picture is kept smaller by': 'the connection',
    'Way to the clinic': 'direct (UDP)',
  });
});

test('every way to the clinic has its words', () => {
  const way = (...[candidate, protocol, relay = null]) =>
    facts({ path: { candidate, protocol, relay } })['Way to the clinic'];
  assert.equal(way('prflx', 'tcp'), 'direct, through a firewall (TCP)');
  assert.equal(way('relay', 'udp', 'tls'), 'through a relay (TURN, TLS)');
  assert.equal(way('relay', 'udp', 'tcp'), 'through a relay (TURN, TCP)');
  assert.equal(way('relay', 'udp', 'udp'), 'through a relay (TURN, UDP)');
  assert.equal(way('relay', 'udp'), 'through a relay (TURN, UDP)');
});

test('what is not known is left out', () => {
  assert.deepEqual(facts({ path: null, round_trip_ms: null, sent: [], received: [] }), {
    'You send': '0 kbit/s',
    'You receive': '0 kbit/s',
  });
});

// The screen that stays on

/** A browser's wake lock, which the system can take back. */
function fakeLock() {
  const locks = [];
  return {
    locks,
    allowed: true,
    async request() {
      if (!this.allowed) throw new DOMException('battery', 'NotAllowedError');
      const lock = new EventTarget();
      lock.released = false;
      lock.release = async () => {
        lock.released = true;
        lock.dispatchEvent(new Event('release'));
      };
      locks.push(lock);
      return lock;
    },
    get held() {
      return locks.filter(({ released }) => !released).length;
    },
  };
}

test('the screen stays on as long as it is wanted, with one lock', async () => {
  const [page, lock] = [new FakePage(), fakeLock()];
  const awake = new Awake({ page, lock });
  awake.keep(true);
  page.turns('visible');
  await settled();
  assert.equal(lock.held, 1);
  awake.keep(false);
  await settled();
  assert.equal(lock.held, 0);
});

test('a lock that the system took is taken again when the page is seen again', async () => {
  const [page, lock] = [new FakePage(), fakeLock()];
  const awake = new Awake({ page, lock });
  awake.keep(true);
  await settled();
  page.turns('hidden');
  await lock.locks[0].release();
  assert.equal(lock.held, 0);
  page.turns('visible');
  await settled();
  assert.equal(lock.held, 1);
});

test('a call that is over while the lock is being asked for leaves none behind', async () => {
  const [page, lock] = [new FakePage(), fakeLock()];
  const awake = new Awake({ page, lock });
  awake.keep(true);
  awake.keep(false);
  await settled();
  assert.equal(lock.held, 0);
});

test('where the battery forbids it nothing breaks, and it is tried again later', async () => {
  const [page, lock] = [new FakePage(), fakeLock()];
  lock.allowed = false;
  const awake = new Awake({ page, lock });
  awake.keep(true);
  await settled();
  lock.allowed = true;
  page.turns('visible');
  await settled();
  assert.equal(lock.held, 1);
});
