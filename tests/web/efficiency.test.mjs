import assert from 'node:assert/strict';
import test from 'node:test';

import { frameRateFor, isHandheld, prefersH264 } from '../../web/js/efficiency.js';

const PICTURE = { width: 1280, height: 720, frameRate: 24, bitrate: 1_500_000 };

/** A device whose hardware encodes these codecs. */
const hardware = (...codecs) => ({
  encodingInfo: async ({ type, video }) => {
    assert.equal(type, 'webrtc');
    const efficient = codecs.some((codec) => video.contentType.startsWith(`video/${codec}`));
    return { supported: true, smooth: true, powerEfficient: efficient };
  },
});

test('H264 is sent only by a phone whose hardware knows it and does not know VP8', async () => {
  assert.equal(await prefersH264(PICTURE, hardware('H264'), true), true);
  assert.equal(await prefersH264(PICTURE, hardware('H264', 'VP8'), true), false);
  assert.equal(await prefersH264(PICTURE, hardware(), true), false);
  assert.equal(await prefersH264(PICTURE, hardware('H264'), false), false, 'a laptop is plugged in');
});

test('where it cannot be told VP8 stays', async () => {
  const refusing = {
    encodingInfo: async () => {
      throw new TypeError('webrtc is no type');
    },
  };
  assert.equal(await prefersH264(PICTURE, refusing, true), false);
  assert.equal(await prefersH264(PICTURE, {}, true), false);
});

test('what hardware encodes but not smoothly is not preferred', async () => {
  const slow = {
    encodingInfo: async ({ video }) => ({
      supported: true,
      smooth: false,
      powerEfficient: video.contentType.startsWith('video/H264'),
    }),
  };
  assert.equal(await prefersH264(PICTURE, slow, true), false);
});

test('a phone captures 24 pictures a second, unless the clinic wants fewer', () => {
  assert.equal(frameRateFor(30, true), 24);
  assert.equal(frameRateFor(15, true), 15);
  assert.equal(frameRateFor(30, false), 30);
  globalThis.matchMedia = (query) => ({ matches: query.includes('coarse') });
  assert.equal(isHandheld(), true);
});
