import assert from 'node:assert/strict';
import test from 'node:test';

import { Peer } from '../../web/js/peer.js';

globalThis.MediaStream ??= class {
  constructor(tracks) {
    this.tracks = tracks;
  }

  getAudioTracks() {
    return this.tracks.filter(({ kind }) => kind === 'audio');
  }
};

/** @param {object} receiver  what the browser's receivers have */
function open(receiver) {
  const transceivers = [];
  class FakeConnection {
    iceConnectionState = 'new';
    connectionState = 'new';

    addTransceiver(kind) {
      const mid = String(transceivers.length);
      const transceiver = {
        mid,
        receiver: { track: { kind }, ...receiver },
        sender: { getParameters: () => ({ encodings: [] }) },
      };
      transceivers.push(transceiver);
      return transceiver;
    }
  }
  const peer = new Peer({
    slots: { audio: 1, video: 1 },
    changed: () => {},
    h264First: Promise.resolve(false),
    RTCPeerConnection: FakeConnection,
  });
  const [sound, picture] = transceivers.slice(-2);
  return { peer, sound, picture };
}

test('what is to wait does, in sound and picture, and what is not named plays as the browser likes', () => {
  const { peer, sound, picture } = open({ jitterBufferTarget: null });
  peer.play([
    { mid: sound.mid, person: 'ann', source: 'microphone', delay: 150 },
    { mid: picture.mid, person: 'ann', source: 'camera', delay: 150 },
  ]);
  assert.deepEqual([sound, picture].map(({ receiver }) => receiver.jitterBufferTarget), [150, 150]);
  peer.play([{ mid: picture.mid, person: 'ann', source: 'camera' }]);
  assert.deepEqual([sound, picture].map(({ receiver }) => receiver.jitterBufferTarget), [null, null]);
});

test('an older Chrome is told in its own way', () => {
  const { peer, picture } = open({ playoutDelayHint: null });
  peer.play([{ mid: picture.mid, person: 'ann', source: 'camera', delay: 150 }]);
  assert.equal(picture.receiver.playoutDelayHint, 0.15);
});

test('a browser that knows neither is left alone', () => {
  const { peer, picture } = open({});
  peer.play([{ mid: picture.mid, person: 'ann', source: 'camera', delay: 150 }]);
  assert.deepEqual(Object.keys(picture.receiver), ['track']);
});

/** A peer connection that is negotiated, and what was done with it. */
function negotiated() {
  const done = [];
  let at = 0;
  class FakeConnection {
    iceConnectionState = 'new';
    connectionState = 'new';
    signalingState = 'stable';

    addTransceiver(kind) {
      const sender = { track: null, getParameters: () => ({ encodings: [] }), setParameters: async () => {} };
      return { mid: String(at++), receiver: { track: { kind } }, sender };
    }

    async createOffer({ iceRestart = false } = {}) {
      return { type: 'offer', sdp: iceRestart ? 'offer, restarted' : 'offer' };
    }

    async setLocalDescription({ sdp, type }) {
      done.push(type === 'rollback' ? type : sdp);
      await null;
      this.signalingState = type === 'rollback' ? 'stable' : 'have-local-offer';
    }

    async setRemoteDescription({ sdp }) {
      assert.equal(this.signalingState, 'have-local-offer');
      await null;
      done.push(sdp.includes('a=ptime:60') ? 'answer, small' : 'answer');
      this.signalingState = 'stable';
    }
  }
  const peer = new Peer({
    slots: { audio: 1, video: 1 },
    changed: () => {},
    h264First: Promise.resolve(false),
    RTCPeerConnection: FakeConnection,
  });
  return { peer, done };
}

const ANSWER = { sdp: 'm=audio 9\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 usedtx=1\r\n', slots: [] };

test('sound is made small, and as it was, without asking anybody', async () => {
  const { peer, done } = negotiated();
  await peer.offer();
  await peer.accept(ANSWER);
  await peer.spareSound('small');
  await peer.spareSound('small');
  await peer.spareSound('usual');
  assert.deepEqual(done, ['offer', 'answer', 'offer', 'answer, small', 'offer', 'answer']);
});

test('while an offer is under way, its answer brings it', async () => {
  const { peer, done } = negotiated();
  await peer.spareSound('small');
  assert.deepEqual(done, [], 'there is nothing yet to be taken again');
  await peer.offer();
  await peer.spareSound('usual');
  await peer.spareSound('small');
  await peer.accept(ANSWER);
  assert.deepEqual(done, ['offer', 'answer, small']);
});

test('where no answer may be waited for, an offer that is under way is withdrawn, and whoever made it hears of it', async () => {
  const { peer, done } = negotiated();
  await peer.offer();
  await peer.accept(ANSWER);
  await peer.offer({ restart: true });
  assert.equal(await peer.spareSound('small'), false, 'its answer brings it');
  assert.equal(await peer.spareSound('small', { now: true }), true);
  assert.equal(await peer.spareSound('small', { now: true }), false);
  assert.deepEqual(done.slice(2), ['offer, restarted', 'rollback', 'offer', 'answer, small']);
});

test('an offer waits for what is taken again, and does not get its answer', async () => {
  const { peer, done } = negotiated();
  await peer.offer();
  await peer.accept(ANSWER);
  const spared = peer.spareSound('small');
  const offered = peer.offer({ restart: true });
  await Promise.all([spared, offered]);
  assert.deepEqual(done.slice(2), ['offer', 'answer, small', 'offer, restarted']);
});
