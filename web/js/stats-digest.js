// @ts-check
/**
 * From what a browser counts (`getStats`) to what the server is told: pure, and forgiving.
 *
 * Chromium, Firefox and Safari leave out different things and count from different beginnings. What is not there is
 * not told; what could not be true is brought into the range that the server takes. Nothing that could identify a
 * person or a machine is read: no ids, no addresses. Not here: when this is done (`statistics.js`).
 */

/** @typedef {import('./messages.js').Source} Source */
/** @typedef {import('./messages.js').Stats} Stats */
/** @typedef {import('./messages.js').SentStats} SentStats */
/** @typedef {import('./messages.js').SentLayer} SentLayer */
/** @typedef {import('./messages.js').ReceivedStats} ReceivedStats */
/** @typedef {import('./messages.js').PathStats} PathStats */

/** @typedef {Record<string, any>} Entry  one dictionary of a stats report */

/**
 * What the browser has counted, and which of it is what.
 * @typedef {object} Counted
 * @property {object} peer                     counts of another peer connection have nothing to do with these
 * @property {Iterable<Entry>} entries
 * @property {{source: Source, mid: string | null, track: string | null}[]} sending
 * @property {{mid: string | null, track: string}[]} receiving
 */

/**
 * What plays in a slot.
 * @typedef {{person: string, source: Source, on: boolean, seen: boolean}} Playing
 *   `on`: the other has it switched on · `seen`: it is shown to this person
 */

/**
 * @typedef {object} Reading
 * @property {number} at  milliseconds
 * @property {object} peer
 * @property {PathStats | null} path
 * @property {number | null} roundTrip   seconds
 * @property {number | null} sendLimit   bit/s
 * @property {Map<Source, Map<string, Entry>>} sent      by source, then by stream
 * @property {Map<string, Map<string, Entry>>} received  by slot, then by stream
 * @property {ReadonlyMap<string, Playing>} playing      by slot
 */

/** @typedef {{entry: Entry, grown: (name: string, within?: string) => number | null}} Move  a stream, and its growth */

/** The longest time that one message may be about. */
export const LONGEST = 600_000;
/** The shortest: two readings in the same moment give no rates. */
export const SHORTEST = 100;

const CANDIDATES = ['host', 'srflx', 'prflx', 'relay'];
const LIMITS = /** @type {const} */ (['bandwidth', 'cpu', 'other']);

/**
 * @param {Counted} counted
 * @param {number} at
 * @param {ReadonlyMap<string, Playing>} playing
 * @returns {Reading}
 */
export function read({ peer, entries, sending, receiving }, at, playing) {
  /** @type {Map<string, Entry>} */
  const byId = new Map();
  for (const entry of entries) if (typeof entry?.id === 'string') byId.set(entry.id, entry);
  const all = [...byId.values()];
  /** @type {Map<string, Entry>} */
  const reported = new Map(all.filter(({ type }) => type === 'remote-inbound-rtp').map((each) => [each.localId, each]));

  /** @type {Reading['sent']} */
  const sent = new Map();
  for (const entry of all.filter(({ type }) => type === 'outbound-rtp')) {
    const track = byId.get(entry.mediaSourceId)?.trackIdentifier;
    const source = find(sending, entry.mid, track)?.source;
    if (source) inside(sent, source).set(entry.id, { ...entry, remote: reported.get(entry.id) });
  }
  /** @type {Reading['received']} */
  const received = new Map();
  for (const entry of all.filter(({ type }) => type === 'inbound-rtp')) {
    const mid = find(receiving, entry.mid, entry.trackIdentifier)?.mid;
    if (mid) inside(received, mid).set(entry.id, entry);
  }
  const pair = pairOf(all, byId);
  return {
    at,
    peer,
    path: pathOf(pair, byId),
    roundTrip: number(pair?.currentRoundTripTime),
    sendLimit: number(pair?.availableOutgoingBitrate),
    sent,
    received,
    playing,
  };
}

/**
 * What happened between two readings of the same peer connection.
 * @param {Reading} before
 * @param {Reading} after
 * @param {number | null} [joinMs]
 * @returns {Stats}
 */
export function digest(before, after, joinMs = null) {
  const seconds = (after.at - before.at) / 1000;
  return {
    type: 'stats',
    ms: whole(after.at - before.at, LONGEST, SHORTEST),
    path: after.path,
    round_trip_ms: milliseconds(after.roundTrip),
    send_limit: after.sendLimit === null ? null : bits(after.sendLimit),
    join_ms: joinMs === null ? null : whole(joinMs, LONGEST),
    sent: [...after.sent].flatMap(([source, streams]) => sentOf(source, before.sent.get(source), streams, seconds)),
    received: [...after.received].flatMap(([mid, streams]) => {
      const playing = after.playing.get(mid);
      const played = before.playing.get(mid);
      // A slot that was another person's, or nobody's, for some of the time says nothing about either.
      if (!playing?.on || !played?.on) return [];
      if (playing.person !== played.person || playing.source !== played.source) return [];
      const seen = playing.seen && played.seen;
      return [receivedOf({ ...playing, seen }, before.received.get(mid), streams, seconds)];
    }),
  };
}

/**
 * Whether something of this kind could be shown or heard yet.
 * @param {Reading} reading
 * @param {string} mid
 * @param {'picture' | 'sound'} kind
 */
export function hasBegun(reading, mid, kind) {
  const streams = [...(reading.received.get(mid)?.values() ?? [])];
  return streams.some((entry) => (kind === 'picture' ? entry.framesDecoded : entry.packetsReceived) > 0);
}

/**
 * @param {Source} source
 * @param {Map<string, Entry> | undefined} before
 * @param {Map<string, Entry>} streams
 * @param {number} seconds
 * @returns {SentStats[]} empty when nothing of it was sent
 */
function sentOf(source, before, streams, seconds) {
  const moves = [...streams].map(([id, entry]) => ({ entry, grown: growth(before?.get(id), entry) }));
  /** @param {Move} move */
  const bytes = ({ grown }) => (grown('bytesSent') ?? 0) + (grown('headerBytesSent') ?? 0);
  // A sender without a track sends a packet of padding now and then.
  const sending = moves.filter(({ grown }) => (grown('bytesSent') ?? 0) > 0);
  if (!sending.length) return [];
  const reported = sending.filter(({ entry }) => entry.remote && entry.packetsSent > 0);
  const packets = sum(reported.map(({ grown }) => grown('packetsSent') ?? 0));
  const lost = sum(reported.map(({ grown }) => grown('packetsLost', 'remote') ?? 0));
  /** @type {SentLayer[]} */
  const layers = sending
    .filter(({ entry, grown }) => entry.frameHeight > 0 && (grown('framesEncoded') ?? 0) > 0)
    .map((move) => ({
      width: pixels(move.entry.frameWidth),
      height: pixels(move.entry.frameHeight),
      frame_rate: rate((move.grown('framesEncoded') ?? 0) / seconds),
      bitrate: bits((8 * bytes(move)) / seconds),
    }))
    .sort((one, other) => one.height - other.height)
    .slice(-4);
  return [
    {
      source,
      bitrate: bits((8 * sum(sending.map(bytes))) / seconds),
      loss: packets > 0 ? share(lost / packets) : null,
      jitter_ms: milliseconds(most(reported.map(({ entry }) => entry.remote.jitter))),
      round_trip_ms: milliseconds(most(reported.map(({ entry }) => entry.remote.roundTripTime))),
      limited: source === 'microphone' ? null : limitOf(sending, seconds),
      layers,
    },
  ];
}

/**
 * @param {Playing} playing
 * @param {Map<string, Entry> | undefined} before
 * @param {Map<string, Entry>} streams
 * @param {number} seconds
 * @returns {ReceivedStats}
 */
function receivedOf({ person, source, seen }, before, streams, seconds) {
  const moves = [...streams].map(([id, entry]) => ({ entry, grown: growth(before?.get(id), entry) }));
  /** @param {string} name */
  const total = (name) => sumOf(moves.map(({ grown }) => grown(name)));
  const packets = total('packetsReceived') ?? 0;
  const lost = Math.max(0, total('packetsLost') ?? 0);
  const newest = moves.at(-1)?.entry ?? {};
  /** @type {ReceivedStats} */
  const told = {
    person,
    source,
    bitrate: bits((8 * ((total('bytesReceived') ?? 0) + (total('headerBytesReceived') ?? 0))) / seconds),
    loss: packets + lost > 0 ? share(lost / (packets + lost)) : null,
    jitter_ms: milliseconds(number(newest.jitter)),
  };
  if (source === 'microphone') {
    const samples = total('totalSamplesReceived');
    // Where nobody spoke nothing is missing: what is put there is silence.
    const concealed = (total('concealedSamples') ?? 0) - (total('silentConcealedSamples') ?? 0);
    if (samples && total('concealedSamples') !== null) told.concealed = share(concealed / samples);
    return told;
  }
  const frames = total('framesDecoded');
  if (frames !== null) told.frame_rate = rate(frames / seconds);
  if (newest.frameHeight > 0) {
    told.width = pixels(newest.frameWidth);
    told.height = pixels(newest.frameHeight);
  }
  const freezes = total('freezeCount');
  if (seen && freezes !== null) {
    told.freezes = whole(freezes, 1000);
    told.frozen_ms = whole(1000 * (total('totalFreezesDuration') ?? 0), LONGEST);
  }
  return told;
}

/**
 * @param {Move[]} moves
 * @param {number} seconds
 * @returns {SentStats['limited']} null where the browser does not say
 */
function limitOf(moves, seconds) {
  const saying = moves.filter(({ entry }) => typeof entry.qualityLimitationReason === 'string');
  if (!saying.length) return null;
  const held = LIMITS.map((reason) => ({
    reason,
    // Without durations: what holds now is taken to have held.
    seconds: most(
      saying.map(({ entry, grown }) =>
        entry.qualityLimitationDurations
          ? grown(reason, 'qualityLimitationDurations')
          : entry.qualityLimitationReason === reason
            ? seconds
            : 0,
      ),
    ),
  })).sort((one, other) => (other.seconds ?? 0) - (one.seconds ?? 0))[0];
  return (held.seconds ?? 0) >= seconds / 2 ? held.reason : 'none';
}

/**
 * @param {Entry[]} all
 * @param {Map<string, Entry>} byId
 * @returns {Entry | undefined} the candidate pair that media takes
 */
function pairOf(all, byId) {
  const transport = all.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId);
  if (transport) return byId.get(transport.selectedCandidatePairId);
  const pairs = all.filter(({ type }) => type === 'candidate-pair');
  // Firefox says so itself; elsewhere it is the one that was agreed on.
  const agreed = pairs.find(({ nominated, state }) => nominated && state === 'succeeded');
  return pairs.find(({ selected }) => selected) ?? agreed;
}

/**
 * @param {Entry | undefined} pair
 * @param {Map<string, Entry>} byId
 * @returns {PathStats | null}
 */
function pathOf(pair, byId) {
  const local = byId.get(pair?.localCandidateId);
  if (!local || !CANDIDATES.includes(local.candidateType)) return null;
  const relayed = local.candidateType === 'relay';
  return {
    candidate: local.candidateType,
    protocol: local.protocol === 'tcp' ? 'tcp' : 'udp',
    relay: relayed && ['udp', 'tcp', 'tls'].includes(local.relayProtocol) ? local.relayProtocol : null,
  };
}

/**
 * How much a count has grown. A count that is smaller than it was has begun anew.
 * @param {Entry | undefined} before
 * @param {Entry} after
 * @returns {(name: string, within?: string) => number | null} null where there is no such count
 */
function growth(before, after) {
  return (name, within) => {
    const now = number((within ? after[within] : after)?.[name]);
    if (now === null) return null;
    const then = number((within ? before?.[within] : before)?.[name]) ?? 0;
    // Losses do become fewer, when what was late arrives after all.
    return now >= then || name === 'packetsLost' ? now - then : now;
  };
}

/**
 * @template {{mid: string | null, track: string | null}} T
 * @param {T[]} known
 * @param {unknown} mid
 * @param {unknown} track
 * @returns {T | undefined}
 */
function find(known, mid, track) {
  return known.find((each) => mid && each.mid === mid) ?? known.find((each) => track && each.track === track);
}

/**
 * @template K, V
 * @param {Map<K, Map<string, V>>} map
 * @param {K} key
 * @returns {Map<string, V>}
 */
function inside(map, key) {
  const found = map.get(key) ?? new Map();
  map.set(key, found);
  return found;
}

/**
 * @param {unknown} value
 * @returns {number | null}
 */
function number(value) {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/**
 * @param {(number | null)[]} values
 * @returns {number | null} their sum; null where there is none
 */
function sumOf(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? sum(known) : null;
}

/**
 * @param {unknown[]} values
 * @returns {number | null} the largest
 */
function most(values) {
  const known = values.map(number).filter((value) => value !== null);
  return known.length ? Math.max(...known) : null;
}

/**
 * @param {number} value
 * @param {number} highest
 * @param {number} [lowest]
 */
const whole = (value, highest, lowest = 0) => Math.round(Math.min(highest, Math.max(lowest, number(value) ?? lowest)));

/** @param {number} value */
const bits = (value) => whole(value, 1_000_000_000);
/** @param {number} value */
const pixels = (value) => whole(value, 8192);
/** @param {number} value */
const rate = (value) => whole(10 * value, 2400) / 10;
/** @param {number} value */
const share = (value) => whole(10_000 * value, 10_000) / 10_000;
/** @param {number | null} seconds */
const milliseconds = (seconds) => (seconds === null ? null : whole(1000 * seconds, 60_000));
