import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { boundsOf, byDay, filled, mondayOf, patientsOf, requestOf } from '../../web/js/staff/appointments-words.js';
import {
  clockOf,
  dateOf,
  invitedOf,
  namesOf,
  personState,
  stateOf,
  Waiting,
  waitingSince,
} from '../../web/js/staff/day-words.js';
import { Preferences } from '../../web/js/settings.js';
import { DayBell } from '../../web/js/staff/day-bell.js';
import { Strings } from '../../web/js/strings.js';

const WEB = new URL('../../web/', import.meta.url);
const strings = new Strings('en-US', JSON.parse(readFileSync(new URL('strings/en.json', WEB), 'utf-8')));

const person = (more = {}) => ({
  guest: 'g1',
  relation: 'patient',
  patient: 'p-1',
  called: 'Alex',
  state: 'away',
  waiting_since: null,
  present_since: null,
  checked_in: false,
  ...more,
});
const waits = (since, more = {}) => person({ state: 'waiting', waiting_since: since, ...more });
const visit = (more = {}) => ({
  appointment: { id: 'a1', starts_at: 1000 },
  people: [person()],
  state: 'upcoming',
  started_at: null,
  planned_end: 4000,
  ...more,
});

test('whoever has waited longest says since when', () => {
  const people = [waits(500), waits(300, { guest: 'g2' }), person({ guest: 'g3' })];
  assert.equal(waitingSince(visit({ people })), 300);
  assert.equal(waitingSince(visit()), null);
  const { key, values } = stateOf(visit({ state: 'waiting', people }), 300 + 179);
  assert.deepEqual([key, values.count], ['staff.day.state.waiting', 2]);
  assert.equal(stateOf(visit({ state: 'waiting', people }), 330).key, 'staff.day.state.waiting_now');
});

test('a clock that is behind shows no negative minutes', () => {
  assert.equal(stateOf(visit({ state: 'waiting', people: [waits(300)] }), 200).key, 'staff.day.state.waiting_now');
  assert.equal(stateOf(visit({ state: 'late' }), 900).values.count, 1);
});

test('every state has words', () => {
  for (const state of ['upcoming', 'open', 'waiting', 'running', 'late', 'missed', 'held', 'cancelled']) {
    assert.ok(strings.has(stateOf(visit({ state, people: [waits(0)] }), 600).key), state);
  }
  for (const state of ['booked', 'cancelled', 'seen', 'missed']) {
    assert.ok(strings.has(`staff.appointments.state.${state}`));
  }
  for (const state of ['away', 'gone']) assert.ok(!personState(strings, person({ state }), 0).includes('staff.'));
  assert.equal(personState(strings, person({ checked_in: true }), 0), 'has checked in');
  assert.match(personState(strings, waits(0), 120), /2 minutes$/);
});

test('of what is over it is said who did not come', () => {
  for (const state of ['held', 'missed']) {
    const said = (changes) => personState(strings, person(changes), 0, state);
    assert.equal(said({ checked_in: true }), 'did not come');
    assert.equal(said({ state: 'gone' }), 'has left');
  }
  assert.equal(personState(strings, person(), 0, 'late'), 'not here yet');
});

test('only who begins to wait is news', () => {
  const waiting = new Waiting();
  assert.deepEqual(waiting.look([visit({ people: [waits(100)] })]), []);
  assert.deepEqual(waiting.look([visit({ people: [waits(100)] })]), []);
  const both = [waits(100), waits(160, { guest: 'g2', called: 'Kim' })];
  assert.deepEqual(waiting.look([visit({ people: both })]).map(({ called }) => called), ['Kim']);
  assert.deepEqual(waiting.look([visit()]), []);
  assert.equal(waiting.look([visit({ people: [waits(200)] })]).length, 1, 'back again');
  waiting.forget();
  assert.deepEqual(waiting.look([visit({ people: both })]), []);
});

test('whoever waits is told of once, whichever appointment is looked at meanwhile', () => {
  const waiting = new Waiting();
  waiting.look([visit()]);
  assert.equal(waiting.look([visit({ people: [waits(100)] })]).length, 1);
  assert.deepEqual(waiting.look([visit({ appointment: { id: 'of-yesterday', starts_at: 1 } })]), []);
  assert.deepEqual(waiting.look([visit({ people: [waits(100)] })]), []);
});

class FakeAudio {
  state = 'suspended';
  currentTime = 1;
  started = [];
  destination = null;
  resume = async () => {
    this.state = 'running';
  };
}

/** Rings a bell of its own in a browser where `OscillatorNode` and the like only count. */
function aBell(stored = {}) {
  globalThis.OscillatorNode = class {
    constructor(audio, { frequency }) {
      Object.assign(this, { audio, frequency });
    }
    connect = (next) => next;
    start = () => this.audio.started.push(this.frequency);
    stop = () => {};
  };
  globalThis.GainNode = class {
    gain = { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
    connect = (next) => next;
  };
  const storage = {
    getItem: (key) => stored[key] ?? null,
    setItem: (key, value) => (stored[key] = value),
    removeItem: (key) => delete stored[key],
  };
  const made = [];
  const bell = new DayBell(new Preferences(storage), () => {
    made.push(new FakeAudio());
    return made.at(-1);
  });
  return { bell, made, stored };
}

test('the bell is silent until somebody has pressed something, and rings then', () => {
  const { bell, made } = aBell();
  bell.ring();
  assert.equal(made.length, 0, 'browsers would complain');
  bell.unlock();
  bell.unlock();
  assert.deepEqual([made.length, made[0].state, made[0].started], [1, 'running', []]);
  bell.ring();
  assert.equal(made[0].started.length, 2);
});

test('the bell is turned off, and stays so', () => {
  const { bell, made, stored } = aBell();
  bell.unlock();
  bell.turn(false);
  bell.ring();
  assert.deepEqual(made[0].started, []);
  const later = aBell(stored);
  assert.equal(later.bell.on, false);
  later.bell.unlock();
  later.bell.ring();
  assert.equal(later.made.length, 0);
  later.bell.turn(true);
  assert.equal(later.made[0].started.length, 2, 'so that one knows what to expect');
  assert.equal(aBell(stored).bell.on, true);
});

test('people are named as they want to be, guests with what they are', () => {
  const people = [person(), person({ relation: 'interpreter', called: 'Kim' }), person({ called: null })];
  assert.equal(namesOf(strings, people), 'Alex, Kim (Interpreter), and Patient');
  const guests = [
    { relation: 'patient', name: 'Alex', left_out: false },
    { relation: 'partner', name: 'Kim', left_out: true },
  ];
  assert.deepEqual(invitedOf({ guests }), [{ relation: 'patient', called: 'Alex' }]);
});

test('the clock runs while they are together, and over', () => {
  assert.equal(clockOf(visit({ state: 'held', started_at: 1000 }), 2000), null);
  assert.deepEqual(clockOf(visit({ state: 'running', started_at: 1000 }), 1600), { gone: 600, left: 2400 });
  assert.equal(clockOf(visit({ state: 'running', started_at: 1000 }), 4100).left, -100);
});

test('a day is that of the zone', () => {
  const at = Date.UTC(2026, 2, 5, 23, 30) / 1000;
  assert.equal(dateOf(at, 'UTC'), '2026-03-05');
  assert.equal(dateOf(at, 'Europe/Berlin'), '2026-03-06');
});

test('weeks begin on Mondays, over months and years', () => {
  assert.equal(mondayOf('2026-03-05'), '2026-03-02');
  assert.equal(mondayOf('2026-03-02'), '2026-03-02');
  assert.equal(mondayOf('2026-03-08'), '2026-03-02');
  assert.equal(mondayOf('2026-03-05', 1), '2026-03-09');
  assert.equal(mondayOf('2027-01-01', -1), '2026-12-21');
  const { since, until } = boundsOf('2026-03-02');
  assert.equal(dateOf(since, Intl.DateTimeFormat().resolvedOptions().timeZone), '2026-03-02');
  assert.ok(Math.abs(until - since - 7 * 86_400) <= 3600);
});

test('appointments stand under their days', () => {
  const those = [{ starts_at: 1 }, { starts_at: 2 }, { starts_at: 100_000 }];
  const days = byDay(those, (at) => dateOf(at, 'UTC'));
  assert.deepEqual(days.map(({ date, appointments }) => [date, appointments.length]), [['1970-01-01', 2], ['1970-01-02', 1]]);
});

test('what is left empty is not sent', () => {
  assert.deepEqual(filled({ id: ' ', name: ' Alex ', email: '' }), { name: 'Alex' });
  const wanted = {
    therapist: '',
    kind: 'individual',
    start: '2026-03-05T10:00',
    zone: 'UTC',
    minutes: 50,
    patients: [{ id: '', name: 'Alex', email: '', phone: '' }],
    guests: [],
    rule: null,
    despite: false,
  };
  const { path, body } = requestOf(wanted);
  assert.equal(path, '/api/appointments');
  assert.deepEqual(body.patients, [{ name: 'Alex' }]);
  assert.ok(!('therapist' in body) && !('rule' in body));
  const series = requestOf({ ...wanted, rule: { frequency: 'weekly', count: 3 } });
  assert.equal(series.path, '/api/series');
  assert.deepEqual(series.body.rule, { frequency: 'weekly', count: 3 });
  assert.deepEqual(patientsOf('couple'), { least: 2, most: 2 });
});
