import assert from 'node:assert/strict';
import test from 'node:test';

import { Http } from '../../web/js/http.js';
import { elsewhere, moment } from '../../web/js/visit/when.js';
import { Visit } from '../../web/js/visit/visit.js';

const TOLD = {
  stage: 'open',
  now: 1000,
  starts_at: 1300,
  minutes: 50,
  zone: 'UTC',
  opens_at: 900,
  closes_at: 9000,
  whom: null,
  relation: 'patient',
  questions: { text: { version: '1' } },
  checked_in: false,
};
const ANSWERS = { called: 'Alex', telehealth: true, text_version: '1' };

/** A server that gives these answers, one after another, and a clock that is moved by hand. */
function visiting(answers, link = 'LINK') {
  const asked = [];
  const fetch = async (url, request) => {
    asked.push([url, JSON.parse(request.body)]);
    const [status, body] = answers.shift();
    if (status === 0) throw new TypeError('no network');
    return new Response(JSON.stringify(body), { status });
  };
  const timers = [];
  const clock = {
    ms: 50_000,
    now: () => clock.ms,
    after: (ms, call) => {
      timers.push({ ms, call });
      return () => {};
    },
    random: () => 0,
  };
  return { visit: new Visit(link, { http: new Http(fetch), clock }), asked, timers, clock };
}

test('the link travels in the body, never in an address', async () => {
  const { visit, asked } = visiting([[200, TOLD]]);
  await visit.look();
  assert.deepEqual(asked, [['/api/visit/open', { link: 'LINK' }]]);
  assert.equal(visit.state.phase, 'told');
});

test('without a link nothing is asked', async () => {
  const { visit, asked } = visiting([], null);
  await visit.look();
  assert.deepEqual([visit.state.phase, asked.length], ['none', 0]);
});

test("time is the server's, whatever this device's clock says", async () => {
  const { visit, clock } = visiting([[200, TOLD]]);
  await visit.look();
  assert.equal(visit.now, 1000);
  clock.ms += 2500;
  assert.equal(visit.now, 1002.5);
});

test('too early, it looks again when the door opens, and a month away it does not wait too long for a timer', async () => {
  const early = { ...TOLD, stage: 'early', opens_at: 1060 };
  const { visit, timers, asked } = visiting([[200, early], [200, TOLD]]);
  await visit.look();
  assert.equal(timers[0].ms, 60_500);
  timers[0].call();
  await new Promise((done) => setTimeout(done));
  assert.deepEqual([asked.length, visit.state.told.stage], [2, 'open']);
  const far = visiting([[200, { ...early, opens_at: 1000 + 40 * 86_400 }]]);
  await far.visit.look();
  assert.ok(far.timers[0].ms < 2 ** 31);
});

test('after the answers it goes on by itself', async () => {
  const { visit, asked } = visiting([[200, TOLD], [200, { ...TOLD, checked_in: true }], [200, { page: '/there#token=T' }]]);
  await visit.look();
  await visit.checkIn(ANSWERS);
  assert.deepEqual(asked.map(([url]) => url), ['/api/visit/open', '/api/visit/checkin', '/api/visit/join']);
  assert.equal(visit.state.page, '/there#token=T');
});

test('answers that cannot be sent stay, with a reason', async () => {
  const { visit } = visiting([[200, TOLD], [0]]);
  await visit.look();
  await visit.checkIn(ANSWERS);
  assert.deepEqual([visit.state.phase, visit.state.problem.code, visit.state.page], ['told', 'unreachable', null]);
});

test('whoever is refused because it stands otherwise now is shown how', async () => {
  const { visit } = visiting([
    [200, TOLD],
    [410, { code: 'visit_cancelled', error: 'No.' }],
    [200, { ...TOLD, stage: 'cancelled', questions: null }],
  ]);
  await visit.look();
  await visit.join();
  assert.deepEqual([visit.state.told.stage, visit.state.problem], ['cancelled', null]);
});

test('a link that is none leads to nothing', async () => {
  const { visit } = visiting([[404, { code: 'link_invalid', error: 'No.' }]]);
  await visit.look();
  assert.deepEqual([visit.state.phase, visit.state.problem.code], ['refused', 'link_invalid']);
});

test('a time is written in a zone, and the other one only where clocks differ', () => {
  const at = Date.UTC(2026, 5, 1, 8) / 1000;
  assert.match(moment('en-GB', at, 'Europe/Berlin'), /Monday 1 June.*10:00/);
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.equal(elsewhere('en', at, here), null);
  assert.notEqual(elsewhere('en', at, here === 'Asia/Kathmandu' ? 'UTC' : 'Asia/Kathmandu'), null);
  assert.equal(elsewhere('en', at, 'Mars/Olympus'), null);
});
