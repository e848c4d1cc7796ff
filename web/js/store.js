// @ts-check
/**
 * One frozen state and those who want to know when it changes.
 */

/**
 * @template {object} S
 */
export class Store {
  /** @type {Readonly<S>} */
  #state;
  /** @type {Set<(state: Readonly<S>, previous: Readonly<S>) => void>} */
  #listeners = new Set();
  /** @type {[Readonly<S>, Readonly<S>][]} */
  #untold = [];

  /** @param {S} initial */
  constructor(initial) {
    this.#state = Object.freeze({ ...initial });
  }

  get state() {
    return this.#state;
  }

  /**
   * @param {(state: Readonly<S>, previous: Readonly<S>) => void} listener
   * @returns {() => void} unsubscribe
   */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * A patch that changes nothing tells nobody. Changes made by a listener are told after the present one, so that
   * every listener sees all changes in the same order.
   * @param {Partial<S>} patch
   */
  update(patch) {
    const previous = this.#state;
    const keys = /** @type {(keyof S)[]} */ (Object.keys(patch));
    if (keys.every((key) => Object.is(previous[key], patch[key]))) return;
    this.#state = Object.freeze({ ...previous, ...patch });
    this.#untold.push([this.#state, previous]);
    if (this.#untold.length > 1) return;
    while (this.#untold.length) {
      const [state, before] = this.#untold[0];
      for (const listener of [...this.#listeners]) callSafely(() => listener(state, before));
      this.#untold.shift();
    }
  }
}

/**
 * Runs what somebody else gave us. If it throws, that is their fault and must not stop us: it is reported like any
 * uncaught error and we go on.
 * @param {() => void} call
 */
export function callSafely(call) {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
