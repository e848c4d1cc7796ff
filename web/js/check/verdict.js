// @ts-check
/**
 * What was found, as items with a state, a sentence each and advice where something fails. Pure: keys of the catalogue
 * and values, no words.
 */

/** @typedef {import('./run.js').Findings} Findings */
/** @typedef {import('./ways.js').Way} Way */

/**
 * @typedef {'wait' | 'busy' | 'good' | 'fair' | 'bad' | 'none'} Mark
 *   wait: not looked at yet · busy: being looked at · fair: works, but · none: cannot be told, or is not there
 *
 * @typedef {'camera' | 'microphone' | 'speaker' | 'encryption' | 'socket' | 'udp' | 'tcp' | 'turn' | 'speed'} Name
 *
 * @typedef {object} Item
 * @property {Name} name
 * @property {Mark} mark
 * @property {string} detail   key in the catalogue
 * @property {string} [advice] likewise
 * @property {string} [word]   likewise, where the mark's own word does not fit
 * @property {Record<string, string | number>} [values]
 *
 * @typedef {object} DeviceFindings
 * @property {import('../devices.js').DeviceCondition} camera
 * @property {import('../devices.js').DeviceCondition} microphone
 * @property {'wait' | 'listening' | 'heard' | 'silent'} sound   of the microphone
 * @property {'wait' | 'asked' | 'heard' | 'not_heard' | 'unsupported'} speaker
 *
 * @typedef {object} Encrypting
 * @property {boolean} possible  whether this browser can, end to end
 * @property {boolean} required  whether nobody is let in who cannot
 */

/** Bits per second: a face that can be read, and a voice with little beside it. */
const ENOUGH = 1_000_000;
const LEAST = 250_000;
/** Shares of packets that are lost, and milliseconds: what is heard, and what disturbs. */
const SOME_LOSS = 0.03;
const MUCH_LOSS = 0.12;
const SLOW = 300;
const UNEVEN = 50;

const OFF = new Set(['off', 'asking']);

/**
 * @param {DeviceFindings} devices
 * @param {Findings} found
 * @param {Encrypting} encrypting
 * @returns {Item[]} in the order in which they are shown
 */
export function itemsOf(devices, found, encrypting) {
  return [
    cameraItem(devices),
    microphoneItem(devices),
    speakerItem(devices),
    encryptionItem(encrypting),
    socketItem(found),
    directItem('udp', found),
    directItem('tcp', found),
    turnItem(found),
    speedItem(found),
  ];
}

/**
 * The one thing to say at the top.
 * @param {readonly Item[]} items
 * @param {Findings} found
 * @returns {{mark: Mark, key: string}}
 */
export function summaryOf(items, found) {
  if (found.phase === 'not_yet') return { mark: 'wait', key: 'check.sum.not_yet' };
  if (found.phase === 'running') return { mark: 'busy', key: 'check.sum.running' };
  /** @param {Name} name */
  const mark = (name) => items.find((item) => item.name === name)?.mark;
  if (found.problem === 'no_link') return { mark: 'none', key: 'check.sum.no_link' };
  if (found.socket === false) return { mark: 'bad', key: 'check.sum.no_socket' };
  if (found.problem?.startsWith('token_')) return { mark: 'none', key: 'check.sum.bad_link' };
  if (found.problem && !reaches(found)) return { mark: 'none', key: 'check.sum.not_checked' };
  if (!reaches(found)) return { mark: 'bad', key: 'check.sum.no_way' };
  if (mark('encryption') === 'bad') return { mark: 'bad', key: 'check.sum.no_encryption' };
  if (mark('microphone') === 'bad') return { mark: 'bad', key: 'check.sum.no_microphone' };
  if (mark('speed') === 'bad') return { mark: 'bad', key: 'check.sum.slow' };
  if (mark('camera') === 'bad') return { mark: 'fair', key: 'check.sum.no_camera' };
  if (mark('speaker') === 'bad') return { mark: 'fair', key: 'check.sum.no_speaker' };
  if (items.some((item) => item.mark === 'fair')) return { mark: 'fair', key: 'check.sum.fair' };
  return { mark: 'good', key: 'check.sum.good' };
}

/** @param {Findings} found */
export function reaches(found) {
  return Object.values(found.ways).some(({ reached }) => reached);
}

/** @param {DeviceFindings} devices @returns {Item} */
function cameraItem({ camera }) {
  const name = 'camera';
  if (camera === 'ok') return { name, mark: 'good', detail: 'check.camera.good' };
  if (OFF.has(camera)) return { name, mark: camera === 'asking' ? 'busy' : 'wait', detail: `check.camera.${camera}` };
  return { name, mark: 'bad', detail: 'check.camera.bad' };
}

/** @param {DeviceFindings} devices @returns {Item} */
function microphoneItem({ microphone, sound }) {
  const name = 'microphone';
  if (microphone !== 'ok') {
    if (!OFF.has(microphone)) return { name, mark: 'bad', detail: 'check.microphone.bad' };
    const mark = microphone === 'asking' ? 'busy' : 'wait';
    return { name, mark, detail: `check.microphone.${microphone}` };
  }
  if (sound === 'heard') return { name, mark: 'good', detail: 'check.microphone.heard' };
  if (sound === 'silent') {
    return { name, mark: 'fair', detail: 'check.microphone.silent', advice: 'check.microphone.silent_advice' };
  }
  return { name, mark: 'busy', detail: 'check.microphone.listening' };
}

/** @param {DeviceFindings} devices @returns {Item} */
function speakerItem({ speaker }) {
  const name = 'speaker';
  if (speaker === 'heard') return { name, mark: 'good', detail: 'check.speaker.heard' };
  if (speaker === 'not_heard') {
    return { name, mark: 'bad', detail: 'check.speaker.not_heard', advice: 'check.speaker.advice' };
  }
  if (speaker === 'unsupported') return { name, mark: 'none', detail: 'check.speaker.unsupported' };
  return { name, mark: 'wait', detail: speaker === 'asked' ? 'check.speaker.asked' : 'check.speaker.wait' };
}

/** @param {Encrypting} encrypting @returns {Item} */
function encryptionItem({ possible, required }) {
  const name = 'encryption';
  if (possible) return { name, mark: 'good', detail: 'check.encryption.good' };
  if (required) return { name, mark: 'bad', detail: 'check.encryption.bad' };
  return { name, mark: 'fair', detail: 'check.encryption.less' };
}

/** @param {Findings} found @returns {Item} */
function socketItem({ socket, step, problem }) {
  const name = 'socket';
  if (socket) return { name, mark: 'good', detail: 'check.socket.good' };
  if (socket === false) return { name, mark: 'bad', detail: 'check.socket.bad', advice: 'check.socket.advice' };
  if (problem === 'no_link') return { name, mark: 'none', detail: 'check.no_link' };
  return step === 'socket' ? busy(name) : waiting(name);
}

/** @param {'udp' | 'tcp'} name @param {Findings} found @returns {Item} */
function directItem(name, found) {
  const way = found.ways[name];
  if (way?.reached) {
    return { name, mark: 'good', detail: `check.${name}.good`, values: { ms: way.milliseconds ?? 0 } };
  }
  const unknown = untold(name, found, way?.code);
  if (unknown !== null) return unknown;
  const values = { port: String(way?.port ?? '') };
  // without UDP calls still work, as long as there is something else; without TCP they do as long as there is UDP
  const mark = reaches(found) ? 'fair' : found.phase === 'done' ? 'bad' : 'busy';
  if (mark === 'busy') return busy(name);
  if (name === 'tcp' && found.ways.udp?.reached) {
    return { name, mark: 'none', detail: 'check.tcp.unneeded', word: 'check.mark.unneeded' };
  }
  return { name, mark, detail: `check.${name}.bad`, advice: `check.${name}.advice`, values };
}

/** @param {Findings} found @returns {Item} */
function turnItem(found) {
  const name = 'turn';
  const tried = found.tried.filter((way) => way.startsWith('turn'));
  if (found.tried.length > 0 && tried.length === 0) {
    const needed = found.phase === 'done' && !reaches(found) && !found.problem;
    return needed
      ? { name, mark: 'bad', detail: 'check.turn.none', advice: 'check.turn.none_advice' }
      : { name, mark: 'none', detail: 'check.turn.none', word: 'check.mark.absent' };
  }
  const unknown = untold(name, found, tried.map((way) => found.ways[way]?.code).find(Boolean));
  const missing = tried.some((way) => found.ways[way] === undefined);
  if (unknown !== null && !tried.some((way) => found.ways[way]?.reached)) return unknown;
  if (missing) return busy(name);
  const reached = tried.filter((way) => found.ways[way]?.reached);
  if (reached.length === tried.length) return { name, mark: 'good', detail: 'check.turn.good' };
  if (reached.length > 0) {
    return { name, mark: 'good', detail: 'check.turn.some', values: { count: reached.length, all: tried.length } };
  }
  const direct = found.ways.udp?.reached || found.ways.tcp?.reached;
  return direct
    ? { name, mark: 'fair', detail: 'check.turn.unneeded', advice: 'check.turn.unneeded_advice' }
    : { name, mark: 'bad', detail: 'check.turn.bad', advice: 'check.turn.advice' };
}

/** @param {Findings} found @returns {Item} */
function speedItem(found) {
  const name = 'speed';
  const { speed, phase, step } = found;
  if (speed === null) {
    if (step === 'speed') return { name, mark: 'busy', detail: 'check.speed.busy' };
    return phase === 'done' ? { name, mark: 'none', detail: 'check.speed.none' } : waiting(name);
  }
  const least = Math.min(speed.up, speed.down);
  const loss = Math.max(speed.lossUp, speed.lossDown);
  const values = {
    up: megabits(speed.up),
    down: megabits(speed.down),
    loss: Math.round(loss * 100),
    ms: Math.round(speed.roundTrip ?? 0),
    jitter: Math.round(speed.jitter ?? 0),
  };
  const detail = speed.roundTrip === null ? 'check.speed.found_part' : 'check.speed.found';
  if (least < LEAST) return { name, mark: 'bad', detail, values, advice: 'check.speed.little' };
  if (loss > MUCH_LOSS) return { name, mark: 'bad', detail, values, advice: 'check.speed.lossy' };
  if (least < ENOUGH) return { name, mark: 'fair', detail, values, advice: 'check.speed.narrow' };
  if (loss > SOME_LOSS) return { name, mark: 'fair', detail, values, advice: 'check.speed.lossy' };
  if ((speed.roundTrip ?? 0) > SLOW) return { name, mark: 'fair', detail, values, advice: 'check.speed.far' };
  if ((speed.jitter ?? 0) > UNEVEN) return { name, mark: 'fair', detail, values, advice: 'check.speed.uneven' };
  return { name, mark: 'good', detail, values };
}

/**
 * @param {Name} name
 * @param {Findings} found
 * @param {string} [code]  with which the server refused to try it
 * @returns {Item | null} null: it was tried
 */
function untold(name, found, code) {
  if (found.problem === 'no_link') return { name, mark: 'none', detail: 'check.no_link' };
  if (code || (found.phase === 'done' && found.tried.length === 0)) {
    return { name, mark: 'none', detail: 'check.not_checked' };
  }
  if (found.phase === 'not_yet' || found.step === 'socket') return waiting(name);
  const known = name === 'udp' || name === 'tcp' ? found.ways[name] !== undefined : true;
  return known && found.tried.length > 0 ? null : busy(name);
}

/** @param {Name} name @returns {Item} */
function waiting(name) {
  return { name, mark: 'wait', detail: 'check.wait' };
}

/** @param {Name} name @returns {Item} */
function busy(name) {
  return { name, mark: 'busy', detail: 'check.busy' };
}

/** @param {number} bits */
function megabits(bits) {
  return Math.round(bits / 100_000) / 10;
}

/**
 * The result for somebody who is to help: no names, no addresses, no labels of devices.
 * @param {readonly Item[]} items
 * @param {(key: string, values?: Record<string, string | number>) => string} text  the catalogue
 * @param {{summary: string, system: string, when: string}} about
 * @returns {string}
 */
export function reportOf(items, text, { summary, system, when }) {
  const lines = items.map(({ name, mark, detail, advice, word = `check.mark.${mark}`, values = {} }) => {
    const said = [text(detail, values), ...(advice ? [text(advice, values)] : [])].join(' ');
    return `${text(`check.${name}`)}: ${text(word)}. ${said}`;
  });
  return [text('check.title'), `${when} · ${system}`, '', summary, '', ...lines].join('\n');
}
