/** Pages of a call, with everything of their encryption but a browser, and the server between them. */

import { Cryptor } from '../../web/js/e2ee/cryptor.js';
import { Encryption } from '../../web/js/e2ee/encryption.js';
import { Handshake } from '../../web/js/e2ee/handshake.js';
import { generateKeyPair } from '../../web/js/e2ee/hpke.js';
import { Identities } from '../../web/js/e2ee/identity.js';
import { fromBase64Url, toBase64Url } from '../../web/js/e2ee/letters.js';
import { Yes } from '../../web/js/e2ee/yes.js';
import { FakeClock } from './fakes.mjs';

/** The worker, in the same thread. */
class NearWorker {
  constructor() {
    this.cryptor = new Cryptor({ tell: (data) => queueMicrotask(() => this.onmessage?.({ data })) });
    this.orders = [];
  }

  postMessage(order) {
    this.orders.push(order);
    this.cryptor.take(structuredClone(order));
  }

  terminate() {
    this.over = true;
  }
}

/** People whose pages a server shows to each other. */
export class Room {
  pages = [];
  #sent = 0;
  more = {};
  /** What goes from one to the other is changed. */
  meddle = (from, to, body) => body;

  page(id, { way = 'transform', encryption = 'required', door = false, name = `Name of ${id}`, identities, yes } = {}) {
    const clock = new FakeClock();
    const page = { id, number: this.pages.length + 1, page: 1, way, door, clock, sent: [], changes: 0, encryption };
    page.encryption = new Encryption({
      clock,
      way,
      identities: identities ?? new Identities({ indexedDB: undefined }),
      yes: yes ?? new Yes(null),
      makeWorker: () => (page.worker = new NearWorker()),
      host: {
        send: (message) => {
          page.sent.push(message);
          if (message.type === 'sealed') this.#forward(page, message);
        },
        changed: () => page.changes++,
      },
    });
    page.policy = encryption;
    page.encryption.ownName = name;
    page.encryption.seated({ me: id, seat: `seat of ${id}` });
    this.pages.push(page);
    return page;
  }

  leave(page) {
    page.encryption.close();
    this.pages.splice(this.pages.indexOf(page), 1);
    this.show();
  }

  show(more = {}) {
    this.more = more;
    for (const page of this.pages) page.encryption.follow(this.stateFor(page), (mid) => `slot ${mid}`);
  }

  stateFor(page) {
    const others = this.pages.filter((other) => other !== page);
    const seen = others.map(({ id, number, page, way, door }) => {
      return { id, number, page, encrypts: way !== null, door, name: '' };
    });
    const inside = seen.filter(({ door }) => !door);
    return {
      you: { id: page.id, number: page.number, name: '' },
      session: 'session-1',
      people: page.door ? [] : inside,
      waiting: page.door ? [] : seen.filter(({ door }) => door),
      hosts: page.door ? inside : [],
      waiting_for: null,
      slots: inside.map(({ id }, at) => ({ mid: `${at}`, person: id, source: 'camera' })),
      encryption: page.policy,
      clear: this.pages.some(({ way, door }) => way === null && !door),
      recording: null,
      ...this.more,
    };
  }

  #forward(from, { to, body }) {
    this.#sent++;
    if (to === 'recorder') return void this.recorder?.take(fromBase64Url(body));
    setImmediate(() => {
      const changed = this.meddle(from.id, to, body);
      if (changed) this.pages.find(({ id }) => id === to)?.encryption.receive(from.id, changed);
    });
  }

  /** From now on there is a recorder, with whom this page shakes hands. */
  async recordedFor(page) {
    const send = (letter) => setImmediate(() => page.encryption.receive('recorder', toBase64Url(letter)));
    this.recorder = new Handshake({
      session: 'session-1',
      me: 'recorder',
      other: page.id,
      identity: await generateKeyPair(),
      side: { send, agreed: () => {}, misfit: () => {}, opened: () => {} },
    });
  }

  async calm() {
    for (let quiet = 0, before = -1; quiet < 60; quiet++) {
      if (before !== this.#sent) quiet = 0;
      before = this.#sent;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }
}

export async function call(options = {}) {
  const room = new Room();
  const [doctor, patient] = [room.page('doctor', options), room.page('patient', options)];
  room.show();
  await room.calm();
  return { room, doctor, patient };
}

export const PICTURE = Uint8Array.from({ length: 200 }, (_, at) => at & 0xfe);
export const frame = (data = PICTURE) => ({ data: data.slice().buffer, getMetadata: () => ({ mimeType: 'video/VP8' }) });

/** What one sends, as it comes at the other: null, if it does not. */
export async function shown(from, to) {
  const sealed = await from.worker.cryptor.seal(frame(), 'camera');
  if (!sealed) return null;
  const { mid } = to.worker.orders.findLast(({ op }) => op === 'slots').slots[0];
  return to.worker.cryptor.open({ ...frame(), data: sealed }, mid);
}
