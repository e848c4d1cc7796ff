// @ts-check
/**
 * End-to-end encryption of one person's call (docs/e2ee.md): what the server shows and forwards on one side, the worker
 * through which all frames pass on the other.
 *
 * It is there before anybody has joined, as senders and receivers are; until keys are agreed on nothing passes. Whether
 * the session may be in the clear is decided when one joins and never loosened.
 *
 * Not here: handshakes (`agreement.js`), epochs (`epochs.js`), frames (`cryptor.js`), what people see of it.
 */

import { systemClock } from '../clock.js';
import { Agreement, RECORDER } from './agreement.js';
import { Epochs } from './epochs.js';
import { Identities } from './identity.js';
import { UNNAMED_WAIT } from './names.js';
import { configurationFor, lead, wayOf } from './pipes.js';
import { startWorker } from './start-worker.js';
import { Yes } from './yes.js';

/** @typedef {import('../messages.js').State} ServerState */
/** @typedef {import('./agreement.js').Known} Known */
/** @typedef {import('./cryptor.js').Order} Order */

/**
 * What is known of somebody; `words` is empty while there was no agreement.
 * @typedef {Known & {forged: boolean, tried: boolean, unopened: boolean}} Person  `forged`: what came last in their
 *   name is not honest · `tried`: that was so in this call, and whose keys are used was not made sure since ·
 *   `unopened`: what they send cannot be opened
 */

/**
 * What pages see of it.
 * @typedef {object} Encrypted
 * @property {'on' | 'clear' | 'impossible'} state  `clear`: somebody's browser cannot encrypt, and nothing is encrypted
 *   end to end. `impossible`: this browser cannot
 * @property {Readonly<Record<string, Person>>} people  by id, of whom there is an agreement with, and of whom something
 *   was forged
 * @property {boolean} recorder  whether the recorder has keys from here
 */

/**
 * @typedef {object} Picture
 * @property {(held: boolean) => void} hold  is not to be encoded: it would go nowhere
 * @property {() => void} refresh            begins anew
 */

/** @typedef {{me: string, seat: string, session: string, identity: Promise<import('./identity.js').Identity>}} Seat */

/** @type {Encrypted} */
export const NOT_YET = Object.freeze({ state: 'on', people: Object.freeze({}), recorder: false });

/**
 * @typedef {object} EncryptionHost
 * @property {(message: import('../messages.js').ClientMessage) => void} send
 * @property {() => void} changed  `encrypted` or `names`
 */

/** Milliseconds for which somebody's yes waits for the recording that they ask for themselves. */
export const YES_WAITS = 10_000;

export class Encryption {
  #host;
  #clock;
  #identities;
  #yes;
  #way;
  /** @type {Worker | null} */
  #worker = null;
  #makeWorker;
  /** @type {Agreement | null} */
  #agreement = null;
  #epochs;
  /** @type {Seat | null} whose agreement it is */
  #seat = null;
  /** @type {[string, string][]} letters that came before the own key pair was there */
  #early = [];
  /** @type {ServerState | null} */
  #server = null;
  /** What the own person wants to be called. */
  ownName = '';
  #agreed = false;
  #agreedAt = -Infinity;
  /** Whether the server shows a recording that goes on, or is asked for. */
  #recorded = false;
  #required = true;
  /** @type {Map<number, (value: any) => void>} */
  #asked = new Map();
  /** @type {Map<import('../messages.js').Source, Picture>} that are sent */
  #pictures = new Map();
  /** Whether the worker has a key to send under. */
  #keyed = false;
  #count = 0;
  /** @type {ReadonlySet<string>} */
  #holders = new Set();
  /** @type {readonly number[]} of whom something comes that cannot be opened, by their numbers */
  #unopened = [];
  /** @type {Map<string, boolean>} who waits at the door, and whether for long */
  #door = new Map();

  /**
   * @param {{host: EncryptionHost, clock?: import('../clock.js').Clock, identities?: Identities, yes?: Yes,
   *          way?: import('./pipes.js').Way | null, makeWorker?: () => Worker}} parts
   */
  constructor({
    host,
    clock = systemClock,
    identities = new Identities(),
    yes = new Yes(),
    way = wayOf(),
    makeWorker = startWorker,
  }) {
    this.#host = host;
    this.#clock = clock;
    this.#identities = identities;
    // Early, also because a browser takes its time to make the database: nobody is to wait for that in a call.
    void identities.tidy();
    this.#yes = yes;
    this.#way = way;
    this.#makeWorker = makeWorker;
    this.#epochs = new Epochs({
      clock,
      keeper: {
        give: (id, key) => this.#agreement?.give(id, key),
        use: (key) => this.#tell({ op: 'use', key, fresh: key !== null }),
      },
    });
  }

  /** Whether this browser can encrypt. */
  get possible() {
    return this.#way !== null;
  }

  /** @returns {Encrypted} */
  get encrypted() {
    /** @type {Record<string, Person>} */
    const people = {};
    for (const { id, number } of [...(this.#server?.people ?? []), ...(this.#server?.waiting ?? [])]) {
      const known = this.#agreement?.known(id);
      const forged = this.#agreement?.isForged(id) ?? false;
      const tried = this.#agreement?.wasForged(id) ?? false;
      const unopened = this.#unopened.includes(number);
      if (known || forged || tried || unopened) {
        people[id] = { words: [], compared: false, changed: false, ...known, forged, tried, unopened };
      }
    }
    const state = !this.possible ? 'impossible' : this.#clear ? 'clear' : 'on';
    return { state, people, recorder: this.#holders.has(RECORDER) };
  }

  // The media connection ----------------------------------------------------------------------------------------

  /** What a peer connection is made with. */
  get configuration() {
    return this.#way ? configurationFor(this.#way) : {};
  }

  /**
   * @param {RTCRtpSender} sender
   * @param {import('../messages.js').Source} source
   * @param {Picture} picture  if it is one
   */
  leadOut(sender, source, picture) {
    if (!this.#way) return;
    const rids = sender.getParameters().encodings?.flatMap(({ rid }) => rid ?? []) ?? [];
    lead(sender, { send: source, rids }, { way: this.#way, worker: this.#running });
    if (source === 'microphone') return;
    this.#pictures.set(source, picture);
    picture.hold(!this.#awaited);
  }

  /**
   * @param {RTCRtpReceiver} receiver
   * @returns {string} names it in `slots`
   */
  leadIn(receiver) {
    const slot = `slot-${++this.#count}`;
    if (this.#way) lead(receiver, { mid: slot }, { way: this.#way, worker: this.#running });
    return slot;
  }

  /** @param {string} sdp  an answer: which payload type is which codec */
  answered(sdp) {
    const found = [...sdp.matchAll(/^a=rtpmap:(\d+) ([^/\s]+)/gm)];
    const codecs = Object.fromEntries(found.map(([, pt, name]) => [pt, name]));
    this.#tell({ op: 'codecs', codecs });
  }

  // The session ---------------------------------------------------------------------------------------------------

  /**
   * There is a seat, and a socket: another one than before, on which what was on its way did not come.
   * @param {{me: string, seat: string}} seat  `seat`: names it in this tab (`seat.js`)
   */
  seated({ me, seat }) {
    if (this.#seat?.me === me && this.#seat.seat === seat) this.#agreement?.again();
    else {
      this.#unseat();
      // Before it is known with whom: it is what takes longest of an agreement.
      this.#seat = { session: '', me, seat, identity: this.#identities.of(seat) };
    }
  }

  /**
   * @param {ServerState} server
   * @param {(mid: string) => string | null} slotOf  as `leadIn` named it
   */
  follow(server, slotOf) {
    const first = this.#server === null;
    this.#server = server;
    // Decided at first, and only ever made stricter.
    this.#required = (first ? false : this.#required) || server.encryption !== 'preferred';
    if (server.clear && !server.you.name && this.ownName) this.#host.send({ type: 'name', name: this.ownName });
    this.#waitForNames(server);
    if (!this.possible || !this.#seat) return;
    const { recording } = server;
    const goesOn = ['asking', 'running', 'paused'].includes(recording?.phase ?? '');
    const awaited = this.#clock.now() - this.#agreedAt < YES_WAITS;
    if (this.#recorded ? !goesOn : !awaited) this.#agreed = false;
    this.#recorded = goesOn;
    // An earlier page of this call may have heard the yes, unless it is asked for anew.
    if (first && recording?.you === 'agreed' && this.#yes.wasSaidIn(this.#seat.seat)) this.#agreed = true;
    if (first || !goesOn) this.#yes.keep(this.#seat.seat, this.#agreed);
    this.#epochs.setNumber(server.you.number);
    this.#tell({ op: 'clear', clear: this.#clear });
    this.#holdPictures();
    this.#tell({ op: 'slots', slots: this.#slots(server, slotOf) });
    if (!this.#agreement) this.#begin(this.#seat, server.session);
    this.#update();
  }

  /** @param {boolean} agreed  what the own person has said to being recorded, here and not by way of the server */
  consents(agreed) {
    this.#agreed = agreed;
    this.#agreedAt = this.#clock.now();
    if (this.#seat) this.#yes.keep(this.#seat.seat, agreed);
    this.#update();
  }

  /**
   * @param {string} from
   * @param {string} body
   */
  receive(from, body) {
    if (this.#agreement) this.#agreement.receive(from, body);
    else if (this.#early.length < 64) this.#early.push([from, body]);
  }

  /** @param {string} id  whose words were compared */
  compare(id) {
    this.#agreement?.compare(id);
  }

  /**
   * @param {string} id
   * @returns {string | undefined} what they want to be called
   */
  nameOf(id) {
    return this.#agreement?.names.get(id);
  }

  /** @param {string} id  of somebody at the door: whether their name has not come for long */
  waitedLong(id) {
    return this.#door.get(id) === true;
  }

  /** Whether what is written has to be sealed. */
  get seals() {
    return this.possible && !this.#clear;
  }

  /**
   * @param {string} text
   * @returns {Promise<string | null>} for those who are there; null: there is nobody, or no key
   */
  async seal(text) {
    if (!this.#worker) return null;
    return this.#ask((id) => ({ op: 'seal', id, text }));
  }

  /**
   * @param {string} from
   * @param {string} text
   * @returns {Promise<string | null>} null: it cannot be opened
   */
  async open(from, text) {
    const person = this.#server?.people.find(({ id }) => id === from);
    if (!person || !this.#worker) return null;
    return this.#ask((id) => ({ op: 'open', id, number: person.number, text }));
  }

  /** The call is over: no key is kept. */
  close() {
    const seat = this.#seat?.seat;
    this.#unseat();
    this.#worker?.terminate();
    this.#worker = null;
    this.#keyed = false;
    if (!seat) return;
    this.#yes.keep(seat, false);
    void this.#identities.forget(seat);
  }

  // Inside --------------------------------------------------------------------------------------------------------

  get #clear() {
    return !this.#required && (this.#server?.clear ?? false);
  }

  /** Whether what is encoded goes anywhere, or will in a moment: encoders take as long to begin as keys to be agreed
   * on. Until then the worker lets nothing through, and then pictures begin anew. */
  get #awaited() {
    return this.#keyed || this.#clear || (this.#server?.people.some(({ encrypts }) => encrypts) ?? false);
  }

  #holdPictures() {
    for (const { hold } of this.#pictures.values()) hold(!this.#awaited);
  }

  get #running() {
    if (!this.#worker) {
      this.#worker = this.#makeWorker();
      this.#worker.onmessage = ({ data }) => this.#told(data);
    }
    return this.#worker;
  }

  /**
   * @param {Seat} seat
   * @param {string} session
   */
  async #begin(seat, session) {
    if (seat.session) return; // under way
    seat.session = session;
    const identity = await seat.identity;
    if (seat !== this.#seat) return;
    const agreement = new Agreement({
      session,
      me: seat.me,
      identity: identity.pair,
      found: identity,
      host: {
        send: ({ id, page }, body) => this.#host.send({ type: 'sealed', to: id, page, body }),
        holders: (holders) => {
          this.#holders = new Set(holders.keys());
          this.#epochs.setHolders(holders);
        },
        has: (id, kid) => this.#epochs.has(id, kid),
        again: (id) => this.#epochs.again(id),
        add: (kid, key) => this.#tell({ op: 'add', kid, key }),
        forget: (number) => this.#tell({ op: 'forget', number }),
        keep: () => void this.#identities.keep(seat.seat, identity),
        changed: () => this.#host.changed(),
      },
    });
    this.#agreement = agreement;
    agreement.setName(this.ownName);
    this.#update();
    for (const [from, body] of this.#early.splice(0)) agreement.receive(from, body);
  }

  #update() {
    const server = this.#server;
    if (!server || !this.#agreement) return;
    const before = this.#holders.has(RECORDER);
    this.#agreement.setRecorded(this.#agreed && (server.recording?.keys ?? false));
    this.#agreement.follow({
      present: server.people.filter(({ encrypts }) => encrypts),
      door: [...server.waiting.filter(({ encrypts }) => encrypts), ...server.hosts],
      recorder: server.recording?.recorder ?? null,
    });
    if (before !== this.#holders.has(RECORDER)) this.#host.changed();
  }

  /**
   * @param {ServerState} server
   * @param {(mid: string) => string | null} slotOf
   */
  #slots({ slots, people }, slotOf) {
    return slots.flatMap(({ mid, person, source }) => {
      const number = people.find(({ id }) => id === person)?.number;
      const slot = slotOf(mid);
      return number && slot ? [{ mid: slot, number, source }] : [];
    });
  }

  /** @param {ServerState} server */
  #waitForNames({ waiting }) {
    for (const id of this.#door.keys()) if (!waiting.some((each) => each.id === id)) this.#door.delete(id);
    for (const { id } of waiting) {
      if (this.#door.has(id)) continue;
      this.#door.set(id, false);
      this.#clock.after(UNNAMED_WAIT, () => {
        if (!this.#door.has(id)) return;
        this.#door.set(id, true);
        this.#host.changed();
      });
    }
  }

  #unseat() {
    this.#agreement?.close();
    this.#epochs.close();
    this.#agreement = this.#seat = this.#server = null;
    this.#early = [];
    this.#agreed = this.#recorded = false;
    this.#required = true;
    this.#holders = new Set();
    this.#unopened = [];
    this.#door.clear();
  }

  /** @param {Order} order */
  #tell(order) {
    if (this.#way) this.#running.postMessage(order);
  }

  /**
   * @param {(id: number) => Order} make
   * @returns {Promise<any>}
   */
  #ask(make) {
    const id = ++this.#count;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#tell(make(id));
    });
  }

  /** @param {import('./cryptor.js').Told} told */
  #told(told) {
    if (told.op === 'answer') {
      this.#asked.get(told.id)?.(told.value);
      this.#asked.delete(told.id);
    } else if (told.op === 'using') {
      this.#keyed = told.key;
      this.#holdPictures();
      if (told.begin) for (const { refresh } of this.#pictures.values()) refresh();
    } else if (told.op === 'unopened') {
      this.#unopened = told.numbers;
      this.#host.changed();
    } else {
      this.#epochs.renew();
    }
  }
}
