import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { announcements } from '../../web/js/elements/announcements.js';
import { filmOf, isOpen, recordedSeconds, recordingLine, recordingOf } from '../../web/js/elements/recording-state.js';

const WEB = new URL('../../web/', import.meta.url);
const catalogue = JSON.parse(readFileSync(new URL('strings/en.json', WEB), 'utf-8'));

const PHASES = ['asking', 'running', 'paused', 'declined', 'failed'];
const DECLINED = ['refused', 'withdrawn', 'place'];
const PAUSED_BY = ['person', 'newcomer', 'alone', 'fault'];

const recording = (phase, more = {}) => ({
  phase,
  since: 100,
  started_at: null,
  recorded_s: 0,
  you: 'agreed',
  text: null,
  waiting_on: [],
  refused: [],
  declined: null,
  paused_by: null,
  problem: null,
  ...more,
});

const person = (id, more = {}) => ({ id, name: id, role: 'patient', hand: false, screen: false, ...more });
const server = (of, more = {}) => ({
  locked: false,
  may: [],
  you: person('me'),
  people: [person('Sam'), person('Noa')],
  waiting: [],
  slots: [],
  recording: of,
  ...more,
});
const led = (of) => server(of, { may: ['record'] });

const encrypted = { state: 'on', people: {}, recorder: false };
const state = (of, more = {}) => {
  return { phase: 'present', connection: 'ok', screen: false, encrypted, server: server(of), ...more };
};
const said = (before, now) => announcements(state(now), state(before)).map(({ key }) => key);

test('the time counts only while it is recorded', () => {
  assert.equal(recordedSeconds(recording('running', { recorded_s: 60 }), 112), 72);
  assert.equal(recordedSeconds(recording('paused', { recorded_s: 60 }), 112), 60);
  assert.equal(recordedSeconds(recording('running'), 99), 0, 'a clock that is behind shows no negative time');
});

test('there is something to stop while it is asked for, runs or is paused', () => {
  assert.deepEqual(PHASES.filter((phase) => isOpen(recording(phase))), ['asking', 'running', 'paused']);
  assert.equal(isOpen(null), false);
  assert.equal(recordingOf(null), null);
});

test('those who may record see whose answers are missing', () => {
  const line = recordingLine(led(recording('asking', { waiting_on: ['Noa'] })));
  assert.deepEqual([line.key, line.names, line.offer.action], ['line.recording_asks', ['Noa'], 'stop']);
  const asked = recording('asking', { you: 'asked', waiting_on: ['me', 'Noa'] });
  assert.equal(recordingLine(led(asked)), null, 'they have the question before them');
  assert.equal(recordingLine(server(recording('asking'))), null);
});

test('a no is told in one calm line that can be put away', () => {
  const line = recordingLine(led(recording('declined', { declined: 'refused', refused: ['Noa'] })));
  assert.deepEqual(line, {
    key: 'line.recording_refused',
    tone: 'info',
    offer: { key: 'line.understood', action: 'stop' },
  });
  const paused = recordingLine(led(recording('paused', { paused_by: 'person', refused: ['Noa'] })));
  assert.deepEqual([paused.key, paused.names, paused.offer.action], ['line.recording_not_all', undefined, 'resume']);
});

test('a fault is told to everyone, and put away by those who may record', () => {
  const failed = recording('failed', { problem: 'The disk is full.' });
  assert.deepEqual([recordingLine(server(failed)).tone, recordingLine(server(failed)).offer], ['warn', undefined]);
  assert.equal(recordingLine(led(failed)).offer.action, 'stop');
  assert.equal(recordingLine(server(failed)).problem, 'The disk is full.');
});

test('nothing is said while all is well', () => {
  assert.equal(recordingLine(led(recording('running'))), null);
  const held = recordingLine(server(recording('running', { problem: 'The disk does not answer.' })));
  assert.deepEqual([held.key, held.problem, held.tone], ['line.recording_held', 'The disk does not answer.', 'warn']);
  assert.equal(recordingLine(led(null)), null);
  assert.equal(recordingLine(null), null);
});

test('that it runs is said once, when it really begins', () => {
  assert.deepEqual(said(null, recording('asking')), []);
  assert.deepEqual(said(recording('asking'), recording('asking', { waiting_on: ['Noa'] })), []);
  assert.deepEqual(said(recording('asking'), recording('running', { started_at: 100 })), ['say.recording']);
  assert.deepEqual(said(recording('running'), recording('running', { recorded_s: 3 })), []);
  assert.deepEqual(said(recording('running'), recording('paused')), ['say.recording_paused']);
  assert.deepEqual(said(recording('paused'), recording('running')), ['say.recording']);
  assert.deepEqual(said(recording('paused'), null), ['say.recording_over']);
  assert.deepEqual(said(recording('running'), recording('failed')), ['say.recording_failed']);
  assert.deepEqual(said(recording('asking'), null), [], 'nothing was recorded, so nothing has stopped');
});

test('being asked is said, also to somebody who has just come in', () => {
  const asked = recording('paused', { you: 'asked', paused_by: 'newcomer' });
  assert.deepEqual(said(null, recording('asking', { you: 'asked' })), ['say.recording_asked']);
  const arrived = announcements(state(asked), state(null, { phase: 'waiting' }));
  assert.ok(arrived.some(({ key, urgent }) => key === 'say.recording_asked' && urgent));
  const running = announcements(state(recording('running')), state(null, { phase: 'joining' }));
  assert.ok(running.some(({ key }) => key === 'say.recording'));
});

test('why it is over is said to those who are told', () => {
  for (const declined of DECLINED) {
    const keys = said(recording('running'), recording('declined', { declined }));
    assert.deepEqual(keys, [`line.recording_${declined}`]);
  }
});

test('how far the film is, is shown when the recording is over', () => {
  const film = (state, progress = 0) => ({ state, progress });
  assert.deepEqual(filmOf(server(null, { film: film('running', 0.29) })), { key: 'film.running', percent: 29 });
  assert.equal(filmOf(server(recording('running'), { film: film('running', 0.4) })), null, 'a newer one runs');
  assert.equal(filmOf(server(null, { film: null })), null);
  assert.equal(filmOf(null), null);
});

test('that the film is ready, or cannot be made, is said once', () => {
  const films = (before, now) =>
    announcements(
      state(null, { server: server(null, { film: now && { state: now, progress: 1 } }) }),
      state(null, { server: server(null, { film: before && { state: before, progress: 0 } }) }),
    ).map(({ key }) => key);
  assert.deepEqual(films('running', 'done'), ['film.done']);
  assert.deepEqual(films('running', 'failed'), ['film.failed']);
  assert.deepEqual(films('waiting', 'running'), []);
  assert.deepEqual(films('done', 'done'), []);
  assert.deepEqual(films('running', null), []);
});

test('every state has its words', () => {
  const keys = [
    ...PHASES.map((phase) => `recording.${phase}`),
    ...PAUSED_BY.map((by) => `recording.is.paused_${by}`),
    ...DECLINED.map((why) => `recording.is.declined_${why}`),
    ...DECLINED.map((why) => `line.recording_${why}`),
    ...['asking', 'running', 'failed'].map((phase) => `recording.is.${phase}`),
    ...['start', 'resume', 'pause', 'stop', 'stop_asking'].map((action) => `recording.do.${action}`),
    ...['waiting', 'running', 'done', 'failed'].map((state) => `film.${state}`),
    ...['control.record', 'control.recording'].flatMap((key) => [key, `${key}_hint`]),
  ];
  assert.deepEqual(keys.filter((key) => !Object.hasOwn(catalogue, key)), []);
});
