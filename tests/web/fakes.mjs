// Stand-ins for time, sockets and peer connections. Each does only what the tests look at.

export class FakeClock {
  #now = 0;
  #timers = [];
  random = () => 1;
  now = () => this.#now;

  after = (ms, call) => {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Time goes on and nothing runs. */
  sleeps(ms) {
    this.#now += ms;
  }

  /** Lets time pass, timer by timer. */
  pass(ms) {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = until;
  }
}

/** Makes sockets that the test opens, answers and closes; the newest is `last`. */
export function fakeSockets() {
  const sockets = [];
  class FakeSocket {
    readyState = 0;
    sent = [];

    constructor(url) {
      this.url = url;
      sockets.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.readyState = 3;
    }

    opens() {
      this.readyState = 1;
      this.onopen?.();
    }

    says(message) {
      this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
    }

    breaks() {
      this.readyState = 3;
      this.onclose?.({});
    }
  }
  return {
    WebSocket: FakeSocket,
    sockets,
    get last() {
      return sockets.at(-1);
    },
  };
}

/** Makes peers whose state the test sets; the newest is `last`. */
export function fakePeers() {
  const peers = [];
  let busy = Promise.resolve();
  const makePeer = ({ slots, changed }) => {
    const peer = {
      slots,
      state: 'connecting',
      offers: [],
      accepted: [],
      sends: {},
      closed: false,
      async offer({ restart = false } = {}) {
        peer.offers.push({ restart });
        await busy;
        return { sdp: `offer ${peers.indexOf(peer)}.${peer.offers.length}`, sources: {} };
      },
      async accept(answer) {
        peer.accepted.push(answer);
      },
      send(source, track) {
        peer.sends[source] = track;
      },
      want(layers) {
        peer.wanted = layers;
      },
      async spareSound(sound, { now }) {
        peer.sound = sound;
        return now && peer.waits;
      },
      play(played) {
        peer.played = played;
      },
      grow(wanted) {
        const grows = wanted.audio > peer.slots.audio || wanted.video > peer.slots.video;
        peer.slots = wanted;
        return grows;
      },
      streamIn: (mid) => `stream ${peers.indexOf(peer)}.${mid}`,
      heard: 0,
      pulse: () => peer.heard,
      arrived: async () => peer.heard,
      close() {
        peer.closed = true;
      },
      becomes(state) {
        peer.state = state;
        changed(state);
      },
    };
    peers.push(peer);
    return peer;
  };
  return {
    makePeer,
    peers,
    /** Offers take until the result is called. */
    dawdle() {
      let done;
      busy = new Promise((resolve) => (done = resolve));
      return done;
    },
    get last() {
      return peers.at(-1);
    },
  };
}

export class FakeStorage {
  #items = new Map();
  getItem = (key) => this.#items.get(key) ?? null;
  setItem = (key, value) => void this.#items.set(key, value);
  removeItem = (key) => void this.#items.delete(key);
}

/** Locks as one browser has them; several pages may share one. */
export function fakeLocks() {
  const held = new Set();
  return {
    request(name, { signal }, body) {
      if (held.has(name)) {
        return new Promise((_, reject) => {
          if (signal.aborted) reject(signal.reason);
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      }
      held.add(name);
      return Promise.resolve(body()).finally(() => held.delete(name));
    },
  };
}

/** Lets promises that are settled already have their say. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A microphone or camera that exists, or does not. */
export class FakeDevices {
  #listeners = new Set();
  state = { tracks: 0, microphone: 'off', camera: 'off' };
  tracks = { microphone: null, camera: null };
  stream = 'own stream';
  opened = [];
  muted = false;

  subscribe(listener) {
    this.#listeners.add(listener);
  }

  track(kind) {
    return this.tracks[kind];
  }

  async open({ audio, video }) {
    this.opened.push({ audio, video });
    if (audio) this.has('microphone', 'a microphone');
    if (video) this.has('camera', 'a camera');
  }

  has(kind, track) {
    const previous = this.state;
    this.tracks[kind] = track;
    this.state = { ...previous, tracks: previous.tracks + 1, [kind]: track ? 'ok' : 'missing' };
    for (const listener of this.#listeners) listener(this.state, previous);
  }

  mute(muted) {
    this.muted = muted;
  }

  close(kind) {
    this.has(kind, null);
  }

  closeAll() {
    for (const kind of ['microphone', 'camera']) this.has(kind, null);
  }
}

/** A page that is seen, or not. */
export class FakePage extends EventTarget {
  visibilityState = 'visible';

  turns(visibilityState) {
    this.visibilityState = visibilityState;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

/** The track of one device. */
export class FakeTrack extends EventTarget {
  enabled = true;
  muted = false;
  readyState = 'live';
  constraints = [];

  constructor({ kind, deviceId, label }) {
    super();
    this.kind = kind === 'audioinput' ? 'audio' : 'video';
    this.deviceId = deviceId;
    this.label = label;
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }

  async applyConstraints(constraints) {
    this.constraints.push(constraints);
  }

  stop() {
    this.readyState = 'ended';
  }

  /** The device is gone. */
  ends() {
    if (this.readyState === 'ended') return;
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }

  /** The system pauses it, or gives it back. */
  isMuted(muted) {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  }
}

export class FakeStream {
  #tracks = [];
  addTrack = (track) => void this.#tracks.push(track);
  removeTrack = (track) => void (this.#tracks = this.#tracks.filter((other) => other !== track));
  getTracks = () => [...this.#tracks];
  getAudioTracks = () => this.#tracks.filter(({ kind }) => kind === 'audio');
  getVideoTracks = () => this.#tracks.filter(({ kind }) => kind === 'video');
}

/** What a machine has plugged in, as browsers give it out. */
export class FakeMedia extends EventTarget {
  asked = [];
  busy = new Set();
  mutesNew = false;
  #plugged;
  #tracks = [];

  constructor(plugged) {
    super();
    this.#plugged = [...plugged];
  }

  async enumerateDevices() {
    return [...this.#plugged];
  }

  async getUserMedia(wish) {
    this.asked.push(wish);
    const stream = new FakeStream();
    for (const [kind, wanted] of [['audioinput', wish.audio], ['videoinput', wish.video]]) {
      if (wanted) stream.addTrack(this.#open(kind, wanted.deviceId ?? {}));
    }
    return stream;
  }

  #open(kind, { exact, ideal }) {
    const there = this.#plugged.filter((device) => device.kind === kind);
    const found = exact ? there.find(({ deviceId }) => deviceId === exact) : there[0];
    const device = there.find(({ deviceId }) => deviceId === ideal) ?? found;
    if (!device) throw Object.assign(new Error('none'), { name: exact ? 'OverconstrainedError' : 'NotFoundError' });
    if (this.busy.has(device.deviceId)) throw Object.assign(new Error('busy'), { name: 'NotReadableError' });
    const track = new FakeTrack(device);
    track.muted = this.mutesNew;
    this.#tracks.push(track);
    return track;
  }

  becomes(plugged) {
    this.#plugged = [...plugged];
    this.dispatchEvent(new Event('devicechange'));
  }

  plug(device) {
    this.becomes([...this.#plugged, device]);
  }

  unplug(id) {
    this.#plugged = this.#plugged.filter(({ deviceId }) => deviceId !== id);
    this.stumble(id);
    this.dispatchEvent(new Event('devicechange'));
  }

  /** Its tracks end, and it is still there. */
  stumble(id) {
    for (const track of this.#tracks) if (track.deviceId === id) track.ends();
  }
}
