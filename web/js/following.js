// @ts-check
/**
 * Follows what the server shows of the session: each part of the call is told what concerns it, and pages see it with
 * the names that people have told each other.
 *
 * How a call is entered, left and kept is `call.js`.
 */

import { named } from './e2ee/names.js';

/** @typedef {import('./messages.js').State} ServerState */

/**
 * @typedef {object} Parts
 * @property {import('./store.js').Store<import('./session-state.js').SessionState>} store
 * @property {import('./devices.js').Devices} devices
 * @property {import('./media.js').Media} media
 * @property {import('./sending.js').Sending} sending
 * @property {import('./viewing.js').Viewing} viewing
 * @property {import('./statistics.js').Statistics} statistics
 * @property {import('./writing.js').Writing} writing
 * @property {import('./e2ee/encryption.js').Encryption} encryption
 */

export class Following {
  #parts;
  #revision = -1;
  /** @type {ServerState | null} as it came */
  #server = null;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** There is another socket, on which the server begins to count anew. */
  anew() {
    this.#revision = -1;
  }

  /** Nothing is followed any more; pages keep the last that they saw. */
  end() {
    this.#server = null;
  }

  /** @param {ServerState} server  a `state` message */
  came(server) {
    if (server.revision < this.#revision) return;
    const { store, devices, media, sending, viewing, statistics, writing, encryption } = this.#parts;
    this.#revision = server.revision;
    writing.shown(server.recording);
    const rewired = JSON.stringify(this.#server?.slots) !== JSON.stringify(server.slots);
    this.#server = server;
    const publishes = server.phase === 'present' && server.may.includes('publish');
    // Before the pages draw anything: the others wait for the first picture.
    sending.setLive(publishes);
    encryption.follow(server, (mid) => media.slotOf(mid));
    store.update({ phase: server.phase, streams: store.state.streams + Number(rewired), ...this.#shown() });
    if (server.phase === 'present' && !publishes) devices.closeAll();
    media.play(server.slots);
    viewing.assigned(server.slots);
    statistics.follow(server);
    sending.screenSeen(server.you.screen);
    if (server.you.reconnecting) media.lost();
  }

  /** Names, or what is known of the encryption, have changed. */
  show() {
    if (this.#server) this.#parts.store.update(this.#shown());
  }

  #shown() {
    const { encryption } = this.#parts;
    return { server: this.#server && named(this.#server, encryption), encrypted: encryption.encrypted };
  }
}
