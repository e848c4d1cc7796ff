// @ts-check
/**
 * What pages see of a session: its state and its moments. Shapes only; `session.js` has the behaviour.
 */

import { NOT_YET } from './e2ee/encryption.js';

/** @typedef {import('./messages.js').State} ServerState */

/**
 * @typedef {'idle' | 'joining' | 'moving' | 'waiting' | 'present' | 'over'} Phase
 *   idle: not joined (also after a refused join: see `refused`) · joining: asked, no answer yet, also while a
 *   reloaded page takes its seat again · moving: the other device has been asked to hand over · waiting: in the
 *   waiting room, nothing is sent · present: in the session · over: it ended, see `over`.
 */

/**
 * @typedef {object} Refusal
 * @property {string} code   stable; `already_joined` is answered by `join({..., move: true})`. The client's own codes:
 *                           `unreachable` (no connection to the server), `unsupported` (the browser has no WebRTC),
 *                           `not_connected` (asked for while the socket was away: try again).
 * @property {string} error  the server's sentence, empty for the client's own codes. Show `strings.error(code, error)`.
 */

/**
 * @typedef {object} SessionState
 * @property {Phase} phase
 * @property {import('./trouble.js').Connected} connection  trouble that lasts; recovery is under way
 * @property {Refusal | null} refused            why the last join was refused; null again when a new one starts
 * @property {{reason: import('./messages.js').OverReason, error: string} | null} over
 *                                               `error` is empty where the client itself ended it (left, lost)
 * @property {ServerState | null} server         the last `state` message (people, you, may, ...); kept after `over`
 * @property {boolean} microphone                own, what is (or, while waiting, will be) sent
 * @property {boolean} camera
 * @property {boolean} screen
 * @property {readonly string[]} speaking        person ids, loudest first; may contain your own
 * @property {Readonly<Record<string, 'good' | 'fair' | 'poor' | 'lost'>>} quality  by person id
 * @property {boolean} soundOnly                 to save data: no pictures come, and the own camera was turned off
 * @property {import('./e2ee/encryption.js').Encrypted} encrypted  end to end, as far as this page knows itself
 * @property {number} streams                    changes when a result of `streamOf` may have changed
 */

/**
 * Moments: things that happen once and are no state.
 * @typedef {object} Moments
 * @property {{person: string, name: string, text: string, unreadable: boolean, at: number, mine: boolean}} chat
 *                                               `at`: seconds since 1970 · `unreadable`: it could not be opened
 * @property {{by: string}} mute_requested       `by`: the name of who asks; the person decides
 * @property {{}} move_requested                 this person's link was opened elsewhere: answer with `answerMove`
 * @property {Refusal} refused                   what was asked for in the session (a refused join is `state.refused`)
 */

/**
 * Where tests take the place of the browser.
 * @typedef {object} Seams
 * @property {import('./seat.js').SeatMemory} memory
 * @property {(events: import('./connection.js').ConnectionEvents) => import('./connection.js').Connection} connect
 * @property {(host: import('./media.js').Host) => import('./media.js').Media} makeMedia
 * @property {typeof import('./network.js').watchNetwork} watch
 * @property {(changed: () => void) => import('./relay.js').Relay} makeRelay
 * @property {import('./clock.js').Clock} clock          for what people are told of trouble
 * @property {(host: import('./e2ee/encryption.js').EncryptionHost) => import('./e2ee/encryption.js').Encryption}
 *             makeEncryption
 */

/** @type {SessionState} */
export const INITIAL = {
  phase: 'idle',
  connection: 'ok',
  refused: null,
  over: null,
  server: null,
  microphone: false,
  camera: false,
  screen: false,
  speaking: Object.freeze([]),
  quality: Object.freeze({}),
  soundOnly: false,
  encrypted: NOT_YET,
  streams: 0,
};
