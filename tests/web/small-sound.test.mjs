import assert from 'node:assert/strict';
import test from 'node:test';

import { withSound } from '../../web/js/small-sound.js';

const SESSION = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n';
const sound = (mid, ...more) =>
  ['m=audio 9 UDP/TLS/RTP/SAVPF 111', `a=mid:${mid}`, 'a=rtpmap:111 opus/48000/2', ...more, ''].join('\r\n');
const FORMAT = 'a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1';
const PICTURE = ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:1', 'a=rtpmap:96 VP8/90000', ''].join('\r\n');

test('the microphone is told to take little, and nothing else is touched', () => {
  const before = SESSION + sound('0', FORMAT) + PICTURE + sound('3', FORMAT);
  const after = withSound('small', before, '0');
  const small = sound('0', `${FORMAT};maxaveragebitrate=16000`, 'a=ptime:60');
  assert.equal(after, SESSION + small + PICTURE + sound('3', FORMAT));
});

test('it can be smaller still, and as usual', () => {
  const before = SESSION + sound('0', FORMAT) + PICTURE;
  const least = SESSION + sound('0', `${FORMAT};maxaveragebitrate=10000`, 'a=ptime:120') + PICTURE;
  assert.equal(withSound('least', before, '0'), least);
  assert.equal(withSound('usual', before, '0'), before);
});

test('what the answer said of it before is replaced', () => {
  const before = SESSION + sound('0', `${FORMAT};maxaveragebitrate=32000`, 'a=ptime:20', 'a=maxptime:40');
  const small = SESSION + sound('0', `${FORMAT};maxaveragebitrate=16000`, 'a=ptime:60');
  assert.equal(withSound('small', before, '0'), small);
  assert.equal(withSound('small', small, '0'), small, 'twice is once');
});

test('sound of which nothing is said gets a line of its own', () => {
  assert.match(withSound('small', SESSION + sound('0'), '0'), /a=rtpmap:111 opus\/48000\/2\r\na=fmtp:111 maxaveragebitrate=16000\r\n/);
});

test('without a microphone, or without Opus, it is the same answer', () => {
  const before = SESSION + sound('0', FORMAT).replaceAll('opus', 'PCMU') + PICTURE;
  assert.equal(withSound('small', before, '0'), before);
  assert.equal(withSound('small', before, '1'), before);
  assert.equal(withSound('small', before, null), before);
});
