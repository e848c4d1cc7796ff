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
