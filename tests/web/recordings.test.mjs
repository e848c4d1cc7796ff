import assert from 'node:assert/strict';
import test from 'node:test';

import { addressOf, chaptersOf, RecordingsApi } from '../../web/js/recordings/api.js';
import { goesOn } from '../../web/js/recordings/archive.js';
import { linkTo, placeOf, takeToken } from '../../web/js/recordings/place.js';
import { settled } from './fakes.mjs';
import { job, opened, recording, whole } from './recordings-fakes.mjs';

// Signing in

test('the token is traded in a header, and then the list is asked for', async () => {
  const { server, archive } = opened();
  await archive.start('TOKEN', null);
  assert.equal(server.asked[0].headers.Authorization, 'Bearer TOKEN');
  assert.deepEqual(server.asked.map(({ key }) => key), ['POST /sign-in', 'GET /me', 'GET ']);
  assert.deepEqual([archive.state.phase, archive.state.list, archive.may('hold')], ['in', 'ready', true]);
});

test('without a token the cookie may be there already', async () => {
  const { server, archive } = opened();
  server.answers['GET /r1'] = [200, whole()];
  await archive.start(null, 'r1');
  assert.deepEqual(server.asked.map(({ key }) => key), ['GET /me', 'GET /r1']);
  assert.equal(archive.state.whole.recording.session, 's-1');
});

const REFUSED = [
  ['an old link', 'TOKEN', 'token_expired', 'expired'],
  ['a broken link', 'TOKEN', 'token_invalid', 'invalid'],
  ['a cookie whose time is over', null, 'token_expired', 'over'],
  ['nothing at all', null, 'sign_in_needed', 'no_link'],
];
for (const [what, token, code, out] of REFUSED) {
  test(`whoever comes with ${what} is told so`, async () => {
    const { server, archive } = opened();
    server.answers['POST /sign-in'] = server.answers['GET /me'] = [401, { code, error: 'No.' }];
    await archive.start(token, null);
    assert.deepEqual([archive.state.phase, archive.state.out], ['out', out]);
  });
}

test('a server that cannot be reached is no lack of a link', async () => {
  const { server, archive } = opened();
  delete server.answers['GET /me'];
  await archive.start(null, null);
  assert.deepEqual([archive.state.out, archive.state.problem.code], ['refused', 'unreachable']);
});

test('when the time is over, whatever is asked for next says so and shows nothing more', async () => {
  const { server, archive } = opened();
  server.answers['GET '] = [200, { recordings: [recording()], next: 'n' }];
  await archive.start('TOKEN', null);
  server.answers['GET '] = [401, { code: 'token_expired', error: '' }];
  await archive.more();
  assert.deepEqual([archive.state.phase, archive.state.out, archive.state.rows.length], ['out', 'over', 0]);
});

test('signing out is only said when the server has done it', async () => {
  const { server, archive } = opened();
  await archive.start('TOKEN', null);
  assert.equal((await archive.signOut()).code, 'unreachable');
  assert.equal(archive.state.phase, 'in');
  server.answers['POST /sign-out'] = [204];
  assert.equal(await archive.signOut(), null);
  assert.deepEqual([archive.state.phase, archive.state.out, archive.state.me], ['out', 'signed_out', null]);
});

test('the token leaves the address at once, and the open recording stays in it', () => {
  const replaced = [];
  const history = { replaceState: (_, __, url) => replaced.push(url) };
  const at = (hash) => ({ hash, pathname: '/recordings', search: '' });
  assert.equal(takeToken(at('#token=abc'), history), 'abc');
  assert.deepEqual(replaced, ['/recordings']);
  assert.equal(takeToken(at('#recording=r1'), history), null);
  assert.equal(replaced.length, 1);
  assert.equal(placeOf(at(linkTo('a/b&c'))), 'a/b&c');
  assert.equal(placeOf(at('')), null);
});

// The list

test('the server is asked once, after somebody has stopped typing', async () => {
  const { server, clock, archive } = opened();
  await archive.start('TOKEN', null);
  for (const search of ['s', 's-', 's-1']) archive.filter({ search }, { typing: true });
  clock.pass(299);
  assert.equal(server.count('GET '), 1);
  clock.pass(1);
  await settled();
  assert.equal(server.count('GET '), 2);
  assert.deepEqual(server.asked.at(-1).query, { limit: '25', search: 's-1' });
});

test('a filter that is chosen counts at once, with what was typed before', async () => {
  const { server, clock, archive } = opened();
  await archive.start('TOKEN', null);
  archive.filter({ search: ' x ' }, { typing: true });
  archive.filter({ state: 'ready', since: 86400, until: null });
  clock.pass(0);
  await settled();
  assert.deepEqual(server.asked.at(-1).query, { limit: '25', search: 'x', since: '86400', state: 'ready' });
  clock.pass(1000);
  assert.equal(server.count('GET '), 2);
});

test('an answer that comes late does not take the place of a newer one', async () => {
  const { server, clock, archive } = opened();
  await archive.start('TOKEN', null);
  server.hold();
  server.answers['GET '] = [200, { recordings: [recording({ id: 'old' })], next: null }];
  archive.filter({ search: 'o' });
  clock.pass(0);
  server.answers['GET '] = [200, { recordings: [recording({ id: 'new' })], next: null }];
  archive.filter({ search: 'n' });
  clock.pass(0);
  await server.goOn(1);
  await server.goOn(0);
  assert.deepEqual(archive.state.rows.map(({ id }) => id), ['new']);
});

test('a recording that is opened while one types is shown, and coming back asks with what was typed', async () => {
  const { server, clock, archive } = opened();
  server.answers['GET '] = [200, { recordings: [recording()], next: null }];
  server.answers['GET /r1'] = [200, whole()];
  await archive.start('TOKEN', null);
  server.hold();
  archive.filter({ state: 'ready' });
  clock.pass(0);
  archive.filter({ search: 's' }, { typing: true });
  const shown = archive.show('r1');
  clock.pass(1000);
  await server.goOn(1);
  await server.goOn(0);
  await shown;
  assert.equal(archive.state.whole.recording.id, 'r1');
  const back = archive.show(null);
  await server.goOn(2);
  await back;
  assert.deepEqual(server.asked.at(-1).query, { limit: '25', search: 's', state: 'ready' });
});

test('more rows come after those that are there', async () => {
  const { server, archive } = opened();
  server.answers['GET '] = [200, { recordings: [recording({ id: 'a' })], next: 'place' }];
  await archive.start('TOKEN', null);
  server.answers['GET '] = [200, { recordings: [recording({ id: 'b' })], next: null }];
  await archive.more();
  assert.equal(server.asked.at(-1).query.after, 'place');
  assert.deepEqual([archive.state.rows.map(({ id }) => id), archive.state.next], [['a', 'b'], null]);
  await archive.more();
  assert.equal(server.count('GET '), 2, 'there is nothing more to ask for');
});

test('a list that cannot be had is asked for again', async () => {
  const { server, archive } = opened();
  server.answers['GET '] = [503, { code: 'records_unavailable', error: 'Away.' }];
  await archive.start('TOKEN', null);
  assert.deepEqual([archive.state.list, archive.state.problem.code], ['failed', 'records_unavailable']);
  server.answers['GET '] = [200, { recordings: [recording()], next: null }];
  await archive.again();
  assert.deepEqual([archive.state.list, archive.state.problem, archive.state.rows.length], ['ready', null, 1]);
});

test('coming back from a recording the list is as long as it was', async () => {
  const { server, archive } = opened();
  const rows = Array.from({ length: 40 }, (_, index) => recording({ id: `r${index}` }));
  server.answers['GET '] = [200, { recordings: rows, next: null }];
  server.answers['GET /r1'] = [200, whole()];
  await archive.start('TOKEN', null);
  await archive.show('r1');
  assert.equal(archive.state.whole.recording.id, 'r1');
  await archive.show(null);
  assert.equal(server.asked.at(-1).query.limit, '40');
  assert.deepEqual([archive.state.list, archive.state.rows.length, archive.state.whole], ['ready', 40, null]);
});

// While something goes on

test('a film that is being made is asked about again, one that is made is not', async () => {
  const { server, archive } = opened();
  server.answers['GET /r1'] = [200, whole({ recording: recording({ state: 'composing' }), jobs: [job()] })];
  await archive.start('TOKEN', 'r1');
  await archive.look();
  assert.equal(server.count('GET /r1'), 2);
  server.answers['GET /r1'] = [200, whole({ jobs: [job({ state: 'done' })] })];
  await archive.look();
  await archive.look();
  assert.equal(server.count('GET /r1'), 3);
});

test('a look that fails leaves what was seen, and looks do not pile up', async () => {
  const { server, archive } = opened();
  server.answers['GET /r1'] = [200, whole({ jobs: [job()] })];
  await archive.start('TOKEN', 'r1');
  server.answers['GET /r1'] = [500, { code: 'internal', error: '' }];
  await archive.look();
  assert.deepEqual([archive.state.whole.recording.id, archive.state.problem], ['r1', null]);
  server.hold();
  void archive.look();
  void archive.look();
  await settled();
  assert.equal(server.count('GET /r1'), 3);
});

test('the list looks every third time, and only while something in it goes on', async () => {
  const { server, archive } = opened();
  server.answers['GET '] = [200, { recordings: [recording({ state: 'capturing' })], next: null }];
  await archive.start('TOKEN', null);
  for (let time = 0; time < 5; time += 1) await archive.look();
  assert.equal(server.count('GET '), 2);
  assert.equal(goesOn(recording()), false);
  assert.equal(goesOn(recording({ state: 'captured', job: job({ state: 'waiting' }) })), true);
  assert.equal(goesOn(recording({ state: 'shredded' }), [job()]), false);
});

// What is done

test('what was done is seen at once, and what was refused is told', async () => {
  const { server, archive } = opened();
  server.answers['GET /r1'] = [200, whole()];
  await archive.start('TOKEN', 'r1');
  server.answers['POST /r1/hold'] = [204];
  server.answers['GET /r1'] = [200, whole({ recording: recording({ hold: { by: 'ann', at: 1, because: 'x' } }) })];
  assert.equal(await archive.act((api, id) => api.hold(id, 'x')), null);
  assert.equal(archive.state.whole.recording.hold.because, 'x');
  server.answers['POST /r1/delete'] = [409, { code: 'on_hold', error: '' }];
  const asked = { reason: 'r', confirm: 's-1', person: 'p1' };
  assert.equal((await archive.act((api, id) => api.remove(id, asked))).code, 'on_hold');
  assert.deepEqual(server.asked.at(-1).body, asked);
});

test('our own mistakes are not taken for refusals', async () => {
  const { server, archive } = opened();
  server.answers['GET /r1'] = [200, whole()];
  await archive.start('TOKEN', 'r1');
  await assert.rejects(
    archive.act(() => {
      throw new RangeError('a fault of ours');
    }),
    RangeError,
  );
});

test('addresses hold ids only, whatever is in them', () => {
  assert.equal(addressOf('a/b', { kind: 'output', id: 'c d' }), '/api/recordings/a%2Fb/outputs/c%20d');
  assert.equal(addressOf('a', { kind: 'track', id: 't' }), '/api/recordings/a/tracks/t');
  assert.equal(chaptersOf('a?'), '/api/recordings/a%3F/chapters.vtt');
});

test('the server says why a file does not play', async () => {
  const { server } = opened();
  const api = new RecordingsApi(server.fetch);
  server.answers['GET /r1/outputs/o1'] = [503, { code: 'key_unavailable', error: 'Away.' }];
  assert.equal((await api.refusalOf('/api/recordings/r1/outputs/o1')).code, 'key_unavailable');
  assert.equal(server.asked.at(-1).headers.Range, 'bytes=0-0');
  server.answers['GET /r1/outputs/o1'] = [206, 'x'];
  assert.equal(await api.refusalOf('/api/recordings/r1/outputs/o1'), null);
});
