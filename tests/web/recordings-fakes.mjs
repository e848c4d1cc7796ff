// Recordings as the server tells of them, and a server that tells what the test put down.

import { RecordingsApi } from '../../web/js/recordings/api.js';
import { Archive } from '../../web/js/recordings/archive.js';
import { FakeClock, settled } from './fakes.mjs';

export const recording = (more = {}) => ({
  id: 'r1',
  session: 's-1',
  state: 'ready',
  failure: null,
  started_at: 1000,
  ended_at: 4012,
  delete_after: null,
  hold: null,
  job: null,
  ...more,
});

export const job = (more = {}) => ({ id: 'j1', kind: 'compose', state: 'running', progress: 0.4, error: null, ...more });
export const output = (id, kind, more = {}) => ({ id, kind, made_at: 1, size: 1, available: true, ...more });
export const track = (id, more = {}) => ({ id, person: 'p1', source: 'camera', state: 'finished', available: true, ...more });
export const whole = (more = {}) => ({
  recording: recording(),
  people: [{ id: 'p1', role: 'patient', name: 'Sam', shredded: false }],
  tracks: [track('t1')],
  outputs: [output('o1', 'mp4')],
  jobs: [],
  viewings: null,
  proofs: [],
  ...more,
});

const EVERY_PERMISSION = ['list', 'play', 'download_sealed', 'download_clear', 'compose', 'hold', 'delete'];
export const me = (more = {}) => ({ who: 'ann', role: 'administrator', may: EVERY_PERMISSION, sealed: false, ...more });

/** A server that answers what the test put down for `METHOD /path`, in the order in which it is let go on. */
class FakeServer {
  asked = [];
  answers = { 'POST /sign-in': [204], 'GET /me': [200, me()], 'GET ': [200, { recordings: [], next: null }] };
  #held = null;

  fetch = async (url, { method = 'GET', body, headers } = {}) => {
    const { pathname, searchParams } = new URL(url, 'http://here');
    const key = `${method} ${pathname.replace('/api/recordings', '')}`;
    this.asked.push({ key, query: Object.fromEntries(searchParams), body: body && JSON.parse(body), headers });
    const answer = this.answers[key];
    if (this.#held) await new Promise((go) => this.#held.push(go));
    if (answer === undefined) throw new TypeError('Failed to fetch');
    const [status, said] = answer;
    return new Response(said === undefined ? null : JSON.stringify(said), { status });
  };

  hold() {
    this.#held = [];
  }

  /** Lets the answer go that was asked for at this place. */
  async goOn(place) {
    this.#held[place]();
    await settled();
    await settled();
  }

  count(key) {
    return this.asked.filter((each) => each.key === key).length;
  }
}

export function opened() {
  const server = new FakeServer();
  const clock = new FakeClock();
  const archive = new Archive({ api: new RecordingsApi(server.fetch), after: clock.after });
  return { server, clock, archive };
}
