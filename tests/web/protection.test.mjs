// How a session is protected, as people are told: what is in transit only, what is end to end, what is amiss.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { announcements } from '../../web/js/elements/announcements.js';
import { Arrivals } from '../../web/js/elements/arrivals.js';
import { ENCRYPTING, remedies } from '../../web/js/elements/browsers.js';
import { called, waitingKey } from '../../web/js/elements/called.js';
import * as protection from '../../web/js/elements/protection.js';
import { isFinal, isShutOut, promiseKey } from '../../web/js/pages/refusals.js';
import { Strings } from '../../web/js/strings.js';
import { FakeClock } from './fakes.mjs';

const catalogue = JSON.parse(readFileSync(new URL('../../web/strings/en.json', import.meta.url), 'utf-8'));
const strings = new Strings('en', catalogue);
const WORDS = ['kiosk', 'yacht', 'wallet', 'tulip'];

const person = (id, more = {}) => ({ id, name: id, encrypts: true, hand: false, screen: false, camera: true, ...more });
const none = { compared: false, changed: false, forged: false, tried: false, unopened: false };
const known = (more = {}) => ({ words: WORDS, ...none, ...more });
const state = ({ people = [person('Sam')], keys = {}, recording = null, ...more } = {}, encryption = 'on') => ({
  phase: 'present',
  connection: 'ok',
  screen: false,
  server: { people, waiting: [], slots: [], you: person('me'), locked: false, may: [], recording, film: null },
  encrypted: { state: encryption, people: keys, recorder: false },
  ...more,
});
const keysOf = (...ids) => Object.fromEntries(ids.map((id) => [id, known()]));

/** What is shown after each of these states, one after the other. */
function after(...states) {
  return states.reduce((worries, each) => protection.worriesOf(worries, each), []);
}
const kinds = (worries) => worries.map(({ kind, person: id, looked }) => `${kind} ${id} ${looked}`);

// What cannot be opened

test('of whom nothing can be opened is told, with what to do, until it can', () => {
  const unopened = state({ keys: { Sam: known({ unopened: true, compared: true }) } });
  const well = state({ keys: { Sam: known({ compared: true }) } });
  const worries = after(well, unopened);
  assert.deepEqual(kinds(worries), ['unopened Sam false']);
  assert.equal(protection.protectionOf(unopened, worries), 'amiss');
  assert.equal(protection.protectionLine(unopened, worries).key, 'line.unopened');
  assert.equal(protection.noteOf('compared', unopened.encrypted.people.Sam, 'unopened'), 'unopened');
  assert.deepEqual(protection.protectionSaid(unopened, well).map(({ key }) => key), ['line.unopened']);
  assert.deepEqual(after(well, unopened, well), []);
  for (const key of ['line.unopened', 'people.worry.unopened', 'compare.note.unopened']) assert.ok(catalogue[key], key);
});

// The badge

test('end to end is said only with keys for everybody who is here', () => {
  const people = [person('Sam'), person('Noa')];
  const shown = (...parts) => protection.protectionOf(state(...parts), after(state(...parts)));
  assert.equal(shown({ people, keys: keysOf('Sam', 'Noa') }), 'on');
  assert.equal(shown({ people, keys: keysOf('Sam') }), 'waiting');
  assert.equal(shown({ people, keys: { ...keysOf('Sam'), Noa: known({ words: [] }) } }), 'waiting');
  assert.equal(shown({ people: [] }), 'on', 'nothing goes to anybody');
  for (const encryption of ['clear', 'impossible']) {
    assert.equal(shown({ people, keys: keysOf('Sam', 'Noa') }, encryption), 'clear');
  }
  for (const flag of ['changed', 'forged']) {
    assert.equal(shown({ people, keys: { ...keysOf('Noa'), Sam: known({ [flag]: true }) } }), 'amiss');
  }
});

test('whose browser it is that cannot is told', () => {
  const old = person('Sam', { encrypts: false });
  const two = state({ people: [old, person('Noa')] }, 'clear');
  assert.deepEqual(protection.whyClear(two), { who: 'them', names: ['Sam'] });
  assert.deepEqual(protection.whyClear(state({ people: [old] }, 'impossible')), { who: 'you', names: [] });
  assert.deepEqual(protection.whyClear(state({}, 'clear')), { who: 'somebody', names: [] });
});

// Worries

test('what is amiss is told until it was looked at, and then only shown', () => {
  const changed = state({ keys: { Sam: known({ changed: true }) } });
  const worries = after(state({ keys: keysOf('Sam') }), changed);
  assert.deepEqual(kinds(worries), ['changed Sam false']);
  const line = protection.protectionLine(changed, worries);
  assert.deepEqual(line, { key: 'line.changed', names: ['Sam'], tone: 'warn', offer: 'line.compare' });
  const seen = protection.worriesOf(protection.looked(worries), changed);
  assert.deepEqual(kinds(seen), ['changed Sam true']);
  assert.equal(protection.protectionLine(changed, seen), null);
  assert.equal(protection.protectionOf(changed, seen), 'amiss');
  const again = protection.worriesOf(seen, state({ keys: { Sam: known({ compared: true }) } }));
  assert.deepEqual(kinds(again), []);
  assert.deepEqual(kinds(protection.worriesOf(again, changed)), ['changed Sam false'], 'another time is told again');
});

test('worries that are there when somebody comes in are told too', () => {
  const forged = state({ keys: { Sam: known({ words: [], forged: true }) } });
  assert.deepEqual(kinds(after(forged)), ['forged Sam false']);
  assert.equal(protection.protectionLine(forged, after(forged)).key, 'line.forged');
});

test('a forgery is not forgotten before the words were compared, or the person has gone', () => {
  const forged = state({ keys: { Sam: known({ words: [], forged: true }) } });
  const passed = state({ keys: keysOf('Sam') });
  assert.deepEqual(kinds(after(forged, passed)), ['forged Sam false']);
  const seen = protection.worriesOf(protection.looked(after(forged, passed)), passed);
  assert.deepEqual(kinds(seen), ['forged Sam true']);
  assert.equal(protection.protectionOf(passed, seen), 'amiss');
  assert.deepEqual(kinds(protection.worriesOf(seen, state({ keys: { Sam: known({ compared: true }) } }))), []);
  assert.deepEqual(kinds(protection.worriesOf(seen, state({ people: [] }))), []);
});

test('what was forged before the page was loaded again is told anew, until the words were compared', () => {
  const tried = state({ keys: { Sam: known({ tried: true }) } });
  const worries = after(tried);
  assert.deepEqual(kinds(worries), ['forged Sam false']);
  assert.equal(protection.protectionLine(tried, worries).key, 'line.forged');
  assert.equal(protection.protectionOf(tried, worries), 'amiss');
  assert.equal(protection.stepOf(tried.encrypted.people.Sam, 'forged'), 'compare');
  const seen = protection.worriesOf(protection.looked(worries), tried);
  assert.deepEqual(kinds(seen), ['forged Sam true']);
  assert.deepEqual(kinds(protection.worriesOf(seen, state({ keys: { Sam: known({ compared: true }) } }))), []);
});

test('who has said that the words differ does not read that all is well', () => {
  const now = state({ keys: keysOf('Sam') });
  const differ = protection.compared([], 'Sam', true);
  assert.deepEqual(kinds(protection.worriesOf(differ, now)), ['differ Sam true']);
  assert.equal(protection.protectionOf(now, differ), 'amiss');
  assert.equal(protection.worryAbout(differ, 'Sam'), 'differ');
  assert.deepEqual(protection.compared(differ, 'Sam', false), []);
  assert.deepEqual(kinds(protection.compared(differ, 'Noa', false)), ['differ Sam true']);
});

test('the gravest is told first, and what is a calm fact last', () => {
  const keys = { Sam: known({ changed: true }), Noa: known({ forged: true }) };
  const now = state({ people: [person('Sam'), person('Noa')], keys }, 'clear');
  const worries = after(now);
  assert.equal(protection.protectionLine(now, worries).key, 'line.forged');
  assert.equal(protection.worryAbout(worries, 'Noa'), 'forged');
  const clear = state({ people: [person('Sam', { encrypts: false })] }, 'clear');
  const { key, tone } = protection.protectionLine(clear, after(clear));
  assert.deepEqual([key, tone], ['line.clear.them', 'info']);
});

test('where nothing has changed the worries are the very same, so that nothing is drawn anew', () => {
  const now = state({ keys: { Sam: known({ changed: true }) } }, 'clear');
  const worries = after(now);
  assert.equal(protection.worriesOf(worries, now), worries);
  const seen = protection.looked(worries);
  assert.equal(protection.looked(seen), seen);
  const none = [];
  assert.equal(protection.worriesOf(none, state({ keys: keysOf('Sam') })), none);
  assert.deepEqual(protection.worriesOf(worries, { ...now, phase: 'over' }), []);
});

// The words

test('words are compared with whoever has keys, and what is amiss comes first', () => {
  const step = (...parts) => {
    const found = protection.stepOf(...parts);
    return [found, protection.noteOf(found, ...parts)];
  };
  assert.deepEqual(step(undefined, null), ['wait', null]);
  assert.deepEqual(step(known(), null), ['compare', null]);
  assert.deepEqual(step(known({ compared: true }), null), ['compared', null]);
  assert.deepEqual(step(known({ changed: true }), 'changed'), ['compare', 'changed']);
  assert.deepEqual(step(known(), 'differ'), ['differ', null]);
  assert.deepEqual(step(known({ words: [], forged: true }), 'forged'), ['forged', 'forged']);
  assert.deepEqual(step(known({ forged: true, compared: true }), 'forged'), ['forged', 'forged'], 'words from before');
  assert.deepEqual(step(known(), 'forged'), ['compare', 'tried'], 'it was only tried');
});

// Aloud

const said = (before, now) => announcements(now, before).map(({ key }) => key);

test('that a session is in the clear is said once when it begins and once when it ends', () => {
  const [on, clear] = [state(), state({ people: [person('Sam', { encrypts: false })] }, 'clear')];
  assert.deepEqual(said(on, clear), ['line.clear.them']);
  assert.deepEqual(said(clear, { ...clear, server: { ...clear.server } }), []);
  assert.deepEqual(said(clear, on), ['say.clear_over']);
  const waiting = { ...clear, phase: 'waiting' };
  assert.deepEqual(said(waiting, clear), ['line.clear.them', 'say.let_in']);
  assert.deepEqual(said(clear, { ...on, phase: 'over' }), []);
});

test('a changed key and a forgery are said once', () => {
  const fine = state({ keys: keysOf('Sam') });
  const changed = state({ keys: { Sam: known({ changed: true }) } });
  const forged = state({ keys: { Sam: known({ changed: true, forged: true }) } });
  assert.deepEqual(said(fine, changed), ['line.changed']);
  assert.deepEqual(said(changed, changed), []);
  assert.deepEqual(announcements(forged, changed), [{ key: 'line.forged', names: ['Sam'], urgent: true }]);
});

// The recorder

test('the recorder is shown with what it can hear and see, and only while there is one', () => {
  const fact = (phase, keys, encryption = 'on', recorder = 1) => {
    const now = state({ recording: { phase, recorder } }, encryption);
    return protection.recorderFact({ ...now, encrypted: { ...now.encrypted, recorder: keys } });
  };
  assert.equal(fact('asking', false), 'no_keys');
  assert.equal(fact('running', true), 'has_keys');
  assert.equal(fact('running', false), 'no_keys');
  assert.equal(fact('paused', false), 'paused');
  assert.equal(fact('running', false, 'clear'), 'clear');
  assert.equal(fact('running', false, 'impossible'), 'clear');
  assert.equal(fact('paused', false, 'clear'), 'clear_idle');
  assert.equal(fact('asking', false, 'on', null), null);
  assert.equal(protection.recorderFact(state()), null);
});

test('that only those who are here can open it is not said while the recorder can', () => {
  const now = state({ keys: keysOf('Sam'), recording: { phase: 'running', recorder: 1 } });
  assert.equal(protection.endKey(now, 'on'), 'privacy.end.on');
  const recorded = { ...now, encrypted: { ...now.encrypted, recorder: true } };
  assert.equal(protection.endKey(recorded, 'on'), 'privacy.end.recorded');
  assert.equal(protection.endKey(recorded, 'amiss'), 'privacy.end.amiss');
  assert.equal(protection.endKey(state({}, 'impossible'), 'clear'), 'privacy.end.clear.you');
});

// Browsers that cannot

const REQUIRED = { encryption: 'required' };
const PREFERRED = { encryption: 'preferred' };

test('a browser that will be refused is told before anybody tries', () => {
  const [can, cannot] = [{ state: 'on' }, { state: 'impossible' }];
  assert.equal(isShutOut(cannot, REQUIRED, null), true);
  assert.equal(isShutOut(cannot, PREFERRED, { encrypted: true }), true);
  assert.equal(isShutOut(cannot, PREFERRED, { encrypted: false }), false);
  assert.equal(isShutOut(can, REQUIRED, { encrypted: true }), false);
  assert.ok(isFinal('cannot_encrypt'));
});

test('the form promises no more than is known', () => {
  assert.equal(promiseKey({ state: 'on' }, REQUIRED, null), 'join.promise.end');
  assert.equal(promiseKey({ state: 'on' }, PREFERRED, { encrypted: true }), 'join.promise.end');
  assert.equal(promiseKey({ state: 'on' }, PREFERRED, null), 'join.promise.if_all');
  assert.equal(promiseKey({ state: 'impossible' }, PREFERRED, null), 'join.promise.transit');
});

test('what can be done fits the machine', () => {
  const keys = (browser, system) => remedies({ browser, system }).map(({ key }) => key);
  assert.deepEqual(keys('firefox', 'windows'), ['unable.update', 'unable.other', 'unable.device']);
  assert.deepEqual(keys('chrome', 'ios'), ['unable.update_ios', 'unable.device'], 'all browsers there are the same');
  assert.deepEqual(keys('other', 'android'), ['unable.other', 'unable.device']);
  const others = (browser, system) => remedies({ browser, system }).find(({ key }) => key === 'unable.other').browsers;
  assert.ok(others('firefox', 'mac').includes(`Safari ${ENCRYPTING.safari.version}`));
  assert.ok(!others('firefox', 'windows').join().includes('Safari'));
  assert.ok(!others('firefox', 'windows').join().includes('Firefox'));
});

// Names that are on their way

function arrivals() {
  const [clock, heard] = [new FakeClock(), []];
  const line = ({ key, values, names }) => [key, values?.name ?? names].flat().join(' ');
  const tell = (list) => heard.push(...list.map(line));
  return { clock, heard, arrivals: new Arrivals({ clock, say: tell }) };
}

test('somebody without a name yet is announced with it, and once', () => {
  const { clock, heard, arrivals: told } = arrivals();
  told.follow(state());
  told.follow(state({ people: [person('Sam'), person('x', { name: '…' })] }));
  clock.pass(500);
  assert.deepEqual(heard, ['say.here Sam']);
  told.follow(state({ people: [person('Sam'), person('x', { name: 'Noa' })] }));
  clock.pass(5000);
  told.follow(state({ people: [person('Sam'), person('x', { name: 'Noa R.' })] }));
  assert.deepEqual(heard, ['say.here Sam', 'say.joined Noa']);
  told.follow(state({ people: [person('x', { name: 'Noa R.' })] }));
  assert.deepEqual(heard.slice(2), ['say.left Sam']);
});

test('nobody is waited for longer than two seconds', () => {
  const { clock, heard, arrivals: told } = arrivals();
  told.follow(state());
  told.follow(state({ people: [person('Sam'), person('x', { name: '…' })] }));
  clock.pass(1999);
  assert.deepEqual(heard, ['say.here Sam']);
  clock.pass(2);
  assert.deepEqual(heard, ['say.here Sam', 'say.joined …']);
  assert.equal(called(strings, '…'), 'Somebody');
  told.follow(state({ people: [person('Sam'), person('x', { name: 'Noa' })] }));
  assert.equal(heard.length, 2, 'a name that comes later is nothing new');
});

test('whoever comes in hears all who are there at once, and not that they have joined', () => {
  const { clock, heard, arrivals: told } = arrivals();
  const people = [person('a', { name: '…' }), person('b', { name: '…' })];
  told.follow(state({ people }));
  told.follow(state({ people: [person('a', { name: 'Sam' }), people[1]] }));
  assert.deepEqual(heard, []);
  told.follow(state({ people: [person('a', { name: 'Sam' }), person('b', { name: 'Noa' })] }));
  assert.deepEqual(heard, ['say.here Sam Noa']);
  clock.pass(5000);
  assert.equal(heard.length, 1);
});

test('whoever waits is not told that nobody is there while a name is on its way', () => {
  assert.equal(waitingKey({ waiting_for: 'Dr. Blue', hosts: [{ id: 'doctor' }] }), 'waiting.for');
  assert.equal(waitingKey({ waiting_for: null, hosts: [{ id: 'doctor' }] }), 'waiting.somebody');
  assert.equal(waitingKey({ waiting_for: null, hosts: [] }), 'waiting.nobody');
});

test('who has gone before their name came is not spoken of', () => {
  const { clock, heard, arrivals: told } = arrivals();
  told.follow(state());
  told.follow(state({ people: [person('Sam'), person('x', { name: '…' })] }));
  told.follow(state());
  clock.pass(5000);
  assert.deepEqual(heard, ['say.here Sam']);
});

// The catalogue

test('every state has its words', () => {
  const end = ['on', 'waiting', 'amiss', 'clear'];
  const keys = [
    ...end.flatMap((each) => [`top.end.${each}`, `privacy.end.${each}.title`]),
    ...['on', 'recorded', 'waiting', 'amiss', 'clear.you', 'clear.them', 'clear.somebody'].map((each) => `privacy.end.${each}`),
    ...['forged', 'changed', 'clear.you', 'clear.them', 'clear.somebody'].map((each) => `line.${each}`),
    ...['forged', 'changed', 'differ'].map((each) => `people.worry.${each}`),
    ...['has_keys', 'no_keys', 'paused', 'clear', 'clear_idle'].map((each) => `recorder.${each}`),
    ...['forged', 'tried', 'changed'].map((each) => `compare.note.${each}`),
    ...['stored', 'asking', 'running', 'paused'].map((each) => `privacy.${each}`),
    ...['end', 'if_all', 'transit'].map((each) => `join.promise.${each}`),
    ...['for', 'somebody', 'nobody'].map((each) => `waiting.${each}`),
    ...['line.clear_means', 'line.compare', 'line.what_to_do', 'compare.differ_text', 'compare.forged_text'],
    ...remedies({ browser: 'firefox', system: 'mac' }).map(({ key }) => key),
    ...remedies({ browser: 'safari', system: 'ios' }).map(({ key }) => key),
    ...['refused.cannot_encrypt.title', 'refused.cannot_encrypt.next', 'errors.cannot_encrypt'],
  ];
  assert.deepEqual(keys.filter((key) => !Object.hasOwn(catalogue, key)), []);
  assert.match(strings.text('line.clear.them', { names: 'Sam', count: 1 }), /the browser of Sam /);
});
