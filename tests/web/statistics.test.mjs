import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { Statistics } from '../../web/js/statistics.js';
import { digest, hasBegun, read } from '../../web/js/stats-digest.js';
import { FakeClock, settled } from './fakes.mjs';

// Two readings each of a real call between two people, 5 s apart, as each browser gave them (addresses taken out).
const REAL = Object.fromEntries(
  ['chromium', 'firefox'].map((name) => {
    const file = new URL(`stats/${name}.json`, import.meta.url);
    return [name, JSON.parse(readFileSync(file, 'utf8'))];
  }),
);

const PEER = {};
const SENDING = [
  { source: 'microphone', mid: '0', track: 'voice' },
  { source: 'camera', mid: '1', track: 'face' },
  { source: 'screen', mid: '2', track: null },
];
const RECEIVING = [
  { mid: '3', track: 'slot 3' },
  { mid: '6', track: 'slot 6' },
];
const playing = (more = {}) =>
  new Map([
    ['3', { person: 'them', source: 'microphone', on: true, seen: true, ...more }],
    ['6', { person: 'them', source: 'camera', on: true, seen: true, ...more }],
  ]);

const at = (seconds, entries, plays = playing(), peer = PEER) =>
  read({ peer, entries, sending: SENDING, receiving: RECEIVING }, 1000 * seconds, plays);

const video = (counts) => ({ id: 'IV', type: 'inbound-rtp', kind: 'video', mid: '6', ...counts });
const sound = (counts) => ({ id: 'IA', type: 'inbound-rtp', kind: 'audio', mid: '3', ...counts });
const layer = (rid, counts) => ({ id: `OV${rid}`, type: 'outbound-rtp', kind: 'video', mid: '1', rid, ...counts });
const reported = (of, counts) => ({ id: `R${of}`, type: 'remote-inbound-rtp', localId: of, ...counts });

// What each browser really says -------------------------------------------------------------------------------------

for (const [name, { sending, receiving, before, after, playing }] of Object.entries(REAL)) {
  test(`a real call in ${name} is digested`, () => {
    const plays = new Map(playing);
    const one = read({ peer: PEER, entries: before, sending, receiving }, 0, plays);
    const two = read({ peer: PEER, entries: after, sending, receiving }, 5000, plays);
    const told = digest(one, two);
    assert.equal(told.ms, 5000);
    assert.ok(['host', 'prflx'].includes(told.path.candidate), told.path?.candidate);
    assert.equal(told.path.protocol, 'udp');
    assert.ok(told.round_trip_ms < 100);

    const camera = told.sent.find(({ source }) => source === 'camera');
    assert.ok(camera.bitrate > 50_000 && camera.bitrate < 5_000_000, `${camera.bitrate}`);
    assert.ok(camera.loss < 0.1 && camera.round_trip_ms < 200, 'what the server reported');
    const largest = camera.layers.at(-1);
    assert.ok(largest.height >= 90 && largest.frame_rate > 3, JSON.stringify(largest));
    const voice = told.sent.find(({ source }) => source === 'microphone');
    assert.ok(voice.bitrate > 5_000 && voice.bitrate < 200_000, `${voice.bitrate}`);
    assert.equal(voice.layers.length, 0);

    assert.deepEqual(new Set(told.received.map(({ person }) => person)), new Set(['them']));
    const face = told.received.find(({ source }) => source === 'camera');
    assert.ok(face.bitrate > 20_000 && face.frame_rate > 3 && face.height >= 90, JSON.stringify(face));
    assert.ok(face.freezes >= 0 && face.frozen_ms >= 0, 'it says how often the picture stood still');
    const heard = told.received.find(({ source }) => source === 'microphone');
    assert.ok(heard.bitrate > 5_000 && heard.concealed < 0.5, JSON.stringify(heard));
    assert.ok(hasBegun(two, face.mid ?? [...plays].find(([, each]) => each.source === 'camera')[0], 'picture'));
  });

  test(`nothing of ${name} that names a machine or a stream is told`, () => {
    const plays = new Map(playing);
    const one = read({ peer: PEER, entries: before, sending, receiving }, 0, plays);
    const told = JSON.stringify(digest(one, read({ peer: PEER, entries: after, sending, receiving }, 5000, plays)));
    for (const { id, ssrc, address, ip, trackIdentifier } of after) {
      for (const secret of [id, ssrc, address, ip, trackIdentifier]) {
        if (String(secret ?? '').length > 4) assert.ok(!told.includes(String(secret)), `${secret}`);
      }
    }
    assert.ok(told.length < 2000, `${told.length} characters`);
  });
}

// What is made of it --------------------------------------------------------------------------------------------------

test('counts become rates between two readings', () => {
  const one = at(0, [video({ bytesReceived: 1000, packetsReceived: 100, packetsLost: 4, framesDecoded: 50 })]);
  const two = at(4, [
    video({
      ...{ bytesReceived: 501_000, packetsReceived: 496, packetsLost: 8, framesDecoded: 150, jitter: 0.012 },
      ...{ frameWidth: 1280, frameHeight: 720, freezeCount: 2, totalFreezesDuration: 0.75 },
    }),
  ]);
  assert.deepEqual(digest(one, two).received, [
    {
      ...{ person: 'them', source: 'camera', bitrate: 1_000_000, loss: 0.01, jitter_ms: 12, frame_rate: 25 },
      ...{ width: 1280, height: 720, freezes: 2, frozen_ms: 750 },
    },
  ]);
});

test('sound that was invented is told, silence that was is not', () => {
  const one = at(0, [sound({ totalSamplesReceived: 0, concealedSamples: 0, silentConcealedSamples: 0 })]);
  const invented = { concealedSamples: 48_000, silentConcealedSamples: 36_000 };
  const two = at(5, [sound({ totalSamplesReceived: 240_000, ...invented })]);
  assert.equal(digest(one, two).received[0].concealed, 0.05);
});

test('each layer that is sent is told, the smallest first, and what kept the picture down', () => {
  const durations = (bandwidth) => ({ none: 10, bandwidth, cpu: 0, other: 0 });
  const sent = (frames, bytes, bandwidth) => ({
    ...{ bytesSent: bytes, packetsSent: bytes / 1000, framesEncoded: frames },
    ...{ qualityLimitationReason: 'bandwidth', qualityLimitationDurations: durations(bandwidth) },
  });
  const one = at(0, [
    layer('f', { ...sent(0, 0, 0), frameHeight: 720 }),
    layer('q', { ...sent(0, 0, 0), frameHeight: 180 }),
    layer('h', { ...sent(0, 0, 0), frameHeight: 360 }),
  ]);
  const two = at(5, [
    layer('f', { ...sent(150, 1_000_000, 4), frameWidth: 1280, frameHeight: 720 }),
    layer('q', { ...sent(75, 100_000, 4), frameWidth: 320, frameHeight: 180 }),
    layer('h', { ...sent(0, 0, 0), frameWidth: 640, frameHeight: 360 }),
    reported('OVf', { packetsLost: 20, jitter: 0.003, roundTripTime: 0.05 }),
    reported('OVq', { packetsLost: 2, jitter: 0.001, roundTripTime: 0.04 }),
  ]);
  assert.deepEqual(digest(one, two).sent, [
    {
      ...{ source: 'camera', bitrate: 1_760_000, loss: 0.02, jitter_ms: 3, round_trip_ms: 50, limited: 'bandwidth' },
      layers: [
        { width: 320, height: 180, frame_rate: 15, bitrate: 160_000 },
        { width: 1280, height: 720, frame_rate: 30, bitrate: 1_600_000 },
      ],
    },
  ]);
});

test('a limit that held for less than half of the time is none', () => {
  const sent = (bytes, bandwidth) =>
    layer('', { bytesSent: bytes, qualityLimitationReason: 'bandwidth', qualityLimitationDurations: { bandwidth } });
  assert.equal(digest(at(0, [sent(0, 0)]), at(5, [sent(9, 2.4)])).sent[0].limited, 'none');
  assert.equal(digest(at(0, [sent(0, 0)]), at(5, [sent(9, 2.6)])).sent[0].limited, 'bandwidth');
  const silent = layer('', { bytesSent: 9 });
  assert.equal(digest(at(0, []), at(5, [silent])).sent[0].limited, null, 'a browser that does not say');
});

test('what is not sent is not told', () => {
  const idle = layer('', { bytesSent: 5000, packetsSent: 5 });
  assert.deepEqual(digest(at(0, [idle]), at(5, [idle])).sent, []);
});

test('streams are known by their tracks where the browser names no m-line', () => {
  const nameless = { mid: undefined, trackIdentifier: 'slot 6' };
  const source = { id: 'S', type: 'media-source', trackIdentifier: 'voice' };
  const entries = [source, { ...layer('', { bytesSent: 1000 }), mid: undefined, mediaSourceId: 'S' }, video(nameless)];
  const told = digest(at(0, []), at(5, entries));
  assert.equal(told.sent[0].source, 'microphone');
  assert.equal(told.received[0].source, 'camera');
});

test('a slot that changed hands, or was off for some of the time, is about nobody', () => {
  const counts = [video({ bytesReceived: 100 }), sound({ bytesReceived: 100 })];
  for (const before of [playing({ person: 'another' }), playing({ on: false }), new Map()]) {
    assert.deepEqual(digest(at(0, counts, before), at(5, counts)).received, []);
  }
});

test('of a picture that nobody looked at it is not said that it stood still', () => {
  const counts = [video({ framesDecoded: 10, freezeCount: 3, totalFreezesDuration: 9 })];
  const [told] = digest(at(0, [video({})], playing({ seen: false })), at(5, counts)).received;
  assert.ok(!('freezes' in told) && !('frozen_ms' in told));
  assert.equal(told.frame_rate, 2);
});

test('the way of the media is told, whichever browser names it', () => {
  const local = { id: 'L', type: 'local-candidate', candidateType: 'relay', protocol: 'udp', relayProtocol: 'tls' };
  const pair = { id: 'P', type: 'candidate-pair', localCandidateId: 'L', currentRoundTripTime: 0.1 };
  const relayed = { candidate: 'relay', protocol: 'udp', relay: 'tls' };
  for (const entries of [
    [local, pair, { id: 'T', type: 'transport', selectedCandidatePairId: 'P' }],
    [local, { ...pair, selected: true }],
    [local, { ...pair, nominated: true, state: 'succeeded' }],
  ]) {
    const { path, round_trip_ms } = digest(at(0, []), at(5, entries));
    assert.deepEqual([path, round_trip_ms], [relayed, 100]);
  }
  const direct = [{ ...local, candidateType: 'prflx', protocol: 'tcp' }, { ...pair, selected: true }];
  assert.deepEqual(at(0, direct).path, { candidate: 'prflx', protocol: 'tcp', relay: null });
  assert.equal(at(0, [local, pair]).path, null);
});

test('counts that begin anew do not become negative', () => {
  const before = [video({ bytesReceived: 900_000, framesDecoded: 900 })];
  const [told] = digest(at(0, before), at(1, [video({ bytesReceived: 1000, framesDecoded: 10 })])).received;
  assert.deepEqual([told.bitrate, told.frame_rate], [8000, 10]);
});

test('whatever a browser counts, what is told is in the range that the server takes', () => {
  const strange = [-1, 0, 1e300, Infinity, NaN, null, undefined, 'text', {}, true, 2 ** 53];
  const names = [
    ...['bytesReceived', 'packetsReceived', 'packetsLost', 'framesDecoded', 'frameWidth', 'frameHeight', 'jitter'],
    ...['freezeCount', 'totalFreezesDuration', 'totalSamplesReceived', 'concealedSamples', 'silentConcealedSamples'],
    ...['bytesSent', 'packetsSent', 'framesEncoded', 'roundTripTime', 'currentRoundTripTime'],
    ...['availableOutgoingBitrate', 'candidateType', 'protocol', 'relayProtocol', 'qualityLimitationReason'],
  ];
  let seed = 1;
  const any = () => strange[(seed = (seed * 48271) % 2147483647) % strange.length];
  const made = (base) => ({ ...Object.fromEntries(names.map((name) => [name, any()])), ...base });
  const sizes = { width: 8192, height: 8192, frame_rate: 240 };
  const bounds = { ms: 600_000, join_ms: 600_000, freezes: 1000, frozen_ms: 600_000, ...sizes };
  const within = (value, name) => {
    if (Array.isArray(value)) value.forEach((each) => within(each, name));
    else if (value && typeof value === 'object') Object.entries(value).forEach(([key, each]) => within(each, key));
    else if (typeof value === 'number') {
      const share = name === 'loss' || name === 'concealed';
      const most = share ? 1 : (bounds[name] ?? (name.endsWith('_ms') ? 60_000 : 1_000_000_000));
      assert.ok(value >= 0 && value <= most, `${name}: ${value}`);
      if (!share && name !== 'frame_rate') assert.ok(Number.isInteger(value), `${name}: ${value}`);
    } else if (typeof value !== 'string') assert.equal(value ?? null, null, name);
  };
  for (let round = 0; round < 300; round++) {
    const reading = (seconds) =>
      at(seconds, [
        made(video({ id: 'IV' })),
        made(sound({ id: 'IA' })),
        made(layer('f', { id: 'OVf' })),
        made(reported('OVf', {})),
        made({ id: 'P', type: 'candidate-pair', selected: true, localCandidateId: 'L' }),
        made({ id: 'L', type: 'local-candidate' }),
        any(),
      ]);
    within(digest(reading(0), reading(5), any()), '');
  }
});

// When it is told -----------------------------------------------------------------------------------------------------

const state = (more = {}) => ({
  phase: 'present',
  people: [{ id: 'them', microphone: true, camera: true, screen: false }],
  slots: [
    { mid: '3', person: 'them', source: 'microphone' },
    { mid: '6', person: 'them', source: 'camera' },
  ],
  ...more,
});
const ALONE = { people: [], slots: [] };

/** A page whose browser has decoded `frames` pictures and received `packets` of sound. */
function page() {
  const clock = new FakeClock();
  const told = [];
  const it = { clock, told, found: [], frames: 0, packets: 0, looks: 0, peer: PEER, heard: true, fails: false };
  it.statistics = new Statistics({
    clock,
    send: (stats) => it.heard && told.push(stats) > 0,
    looked: (stats) => it.found.push(stats.ms),
    count: async () => {
      it.looks++;
      if (it.fails) throw new Error('closed');
      const entries = [
        video({ framesDecoded: it.frames, bytesReceived: 1000 * it.frames }),
        sound({ packetsReceived: it.packets }),
      ];
      return it.peer && { peer: it.peer, entries, sending: SENDING, receiving: RECEIVING };
    },
  });
  it.passes = async (ms) => {
    await settled();
    for (let passed = 0; passed < ms; passed += 50) {
      clock.pass(50);
      await settled();
    }
  };
  return it;
}

test('while somebody is present it is told every five seconds, at one look each', async () => {
  const it = page();
  it.statistics.follow(state());
  await it.passes(15_000);
  assert.deepEqual(it.told.map(({ ms }) => ms), [5000, 5000, 5000]);
  assert.equal(it.looks, 4);
  it.statistics.close();
  await it.passes(20_000);
  assert.equal(it.looks, 4);
});

test('what a look has found is known here even while nobody can be told', async () => {
  const it = page();
  it.statistics.follow(state());
  it.heard = false;
  await it.passes(15_000);
  assert.deepEqual(it.found, [5000, 5000, 5000]);
});

test('whoever waits tells nothing', async () => {
  const it = page();
  it.statistics.follow(state({ phase: 'waiting', ...ALONE }));
  await it.passes(20_000);
  assert.equal(it.looks, 0);
});

test('what could not be told is part of the next message', async () => {
  const it = page();
  it.statistics.follow(state());
  it.heard = false;
  await it.passes(10_000);
  it.heard = true;
  it.frames = 150;
  await it.passes(5000);
  assert.deepEqual(it.told.map(({ ms }) => ms), [15_000]);
  assert.equal(it.told[0].received.find(({ source }) => source === 'camera').frame_rate, 10);
});

test('another peer connection begins anew', async () => {
  const it = page();
  it.frames = 1000;
  it.statistics.follow(state());
  await it.passes(4000);
  it.peer = {};
  it.frames = 0;
  await it.passes(2000);
  it.frames = 50;
  await it.passes(4500);
  assert.deepEqual(it.told.map(({ ms }) => ms), [5000]);
  assert.equal(it.told[0].received.find(({ source }) => source === 'camera').frame_rate, 10);
});

test('a browser that cannot count now is asked again', async () => {
  const it = page();
  it.statistics.follow(state());
  await it.passes(1000);
  it.fails = true;
  await it.passes(5000);
  it.fails = false;
  it.peer = null;
  await it.passes(5000);
  it.peer = PEER;
  await it.passes(5000);
  assert.deepEqual(it.told.map(({ ms }) => ms), [15_000]);
});

test('joining is measured from the press of the button to the first picture, and told at once', async () => {
  const it = page();
  it.statistics.pressed();
  await it.passes(100);
  it.statistics.follow(state());
  await it.passes(250);
  it.packets = 5;
  await it.passes(100);
  assert.deepEqual(it.told, [], 'a picture is awaited, not only sound');
  it.frames = 1;
  await it.passes(150);
  assert.deepEqual(it.told.map(({ join_ms }) => join_ms), [500]);
  await it.passes(10_000);
  assert.deepEqual(it.told.map(({ join_ms }) => join_ms), [500, null, null]);
});

test('where no camera is on the first sound counts', async () => {
  const it = page();
  it.statistics.pressed();
  it.statistics.follow(state({ people: [{ id: 'them', microphone: true, camera: false, screen: false }] }));
  it.packets = 1;
  await it.passes(100);
  assert.equal(it.told[0].join_ms, 100);
});

test('waiting, to be let in or for somebody to come, is not joining', async () => {
  for (const before of [{ phase: 'waiting', ...ALONE }, ALONE]) {
    const it = page();
    it.statistics.pressed();
    it.statistics.follow(state(before));
    await it.passes(60_000);
    const [already, looks] = [it.told.length, it.looks];
    it.statistics.follow(state());
    await it.passes(200);
    it.frames = 1;
    await it.passes(100);
    assert.equal(it.told[already].join_ms, 300, JSON.stringify(before));
    assert.ok(looks <= 13, 'nobody looks often while there is nothing to see');
  }
});

test('a picture that does not come is not looked for often for ever', async () => {
  const it = page();
  it.statistics.pressed();
  it.statistics.follow(state());
  await it.passes(60_000);
  assert.ok(it.looks < 120, `${it.looks}`);
  it.frames = 1;
  await it.passes(5000);
  assert.ok(it.told.at(-1).join_ms > 60_000, 'and yet it is told when it comes');
});

test('a page that came back by itself tells of no joining', async () => {
  const it = page();
  it.frames = 1;
  it.statistics.follow(state());
  await it.passes(10_000);
  assert.deepEqual(it.told.map(({ join_ms }) => join_ms), [null, null]);
});
