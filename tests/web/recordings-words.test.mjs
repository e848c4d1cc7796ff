import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { isRecipient } from '../../web/js/recordings/recipient.js';
import { canPlay, formsOf, mainOutput, noteOf } from '../../web/js/recordings/whole.js';
import { Formats, midnight, namesOf, secondsOf, sentenceOf, stateOf, titleOf } from '../../web/js/recordings/words.js';
import { Strings } from '../../web/js/strings.js';
import { job, me, opened, output, recording, track, whole } from './recordings-fakes.mjs';

const WEB = new URL('../../web/', import.meta.url);
const catalogue = JSON.parse(readFileSync(new URL('strings/en.json', WEB), 'utf-8'));
const strings = new Strings('en-US', catalogue);

// Words

const key = (more, sealed = false, jobs) => stateOf(recording(more), { sealed, jobs }).key.split('.').at(-1);

test('every state has its words', () => {
  assert.equal(key({ state: 'captured' }), 'captured');
  assert.equal(key({ state: 'captured', job: job({ state: 'waiting' }) }), 'waiting');
  assert.equal(key({ state: 'captured' }, true), 'needs_key');
  assert.equal(key({ state: 'captured' }, true, [job({ state: 'waiting' })]), 'waiting');
  const composing = stateOf(recording({ state: 'composing', job: job() }), { sealed: false });
  assert.equal(strings.text(composing.key, composing.values), 'The film is being made, 40%');
  for (const state of ['capturing', 'captured', 'composing', 'ready', 'failed', 'shredded']) {
    assert.ok(strings.has(stateOf(recording({ state }), { sealed: false }).key));
    assert.ok(strings.has(`recordings.filter.${state}`));
  }
});

test('people are called by name and role, or by role and number', () => {
  const people = [
    { id: 'a', role: 'therapist', name: 'Dr. Blue' },
    { id: 'b', role: 'patient', name: null },
    { id: 'c', role: 'patient', name: null },
    { id: 'd', role: 'interpreter', name: null },
  ];
  const called = [...namesOf(strings, people).values()];
  assert.deepEqual(called, ['Dr. Blue (Therapist)', 'Patient 1', 'Patient 2', 'Interpreter']);
  assert.equal(titleOf(strings, whole(), { kind: 'track', id: 't1' }), 'Camera of Sam (Patient)');
  assert.equal(titleOf(strings, whole(), { kind: 'output', id: 'o1' }), 'Film');
});

test('days, times and sizes are those of the person', () => {
  const formats = new Formats(strings, 'UTC');
  assert.equal(formats.day(1_795_616_400), 'Wednesday, November 25, 2026');
  assert.match(formats.moment(1_795_616_400), /Nov 25, 2026/);
  assert.equal(formats.size(123_456_789), '123\u00a0MB');
  assert.equal(formats.date(1_795_616_400), 'Nov 25, 2026');
  assert.equal(formats.size(12), '1\u00a0kB');
  assert.equal(formats.size(5_300_000_000), '5.3\u00a0GB');
  assert.equal(secondsOf(recording()), 3012);
  assert.equal(secondsOf(recording({ ended_at: null })), null);
});

test('a range of days has both its days in it', () => {
  const [since, until] = [midnight('2026-11-24'), midnight('2026-11-24', 1)];
  assert.equal(until - since, 86400);
  assert.deepEqual([new Date(since * 1000).getHours(), new Date(since * 1000).getDate()], [0, 24]);
  assert.equal(midnight(''), null);
});

test('a refusal is a sentence: this page’s own, else the catalogue’s, else the server’s', () => {
  assert.match(sentenceOf(strings, { code: 'on_hold', error: 'x' }), /End the hold/);
  assert.equal(sentenceOf(strings, { code: 'unreachable', error: '' }), catalogue['errors.unreachable']);
  assert.equal(sentenceOf(strings, { code: 'new_code', error: 'The server’s own.' }), 'The server’s own.');
});

// What may be had of it

test('the newest film plays, and without one the newest mix', () => {
  const gone = output('d', 'mp4', { available: false });
  const outputs = [output('a', 'mp4'), output('b', 'audio'), output('c', 'mp4'), gone];
  assert.equal(mainOutput(whole({ outputs })).id, 'c');
  assert.equal(mainOutput(whole({ outputs: outputs.slice(1, 2) })).id, 'b');
  assert.equal(mainOutput(whole({ outputs: [] })), null);
});

test('what may not be played is not offered', async () => {
  const { server, archive } = opened();
  await archive.start('TOKEN', null);
  assert.equal(canPlay(archive, whole(), { kind: 'track', id: 't1' }), true);
  assert.equal(canPlay(archive, whole(), { kind: 'track', id: 'another' }), false);
  const gone = whole({ tracks: [track('t1', { available: false })] });
  assert.equal(canPlay(archive, gone, { kind: 'track', id: 't1' }), false);
  assert.deepEqual(formsOf(archive), ['sealed', 'clear']);
  server.answers['GET /me'] = [200, me({ sealed: true })];
  await archive.start(null, null);
  assert.equal(canPlay(archive, whole(), { kind: 'track', id: 't1' }), false);
  assert.deepEqual(formsOf(archive), ['sealed']);
  server.answers['GET /me'] = [200, me({ may: ['list', 'see_viewings'] })];
  await archive.start(null, null);
  assert.deepEqual(formsOf(archive), []);
});

test('where there is no film, it is said why and what can be done', () => {
  const without = (state, more = {}) => whole({ recording: recording({ state }), outputs: [], ...more });
  const said = (of, sealed = false) => noteOf(of, sealed)?.key.replace('recordings.making.', '') ?? null;
  assert.equal(said(whole()), null);
  assert.equal(said(without('capturing')), 'capturing');
  assert.equal(said(without('captured')), 'none');
  assert.equal(said(without('captured', { jobs: [job({ state: 'waiting' })] })), null);
  assert.equal(said(without('shredded')), 'shredded');
  const failed = noteOf(without('failed', { jobs: [job({ state: 'failed', error: 'The disk is full.' })] }), false);
  assert.deepEqual([failed.key, failed.why, failed.offer], ['recordings.making.failed', 'The disk is full.', 'retry']);
  assert.equal(said(without('failed')), 'capture_failed');
  const sealed = noteOf(without('captured'), true);
  assert.equal(sealed.key, 'recordings.making.needs_key');
  assert.match(sealed.command, /compose r1 --identity/);
  assert.equal(said(whole(), true), 'sealed_film');
  const mix = whole({ jobs: [job({ kind: 'audio', state: 'failed' })] });
  assert.equal(said(mix), 'audio_failed', 'there is a film, but what was asked for was the sound');
});

test('a slip in a public key is found', () => {
  const right = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
  assert.equal(isRecipient(right), true);
  assert.equal(isRecipient(right.replace('z7h', 'z8h')), false);
  assert.equal(isRecipient(right.slice(0, -1)), false);
  assert.equal(isRecipient(right.toUpperCase()), false);
  assert.equal(isRecipient('age1'), false);
  assert.equal(isRecipient(''), false);
});

// The catalogue

test('every text of the recordings page is in the catalogue', () => {
  const missing = [];
  const found = new Set();
  for (const name of readdirSync(new URL('js/recordings/', WEB))) {
    const source = readFileSync(new URL(`js/recordings/${name}`, WEB), 'utf-8');
    for (const [, text] of source.matchAll(/'(recordings\.[a-z_]+[a-z_.]*)'/g)) {
      found.add(text);
      if (!Object.hasOwn(catalogue, text)) missing.push(`${name}: ${text}`);
    }
  }
  assert.ok(found.size > 60);
  assert.deepEqual(missing, []);
  const made = [
    ...['mp4', 'audio', 'track'].map((kind) => `recordings.output.${kind}`),
    ...['microphone', 'camera', 'screen'].map((source) => `recordings.source.${source}`),
    ...['writing', 'recovered', 'lost'].map((state) => `recordings.track.${state}`),
    ...['compose', 'audio'].flatMap((kind) => [
      `recordings.job.${kind}`,
      `recordings.job.${kind}_waits`,
      `recordings.say.${kind}_done`,
      `recordings.say.${kind}_failed`,
      `recordings.make.${kind}`,
      `recordings.make.${kind}_hint`,
    ]),
    ...['do', 'retry'].map((offer) => `recordings.making.${offer}`),
    ...['names', 'time'].map((option) => `recordings.make.${option}_hint`),
    ...['sealed', 'clear'].flatMap((form) => [`recordings.download.${form}`, `recordings.download.${form}_hint`]),
    ...['interrupted', 'damaged', 'unsupported'].map((trouble) => `recordings.player.${trouble}`),
    ...['supervisor', 'administrator', 'auditor'].map((role) => `recordings.role.${role}`),
    ...['no_link', 'expired', 'invalid', 'over', 'signed_out', 'refused'].flatMap((out) => [
      `recordings.out.${out}`,
      `recordings.out.${out}_next`,
    ]),
    ...['played', 'downloaded_sealed', 'downloaded_clear', 'exported', 'verified'].map(
      (kind) => `recordings.viewing.${kind}`,
    ),
  ];
  assert.deepEqual(made.filter((text) => !Object.hasOwn(catalogue, text)), []);
});
