import assert from 'node:assert/strict';
import test from 'node:test';

import {
  MODE,
  generateKeyPair,
  keySchedule,
  openAuth,
  openBase,
  sealAuth,
  sealBase,
} from '../../web/js/e2ee/hpke.js';
import { sealingInfo, transcript } from '../../web/js/e2ee/transcript.js';
import { bytes, fault, hex, vectors } from './e2ee-fakes.mjs';

const CURVE = { name: 'ECDH', namedCurve: 'P-256' };
const INFO = bytes('aa bb');
const AAD = bytes('cc');
const PLAINTEXT = bytes('01 02 03');
const MESSAGE = { info: INFO, aad: AAD, plaintext: PLAINTEXT };

const VECTORS = vectors('hpke').filter((one) => one.kem_id === 16 && one.kdf_id === 1 && one.aead_id === 1);

/** The key pair of a vector, from its scalar and its point. */
async function pair(scalar, point) {
  const publicKey = bytes(point);
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)];
  const jwk = { kty: 'EC', crv: 'P-256', d: base64url(bytes(scalar)), x: base64url(x), y: base64url(y) };
  return { privateKey: await crypto.subtle.importKey('jwk', jwk, CURVE, false, ['deriveBits']), publicKey };
}

const base64url = (part) => Buffer.from(part).toString('base64url');

test('the vectors are there', () => assert.deepEqual(VECTORS.map(({ mode }) => mode), [MODE.base, MODE.auth]));

for (const vector of VECTORS) {
  const auth = vector.mode === MODE.auth;
  const [{ aad, pt, ct }] = vector.encryptions;
  const message = { info: bytes(vector.info), aad: bytes(aad), plaintext: bytes(pt) };

  test(`mode ${vector.mode}: key and nonce are those that RFC 9180 prints`, async () => {
    const derived = await keySchedule(vector.mode, bytes(vector.shared_secret), bytes(vector.info));
    assert.deepEqual([hex(derived.key), hex(derived.baseNonce)], [vector.key, vector.base_nonce]);
  });

  test(`mode ${vector.mode}: seals as RFC 9180 prints it`, async () => {
    const means = { ephemeral: () => pair(vector.skEm, vector.pkEm) };
    const receiver = bytes(vector.pkRm);
    const sealed = auth
      ? await sealAuth(await pair(vector.skSm, vector.pkSm), receiver, message, means)
      : await sealBase(receiver, message, means);
    assert.deepEqual([hex(sealed.enc), hex(sealed.ciphertext)], [vector.enc, ct]);
  });

  test(`mode ${vector.mode}: opens what RFC 9180 prints`, async () => {
    const receiver = await pair(vector.skRm, vector.pkRm);
    const sealed = { enc: bytes(vector.enc), ciphertext: bytes(ct), info: message.info, aad: message.aad };
    const opened = auth ? await openAuth(receiver, bytes(vector.pkSm), sealed) : await openBase(receiver, sealed);
    assert.equal(hex(opened), pt);
  });
}

test('what one seals for another, the other opens; twice the same is never sealed the same', async () => {
  const [one, other] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const first = await sealAuth(one, other.publicKey, MESSAGE);
  const second = await sealAuth(one, other.publicKey, MESSAGE);
  for (const sealed of [first, second]) {
    assert.deepEqual(await openAuth(other, one.publicKey, { ...sealed, info: INFO, aad: AAD }), PLAINTEXT);
  }
  assert.notDeepEqual(first.enc, second.enc);
  assert.notDeepEqual(first.ciphertext, second.ciphertext);
  const bare = await sealBase(other.publicKey, { info: INFO, plaintext: PLAINTEXT });
  assert.deepEqual(await openBase(other, { ...bare, info: INFO }), PLAINTEXT);
});

test('another sender, receiver, purpose or mode opens nothing', async () => {
  const [one, other, third] = await Promise.all([generateKeyPair(), generateKeyPair(), generateKeyPair()]);
  const sealed = { ...(await sealAuth(one, other.publicKey, MESSAGE)), info: INFO, aad: AAD };
  const refused = fault('not-authentic');
  await assert.rejects(openAuth(other, third.publicKey, sealed), refused);
  await assert.rejects(openAuth(third, one.publicKey, sealed), refused);
  await assert.rejects(openAuth(other, one.publicKey, { ...sealed, info: bytes('aa') }), refused);
  await assert.rejects(openAuth(other, one.publicKey, { ...sealed, aad: undefined }), refused);
  await assert.rejects(openBase(other, sealed), refused);
  const anybodys = { ...(await sealBase(other.publicKey, MESSAGE)), info: INFO, aad: AAD };
  await assert.rejects(openAuth(other, one.publicKey, anybodys), refused);
});

test('no bit can be changed, and nothing be cut off', async () => {
  const [one, other] = await Promise.all([generateKeyPair(), generateKeyPair()]);
  const sealed = { ...(await sealAuth(one, other.publicKey, MESSAGE)), info: INFO, aad: AAD };
  const isHpkeError = (error) => error.name === 'HpkeError';
  for (const part of ['enc', 'ciphertext']) {
    for (let bit = 0; bit < sealed[part].length * 8; bit += part === 'enc' ? 7 : 1) {
      const changed = sealed[part].slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      const opening = openAuth(other, one.publicKey, { ...sealed, [part]: changed });
      await assert.rejects(opening, isHpkeError, `${part} ${bit}`);
    }
    for (let length = 0; length < sealed[part].length; length++) {
      const cut = { ...sealed, [part]: sealed[part].slice(0, length) };
      await assert.rejects(openAuth(other, one.publicKey, cut), isHpkeError);
    }
  }
});

test('keys that are no points of the curve are refused before anything is done with them', async () => {
  const good = await generateKeyPair();
  const off = good.publicKey.slice();
  off[64] ^= 1;
  const compressed = Uint8Array.of(2 + (good.publicKey[64] & 1), ...good.publicKey.subarray(1, 33));
  const hybrid = good.publicKey.slice();
  hybrid[0] = 6 + (good.publicKey[64] & 1);
  for (const bad of [off, compressed, hybrid, new Uint8Array(65), bytes('00'), new Uint8Array()]) {
    await assert.rejects(sealAuth(good, bad, MESSAGE), fault('malformed'));
    await assert.rejects(sealBase(bad, MESSAGE), fault('malformed'));
    const sealed = { ...(await sealAuth(good, good.publicKey, MESSAGE)), info: INFO, aad: AAD };
    await assert.rejects(openAuth(good, bad, sealed), fault('malformed'));
    await assert.rejects(openAuth(good, good.publicKey, { ...sealed, enc: bad }), fault('malformed'));
  }
});

test('a private key cannot be exported', async () => {
  const { privateKey, publicKey } = await generateKeyPair();
  assert.equal(privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey('jwk', privateKey));
  assert.deepEqual([publicKey.length, publicKey[0]], [65, 4]);
});

test('values are told apart by their lengths', () => {
  assert.equal(hex(transcript('ab', Uint8Array.of(1), '')), '0002' + '6162' + '0001' + '01' + '0000');
  assert.equal(hex(transcript('ä')), '0002c3a4');
  assert.notDeepEqual(transcript('ab', 'c'), transcript('a', 'bc'));
  assert.equal(transcript(new Uint8Array(0xffff)).length, 0x10001);
  assert.throws(() => transcript(new Uint8Array(0x10000)), RangeError);
});

test('what is sealed in one handshake or direction has another info than in any other', () => {
  const [senderNonce, receiverNonce] = [bytes('11'.repeat(32)), bytes('22'.repeat(32))];
  const handshake = { session: 'consult-1', sender: 'a', receiver: 'b', senderNonce, receiverNonce };
  const expected = `000e${hex(Buffer.from('TheraBook e2ee'))}0009${hex(Buffer.from('consult-1'))}00016100016200`;
  assert.ok(hex(sealingInfo(handshake)).startsWith(expected));
  const back = { sender: 'b', receiver: 'a', senderNonce: receiverNonce, receiverNonce: senderNonce };
  const infos = [{}, { session: 'consult-2' }, { senderNonce: bytes('33'.repeat(32)) }, back];
  assert.equal(new Set(infos.map((other) => hex(sealingInfo({ ...handshake, ...other })))).size, infos.length);
});
