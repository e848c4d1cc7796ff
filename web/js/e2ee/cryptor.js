// @ts-check
/**
 * All frames of a person's call pass here: those that they send are encrypted, those that come are opened, and what
 * cannot be is dropped. Runs in a worker (`worker.js`), which alone knows the counter of the key in use.
 *
 * It fails closed: without a key nothing goes out; a frame whose codec or slot is not known goes nowhere. `clear` is
 * the one exception, for sessions in which somebody's browser cannot encrypt and that is allowed: whoever says so knows
 * why (`encryption.js`).
 */

import { systemClock } from '../clock.js';
import { FrameError, SendingContext } from './sframe.js';
import { SOURCE, encryptFrame, numberOf } from './frames.js';
import { Keyring } from './keyring.js';
import { fromBase64Url, toBase64Url } from './letters.js';
import { Unopened } from './unopened.js';

/** @typedef {import('./clear-bytes.js').Codec} Codec */
/** @typedef {import('./frames.js').SourceByte} SourceByte */
/** @typedef {'microphone' | 'camera' | 'screen'} Source */

/** @typedef {{mid: string, number: number, source: Source}} Assigned  who is to be seen or heard in a slot */

/**
 * What the page says.
 * @typedef {{op: 'use', key: {kid: number, key: Uint8Array<ArrayBuffer>} | null, fresh: boolean} |
 *           {op: 'add', kid: number, key: Uint8Array<ArrayBuffer>} |
 *           {op: 'forget', number: number} |
 *           {op: 'slots', slots: Assigned[]} |
 *           {op: 'codecs', codecs: Record<number, string>} |
 *           {op: 'clear', clear: boolean} |
 *           {op: 'seal', id: number, text: string} |
 *           {op: 'open', id: number, number: number, text: string} |
 *           {op: 'count', id: number} |
 *           {op: 'stream', readable: ReadableStream, writable: WritableStream, pipe: Pipe}} Order
 */

/**
 * Frames of which source go out, or of which slot come in. `rids`: the encodings, where they have names.
 * @typedef {{send: Source, rids?: string[]} | {mid: string}} Pipe
 */

/**
 * What the page is told. `answer`: to the order of this id; null: that was not possible. `exhausted`: another key is
 * needed. `using`: whether there is a key from now on; `begin`: pictures are to begin anew, and cannot from here.
 * `unopened`: by their numbers, of whom something comes that cannot be opened.
 * @typedef {{op: 'answer', id: number, value: string | Counts | null} | {op: 'exhausted'} |
 *           {op: 'using', key: boolean, begin: boolean} | {op: 'unopened', numbers: number[]}} Told
 */

/**
 * RTCRtpScriptTransformer, as far as it is used: not every browser lets it ask for a key frame.
 * @typedef {{generateKeyFrame?: (rid?: string) => Promise<unknown>}} Transformer
 */

/** @typedef {{sealed: number, opened: number, clear: number, dropped: Record<string, number>}} Counts */

/**
 * Milliseconds for which a picture's first frame waits for the first key, and what follows behind it: encoders begin
 * while a key is agreed on. Another key frame would cost a frame's time, and its own.
 */
export const FIRST_WAITS = 500;

/** Codecs by their names in SDP. */
/** @type {Record<string, Codec | 'red'>} */
const CODECS = { opus: 'opus', red: 'red', vp8: 'VP8', vp9: 'VP9', h264: 'H264' };

/**
 * @typedef {object} Frame
 * @property {ArrayBuffer} data
 * @property {string} [type]  of a picture: `key` or `delta`
 * @property {() => {payloadType?: number, mimeType?: string}} getMetadata
 */

export class Cryptor {
  #tell;
  #clock;
  #keyring;
  /** @type {SendingContext | null} */
  #sending = null;
  #clear = false;
  /** @type {Map<string, Assigned>} */
  #slots = new Map();
  /** @type {Record<number, string>} */
  #codecs = {};
  #unopened;
  /** @type {Map<Transformer, {source: Source, rids: readonly (string | undefined)[]}>} of pictures that are sent */
  #pictures = new Map();
  /** @type {Set<{source: Source, go: () => void}>} pictures whose first frame waits for a key */
  #first = new Set();
  /** @type {Counts} */
  #counts = { sealed: 0, opened: 0, clear: 0, dropped: {} };
  /** @type {Promise<unknown>} orders about keys are carried out one after the other */
  #queue = Promise.resolve();

  /**
   * @param {{tell: (told: Told) => void, keyring?: Keyring, now?: () => number,
   *          clock?: import('../clock.js').Clock}} parts
   */
  constructor({ tell, keyring = new Keyring(), now, clock = systemClock }) {
    this.#tell = tell;
    this.#clock = clock;
    this.#keyring = keyring;
    this.#unopened = new Unopened({ tell: (numbers) => tell({ op: 'unopened', numbers }), now });
  }

  /** @param {Order} order */
  take(order) {
    switch (order.op) {
      case 'use':
        return this.#later(() => this.#use(order.key, order.fresh));
      case 'add':
        return this.#later(() => this.#keyring.add(order.kid, order.key));
      case 'forget':
        return this.#later(async () => this.#keyring.forget(order.number));
      case 'slots':
        this.#slots = new Map(order.slots.map((each) => [each.mid, each]));
        return this.#unopened.follow(order.slots);
      case 'codecs':
        this.#codecs = order.codecs;
        return;
      case 'clear':
        this.#clear = order.clear;
        if (order.clear) this.#goOn();
        return;
      case 'seal':
        return this.#later(() => this.#answer(order.id, () => this.#sealText(order.text)));
      case 'open':
        return void this.#answer(order.id, () => this.#openText(order.number, order.text));
      case 'count':
        return void this.#answer(order.id, async () => structuredClone(this.#counts));
      case 'stream':
        return this.pipe(order.readable, order.writable, order.pipe);
    }
  }

  /**
   * @param {ReadableStream} readable
   * @param {WritableStream} writable
   * @param {Pipe} pipe
   * @param {Transformer} [transformer]  of what is sent
   */
  pipe(readable, writable, pipe, transformer) {
    const sends = 'send' in pipe;
    if (sends && pipe.send !== 'microphone' && transformer) {
      this.#pictures.set(transformer, { source: pipe.send, rids: pipe.rids?.length ? pipe.rids : [undefined] });
    }
    /** @param {Frame} frame */
    const work = (frame) => (sends ? this.seal(frame, pipe.send) : this.open(frame, pipe.mid));
    void carry(readable, writable, work).finally(() => {
      if (transformer) this.#pictures.delete(transformer);
    });
  }

  /**
   * @param {Frame} frame
   * @param {Source} source
   * @returns {Promise<ArrayBuffer | null>} what may leave this machine
   */
  async seal(frame, source) {
    if (!this.#sending && !this.#clear && frame.type === 'key') await this.#firstKey(source);
    if (this.#clear) return this.#passes(frame);
    const codec = this.#codecOf(frame);
    const sending = this.#sending;
    if (!sending) return this.#drops('no-key');
    if (!codec || codec === 'red') return this.#drops('codec');
    try {
      const sealed = await encryptFrame(sending, frame.data, codec, SOURCE[source]);
      // The key was taken away meanwhile.
      if (this.#sending === null) return this.#drops('no-key');
      this.#counts.sealed++;
      return sealed;
    } catch (error) {
      return this.#fails(error);
    }
  }

  /**
   * @param {Frame} frame
   * @param {string} mid
   * @returns {Promise<ArrayBuffer | null>} what a decoder may get
   */
  async open(frame, mid) {
    const slot = this.#slots.get(mid);
    const codec = this.#codecOf(frame);
    if (!slot) return this.#drops('no-slot');
    if (!codec) return this.#drops('codec');
    try {
      const from = { codec, source: SOURCE[slot.source], number: slot.number };
      const opened = await this.#keyring.open(frame.data, from, this.#clear);
      this.#counts.opened++;
      this.#unopened.opened(slot);
      return opened;
    } catch (error) {
      const replayed = error instanceof FrameError && error.fault === 'replay';
      // What is authentic has been opened; in a clear session the rest was never encrypted.
      if (this.#clear && error instanceof FrameError && !replayed) return this.#passes(frame);
      if (!replayed) this.#unopened.failed(slot);
      return this.#fails(error);
    }
  }

  /**
   * @param {{kid: number, key: Uint8Array<ArrayBuffer>} | null} key
   * @param {boolean} fresh  somebody is to see from here on who could not before: pictures begin anew
   */
  async #use(key, fresh) {
    this.#sending = key && (await SendingContext.create(key.key, key.kid));
    const begin = new Set(key ? [...this.#first].map(({ source }) => source) : []);
    if (key) this.#goOn();
    const begun = !key || !fresh || this.#beginPictures(begin);
    this.#tell({ op: 'using', key: key !== null, begin: !begun });
  }

  /**
   * Waits for the first key.
   * @param {Source} source
   */
  #firstKey(source) {
    return new Promise((resolve) => {
      const go = () => {
        cancel();
        this.#first.delete(waiting);
        resolve(undefined);
      };
      const waiting = { source, go };
      const cancel = this.#clock.after(FIRST_WAITS, go);
      this.#first.add(waiting);
    });
  }

  /** What has waited for a key, or for that there is to be none. */
  #goOn() {
    for (const { go } of this.#first) go();
  }

  /**
   * Whoever has come needs a key frame, under a key that they have.
   * @param {ReadonlySet<Source>} begin  pictures that begin with one now
   * @returns {boolean} false: no browser's way to ask for one is here
   */
  #beginPictures(begin) {
    let able = this.#pictures.size > 0;
    for (const [transformer, { source, rids }] of this.#pictures) {
      if (begin.has(source)) continue;
      if (!transformer.generateKeyFrame) {
        able = false;
        continue;
      }
      // Without a name Firefox takes the first encoding. One that is not sent refuses, as it may.
      for (const rid of rids) transformer.generateKeyFrame(rid).catch(() => {});
    }
    return able;
  }

  /** @param {string} text */
  async #sealText(text) {
    if (!this.#sending) return null;
    const sealed = await this.#sending.encrypt(new TextEncoder().encode(text), Uint8Array.of(SOURCE.chat));
    return toBase64Url(sealed);
  }

  /**
   * @param {number} number
   * @param {string} text
   */
  async #openText(number, text) {
    return new TextDecoder().decode(await this.#keyring.openText(fromBase64Url(text), number));
  }

  /** @param {Frame} frame */
  #codecOf(frame) {
    const { payloadType, mimeType } = frame.getMetadata();
    const name = (payloadType !== undefined && this.#codecs[payloadType]) || mimeType?.split('/')[1];
    return name ? CODECS[name.toLowerCase()] : undefined;
  }

  /** @param {Frame} frame */
  #passes(frame) {
    this.#counts.clear++;
    return frame.data;
  }

  /** @param {string} why */
  #drops(why) {
    this.#counts.dropped[why] = (this.#counts.dropped[why] ?? 0) + 1;
    return null;
  }

  /** @param {unknown} error  ours is a defect, and still nothing passes */
  #fails(error) {
    if (!(error instanceof FrameError)) console.error('a frame is dropped', error);
    const fault = error instanceof FrameError ? error.fault : 'defect';
    if (fault === 'exhausted') this.#tell({ op: 'exhausted' });
    return this.#drops(fault);
  }

  /**
   * @param {number} id
   * @param {() => Promise<string | Counts | null>} make
   */
  async #answer(id, make) {
    /** @type {string | Counts | null} */
    let value = null;
    try {
      value = await make();
    } catch {
      // Nobody's key opens it, or it is nothing that was ever sealed.
    }
    this.#tell({ op: 'answer', id, value });
  }

  /** @param {() => Promise<unknown>} act */
  #later(act) {
    this.#queue = this.#queue.then(act).catch((error) => console.error('no key', error));
  }
}

/**
 * Takes frames one after the other, so that they stay in order, and passes on what becomes of them. By hand: a
 * TransformStream between two pipes takes more of the worker's time for each frame.
 * @param {ReadableStream} readable
 * @param {WritableStream} writable
 * @param {(frame: Frame) => Promise<ArrayBuffer | null>} work  null: the frame goes no further
 */
async function carry(readable, writable, work) {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const frame = next.value;
      const data = await work(frame);
      if (!data) continue;
      frame.data = data;
      await writer.write(frame);
    }
    await writer.close();
  } catch {
    // A connection that is closed ends its streams with an error: nothing is left to be done.
    for (const ended of [reader.cancel(), writer.abort()]) ended.catch(() => {});
  }
}
