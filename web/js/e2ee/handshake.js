// @ts-check
/**
 * One side of the handshake that gives two people keys and names of each other (docs/e2ee.md, "Keys").
 *
 * 1. A nonce is revealed once, and only after the other side's commitment is here. If another commitment comes later,
 *    there is a new nonce. So whoever commits does so without knowing what it will be put together with.
 * 2. It is revealed as soon as the other side has shown that it has this side's commitment, by naming it.
 * 3. A commitment that names another than this side's is answered with this side's; one that names it is not. So two
 *    that begin at once, or again, come to an end.
 * 4. Both have agreed when each has the other's reveal for the same two commitments. What is sealed then is numbered,
 *    and numbers rise.
 * 5. What may have been lost is said again, with the same nonce. Whoever had it keeps what was agreed.
 * 6. There are only so many nonces with one other: each is a try for somebody in the middle to get the same words.
 *
 * Not here: with whom there is one and when, what is done with names and keys (`agreement.js`), how letters travel.
 */

import { code, commitment, fits } from './code.js';
import { HpkeError, openAuth, sealAuth } from './hpke.js';
import { BadLetter, readContent, readLetter, writeContent, writeLetter } from './letters.js';
import { sealingInfo } from './transcript.js';

/** @typedef {import('./sframe.js').Bytes} Bytes */
/** @typedef {import('./hpke.js').KeyPair} KeyPair */
/** @typedef {import('./letters.js').Content} Content */

/**
 * Of one side with one other, in one page. Somebody in the middle who uses up those of both sides has a chance of one
 * in 33 million. A lost socket costs none; people load pages again less often than this.
 */
export const MOST_NONCES = 64;
const NONCE = 32;

/**
 * @typedef {object} Side  what a handshake tells its owner, in the order in which it happens
 * @property {(letter: Bytes) => void} send
 * @property {(other: {publicKey: Bytes, words: string[]}) => void} agreed  all that was sealed before may be lost
 * @property {() => void} misfit  the other has revealed something else than it had committed to: a letter was forged
 * @property {(content: Content) => void} opened
 */

export class Handshake {
  #session;
  #me;
  #other;
  #identity;
  #side;
  #random;
  #begun = false;
  #budget;
  /** @type {Bytes} */
  #nonce = new Uint8Array();
  /** @type {Bytes} */
  #mine = new Uint8Array();
  #revealed = false;
  /** @type {Bytes | null} their commitment */
  #theirs = null;
  /** @type {{publicKey: Bytes, nonce: Bytes} | null} what fits it; then mine is revealed too */
  #peer = null;
  #sent = 0;
  #keysSent = 0;
  #last = -1;
  #lastKey = -1;
  /** @type {Promise<void>} what is done is done one after the other */
  #queue = Promise.resolve();
  #over = false;

  /**
   * @param {{session: string, me: string, other: string, identity: KeyPair, side: Side, budget?: {nonces: number},
   *          random?: (bytes: number) => Bytes}} parts  `me`, `other`: ids · `budget`: what is left with `other`
   */
  constructor({ session, me, other, identity, side, budget = { nonces: MOST_NONCES }, random = randomBytes }) {
    this.#budget = budget;
    this.#session = session;
    this.#me = me;
    this.#other = other;
    this.#identity = identity;
    this.#side = side;
    this.#random = random;
  }

  /** Sends the commitment, with a new nonce: begins, or begins anew. */
  begin() {
    return this.#then(async () => {
      await this.#renew();
      this.#theirs = null;
      this.#commit();
    });
  }

  /**
   * What was on its way may be lost: the other side is told again what it has to have of this one by now. What was
   * sealed is not among it.
   */
  again() {
    return this.#then(async () => {
      // After a forgery only another nonce leads on: this one was revealed to whoever forged.
      if (!this.#begun || (this.#revealed && !this.#theirs)) await this.#renew();
      this.#commit();
      if (this.#revealed) this.#reveal();
    });
  }

  /**
   * What the other side, or somebody else, has sent. What is out of place or forged changes nothing.
   * @param {Bytes} data
   */
  take(data) {
    return this.#then(async () => {
      const letter = readLetter(data);
      if (letter.kind === 'commit') await this.#takeCommit(letter);
      else if (letter.kind === 'reveal') await this.#takeReveal(letter);
      else await this.#takeSealed(letter);
    });
  }

  /** @param {string} name */
  sendName(name) {
    return this.#seal(() => ({ kind: 'name', name }));
  }

  /** @param {import('./epochs.js').SenderKey} key */
  sendKey({ kid, key }) {
    return this.#seal(() => ({ kind: 'key', kid, key, sequence: this.#keysSent++ }));
  }

  /** @param {number} kid */
  sendHave(kid) {
    return this.#seal(() => ({ kind: 'have', kid }));
  }

  /** Nothing is told or sent any more. */
  end() {
    this.#over = true;
  }

  /** @param {import('./letters.js').Commit} letter */
  async #takeCommit(letter) {
    if (fits(letter.commitment, this.#mine)) return; // my own, sent back
    if (!this.#theirs || !fits(letter.commitment, this.#theirs)) {
      if (this.#revealed || !this.#begun) await this.#renew();
      this.#theirs = letter.commitment;
    }
    // Also when it comes once more, as what answered it may have been lost.
    if (letter.answers && fits(letter.answers, this.#mine)) this.#reveal();
    else if (!this.#revealed) this.#commit();
  }

  /** @param {import('./letters.js').Reveal} letter */
  async #takeReveal(letter) {
    if (!this.#theirs || this.#peer || !fits(letter.answers, this.#mine)) return;
    const other = { id: this.#other, publicKey: letter.public, nonce: letter.nonce };
    if (!fits(await commitment(this.#session, other), this.#theirs) || !(await isPoint(letter.public))) {
      this.#theirs = null;
      this.#tell((side) => side.misfit());
      return;
    }
    if (!this.#revealed) this.#reveal();
    this.#peer = other;
    const me = { id: this.#me, publicKey: this.#identity.publicKey, nonce: this.#nonce };
    const words = await code(this.#session, me, other);
    this.#tell((side) => side.agreed({ publicKey: other.publicKey, words }));
  }

  /** @param {import('./letters.js').Sealed} letter */
  async #takeSealed({ enc, ciphertext, sequence }) {
    const peer = this.#peer;
    if (!peer || sequence <= this.#last) return;
    const info = sealingInfo({
      session: this.#session,
      sender: this.#other,
      receiver: this.#me,
      senderNonce: peer.nonce,
      receiverNonce: this.#nonce,
    });
    const aad = numbered(sequence);
    const content = readContent(await openAuth(this.#identity, peer.publicKey, { enc, ciphertext, info, aad }));
    if (content.kind === 'key') {
      if (content.sequence <= this.#lastKey) return;
      this.#lastKey = content.sequence;
    }
    this.#last = sequence;
    this.#tell((side) => side.opened(content));
  }

  /** @param {() => Content} make  in its turn */
  #seal(make) {
    return this.#then(async () => {
      const peer = this.#peer;
      if (!peer) return; // it has begun anew: its owner is told when there is an agreement again
      const info = sealingInfo({
        session: this.#session,
        sender: this.#me,
        receiver: this.#other,
        senderNonce: this.#nonce,
        receiverNonce: peer.nonce,
      });
      const sequence = this.#sent++;
      const message = { info, aad: numbered(sequence), plaintext: writeContent(make()) };
      this.#send({ kind: 'sealed', ...(await sealAuth(this.#identity, peer.publicKey, message)), sequence });
    });
  }

  /** A new nonce, that nobody has seen. */
  async #renew() {
    if (this.#budget.nonces <= 0) throw new BadLetter('too often');
    this.#budget.nonces--;
    this.#begun = true;
    this.#nonce = this.#random(NONCE);
    const me = { id: this.#me, publicKey: this.#identity.publicKey, nonce: this.#nonce };
    this.#mine = await commitment(this.#session, me);
    this.#revealed = false;
    this.#peer = null;
    this.#sent = this.#keysSent = 0;
    this.#last = this.#lastKey = -1;
  }

  #commit() {
    const answers = this.#theirs;
    this.#send({ kind: 'commit', commitment: this.#mine, ...(answers ? { answers } : {}) });
  }

  #reveal() {
    if (!this.#theirs) throw new Error('nothing is revealed to nobody');
    this.#revealed = true;
    this.#send({ kind: 'reveal', public: this.#identity.publicKey, nonce: this.#nonce, answers: this.#theirs });
  }

  /** @param {import('./letters.js').Letter} letter */
  #send(letter) {
    this.#tell((side) => side.send(writeLetter(letter)));
  }

  /** @param {(side: Side) => void} tell */
  #tell(tell) {
    if (!this.#over) tell(this.#side);
  }

  /**
   * @param {() => Promise<void>} act  a letter that nobody sends who follows the protocol ends it, and nothing else
   * @returns {Promise<void>}
   */
  #then(act) {
    const turn = async () => {
      if (this.#over) return;
      try {
        await act();
      } catch (error) {
        if (!(error instanceof BadLetter || error instanceof HpkeError)) throw error;
      }
    };
    const done = this.#queue.then(turn);
    this.#queue = done.catch(() => {});
    return done;
  }
}

/** @param {Bytes} publicKey */
async function isPoint(publicKey) {
  try {
    await crypto.subtle.importKey('raw', publicKey, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
    return publicKey[0] === 4;
  } catch {
    return false;
  }
}

/** @param {number} sequence */
function numbered(sequence) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(sequence));
  return bytes;
}

/** @param {number} bytes */
function randomBytes(bytes) {
  return crypto.getRandomValues(new Uint8Array(bytes));
}
