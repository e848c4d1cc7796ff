import assert from 'node:assert/strict';
import test from 'node:test';
import { inflateRawSync } from 'node:zlib';

import { pack } from '../../web/js/packed.js';

const SDP = 'v=0\r\n' + 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n'.repeat(100);

test('an offer is packed, far smaller, and nothing of it is lost', async () => {
  const { packed } = await pack(SDP);
  assert.match(packed, /^[A-Za-z0-9_-]+$/);
  assert.ok(packed.length < SDP.length / 5);
  assert.equal(inflateRawSync(Buffer.from(packed, 'base64url')).toString(), SDP);
});

test('a browser that cannot compress sends it as it is', async (t) => {
  t.after(() => Object.assign(globalThis, { CompressionStream: kept }));
  const kept = globalThis.CompressionStream;
  delete globalThis.CompressionStream;
  assert.deepEqual(await pack(SDP), { sdp: SDP });
});

test('so does one that knows no deflate without a header', async (t) => {
  const kept = globalThis.CompressionStream;
  t.after(() => Object.assign(globalThis, { CompressionStream: kept }));
  globalThis.CompressionStream = class {
    constructor(format) {
      throw new TypeError(`Unsupported compression format: '${format}'`);
    }
  };
  assert.deepEqual(await pack(SDP), { sdp: SDP });
});
