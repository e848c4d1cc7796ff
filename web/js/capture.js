// @ts-check
/**
 * What is asked of the browser when a device is opened, and what its refusals mean. No state.
 */

/**
 * @typedef {object} Failure
 * @property {'denied' | 'missing' | 'busy'} condition
 * @property {'person' | 'dismissed' | 'system' | null} deniedBy
 */

/**
 * @param {'microphone' | 'camera'} kind
 * @param {{width?: number, height?: number, frameRate?: number, original?: boolean,
 *          deviceId?: string | null | {exact: string | null}}} wish
 *   `original`: the sound as it is, for music; `deviceId`: preferred, or exactly that one
 * @returns {MediaTrackConstraints}
 */
export function constraintsFor(kind, { width, height, frameRate, original = false, deviceId = null }) {
  /** @type {MediaTrackConstraints} */
  const constraints =
    kind === 'microphone'
      ? { echoCancellation: !original, noiseSuppression: !original, autoGainControl: !original }
      : { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate } };
  if (typeof deviceId === 'string' && deviceId) constraints.deviceId = { ideal: deviceId };
  else if (deviceId && typeof deviceId === 'object' && deviceId.exact) constraints.deviceId = { exact: deviceId.exact };
  return constraints;
}

/**
 * A picture of the same shape that is smaller.
 * @template {{width: number, height: number}} S
 * @param {S} size
 * @param {number} part  how many times, in each direction
 * @returns {S}
 */
export function within(size, part) {
  return { ...size, width: Math.round(size.width / part), height: Math.round(size.height / part) };
}

/**
 * @param {{width?: number, height?: number}} size
 * @returns {number} its longer side, whichever way a phone is held; 0 if nothing is known of it
 */
export function longest({ width = 0, height = 0 }) {
  return Math.max(width, height);
}

/**
 * @param {unknown} error  what getUserMedia rejected with
 * @returns {Failure}
 * @throws {unknown} the error itself, if it is none that browsers document: then the defect is ours
 */
export function judge(error) {
  const { name = '', message = '' } = /** @type {{name?: string, message?: string}} */ (error ?? {});
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return { condition: 'denied', deniedBy: whoDenied(message) };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return { condition: 'missing', deniedBy: null };
    case 'NotReadableError':
    case 'AbortError':
    case 'InvalidStateError':
      return { condition: 'busy', deniedBy: null };
    default:
      throw error;
  }
}

/**
 * The standard has one error for all of these; only Chromium's texts tell them apart.
 * @param {string} message
 */
function whoDenied(message) {
  if (/system/i.test(message)) return 'system';
  return /dismissed/i.test(message) ? 'dismissed' : 'person';
}
