// @ts-check
/**
 * What pages see of this machine's devices. Shapes only; `devices.js` has the behaviour.
 */

/**
 * @typedef {'off' | 'asking' | 'ok' | 'denied' | 'missing' | 'busy' | 'interrupted' | 'insecure'} DeviceCondition
 *   off: not asked for, or turned off · asking: the browser may be showing its question · ok · denied: see `deniedBy`
 *   · missing: there is none, or it was unplugged · busy: another program holds it, or it does not start ·
 *   interrupted: open, but the system has paused it (a phone call) · insecure: the page was not opened over https, so
 *   browsers give no device.
 */

/** @typedef {'microphone' | 'camera'} Kind */
/** @typedef {import('./device-list.js').DeviceChoice} DeviceChoice */

/**
 * @typedef {object} DeviceChange  a device that is used now without having been chosen
 * @property {Kind | 'speaker'} kind
 * @property {'replaced' | 'back' | 'moved'} what  replaced: the one before was unplugged · back: it is there again and
 *                                                 used again · moved: the system uses another one, and so do we
 * @property {string} label  of the one in use now; empty where it is not known
 */

/**
 * @typedef {object} DevicesState
 * @property {DeviceCondition} microphone
 * @property {DeviceCondition} camera
 * @property {'person' | 'dismissed' | 'system' | null} deniedBy  who said no: the person (or a stored choice) in the
 *                                                        browser; nobody, the question was closed; the operating system
 * @property {readonly DeviceChoice[]} microphones
 * @property {readonly DeviceChoice[]} cameras
 * @property {readonly DeviceChoice[]} speakers           empty where the browser cannot choose one
 * @property {string | null} microphoneId                 the one in use, or chosen for the next opening
 * @property {string | null} cameraId
 * @property {string | null} speakerId                    null: the system's default
 * @property {number} tracks                              changes when the tracks in `stream` changed
 * @property {Readonly<Record<Kind, Unplugged | null>>} unplugged  what was in use, is gone, and is waited for
 * @property {DeviceChange | null} change                 the last one; a new object for each
 *
 * @typedef {{id: string | null, label: string}} Unplugged
 */

/**
 * @typedef {object} OpenRequest
 * @property {boolean} [audio]       default true
 * @property {boolean} [video]       default true
 * @property {number} [width]        wanted, default 1280; the camera may give another
 * @property {number} [height]       default 720
 * @property {number} [frameRate]    default 30
 */

/** @type {readonly Kind[]} */
export const KINDS = ['microphone', 'camera'];

/** @type {DevicesState} */
export const INITIAL = {
  microphone: 'off',
  camera: 'off',
  deniedBy: null,
  microphones: [],
  cameras: [],
  speakers: [],
  microphoneId: null,
  cameraId: null,
  speakerId: null,
  tracks: 0,
  unplugged: Object.freeze({ microphone: null, camera: null }),
  change: null,
};
