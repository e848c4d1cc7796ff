import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { digest, sampleOf } from '../../web/js/check/measure.js';
import { Check, NOTHING_YET } from '../../web/js/check/run.js';
import { itemsOf, reportOf, summaryOf } from '../../web/js/check/verdict.js';
import { answerFor, configurationFor, portOf, wayOf, waysOf } from '../../web/js/check/ways.js';
import { Strings } from '../../web/js/strings.js';

const catalogue = JSON.parse(readFileSync(new URL('../../web/strings/en.json', import.meta.url), 'utf-8'));
const strings = new Strings('en', catalogue);

const SERVER = {
  urls: ['turn:t:3478', 'turn:t:3478?transport=tcp', 'turns:t:443?transport=tcp'],
  username: 'u',
  credential: 'c',
};
const ANSWER = [
  'v=0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=candidate:1 1 udp 2130706431 192.0.2.1 10000 typ host',
  'a=candidate:2 1 tcp 1518280447 192.0.2.1 10000 typ host tcptype passive',
  'a=end-of-candidates',
  '',
].join('\r\n');

// Ways

test('each way is tried with its own candidates only', () => {
  assert.match(answerFor(ANSWER, 'udp'), /udp/);
  assert.doesNotMatch(answerFor(ANSWER, 'udp'), /tcptype/);
  assert.match(answerFor(ANSWER, 'tcp'), /tcptype/);
  assert.doesNotMatch(answerFor(ANSWER, 'tcp'), / udp /);
  assert.equal(answerFor(ANSWER, 'turn_tls'), answerFor(ANSWER, 'udp'));
  assert.match(answerFor(ANSWER, 'tcp'), /end-of-candidates/);
  assert.equal(portOf(ANSWER), 10000);
  assert.equal(portOf('v=0\r\n'), undefined);
});

test('a relay is tried by one transport, and with nothing beside it', () => {
  assert.deepEqual(SERVER.urls.map(wayOf), ['turn_udp', 'turn_tcp', 'turn_tls']);
  assert.equal(wayOf('stun:t'), null);
  const { iceTransportPolicy, iceServers } = configurationFor('turn_tls', [SERVER]);
  assert.equal(iceTransportPolicy, 'relay');
  assert.deepEqual(iceServers, [{ ...SERVER, urls: ['turns:t:443?transport=tcp'] }]);
  assert.equal(configurationFor('udp', [SERVER]).iceServers, undefined);
});

test('only what the clinic has is tried', () => {
  assert.deepEqual(waysOf([]), ['udp', 'tcp']);
  assert.deepEqual(waysOf([SERVER]), ['udp', 'tcp', 'turn_udp', 'turn_tcp', 'turn_tls']);
});

// Measuring

const report = (at, { sent, received, packets, lost = 0, more = {} }) =>
  sampleOf(
    [
      ['T', { type: 'transport', selectedCandidatePairId: 'P' }],
      ['Q', { id: 'Q', type: 'candidate-pair', nominated: true, currentRoundTripTime: 9 }],
      ['P', { id: 'P', type: 'candidate-pair', currentRoundTripTime: 0.04, availableOutgoingBitrate: 3e6, ...more }],
      ['O', { type: 'outbound-rtp', bytesSent: sent }],
      ['I', { type: 'inbound-rtp', bytesReceived: received, packetsReceived: packets, packetsLost: lost, jitter: 0.01 }],
      ['R', { type: 'remote-inbound-rtp', fractionLost: 0.02, roundTripTime: 0.05 }],
    ],
    at,
  );

test('rates are taken after congestion control has begun to know, round trip and jitter as medians', () => {
  const samples = [0, 1, 2, 3, 4, 5].map((n) =>
    report(n * 1000, { sent: n * 250_000, received: n * 200_000, packets: n * 200, lost: n * 2 }),
  );
  const found = digest(samples);
  assert.equal(found.up, 3e6);
  assert.equal(found.down, 1.6e6);
  assert.equal(found.roundTrip, 40);
  assert.equal(found.jitter, 10);
  assert.ok(Math.abs(found.lossDown - 0.0099) < 0.001);
  assert.ok(Math.abs(found.lossUp - 0.02) < 1e-9);
});

test('a browser that tells little is asked for what it sent', () => {
  const samples = [0, 2, 5].map((n) =>
    sampleOf(
      [
        ['O', { type: 'outbound-rtp', bytesSent: n * 125_000 }],
        ['I', { type: 'inbound-rtp', bytesReceived: n * 125_000, packetsReceived: n * 100 }],
      ],
      n * 1000,
    ),
  );
  const found = digest(samples);
  assert.deepEqual([found.up, found.down, found.roundTrip, found.jitter], [1e6, 1e6, null, null]);
  assert.equal(digest(samples.slice(0, 1)), null);
});

// A run

function api({ socket = true, servers = [SERVER] } = {}) {
  return { socket: async () => socket, servers: async () => servers };
}

const SPEED = { up: 3e6, down: 2.5e6, roundTrip: 30, lossUp: 0, lossDown: 0, jitter: 3 };

function run({ ways, speed = SPEED, ...server }) {
  const steps = [];
  let stopped = 0;
  const check = new Check({
    api: api(server),
    picture: () => ({ track: 'track', stop: () => stopped++ }),
    reach: async (way) => ways[way] ?? { reached: false, port: 10000 },
    measure: async () => speed,
  });
  check.subscribe(({ step }) => step !== steps.at(-1) && steps.push(step));
  return { check, steps, stopped: () => stopped };
}

const REACHED = { reached: true, milliseconds: 20, port: 10000 };

test('a check goes through socket, ways and speed, and stops its picture', async () => {
  const { check, steps, stopped } = run({ ways: { udp: REACHED, tcp: REACHED, turn_udp: REACHED } });
  await check.start();
  assert.deepEqual(steps, ['socket', 'ways', 'speed', '']);
  assert.equal(check.state.phase, 'done');
  assert.deepEqual(check.state.speed, SPEED);
  assert.equal(stopped(), 1);
});

test('where no way leads there nothing is measured', async () => {
  const { check, stopped } = run({ ways: {} });
  await check.start();
  assert.equal(check.state.speed, null);
  assert.equal(stopped(), 0);
});

test('a second start while one runs does nothing, and one after it starts anew', async () => {
  const { check } = run({ ways: { udp: REACHED } });
  const first = check.start();
  await check.start();
  assert.equal(check.state.phase, 'running');
  await first;
  await check.start();
  assert.equal(check.state.phase, 'done');
});

test('a browser that cannot connect at all is said so, and its check ends', async () => {
  const broken = new Check({
    api: api(),
    picture: () => ({ track: 't', stop() {} }),
    reach: async () => {
      throw new Error('no WebRTC');
    },
  });
  await broken.start();
  assert.equal(broken.state.phase, 'done');
  assert.equal(broken.state.problem, 'unsupported');
});

test('without a link only devices are checked', async () => {
  const check = new Check({ api: null, picture: () => assert.fail('nothing is sent') });
  await check.start();
  assert.equal(check.state.problem, 'no_link');
  const items = itemsOf(DEVICES, check.state, ENCRYPTS);
  assert.equal(summaryOf(items, check.state).key, 'check.sum.no_link');
  assert.deepEqual(marks(items, ['socket', 'udp', 'tcp', 'turn']), ['none', 'none', 'none', 'none']);
});

// What it means

const DEVICES = { camera: 'ok', microphone: 'ok', sound: 'heard', speaker: 'heard' };
const ENCRYPTS = { possible: true, required: true };
const marks = (items, names) => names.map((name) => items.find((item) => item.name === name).mark);

async function verdict(setting, devices = DEVICES, encrypting = ENCRYPTS) {
  const { check } = run(setting);
  await check.start();
  const items = itemsOf(devices, check.state, encrypting);
  return { items, summary: summaryOf(items, check.state), state: check.state };
}

const ALL = { udp: REACHED, tcp: REACHED, turn_udp: REACHED, turn_tcp: REACHED, turn_tls: REACHED };

test('when all works, all is well', async () => {
  const { items, summary } = await verdict({ ways: ALL });
  assert.ok(items.every(({ mark }) => mark === 'good'));
  assert.deepEqual(summary, { mark: 'good', key: 'check.sum.good' });
});

test('blocked UDP is no failure as long as something else gets through', async () => {
  const { items, summary } = await verdict({ ways: { tcp: REACHED }, servers: [] });
  assert.deepEqual(marks(items, ['udp', 'tcp', 'turn']), ['fair', 'good', 'none']);
  assert.equal(summary.key, 'check.sum.fair');
  const { advice, values } = items.find(({ name }) => name === 'udp');
  assert.match(strings.text(advice, values), /UDP to port 10000/);
});

test('only TURN over TLS is enough for a call', async () => {
  const { items, summary } = await verdict({ ways: { turn_tls: REACHED } });
  assert.deepEqual(marks(items, ['udp', 'tcp', 'turn']), ['fair', 'fair', 'good']);
  assert.equal(summary.mark, 'fair');
});

test('where nothing gets through the person is told to try another network', async () => {
  const { items, summary } = await verdict({ ways: {} });
  assert.deepEqual(marks(items, ['udp', 'tcp', 'turn', 'speed']), ['bad', 'bad', 'bad', 'none']);
  assert.equal(summary.key, 'check.sum.no_way');
  const without = await verdict({ ways: {}, servers: [] });
  assert.deepEqual(marks(without.items, ['turn']), ['bad']);
});

test('closed TCP does not matter where UDP is open', async () => {
  const { items, summary } = await verdict({ ways: { udp: REACHED }, servers: [] });
  assert.deepEqual(marks(items, ['udp', 'tcp']), ['good', 'none']);
  assert.equal(summary.mark, 'good');
});

test('what the server did not let us try is not said to be broken', async () => {
  const refused = { reached: false, code: 'too_many_requests' };
  const ways = Object.fromEntries(Object.keys(ALL).map((way) => [way, refused]));
  const { items, summary } = await verdict({ ways });
  assert.deepEqual(marks(items, ['udp', 'tcp', 'turn']), ['none', 'none', 'none']);
  assert.equal(summary.key, 'check.sum.not_checked');
  const expired = Object.fromEntries(Object.keys(ALL).map((way) => [way, { reached: false, code: 'token_expired' }]));
  assert.equal((await verdict({ ways: expired })).summary.key, 'check.sum.bad_link');
});

test('a connection is judged by its narrowest part', async () => {
  const of = async (more) => (await verdict({ ways: ALL, speed: { ...SPEED, ...more } })).items.at(-1);
  assert.equal((await of({ up: 100_000 })).advice, 'check.speed.little');
  assert.equal((await of({ down: 600_000 })).advice, 'check.speed.narrow');
  assert.equal((await of({ lossUp: 0.2 })).mark, 'bad');
  assert.equal((await of({ lossDown: 0.05 })).mark, 'fair');
  assert.equal((await of({ roundTrip: 500 })).advice, 'check.speed.far');
  assert.equal((await of({ jitter: 80 })).advice, 'check.speed.uneven');
  assert.equal((await of({ roundTrip: null })).detail, 'check.speed.found_part');
});

test('devices that do not work are told before what matters less', async () => {
  const of = async (more) => (await verdict({ ways: ALL }, { ...DEVICES, ...more })).summary.key;
  assert.equal(await of({ microphone: 'denied', sound: 'wait' }), 'check.sum.no_microphone');
  assert.equal(await of({ camera: 'missing' }), 'check.sum.no_camera');
  assert.equal(await of({ speaker: 'not_heard' }), 'check.sum.no_speaker');
  assert.equal(await of({ sound: 'silent' }), 'check.sum.fair');
});

test('a browser that cannot encrypt is told so before the session, and whether it may come in', async () => {
  const of = async (encrypting) => {
    const { items, summary } = await verdict({ ways: ALL }, DEVICES, encrypting);
    return [...marks(items, ['encryption']), summary.key];
  };
  assert.deepEqual(await of({ possible: true, required: true }), ['good', 'check.sum.good']);
  assert.deepEqual(await of({ possible: false, required: true }), ['bad', 'check.sum.no_encryption']);
  assert.deepEqual(await of({ possible: false, required: false }), ['fair', 'check.sum.fair']);
});

test('every sentence that can be shown is in the catalogue, and the report holds them all', async () => {
  const conditions = ['off', 'asking', 'ok', 'denied', 'missing', 'busy', 'interrupted', 'insecure'];
  const findings = [NOTHING_YET, { ...NOTHING_YET, phase: 'running', step: 'socket' }];
  for (const setting of [{ ways: ALL }, { ways: {} }, { ways: {}, servers: [] }, { ways: { turn_udp: REACHED } }]) {
    findings.push((await verdict(setting)).state);
  }
  findings.push({ ...findings.at(-1), socket: false }, { ...NOTHING_YET, phase: 'done', problem: 'no_link' });
  for (const condition of conditions) {
    for (const sound of ['wait', 'listening', 'heard', 'silent']) {
      for (const speaker of ['wait', 'asked', 'heard', 'not_heard', 'unsupported']) {
        for (const found of findings) {
          const encrypting = { possible: sound === 'wait', required: speaker === 'wait' };
          const items = itemsOf({ camera: condition, microphone: condition, sound, speaker }, found, encrypting);
          for (const { name, mark, detail, advice, word } of items) {
            const more = [advice, word].filter((key) => key !== undefined);
            const keys = [`check.${name}`, `check.mark.${mark}`, detail, ...more];
            for (const key of keys) assert.ok(Object.hasOwn(catalogue, key), key);
          }
          assert.ok(Object.hasOwn(catalogue, summaryOf(items, found).key), summaryOf(items, found).key);
        }
      }
    }
  }
  const { items } = await verdict({ ways: { tcp: REACHED } });
  const about = { summary: 'Summary', system: 'firefox, linux', when: '2026-11-26 10:00' };
  const text = reportOf(items, (key, values) => strings.text(key, values), about);
  assert.match(text, /Direct connection: Could be better\. .*port 10000/);
  assert.doesNotMatch(text, /\{|undefined/);
  assert.equal(text.split('\n').filter((line) => line.includes(': ')).length, 9);
});
