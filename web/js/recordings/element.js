/**
 * What the elements of the recordings page share: the context that they are given, and being told of each change.
 *
 * Not here: any look, any words. The elements of a session have `elements/element.js`.
 */

import { BaseElement } from '../elements/base.js';

/**
 * @typedef {import('./archive.js').ArchiveState} ArchiveState
 *
 * @typedef {object} Context
 * @property {import('./archive.js').Archive} archive
 * @property {import('../strings.js').Strings} strings
 * @property {import('./words.js').Formats} formats
 * @property {import('../settings.js').ClientSettings} settings
 * @property {import('../elements/announcer.js').Announcer} announcer
 */

/**
 * An element that follows the archive.
 * @extends {BaseElement<Context>}
 */
export class ArchiveElement extends BaseElement {
  connectedCallback() {
    const { archive } = this.context;
    this.keep(archive.subscribe((state, previous) => this.update(state, previous)));
    this.connect();
    this.update(archive.state, archive.state);
  }

  /**
   * @param {Readonly<ArchiveState>} state
   * @param {Readonly<ArchiveState>} previous  the same as `state` at first
   */
  update(state, previous) {}
}

/**
 * Whether something is to be drawn anew: remembers, per element, what it was last drawn from. Drawing again what has
 * not changed would take the focus, the place in a film and what is selected.
 */
export class Drawn {
  #last = '';

  /**
   * @param {unknown} from
   * @returns {boolean}
   */
  isNew(from) {
    const text = JSON.stringify(from) ?? '';
    if (text === this.#last) return false;
    this.#last = text;
    return true;
  }
}
