import assert from 'node:assert/strict';
import test from 'node:test';

import { Outgoing, SENDING, addSender } from '../../web/js/encodings.js';

/** A sender that takes its time, as browsers do. */
function fakeTransceiver(encodings) {
  const sender = {
    track: null,
    encodings: encodings.map((each) => ({ ...each })),
    calls: [],
    async replaceTrack(track) {
      await null;
      sender.track = track;
    },
    getParameters() {
      return { encodings: sender.encodings.map((each) => ({ ...each })) };
    },
    async setParameters(parameters) {
      await null;
      sender.encodings = parameters.encodings;
      sender.calls.push(parameters.encodings.filter(({ active }) => active).map(({ rid }) => rid ?? ''));
    },
  };
  return { sender, mid: '1' };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const track = (height) => ({ getSettings: () => ({ width: (height * 16) / 9, height }) });
const camera = () => fakeTransceiver(SENDING.camera.encodings);

test('a camera is offered in three sizes and begins with the full one', () => {
  const { encodings } = SENDING.camera;
  assert.deepEqual(encodings.map(({ rid, active, scaleResolutionDownBy }) => [rid, active, scaleResolutionDownBy]), [
    ['q', false, 4],
    ['h', false, 2],
    ['f', true, 1],
  ]);
});

test('the encodings that somebody watches are sent, and no others', async () => {
  const transceiver = camera();
  const outgoing = new Outgoing(transceiver, 'camera');
  outgoing.set(track(720));
  await settled();
  assert.deepEqual(transceiver.sender.calls, [], 'it was made that way');
  outgoing.want(['q', 'f']);
  await settled();
  outgoing.want([]);
  await settled();
  assert.deepEqual(transceiver.sender.calls, [['q', 'f'], []]);
});

test('of wishes that come while it is busy the last one counts', async () => {
  const transceiver = camera();
  const outgoing = new Outgoing(transceiver, 'camera');
  outgoing.set(track(720));
  for (const rids of [['q'], ['h'], [], ['q', 'h', 'f']]) outgoing.want(rids);
  outgoing.set(null);
  outgoing.set(track(1080));
  await settled();
  assert.equal(transceiver.sender.track.getSettings().height, 1080);
  assert.deepEqual(transceiver.sender.calls.at(-1), ['q', 'h', 'f']);
  assert.ok(transceiver.sender.calls.length <= 2);
});

test('a picture with more lines may take more bits, and only the full one', async () => {
  const transceiver = camera();
  const outgoing = new Outgoing(transceiver, 'camera');
  outgoing.set(track(1080));
  await settled();
  assert.deepEqual(transceiver.sender.encodings.map(({ maxBitrate }) => maxBitrate), [150_000, 500_000, 4_000_000]);
  outgoing.set(track(720));
  await settled();
  assert.equal(transceiver.sender.encodings[2].maxBitrate, 2_500_000);
});

test('a camera that captures less is scaled down less, and what is sent keeps its size', async () => {
  const transceiver = camera();
  const outgoing = new Outgoing(transceiver, 'camera');
  const scales = () => transceiver.sender.encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy);
  const captured = track(720);
  outgoing.set(captured);
  for (const [part, expected] of [[2, [2, 1, 1]], [4, [1, 1, 1]], [1, [4, 2, 1]]]) {
    captured.getSettings = track(720 / part).getSettings;
    outgoing.fit(part);
    await settled();
    assert.deepEqual(scales(), expected);
  }
});

test('of a small picture, of which browsers make two sizes, the full one stands in the middle', async () => {
  const transceiver = camera();
  const outgoing = new Outgoing(transceiver, 'camera');
  outgoing.set(track(360));
  outgoing.want(['q', 'f']);
  await settled();
  assert.deepEqual(transceiver.sender.calls.at(-1), ['q', 'h']);
  assert.deepEqual(transceiver.sender.encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy), [2, 1, 1]);
  outgoing.want(['f']);
  await settled();
  assert.deepEqual(transceiver.sender.calls.at(-1), ['f']);
  assert.deepEqual(transceiver.sender.encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy), [2, 1, 1]);
});

test('what is sent in one encoding is on or off', async () => {
  const transceiver = fakeTransceiver([{ ...SENDING.screen.encodings[0], active: true }]);
  const outgoing = new Outgoing(transceiver, 'screen');
  outgoing.set(track(1200));
  outgoing.want([]);
  await settled();
  outgoing.want(['f']);
  await settled();
  assert.deepEqual(transceiver.sender.calls, [[], ['']]);
});

test('what a negotiation has switched on again is off a moment later', async () => {
  const transceiver = camera();
  const outgoing = new Outgoing(transceiver, 'camera');
  for (const encoding of transceiver.sender.encodings) encoding.active = true;
  outgoing.check();
  await settled();
  assert.deepEqual(transceiver.sender.calls, [['f']]);
});

test('a browser that knows no temporal layers gets none', () => {
  const made = [];
  const pc = {
    addTransceiver(kind, { sendEncodings }) {
      if (sendEncodings.some(({ scalabilityMode }) => scalabilityMode)) throw new DOMException('no', 'OperationError');
      made.push({ kind, sendEncodings });
      return 'transceiver';
    },
  };
  assert.equal(addSender(pc, 'camera'), 'transceiver');
  assert.deepEqual(made[0].sendEncodings.map(({ rid }) => rid), ['q', 'h', 'f']);
});

test('a closed connection is nothing to report', async () => {
  const transceiver = camera();
  transceiver.sender.setParameters = async () => {
    throw new DOMException('closed', 'InvalidStateError');
  };
  new Outgoing(transceiver, 'camera').want(['q']);
  await settled();
});

test('a picture begins anew in the encodings that are sent, once, and nothing else changes', async () => {
  const transceiver = camera();
  const options = [];
  const { setParameters } = transceiver.sender;
  transceiver.sender.setParameters = (parameters, more) => {
    options.push(more);
    return setParameters(parameters);
  };
  const outgoing = new Outgoing(transceiver, 'camera');
  outgoing.set(track(720));
  outgoing.refresh();
  await settled();
  assert.deepEqual(options, [{ encodingOptions: [{ keyFrame: false }, { keyFrame: false }, { keyFrame: true }] }]);
  assert.deepEqual(transceiver.sender.calls, [['f']]);
  outgoing.want(['q']);
  await settled();
  assert.deepEqual(options.slice(1), [undefined]);
});

test('what is held is not sent, whoever watches, and what is wanted meanwhile counts afterwards', async () => {
  const transceiver = camera();
  const outgoing = new Outgoing(transceiver, 'camera');
  outgoing.hold(true);
  await settled();
  assert.deepEqual(transceiver.sender.calls, [], 'there is nothing to be held yet');
  outgoing.set(track(720));
  await settled();
  outgoing.want(['q', 'f']);
  await settled();
  outgoing.hold(false);
  await settled();
  assert.deepEqual(transceiver.sender.calls, [[], ['q', 'f']]);
});
