// @ts-check
/**
 * With whom keys and names are exchanged (docs/e2ee.md, "Keys"): handshakes begun and ended as people come and go, names
 * and keys taken, words to compare, and to whom the own key goes.
 *
 * - Names go to everybody whom one may know of; keys only to people who are present, and to the recorder only while it
 *   may have them and the own person has agreed, of which this page alone is the judge.
 * - A handshake begins anew with each page of the other side, which is each socket of theirs, and with each of one's own,
 *   as what was on its way is lost with it.
 * - A public key that was compared stays compared for the call. Another one under the same id is told.
 *
 * Not here: what a handshake is (`handshake.js`), when there is a new epoch (`epochs.js`), who is there (the server).
 */

import { toBase64Url, fromBase64Url, BadLetter } from './letters.js';
import { numberOf } from './frames.js';
import { Handshake, MOST_NONCES } from './handshake.js';

/** @typedef {import('./hpke.js').KeyPair} KeyPair */
/** @typedef {import('./sframe.js').Bytes} Bytes */

/** The id of the recorder, which no person has. */
export const RECORDER = 'recorder';

/**
 * Somebody as the server shows them.
 * @typedef {object} Other
 * @property {string} id
 * @property {number} number  their place in key ids
 * @property {number} page    changes with each page that they load
 */

/**
 * @typedef {object} Around
 * @property {readonly Other[]} present  who may have keys and names
 * @property {readonly Other[]} door     who may have names: those who wait, or those who let in
 * @property {number | null} recorder    the page of the one that there is to shake hands with
 */

/**
 * What is known of somebody with whom there was a handshake.
 * @typedef {object} Known
 * @property {readonly string[]} words   to compare
 * @property {boolean} compared          with this key, in this call
 * @property {boolean} changed           this is another key than one that was compared
 */

/**
 * @typedef {object} AgreementHost
 * @property {(to: Other, body: string) => void} send      by way of the server
 * @property {(holders: ReadonlyMap<string, number>) => void} holders  who is to have the own key: `Epochs.setHolders`
 * @property {(id: string, kid: number) => void} has       `Epochs.has`
 * @property {(kid: number, key: Bytes) => void} add       a key of somebody who is present
 * @property {(number: number) => void} forget             of somebody who has gone
 * @property {() => void} changed                          names or what is known of somebody
 */

/**
 * What there is with one other.
 * @typedef {object} Tie
 * @property {Handshake} handshake
 * @property {Other} other
 * @property {number} agreed   which agreement it is; 0: none yet
 * @property {number} named    with which of them the own name was told
 * @property {string | null} publicKey
 * @property {string[]} words
 */

export class Agreement {
  #session;
  #me;
  #identity;
  #host;
  #make;
  #name = '';
  /** @type {Around} */
  #around = { present: [], door: [], recorder: null };
  #recorded = false;
  /** @type {Map<string, Tie>} */
  #ties = new Map();
  /** @type {Map<string, string>} */
  #names = new Map();
  /** @type {import('./identity.js').Compared} */
  #compared;
  /** @type {Map<string, {nonces: number}>} what is left of them by id, for the whole call */
  #budgets = new Map();
  /** @type {Set<string>} who has revealed what did not fit */
  #misfits = new Set();
  #agreements = 0;

  /**
   * @param {{session: string, me: string, identity: KeyPair, host: AgreementHost,
   *          compared?: import('./identity.js').Compared,
   *          make?: (parts: ConstructorParameters<typeof Handshake>[0]) => Handshake}} parts  `me`: the own id ·
   *   `compared`: what an earlier page of this call has, and what `compare` adds to
   */
  constructor({ session, me, identity, host, compared = new Map(), make = (parts) => new Handshake(parts) }) {
    this.#session = session;
    this.#me = me;
    this.#identity = identity;
    this.#host = host;
    this.#compared = compared;
    this.#make = make;
  }

  /** Names that others have told, by id. */
  get names() {
    return this.#names;
  }

  /** @param {string} name  what the own person wants to be called */
  setName(name) {
    if (name === this.#name) return;
    this.#name = name;
    for (const tie of this.#ties.values()) tie.named = 0;
    this.#tellName();
  }

  /** @param {Around} around */
  follow(around) {
    this.#around = around;
    const others = new Map([...around.door, ...around.present].map((other) => [other.id, other]));
    if (around.recorder !== null) others.set(RECORDER, { id: RECORDER, number: 0, page: around.recorder });
    for (const [id, tie] of this.#ties) if (!others.has(id)) this.#cut(id, tie);
    for (const other of others.values()) {
      const tie = this.#ties.get(other.id);
      // Until there is another agreement the one before holds: a lost socket stops no picture.
      if (!tie) this.#ties.set(other.id, this.#tie(other, { agreed: 0, named: 0, publicKey: null, words: [] }));
      else if (tie.other.page !== other.page) this.#ties.set(other.id, this.#tie(other, tie));
    }
    for (const id of this.#names.keys()) if (!others.has(id)) this.#names.delete(id);
    this.#tellHolders();
  }

  /** @param {boolean} recorded  whether the recorder may have keys now, as far as the own person is concerned */
  setRecorded(recorded) {
    this.#recorded = recorded;
    this.#tellHolders();
  }

  /** There is another socket: what was on its way in either direction may be lost. */
  again() {
    for (const tie of this.#ties.values()) void tie.handshake.begin();
  }

  /**
   * @param {string} from
   * @param {string} body  of a message that the server has forwarded; it may have made it itself
   */
  receive(from, body) {
    const tie = this.#ties.get(from);
    if (!tie) return;
    try {
      void tie.handshake.take(fromBase64Url(body));
    } catch (error) {
      if (!(error instanceof BadLetter)) throw error;
    }
  }

  /**
   * @param {string} id
   * @param {import('./epochs.js').SenderKey} key
   */
  give(id, key) {
    void this.#ties.get(id)?.handshake.sendKey(key);
  }

  /** @param {string} id  whose words were compared, and are the same */
  compare(id) {
    const key = this.#ties.get(id)?.publicKey;
    if (!key) return;
    this.#compared.set(id, (this.#compared.get(id) ?? new Set()).add(key));
    this.#host.changed();
  }

  /**
   * @param {string} id
   * @returns {Known | null} null while there was no handshake
   */
  known(id) {
    const tie = this.#ties.get(id);
    if (!tie?.publicKey) return null;
    const before = this.#compared.get(id);
    const compared = before?.has(tie.publicKey) ?? false;
    return { words: tie.words, compared, changed: before !== undefined && !compared };
  }

  /** @param {string} id  whether somebody has sent under this id what cannot be honest */
  isForged(id) {
    return this.#misfits.has(id);
  }

  /** All is over. */
  close() {
    for (const [id, tie] of this.#ties) this.#cut(id, tie);
    this.#names.clear();
    this.#tellHolders();
  }

  /**
   * @param {Other} other
   * @param {Pick<Tie, 'agreed' | 'named' | 'publicKey' | 'words'> & {handshake?: Handshake}} before
   * @returns {Tie}
   */
  #tie(other, { agreed, named, publicKey, words, handshake }) {
    handshake?.end();
    const budget = this.#budgets.get(other.id) ?? { nonces: MOST_NONCES };
    this.#budgets.set(other.id, budget);
    /** @type {Tie} */
    const tie = {
      other,
      agreed,
      named,
      publicKey,
      words,
      handshake: this.#make({
        session: this.#session,
        me: this.#me,
        other: other.id,
        identity: this.#identity,
        budget,
        side: {
          send: (letter) => this.#host.send(other, toBase64Url(letter)),
          agreed: (found) => this.#agreed(tie, toBase64Url(found.publicKey), found.words),
          misfit: () => this.#misfit(other.id),
          opened: (content) => this.#opened(tie, content),
        },
      }),
    };
    void tie.handshake.begin();
    return tie;
  }

  /**
   * @param {string} id
   * @param {Tie} tie
   */
  #cut(id, tie) {
    tie.handshake.end();
    this.#ties.delete(id);
    if (tie.other.number) this.#host.forget(tie.other.number);
  }

  /**
   * @param {Tie} tie
   * @param {string} publicKey
   * @param {string[]} words
   */
  #agreed(tie, publicKey, words) {
    tie.agreed = ++this.#agreements;
    tie.publicKey = publicKey;
    tie.words = words;
    this.#misfits.delete(tie.other.id);
    this.#tellHolders();
    this.#host.changed();
  }

  /** @param {string} id */
  #misfit(id) {
    this.#misfits.add(id);
    this.#host.changed();
  }

  /**
   * @param {Tie} tie
   * @param {import('./letters.js').Content} content
   */
  #opened({ other, handshake }, content) {
    if (content.kind === 'name') {
      if (other.id === RECORDER || this.#names.get(other.id) === content.name) return;
      this.#names.set(other.id, content.name);
      this.#host.changed();
    } else if (content.kind === 'have') {
      this.#host.has(other.id, content.kid);
    } else if (other.number && numberOf(content.kid) === other.number && this.#isPresent(other)) {
      // Nobody can give a key under which another one is heard.
      this.#host.add(content.kid, content.key);
      void handshake.sendHave(content.kid);
    }
  }

  /** @param {Other} other */
  #isPresent({ id, number }) {
    const { present } = this.#around;
    return present.some((each) => each.id === id) && present.filter((each) => each.number === number).length === 1;
  }

  #tellHolders() {
    const holders = new Map();
    for (const [id, { agreed }] of this.#ties) if (agreed && this.#mayHaveKeys(id)) holders.set(id, agreed);
    this.#tellName();
    this.#host.holders(holders);
  }

  /** To everybody who does not know it; to the recorder only when it gets keys. */
  #tellName() {
    for (const [id, tie] of this.#ties) {
      if (!this.#name || !tie.agreed || tie.named === tie.agreed) continue;
      if (id === RECORDER && !this.#mayHaveKeys(id)) continue;
      tie.named = tie.agreed;
      void tie.handshake.sendName(this.#name);
    }
  }

  /** @param {string} id */
  #mayHaveKeys(id) {
    if (id === RECORDER) return this.#recorded;
    return this.#around.present.some((each) => each.id === id);
  }
}
