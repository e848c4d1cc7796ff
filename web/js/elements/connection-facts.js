/**
 * What is known of the own connection, as short facts in plain words. Pure: figures in, texts out.
 *
 * Not here: how they are measured (`statistics.js`), how good they are (the server grades them).
 */

/**
 * @typedef {import('../strings.js').Strings} Strings
 * @typedef {import('../messages').Stats} Stats
 * @typedef {{name: string, value: string}} Fact
 */

const MEGABIT = 1_000_000;

/**
 * @param {Readonly<Stats>} stats
 * @param {Strings} strings
 * @returns {Fact[]}
 */
export function connectionFacts({ path, round_trip_ms: delay, sent = [], received = [] }, strings) {
  const own = sent.find(({ source }) => source === 'camera')?.layers?.at(-1);
  const others = received.filter(({ width, height }) => width && height);
  const [largest] = others.sort((a, b) => Number(b.height) - Number(a.height));
  /** @type {[string, string | null][]} */
  const facts = [
    ['delay', delay == null ? null : strings.text('connection.ms', { ms: delay })],
    ['lost_up', shareOf(sent, strings)],
    ['lost_down', shareOf(received, strings)],
    ['up', rate(sent, strings)],
    ['picture_up', own ? picture(own, strings) : null],
    ['down', rate(received, strings)],
    ['picture_down', largest ? picture(largest, strings) : null],
    ['limit', limitOf(sent, strings)],
    ['way', path ? way(path, strings) : null],
  ];
  return facts.flatMap(([key, value]) => (value ? [{ name: strings.text(`connection.${key}`), value }] : []));
}

/**
 * @param {readonly {bitrate: number}[]} streams
 * @param {Strings} strings
 */
function rate(streams, strings) {
  const bits = streams.reduce((sum, { bitrate }) => sum + bitrate, 0);
  if (bits < MEGABIT) return strings.text('connection.kbit', { rate: Math.round(bits / 1000) });
  return strings.text('connection.mbit', { rate: Math.round(bits / (MEGABIT / 10)) / 10 });
}

/**
 * The worst of them: a picture that breaks is not mended by a voice that comes through.
 * @param {readonly {loss?: number | null}[]} streams
 * @param {Strings} strings
 */
function shareOf(streams, strings) {
  const known = streams.flatMap(({ loss }) => (loss == null ? [] : [loss]));
  if (!known.length) return null;
  return strings.text('connection.percent', { percent: Math.round(Math.max(...known) * 1000) / 10 });
}

/**
 * @param {{width?: number | null, height?: number | null, frame_rate?: number | null}} size
 * @param {Strings} strings
 */
function picture({ width, height, frame_rate: frames }, strings) {
  const size = { width: String(width), height: String(height) };
  if (!frames) return strings.text('connection.size', size);
  return strings.text('connection.picture', { ...size, frames: Math.round(frames) });
}

/**
 * @param {readonly import('../messages').SentStats[]} sent
 * @param {Strings} strings
 */
function limitOf(sent, strings) {
  const limit = sent.find(({ source }) => source === 'camera')?.limited;
  return limit === 'bandwidth' || limit === 'cpu' ? strings.text(`connection.limit.${limit}`) : null;
}

/**
 * @param {NonNullable<Stats['path']>} path
 * @param {Strings} strings
 */
function way({ candidate, protocol, relay }, strings) {
  if (candidate === 'relay') return strings.text(`connection.way.relay_${relay ?? protocol}`);
  return strings.text(`connection.way.${protocol}`);
}
