import assert from 'node:assert/strict';
import test from 'node:test';
import { Handshake, MOST_NONCES } from '../../web/js/e2ee/handshake.js';
import { generateKeyPair } from '../../web/js/e2ee/hpke.js';
import { readLetter, toBase64Url, writeLetter } from '../../web/js/e2ee/letters.js';

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** One side and what it was told; its letters go to `post`. */
class Person {
  agreed = [];
  opened = [];
  misfits = 0;

  constructor(me, other, identity, session = 'session-1') {
    this.post = [];
    this.identity = identity;
    this.handshake = new Handshake({
      session,
      me,
      other,
      identity,
      side: {
        send: (letter) => this.post.push(letter),
        agreed: (other) => this.agreed.push(other),
        misfit: () => this.misfits++,
        opened: (content) => this.opened.push(content),
      },
    });
  }

  get words() {
    return this.agreed.at(-1)?.words.join(' ');
  }
}

async function two() {
  const [one, other] = [await generateKeyPair(), await generateKeyPair()];
  return [new Person('a', 'b', one), new Person('b', 'a', other)];
}

/** Delivers letters, in an order that a seed chooses, until there are none. Returns how many there were. */
async function deliver(one, other, { seed = 1, twice = false } = {}) {
  let chance = seed;
  const next = () => (chance = (chance * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  let count = 0;
  while (one.post.length + other.post.length) {
    const [from, to] = (next() < 0.5 && one.post.length) || !other.post.length ? [one, other] : [other, one];
    const letter = from.post.shift();
    await to.handshake.take(letter);
    if (twice) await to.handshake.take(letter);
    assert.ok(++count < 100, 'it comes to no end');
  }
  return count;
}

test('one who begins and one who answers agree on keys and words', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  assert.equal(await deliver(a, b), 4);
  assert.equal(hex(a.agreed[0].publicKey), hex(b.identity.publicKey));
  assert.equal(hex(b.agreed[0].publicKey), hex(a.identity.publicKey));
  assert.equal(a.words, b.words);
  assert.equal(a.words.split(' ').length, 4);
});

for (let seed = 1; seed <= 40; seed++) {
  test(`two who begin at once agree, whatever comes first and twice (${seed})`, async () => {
    const [a, b] = await two();
    await Promise.all([a.handshake.begin(), b.handshake.begin()]);
    await deliver(a, b, { seed, twice: seed % 2 === 0 });
    assert.equal(a.words, b.words);
    assert.ok(a.words);
  });
}

test('what is said again, as it may have been lost, changes nothing for who has it', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await deliver(a, b);
  const words = a.words;
  await Promise.all([a.handshake.again(), b.handshake.again()]);
  await deliver(a, b);
  assert.deepEqual([a.agreed.length, b.agreed.length, a.words, b.words], [1, 1, words, words]);
  await a.handshake.sendName('Still');
  await deliver(a, b);
  assert.deepEqual(b.opened, [{ kind: 'name', name: 'Still' }]);
});

for (let lost = 0; lost < 4; lost++) {
  test(`a handshake of which letter ${lost} was lost comes to its end when both say it again`, async () => {
    const [a, b] = await two();
    await a.handshake.begin();
    for (let at = 0; at <= lost; at++) {
      const [from, to] = at % 2 ? [b, a] : [a, b];
      const letter = from.post.shift();
      if (at < lost) await to.handshake.take(letter);
    }
    await Promise.all([a.handshake.again(), b.handshake.again()]);
    await deliver(a, b);
    assert.equal(a.words, b.words);
    assert.ok(a.words);
  });
}

test('after a forgery a new beginning is made, with another nonce', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await b.handshake.take(a.post.shift());
  await a.handshake.take(b.post.shift());
  await b.handshake.take(writeLetter({ ...readLetter(a.post.shift()), nonce: new Uint8Array(32) }));
  assert.equal(b.misfits, 1);
  await Promise.all([a.handshake.again(), b.handshake.again()]);
  await deliver(a, b);
  assert.equal(a.words, b.words);
  assert.ok(a.words);
});

test('after a forgery who had revealed begins anew by itself, as the other side knows of nothing', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await b.handshake.take(a.post.shift());
  await a.handshake.take(b.post.shift());
  await b.handshake.take(a.post.shift());
  await a.handshake.take(writeLetter({ ...readLetter(b.post.shift()), nonce: new Uint8Array(32) }));
  assert.deepEqual([a.misfits, b.agreed.length], [1, 1]);
  await a.handshake.again();
  await deliver(a, b);
  assert.equal(a.words, b.words);
  assert.ok(a.words);
});

test('what was revealed and lost is revealed again when the other side names the commitment once more', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await b.handshake.take(a.post.shift());
  await a.handshake.take(b.post.shift());
  a.post.shift();
  await b.handshake.again();
  await deliver(a, b);
  assert.equal(a.words, b.words);
  assert.ok(a.words);
});

test('names, keys and what came of them go both ways', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await deliver(a, b);
  const key = crypto.getRandomValues(new Uint8Array(32));
  await a.handshake.sendName('Zoë 🦉');
  await a.handshake.sendKey({ kid: 300, key });
  await b.handshake.sendHave(300);
  await deliver(a, b);
  assert.deepEqual(b.opened, [{ kind: 'name', name: 'Zoë 🦉' }, { kind: 'key', kid: 300, key, sequence: 0 }]);
  assert.deepEqual(a.opened, [{ kind: 'have', kid: 300 }]);
});

test('a nonce is not shown before the other has committed to one', async () => {
  const [a] = await two();
  await a.handshake.begin();
  const [{ commitment }] = a.post.map(readLetter);
  const foreign = { kind: 'reveal', public: a.identity.publicKey, nonce: new Uint8Array(32), answers: commitment };
  await a.handshake.take(writeLetter(foreign));
  assert.deepEqual(a.post.map((letter) => readLetter(letter).kind), ['commit']);
});

test('a nonce that was shown is not used again: after another commitment there is a new one', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await deliver(a, b);
  const before = a.words;
  const again = new Person('b', 'a', b.identity);
  await again.handshake.begin();
  await deliver(a, again);
  assert.equal(a.words, again.words);
  assert.notEqual(a.words, before);
});

test('what was sealed for an earlier page is not taken by the next one', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await deliver(a, b);
  await a.handshake.sendName('Before');
  const [old] = a.post.splice(0);
  const reloaded = new Person('b', 'a', b.identity);
  await reloaded.handshake.begin();
  await deliver(a, reloaded);
  await reloaded.handshake.take(old);
  assert.deepEqual(reloaded.opened, []);
});

test('a sealed letter that comes again, or after a later one, is not taken', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await deliver(a, b);
  await a.handshake.sendHave(300);
  await a.handshake.sendHave(301);
  const [first, second] = a.post.splice(0);
  for (const each of [second, first, second]) await b.handshake.take(each);
  assert.deepEqual(b.opened, [{ kind: 'have', kid: 301 }]);
});

test('whoever reveals another key than was committed to is told of, and nothing is agreed', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await b.handshake.take(a.post.shift());
  await a.handshake.take(b.post.shift());
  const reveal = readLetter(a.post.shift());
  const foreign = await generateKeyPair();
  await b.handshake.take(writeLetter({ ...reveal, public: foreign.publicKey }));
  assert.equal(b.misfits, 1);
  assert.equal(b.agreed.length, 0);
});

test('somebody in the middle is seen by the words', async () => {
  const [a, b] = await two();
  const evil = await generateKeyPair();
  const [toA, toB] = [new Person('b', 'a', evil), new Person('a', 'b', evil)];
  await a.handshake.begin();
  await b.handshake.begin();
  await deliver(a, toA);
  await deliver(b, toB);
  assert.ok(a.words && b.words);
  assert.notEqual(a.words, b.words);
});

test('handshakes of two sessions have nothing to do with each other', async () => {
  const [a] = await two();
  const elsewhere = new Person('b', 'a', await generateKeyPair(), 'session-2');
  await a.handshake.begin();
  await deliver(a, elsewhere);
  assert.equal(a.agreed.length + elsewhere.agreed.length, 0);
});

test('somebody who commits again and again gets only so many nonces', async () => {
  const [a] = await two();
  await a.handshake.begin();
  for (let at = 0; at < 2 * MOST_NONCES; at++) {
    const { commitment } = a.post.map(readLetter).findLast(({ kind }) => kind === 'commit');
    const theirs = crypto.getRandomValues(new Uint8Array(32));
    await a.handshake.take(writeLetter({ kind: 'commit', commitment: theirs, answers: commitment }));
  }
  const shown = a.post.map(readLetter).filter(({ kind }) => kind === 'reveal');
  assert.equal(shown.length, MOST_NONCES);
  assert.equal(new Set(shown.map(({ nonce }) => hex(nonce))).size, MOST_NONCES);
});

test('after the end nothing is told and nothing sent', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await b.handshake.take(a.post.shift());
  b.handshake.end();
  await a.handshake.take(b.post.shift());
  await b.handshake.take(a.post.shift());
  assert.equal(b.post.length + b.agreed.length, 0);
});

const GARBAGE = [
  '',
  '[]',
  'null',
  '{"kind":"commit"}',
  '{"kind":"commit","commitment":5}',
  '{"kind":"constructor"}',
  '{"kind":"__proto__"}',
  '{"kind":"have","kid":300}',
  `{"kind":"commit","commitment":"${'A'.repeat(42)}"}`,
  `{"kind":"commit","commitment":"${'A'.repeat(42)}B"}`,
  `{"kind":"commit","commitment":"${'A'.repeat(43)}","more":1}`,
  `{"kind":"reveal","public":"${'A'.repeat(87)}","nonce":"${'A'.repeat(43)}"}`,
  `{"kind":"sealed","enc":"${'A'.repeat(87)}","ciphertext":"${'A'.repeat(22)}","sequence":-1}`,
  `{"kind":"sealed","enc":"${'A'.repeat(87)}","ciphertext":"${'A'.repeat(22)}","sequence":1.5}`,
  `{"kind":"sealed","enc":"${'A'.repeat(87)}","ciphertext":"${'A'.repeat(22)}","sequence":1}`,
  `{"kind":"commit","commitment":"${'A'.repeat(5000)}"}`,
];

for (const text of GARBAGE) {
  test(`nothing comes of ${JSON.stringify(text.slice(0, 50))}`, async () => {
    const [a, b] = await two();
    await a.handshake.begin();
    await deliver(a, b);
    const before = a.words;
    await a.handshake.take(new TextEncoder().encode(text));
    await a.handshake.take(Uint8Array.of(0xff, 0xfe));
    assert.equal(a.post.length, 0);
    assert.equal(a.words, before);
    await a.handshake.sendHave(300);
    await deliver(a, b);
    assert.deepEqual(b.opened, [{ kind: 'have', kid: 300 }]);
  });
}

test('a letter is as long as the server takes', async () => {
  const [a, b] = await two();
  await a.handshake.begin();
  await deliver(a, b);
  await a.handshake.sendName('🦉'.repeat(60));
  assert.ok(toBase64Url(a.post[0]).length < 4096);
  await deliver(a, b);
  assert.equal(b.opened[0].name.length, 120);
});
