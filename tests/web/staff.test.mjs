import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { RefusedError } from '../../web/js/http.js';
import { addressOf, StaffApi } from '../../web/js/staff/api.js';
import { Idle } from '../../web/js/staff/idle.js';
import { Office } from '../../web/js/staff/office.js';
import { bytesOf, jsonOf, textOf } from '../../web/js/staff/passkeys.js';
import { hintOf } from '../../web/js/staff/passwords.js';
import { linkTo, placeOf, takeBrought } from '../../web/js/staff/place.js';
import { minutesOf, rolesOf, sentenceOf } from '../../web/js/staff/words.js';
import { Strings } from '../../web/js/strings.js';

const WEB = new URL('../../web/', import.meta.url);
const catalogue = JSON.parse(readFileSync(new URL('strings/en.json', WEB), 'utf-8'));
const strings = new Strings('en-US', catalogue);

const gate = (more = {}) => ({
  needs_setup: false,
  password: true,
  sign_on: null,
  second_factor: 'required',
  shortest_password: 12,
  ...more,
});
const me = (more = {}) => ({
  id: 'a1',
  login: 'ada',
  name: 'Ada Adams',
  roles: ['administrator'],
  actions: ['manage_accounts'],
  stage: 'done',
  idle_seconds: 900,
  emergency: null,
  emergencies_open: 0,
  ...more,
});
const stage = (word, ways = []) => [200, { stage: word, ways }];
const refused = (status, code) => [status, { code, error: 'No.' }];

/** A server that answers what the test put down for `METHOD /path`, and an office at it. */
function opened(answers = {}) {
  const asked = [];
  const said = { 'GET state': [200, gate()], 'GET me': [200, me()], 'POST sign-out': [204], ...answers };
  const fetch = async (url, { method = 'GET', body, headers } = {}) => {
    const key = `${method} ${url.replace('/api/staff/', '')}`;
    asked.push({ key, body: body && JSON.parse(body), headers });
    const answer = said[key];
    if (answer === undefined) throw new TypeError('Failed to fetch');
    const [status, content, more = {}] = answer;
    return new Response(content === undefined ? null : JSON.stringify(content), { status, headers: more });
  };
  const api = new StaffApi(fetch);
  return { api, asked, said, office: new Office(api), keys: () => asked.map(({ key }) => key) };
}

// Coming in

test('whoever is signed in already sees what is theirs', async () => {
  const { office } = opened();
  await office.start({});
  assert.equal(office.state.phase, 'in');
  assert.deepEqual([office.may('manage_accounts'), office.may('read_audit')], [true, false]);
});

test('password, then second factor, then in', async () => {
  const { office, asked, said } = opened({
    'GET me': refused(401, 'sign_in_needed'),
    'POST sign-in': stage('second_factor', ['totp', 'recovery']),
    'POST sign-in/code': stage('done'),
  });
  await office.start({});
  assert.deepEqual([office.state.phase, office.state.why], ['sign_in', null]);
  await office.signIn('ada', 'secret');
  assert.deepEqual([office.state.phase, office.state.ways], ['second_factor', ['totp', 'recovery']]);
  said['GET me'] = [200, me()];
  await office.prove('code', '123456');
  assert.deepEqual([office.state.phase, office.state.me.name], ['in', 'Ada Adams']);
  assert.deepEqual(asked.find(({ key }) => key === 'POST sign-in').body, { login: 'ada', password: 'secret' });
});

test('what was refused leaves them where they were', async () => {
  const { office } = opened({
    'GET me': refused(401, 'sign_in_needed'),
    'POST sign-in': refused(401, 'sign_in_failed'),
  });
  await office.start({});
  await assert.rejects(office.signIn('ada', 'wrong'), { code: 'sign_in_failed' });
  assert.equal(office.state.phase, 'sign_in');
});

test('an account without a second factor sets one up, keeps its codes, and is in', async () => {
  const { office, said } = opened({ 'GET me': [200, me({ stage: 'enrol' })] });
  await office.start({});
  assert.equal(office.state.phase, 'enrol');
  await office.enrolled(['aaaa-bbbb']);
  assert.deepEqual([office.state.phase, office.state.codes], ['codes', ['aaaa-bbbb']]);
  said['GET me'] = [200, me()];
  await office.codesKept();
  assert.deepEqual([office.state.phase, office.state.codes], ['in', []]);
});

test('nobody is administrator yet: the token of the link is kept until it has served', async () => {
  const { office, asked } = opened({ 'GET state': [200, gate({ needs_setup: true })], 'POST setup': stage('enrol') });
  await office.start({ setup: 'TOKEN' });
  assert.deepEqual([office.state.phase, office.setupToken], ['setup', 'TOKEN']);
  await office.setUp({ token: 'TOKEN', login: 'ada', name: 'Ada', password: 'p' });
  assert.equal(office.setupToken, '');
  assert.equal(asked.find(({ key }) => key === 'POST setup').body.token, 'TOKEN');
});

test('an invitation says whom it is for, or that it does not work', async () => {
  const invited = { login: 'ben', name: 'Ben', expires_at: 5 };
  const well = opened({ 'POST invitation': [200, invited], 'POST invitation/accept': stage('done') });
  await well.office.start({ invitation: 'TOKEN' });
  assert.deepEqual([well.office.state.phase, well.office.state.invitation], ['invitation', invited]);
  await well.office.accept('a password');
  assert.equal(well.office.state.phase, 'in');
  const over = opened({ 'POST invitation': refused(400, 'invitation_invalid') });
  await over.office.start({ invitation: 'TOKEN' });
  assert.deepEqual([over.office.state.invitation, over.office.state.problem.code], [null, 'invitation_invalid']);
});

test('what single sign-on could not do is said at the sign-in page', async () => {
  const { office } = opened({ 'GET me': refused(401, 'sign_in_needed') });
  await office.start({ problem: 'sign_on_unknown' });
  assert.deepEqual([office.state.phase, office.state.problem.code], ['sign_in', 'sign_on_unknown']);
});

test('a server that does not answer is said to be unreachable', async () => {
  const { office } = opened({ 'GET state': undefined });
  await office.start({});
  assert.deepEqual([office.state.phase, office.state.problem.code], ['failed', 'unreachable']);
});

// Going out

test('an answer that says that nobody is signed in leads to the sign-in page', async () => {
  const { office, api, said } = opened();
  await office.start({});
  said['GET accounts'] = refused(401, 'sign_in_needed');
  await assert.rejects(api.get('/api/staff/accounts'), { code: 'sign_in_needed' });
  assert.deepEqual([office.state.phase, office.state.why, office.state.me], ['sign_in', 'over', null]);
});

test('whoever is not there any more is out at once, whether or not the server hears of it', async () => {
  const { office, keys } = opened({ 'POST sign-out': undefined });
  await office.start({});
  await office.idle();
  assert.deepEqual([office.state.phase, office.state.why, office.state.me], ['sign_in', 'idle', null]);
  assert.ok(keys().includes('POST sign-out'));
});

test('signing out in another tab is signing out here', async () => {
  const { office } = opened();
  await office.start({});
  office.elsewhere();
  assert.deepEqual([office.state.phase, office.state.why], ['sign_in', 'elsewhere']);
});

test('whoever could not be signed out is told so', async () => {
  const { office } = opened({ 'POST sign-out': refused(503, 'records_unavailable') });
  await office.start({});
  assert.equal((await office.signOut()).code, 'records_unavailable');
  assert.equal(office.state.phase, 'in');
});

// Asking the server

test('where the server wants to be sure who it is, it is asked again afterwards, once', async () => {
  const { api, keys, said } = opened({ 'POST keys': refused(403, 'confirm_needed') });
  let confirmed = 0;
  api.confirm = async () => {
    confirmed += 1;
    return true;
  };
  await assert.rejects(api.post('/api/staff/keys'), { code: 'confirm_needed' });
  assert.deepEqual([keys(), confirmed], [['POST keys', 'POST keys'], 1]);
  api.confirm = async () => {
    said['POST keys'] = [201, { secret: 's' }];
    return true;
  };
  assert.deepEqual(await api.post('/api/staff/keys'), { secret: 's' });
});

test('whoever does not show who they are gets nothing done', async () => {
  const { api, keys } = opened({ 'POST keys': refused(403, 'confirm_needed') });
  await assert.rejects(api.post('/api/staff/keys'), { code: 'confirm_needed' });
  assert.deepEqual(keys(), ['POST keys']);
});

test('what a page asks by itself says so, and is no sign of anybody', async () => {
  const { api, asked } = opened();
  let answered = 0;
  api.answered = () => (answered += 1);
  await api.get('/api/staff/me', { quiet: true });
  assert.deepEqual([asked[0].headers['Therabook-Background'], answered], ['1', 0]);
  await api.get('/api/staff/me');
  assert.deepEqual([asked[1].headers['Therabook-Background'], answered], [undefined, 1]);
});

test('questions stand in the address, without what was left empty', () => {
  assert.equal(addressOf('/api/x', { a: 1, b: '', c: null, d: 'e f', g: false }), '/api/x?a=1&d=e+f&g=false');
  assert.equal(addressOf('/api/x'), '/api/x');
});

test('how long to wait is said in words', async () => {
  const { api } = opened({ 'POST sign-in': [429, { code: 'sign_in_locked', error: '' }, { 'Retry-After': '90' }] });
  const error = await api.post('/api/staff/sign-in').catch((problem) => problem);
  assert.ok(error instanceof RefusedError);
  assert.match(sentenceOf(strings, error), /Try again in 2 minutes/);
  assert.match(sentenceOf(strings, { code: 'sign_in_locked', error: '' }), /Try again in a few minutes/);
  assert.equal(sentenceOf(strings, { code: 'unheard_of', error: 'Said by the server.' }), 'Said by the server.');
});

// Addresses

test('tokens leave the address at once', () => {
  const replaced = [];
  const history = { replaceState: (...all) => replaced.push(all.at(-1)) };
  const location = (hash) => ({ hash, pathname: '/staff', search: '' });
  assert.deepEqual(takeBrought(location('#invitation=T-1'), history), { invitation: 'T-1' });
  assert.deepEqual(takeBrought(location('#setup=T-2'), history), { setup: 'T-2' });
  assert.deepEqual(takeBrought(location('#setup='), history), {});
  assert.deepEqual(takeBrought(location('#people/7'), history), {});
  assert.deepEqual(replaced, ['/staff', '/staff', '/staff']);
});

test('an address names a panel and the rest', () => {
  assert.deepEqual(placeOf('#people/a%2Fb'), { panel: 'people', rest: 'a/b' });
  assert.deepEqual(placeOf('#day'), { panel: 'day', rest: '' });
  assert.deepEqual(placeOf(''), { panel: '', rest: '' });
  assert.deepEqual(placeOf('#audit/%'), { panel: 'audit', rest: '%' });
  assert.deepEqual(placeOf(linkTo('people', 'a/b c')), { panel: 'people', rest: 'a/b c' });
});

// Whether somebody is there

test('a warning comes a minute before, and whoever does something stays', () => {
  const idle = new Idle(900, 0);
  assert.deepEqual(idle.look(839), { state: 'there', left: 61 });
  assert.deepEqual(idle.look(845), { state: 'warned', left: 55 });
  idle.seen(850);
  assert.deepEqual(idle.look(850), { state: 'there', left: 900 });
  assert.deepEqual(idle.look(1750), { state: 'gone', left: 0 });
  assert.equal(new Idle(60, 0).warning, 20);
});

test('the server is told of somebody who asks nothing of it, in time', () => {
  const idle = new Idle(900, 0);
  assert.equal(idle.mustTell(500), false); // nobody is there
  idle.seen(100);
  assert.deepEqual([idle.mustTell(100), idle.mustTell(225)], [false, true]);
  idle.told(225);
  assert.equal(idle.mustTell(500), false);
});

// Passwords and passkeys

const word = (password, known) => hintOf(password, { shortest: 12, known }).key.split('.').at(-1);

test('what is easy to guess is called so, and nothing is called strong', () => {
  assert.equal(word(''), 'empty');
  assert.equal(hintOf('short one', { shortest: 12 }).count, 3);
  assert.equal(word('aaaaaaaaaaaaaaaa'), 'repeated');
  assert.equal(word('abcdefghijklmnop'), 'row');
  assert.equal(word('qwertyuiop123456'), 'row');
  assert.equal(word('Password-password1'), 'common');
  assert.equal(word('adaadams-adams12', ['Ada Adams', 'adaadams']), 'named');
  assert.equal(word('green river 42', ['Ada Adams']), 'fine');
  assert.equal(word('seven green rivers and a hat'), 'good');
  assert.equal(word('x'.repeat(201)), 'long');
});

test('bytes of passkeys go to text and back', () => {
  for (const bytes of [[], [0], [255, 254, 253], [...'therapy'].map((letter) => letter.charCodeAt(0))]) {
    const text = textOf(Uint8Array.from(bytes).buffer);
    assert.match(text, /^[A-Za-z0-9_-]*$/);
    assert.deepEqual([...bytesOf(text)], bytes);
  }
});

test('a credential is sent as the standard writes it', () => {
  const buffer = (...bytes) => Uint8Array.from(bytes).buffer;
  const credential = {
    id: 'AQ',
    rawId: buffer(1),
    type: 'public-key',
    authenticatorAttachment: null,
    getClientExtensionResults: () => ({}),
    response: { clientDataJSON: buffer(2), authenticatorData: buffer(3), signature: buffer(4), userHandle: null },
  };
  assert.deepEqual(JSON.parse(JSON.stringify(jsonOf(credential))), {
    id: 'AQ',
    rawId: 'AQ',
    type: 'public-key',
    clientExtensionResults: {},
    response: { clientDataJSON: 'Ag', authenticatorData: 'Aw', signature: 'BA' },
  });
});

// Words

test('roles and times are written out', () => {
  assert.equal(rolesOf(strings, ['therapist', 'supervisor']), 'Therapist and Supervisor');
  assert.equal(minutesOf(strings, 61), '2 minutes');
  assert.equal(minutesOf(strings, 0), '1 minute');
});

test('every role, scope and panel has its words', () => {
  const roles = readFileSync(new URL('../signaling/staff_roles.py', WEB), 'utf-8');
  const listed = (name) => [...roles.match(new RegExp(`^${name} = Literal\\[([^\\]]*)\\]`, 'm'))[1].matchAll(/"(\w+)"/g)];
  for (const [, role] of listed('StaffRole')) assert.ok(strings.has(`staff.role.${role}`), role);
  for (const [, scope] of listed('Scope')) assert.ok(strings.has(`staff.scope.${scope}_hint`), scope);
});
