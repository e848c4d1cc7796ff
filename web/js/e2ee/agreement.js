// @ts-check
/**
 * With whom keys and names are exchanged (docs/e2ee.md, "Keys"): handshakes begun and ended as people come and go,
 * names and keys taken, words to compare, and to whom the own key goes.
 *
 * - Names go to everybody whom one may know of; keys only to people who are present, and to the recorder only while it
 *   may have them and the own person has agreed, of which this page alone is the judge.
 * - There is one handshake with each other. Whenever a socket was lost, theirs or the own one, it is said again, and so
 *   are the name and those keys of which nobody has said that they came. If a page was lost too, the other side begins
 *   anew, and it is agreed again.
 * - A public key that was compared stays compared for the call. Another one under the same id is told.
 * - What was forged is remembered until the words were compared, or a key is agreed on that had been.
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
 * @property {(id: string) => void} again                  `Epochs.again`
 * @property {(kid: number, key: Bytes) => void} add       a key of somebody who is present
 * @property {(number: number) => void} forget             of somebody who has gone, or has another now
 * @property {() => void} keep                             what was found has changed
 * @property {() => void} changed                          names or what is known of somebody
 */

/**
 * What there is with one other.
 * @typedef {object} Tie
 * @property {Handshake} handshake
 * @property {Other} other
 * @property {number} agreed   changes with each agreement; 0: there is none yet
 * @property {number} named    at which of these the own name was told; 0: it may be lost
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
  /** @type {import('./identity.js').Found} */
  #found;
  /** @type {Map<string, {nonces: number}>} what is left of them by id, for the whole call */
  #budgets = new Map();
  /** @type {Set<string>} who has revealed what did not fit, and nothing that did since */
  #misfits = new Set();
  #agreements = 0;

  /**
   * @param {{session: string, me: string, identity: KeyPair, host: AgreementHost,
   *          found?: import('./identity.js').Found,
   *          make?: (parts: ConstructorParameters<typeof Handshake>[0]) => Handshake}} parts  `me`: the own id ·
   *   `found`: what an earlier page of this call has, and what this one adds to
   */
  constructor({
    session,
    me,
    identity,
    host,
    found = { compared: new Map(), forged: new Set() },
    make = (parts) => new Handshake(parts),
  }) {
    this.#session = session;
    this.#me = me;
    this.#identity = identity;
    this.#host = host;
    this.#found = found;
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
    for (const [id, tie] of this.#ties) {
      const other = others.get(id);
      // Each recording has a recorder of its own.
      if (other && (id !== RECORDER || other.page === tie.other.page)) this.#meet(tie, other);
      else this.#cut(id, tie);
    }
    for (const [id, other] of others) if (!this.#ties.has(id)) this.#ties.set(id, this.#tie(other));
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
    for (const tie of this.#ties.values()) this.#again(tie);
    this.#tellHolders();
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
    const { compared } = this.#found;
    const key = this.#ties.get(id)?.publicKey;
    if (!key) return;
    compared.set(id, (compared.get(id) ?? new Set()).add(key));
    this.#found.forged.delete(id);
    this.#host.keep();
    this.#host.changed();
  }

  /**
   * @param {string} id
   * @returns {Known | null} null while there was no handshake
   */
  known(id) {
    const tie = this.#ties.get(id);
    if (!tie?.publicKey) return null;
    const before = this.#found.compared.get(id);
    const compared = before?.has(tie.publicKey) ?? false;
    return { words: tie.words, compared, changed: before !== undefined && !compared };
  }

  /** @param {string} id  whether what somebody has sent under this id last cannot be honest */
  isForged(id) {
    return this.#misfits.has(id);
  }

  /** @param {string} id  whether something was forged in this call, and whose keys are used was not made sure since */
  wasForged(id) {
    return this.#found.forged.has(id);
  }

  /** All is over. */
  close() {
    for (const [id, tie] of this.#ties) this.#cut(id, tie);
    this.#names.clear();
    this.#tellHolders();
  }

  /**
   * @param {Other} other
   * @returns {Tie}
   */
  #tie(other) {
    const budget = this.#budgets.get(other.id) ?? { nonces: MOST_NONCES };
    this.#budgets.set(other.id, budget);
    /** @type {Tie} */
    const tie = {
      other,
      agreed: 0,
      named: 0,
      publicKey: null,
      words: [],
      handshake: this.#make({
        session: this.#session,
        me: this.#me,
        other: other.id,
        identity: this.#identity,
        budget,
        side: {
          send: (letter) => this.#host.send(tie.other, toBase64Url(letter)),
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
   * @param {Tie} tie
   * @param {Other} other  as the server shows them now
   */
  #meet(tie, other) {
    const { number, page } = tie.other;
    tie.other = other;
    // Keys under the number before are nobody's any more, or somebody else's.
    if (number && number !== other.number) this.#host.forget(number);
    if (page !== other.page) this.#again(tie);
  }

  /**
   * What was agreed holds until there is another agreement: a lost socket stops no picture, and changes no words.
   * @param {Tie} tie
   */
  #again(tie) {
    void tie.handshake.again();
    tie.named = 0;
    this.#host.again(tie.other.id);
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
    const { id } = tie.other;
    tie.agreed = ++this.#agreements;
    tie.publicKey = publicKey;
    tie.words = words;
    this.#misfits.delete(id);
    if (this.known(id)?.compared && this.#found.forged.delete(id)) this.#host.keep();
    this.#tellHolders();
    this.#host.changed();
  }

  /** @param {string} id */
  #misfit(id) {
    this.#misfits.add(id);
    this.#found.forged.add(id);
    this.#host.keep();
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
