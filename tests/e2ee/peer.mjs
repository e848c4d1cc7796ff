/**
 * The web client's end of the tests that put it and the server's Python together (`test_interop.py`).
 *
 * Reads one JSON object a line from stdin and writes one a line to stdout, in the same order. Bytes are hexadecimal.
 * What goes wrong comes back as {"error": ...}: the fault of a `FrameError` or `HpkeError`, or the message of another.
 *
 *   encrypt  key, kid, ctr, codec, source, frame -> frame
 *            codec: opus, VP8, VP9, H264, chat; source: 1 to 4; ctr: the counter, 0 if left out
 *   decrypt  key, kid, codec, source, frame -> frame        what was opened before in this process does not count
 *   red      key, kid, frame -> frame, redundant             an RFC 2198 payload; redundant: how many copies are left
 *   seal     sender_private, sender_public, receiver_public, info, aad, plaintext -> enc, ciphertext
 *   open     receiver_private, receiver_public, sender_public, enc, info, aad, ciphertext -> plaintext
 *            HPKE in mode Auth; private keys are the 32 bytes of the scalar, public ones 65 bytes
 *   commit   session, id, public, nonce -> commitment
 *   code     session, people: [{id, public, nonce}, {id, public, nonce}] -> words, numbers
 *            numbers: where the words are in the list, 0 to 255
 *   begin    session, me, other, private, public -> letters, agreed, opened
 *            a side of a handshake, which takes the place of the one that `me` had; the same comes back from the next:
 *   again    me                    messages may have been lost
 *   take     me, letter
 *   tell     me, name
 *            letters: to the other side; agreed: the numbers of each code; opened: names that came
 */

import { createInterface } from 'node:readline';

import { code, commitment } from '../../web/js/e2ee/code.js';
import { SOURCE, decryptFrame, decryptRed, encryptFrame } from '../../web/js/e2ee/frames.js';
import { Handshake } from '../../web/js/e2ee/handshake.js';
import { openAuth, sealAuth } from '../../web/js/e2ee/hpke.js';
import { ReceivingContext, SendingContext } from '../../web/js/e2ee/sframe.js';
import { WORDS } from '../../web/js/e2ee/words.js';

const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (buffer) => Buffer.from(buffer).toString('hex');
const base64url = (buffer) => Buffer.from(buffer).toString('base64url');

async function pair(scalar, point) {
  const publicKey = bytes(point);
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map(base64url);
  const jwk = { kty: 'EC', crv: 'P-256', d: base64url(bytes(scalar)), x, y };
  const curve = { name: 'ECDH', namedCurve: 'P-256' };
  return { privateKey: await crypto.subtle.importKey('jwk', jwk, curve, false, ['deriveBits']), publicKey };
}

async function receiving({ key, kid }) {
  const context = new ReceivingContext();
  await context.add(kid, bytes(key));
  return context;
}

const revealed = (person) => ({ id: person.id, publicKey: bytes(person.public), nonce: bytes(person.nonce) });

/** Sides of handshakes, by whose they are, with what they have said and were told. */
const sides = new Map();

async function shaking(me, act) {
  const side = sides.get(me);
  await act(side.handshake);
  const { letters, agreed, opened } = side;
  Object.assign(side, { letters: [], agreed: [], opened: [] });
  return { letters: letters.map(hex), agreed, opened };
}

const operations = {
  async encrypt({ key, kid, ctr = 0, codec, source, frame }) {
    const context = await SendingContext.create(bytes(key), kid, { first: ctr });
    return { frame: hex(await encryptFrame(context, bytes(frame).buffer, codec, source)) };
  },
  async decrypt({ codec, source, frame, ...keys }) {
    const opened = await decryptFrame(await receiving(keys), bytes(frame).buffer, codec, source);
    return { frame: hex(opened.frame) };
  },
  async red({ frame, ...keys }) {
    const opened = await decryptRed(await receiving(keys), bytes(frame).buffer, SOURCE.microphone);
    return { frame: hex(opened.frame), redundant: opened.redundant };
  },
  async seal({ sender_private, sender_public, receiver_public, info, aad, plaintext }) {
    const message = { info: bytes(info), aad: bytes(aad), plaintext: bytes(plaintext) };
    const sealed = await sealAuth(await pair(sender_private, sender_public), bytes(receiver_public), message);
    return { enc: hex(sealed.enc), ciphertext: hex(sealed.ciphertext) };
  },
  async open({ receiver_private, receiver_public, sender_public, enc, info, aad, ciphertext }) {
    const sealed = { enc: bytes(enc), info: bytes(info), aad: bytes(aad), ciphertext: bytes(ciphertext) };
    const receiver = await pair(receiver_private, receiver_public);
    return { plaintext: hex(await openAuth(receiver, bytes(sender_public), sealed)) };
  },
  async commit({ session, ...person }) {
    return { commitment: hex(await commitment(session, revealed(person))) };
  },
  async code({ session, people: [one, other] }) {
    const words = await code(session, revealed(one), revealed(other));
    return { words, numbers: words.map((word) => WORDS.indexOf(word)) };
  },
  async begin({ session, me, other, private: scalar, public: point }) {
    const side = { letters: [], agreed: [], opened: [] };
    side.handshake = new Handshake({
      session,
      me,
      other,
      identity: await pair(scalar, point),
      side: {
        send: (letter) => side.letters.push(letter),
        agreed: ({ words }) => side.agreed.push(words.map((word) => WORDS.indexOf(word))),
        misfit: () => {
          throw new Error('nobody forges here');
        },
        opened: ({ name }) => side.opened.push(name),
      },
    });
    sides.set(me, side);
    return shaking(me, (handshake) => handshake.begin());
  },
  async again({ me }) {
    return shaking(me, (handshake) => handshake.again());
  },
  async take({ me, letter }) {
    return shaking(me, (handshake) => handshake.take(bytes(letter)));
  },
  async tell({ me, name }) {
    return shaking(me, (handshake) => handshake.sendName(name));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...fields } = JSON.parse(line);
  const answer = await operations[op](fields).catch((error) => ({ error: error.fault ?? error.message }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
