import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { announcements, peopleSaid } from '../../web/js/elements/announcements.js';
import { arrange, grid, inCorner, nearestCorner, selfSize, shapeIn } from '../../web/js/elements/arrange.js';
import { initials } from '../../web/js/elements/initials.js';
import { platform, stepsKey } from '../../web/js/elements/platform.js';

const WEB = new URL('../../web/', import.meta.url);
const catalogue = JSON.parse(readFileSync(new URL('strings/en.json', WEB), 'utf-8'));

// Where pictures stand

const WIDE = { width: 1248, height: 652 };
const PHONE = { width: 359, height: 592 };
const NARROWEST = { width: 304, height: 420 };
const scene = (stage, people, more = {}) => ({
  ...stage,
  people: Array.from({ length: people }, (_, index) => `p${index}`),
  screen: false,
  self: true,
  corner: 'bottom-right',
  ...more,
});

const boxesOf = ({ people, self, screen }) => [...people.values(), self, screen].filter((box) => box !== null);

function inside(box, stage) {
  const [x, y] = [box.x + box.width, box.y + box.height];
  return box.x >= -0.01 && box.y >= -0.01 && x <= stage.width + 0.01 && y <= stage.height + 0.01;
}

function overlap(a, b) {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return across > 0.01 && down > 0.01;
}

test('with two people the other fills the stage and the own picture is in its corner', () => {
  const { layout, people, self } = arrange(scene(WIDE, 1));
  assert.equal(layout, 'two');
  assert.deepEqual(people.get('p0'), { x: 0, y: 0, ...WIDE });
  assert.ok(self.x > WIDE.width / 2 && self.y > WIDE.height / 2);
  assert.equal(arrange(scene(WIDE, 1, { self: false })).self, null);
});

test('alone, the own picture is the large one', () => {
  assert.deepEqual(arrange(scene(PHONE, 0)).self, { x: 0, y: 0, ...PHONE });
});

for (const [name, stage] of Object.entries({ WIDE, PHONE, NARROWEST })) {
  test(`up to twelve equal pictures fit a stage without touching: ${name}`, () => {
    for (let others = 2; others <= 11; others += 1) {
      const boxes = boxesOf(arrange(scene(stage, others)));
      assert.equal(boxes.length, others + 1);
      assert.ok(boxes.every((box) => inside(box, stage)));
      assert.ok(boxes.every((box) => box.width === boxes[0].width && box.height === boxes[0].height));
      assert.ok(boxes.every((box, index) => boxes.slice(index + 1).every((other) => !overlap(box, other))));
      assert.ok(Math.min(boxes[0].width, boxes[0].height) >= 90, `${others + 1} people: ${boxes[0].width}`);
    }
  });

  test(`a shared screen is the largest picture and everybody keeps a place: ${name}`, () => {
    for (let others = 1; others <= 11; others += 1) {
      const arrangement = arrange(scene(stage, others, { screen: true }));
      const boxes = boxesOf(arrangement);
      const area = ({ width, height }) => width * height;
      assert.equal(boxes.length, others + 2);
      assert.ok(boxes.every((box) => inside(box, stage)));
      assert.ok(boxes.every((box) => box === arrangement.screen || area(box) < area(arrangement.screen)));
      assert.ok(boxes.every((box, index) => boxes.slice(index + 1).every((other) => !overlap(box, other))));
    }
  });
}

test('the last row of a grid stands in the middle', () => {
  const boxes = grid(5, { x: 0, y: 0, width: 900, height: 400 });
  const [first, last] = [boxes[3], boxes[4]];
  assert.equal(Math.round(first.x), Math.round(900 - last.x - last.width));
});

test('the own picture comes back to the corner where it was dropped', () => {
  for (const corner of ['top-left', 'top-right', 'bottom-left', 'bottom-right']) {
    const box = inCorner(corner, selfSize(PHONE), PHONE);
    assert.ok(inside(box, PHONE));
    assert.equal(nearestCorner({ x: box.x + box.width / 2, y: box.y + box.height / 2 }, PHONE), corner);
  }
});

test('a picture fills its box when the shapes are near, and is never cut to where a face would go', () => {
  assert.equal(shapeIn(16 / 9, 1.9), 1.9);
  assert.equal(shapeIn(9 / 16, 0.6), 0.6);
  assert.ok(shapeIn(16 / 9, 0.6) >= (16 / 9) * 0.5);
  assert.ok(shapeIn(9 / 16, 1.9) <= 9 / 16 / 0.65 + 1e-9);
});

// What is said aloud

const person = (id, more = {}) => ({
  id,
  name: id,
  role: 'patient',
  microphone: true,
  camera: true,
  screen: false,
  hand: false,
  may_share: false,
  reconnecting: false,
  ...more,
});

const state = (server = {}, more = {}) => ({
  phase: 'present',
  connection: 'ok',
  screen: false,
  encrypted: { state: 'on', people: {}, recorder: false },
  server: { locked: false, you: person('me'), people: [], waiting: [], slots: [], ...server },
  ...more,
});

const said = (before, now) => {
  const known = before.phase === 'present' ? before.server : null;
  return [...announcements(now, before), ...peopleSaid(now.server, known)].map(({ key, values }) =>
    [key, values?.name].filter(Boolean).join(' '),
  );
};

test('people, hands, screens and reconnecting are announced once each', () => {
  const before = state({ people: [person('Sam')], waiting: [{ id: 'Noa', name: 'Noa' }] });
  const one = state({ people: [person('Sam', { hand: true, screen: true }), person('Noa')] });
  assert.deepEqual(said(before, one), ['say.hand Sam', 'say.screen Sam', 'say.admitted Noa']);
  const two = state({ people: [person('Sam', { hand: true, screen: true, reconnecting: true })] });
  assert.deepEqual(said(one, two), ['say.person_reconnecting Sam', 'say.left Noa']);
  assert.deepEqual(said(two, two), []);
  assert.deepEqual(said(two, { ...two, connection: 'reconnecting' }), ['say.reconnecting']);
});

test('whoever comes in hears who is there', () => {
  const before = state({ waiting: [] }, { phase: 'waiting' });
  const now = state({ people: [person('Sam')], waiting: [{ id: 'Noa', name: 'Noa' }] });
  assert.deepEqual(said(before, now), ['say.let_in', 'say.here', 'say.waiting Noa']);
});

// Help for this browser on this system

const AGENTS = {
  'edge windows': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0',
  'chrome mac': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/130.0 Safari/537.36',
  'safari mac': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15',
  'firefox linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'safari ios': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1',
  'chrome ios': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/130.0 Mobile/15E148 Safari/604.1',
  'chrome android': 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36',
  'samsung android': 'Mozilla/5.0 (Linux; Android 14) SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36',
  'firefox android': 'Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0',
};

test('browsers and systems are told apart, and each has steps for each trouble', () => {
  for (const [name, userAgent] of Object.entries(AGENTS)) {
    const where = platform({ userAgent });
    assert.equal(`${where.browser} ${where.system}`, name);
    for (const trouble of ['denied', 'missing', 'busy', 'interrupted', 'insecure']) {
      for (const by of ['person', 'dismissed', 'system', null]) assert.ok(catalogue[stepsKey(trouble, by, where)]);
    }
  }
  assert.equal(platform({ userAgent: AGENTS['safari mac'], maxTouchPoints: 5 }).system, 'ios');
});

test('initials leave titles out and know scripts without capitals', () => {
  assert.equal(initials('Dr. Blue'), 'B');
  assert.equal(initials('sam okafor'), 'SO');
  assert.equal(initials('Ana María de la Cruz'), 'AC');
  assert.equal(initials('王小明'), '王');
  assert.equal(initials('Dr.'), 'D');
  assert.equal(initials(''), '');
  assert.equal(initials('…'), '…', 'while a name is on its way');
});

// The catalogue

test('every text that is named in the client is in the catalogue', () => {
  const files = ['elements/', 'pages/', 'staff/'].flatMap((folder) =>
    readdirSync(new URL(`js/${folder}`, WEB)).map((name) => new URL(`js/${folder}${name}`, WEB)),
  );
  const missing = [];
  for (const file of files) {
    const source = readFileSync(file, 'utf-8');
    for (const [, key] of source.matchAll(/(?:\bt\(|\btext\(|key: )\s*'([a-z_]+\.[a-z_.-]+)'/g)) {
      if (!Object.hasOwn(catalogue, key)) missing.push(key);
    }
  }
  assert.deepEqual(missing, []);
});

test('no text shouts, and plurals have their general form', () => {
  for (const [key, entry] of Object.entries(catalogue)) {
    const texts = typeof entry === 'string' ? [entry] : Object.values(entry);
    assert.ok(typeof entry === 'string' || 'other' in entry, key);
    for (const text of texts) assert.ok(text.trim() !== '' && !text.includes('!'), key);
  }
});
