// @ts-check
/**
 * One check of the way to the clinic, step by step: a socket, each way by itself, then how good the connection is.
 *
 * Keeps what was found as one frozen state. Not here: camera and microphone (`devices.js`), what the findings mean
 * (`verdict.js`).
 */

import { Store } from '../store.js';
import { measure } from './measure.js';
import { reach } from './probe.js';
import { waysOf } from './ways.js';

/** @typedef {import('./ways.js').Way} Way */
/** @typedef {import('./probe.js').Reached} Reached */
/** @typedef {import('./measure.js').Measured} Measured */

/**
 * @typedef {object} Findings
 * @property {'not_yet' | 'running' | 'done'} phase
 * @property {string | null} problem              why the server does not let us check its media: a refusal's code
 * @property {boolean | null} socket              null: not known (yet)
 * @property {Readonly<Partial<Record<Way, Reached>>>} ways  those that were tried, as far as they are known
 * @property {readonly Way[]} tried
 * @property {Measured | null} speed
 * @property {'' | 'socket' | 'ways' | 'speed'} step  what is looked at now
 */

/** @type {Readonly<Findings>} */
export const NOTHING_YET = Object.freeze({
  phase: 'not_yet',
  problem: null,
  socket: null,
  ways: Object.freeze({}),
  tried: Object.freeze([]),
  speed: null,
  step: '',
});

export class Check {
  #api;
  #picture;
  #reach;
  #measure;
  /** @type {Store<Findings>} */
  #store = new Store(NOTHING_YET);

  /**
   * @param {object} parts
   * @param {import('./api.js').CheckApi | null} parts.api  null: there is no link, so only devices can be checked
   * @param {() => {track: MediaStreamTrack, stop: () => void}} parts.picture  something that moves, to be sent
   * @param {typeof reach} [parts.reach]
   * @param {typeof measure} [parts.measure]
   */
  constructor({ api, picture, reach: reaching = reach, measure: measuring = measure }) {
    this.#api = api;
    this.#picture = picture;
    this.#reach = reaching;
    this.#measure = measuring;
  }

  /** @returns {Readonly<Findings>} a new object after each change */
  get state() {
    return this.#store.state;
  }

  /**
   * @param {(state: Readonly<Findings>, previous: Readonly<Findings>) => void} listener
   * @returns {() => void} unsubscribe
   */
  subscribe(listener) {
    return this.#store.subscribe(listener);
  }

  /** Does all of it, from the beginning. Never throws. */
  async start() {
    const api = this.#api;
    if (this.state.phase === 'running') return;
    if (api === null) {
      this.#store.update({ ...NOTHING_YET, phase: 'done', problem: 'no_link' });
      return;
    }
    this.#store.update({ ...NOTHING_YET, phase: 'running', step: 'socket' });
    try {
      await this.#through(api);
    } catch (error) {
      // a browser without WebRTC, or one that forbids it
      console.warn('the check could not be done', error);
      this.#store.update({ problem: 'unsupported' });
    }
    this.#store.update({ phase: 'done', step: '' });
  }

  /** @param {import('./api.js').CheckApi} api */
  async #through(api) {
    const socket = await api.socket();
    this.#store.update({ socket, step: 'ways' });
    const servers = await api.servers();
    const tried = waysOf(servers);
    this.#store.update({ tried });
    await Promise.all(
      tried.map(async (way) => {
        const reached = await this.#reach(way, { api, servers });
        this.#store.update({
          ways: Object.freeze({ ...this.state.ways, [way]: reached }),
          problem: reached.code ?? this.state.problem,
        });
      }),
    );
    if (!Object.values(this.state.ways).some(({ reached }) => reached)) return;
    this.#store.update({ step: 'speed' });
    const picture = this.#picture();
    try {
      const speed = await this.#measure(picture.track, { api, servers });
      if ('code' in speed) this.#store.update({ problem: speed.code });
      else this.#store.update({ speed });
    } finally {
      picture.stop();
    }
  }
}
