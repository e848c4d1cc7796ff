// @ts-check
/**
 * Asking the server over HTTP, for pages whose cookie goes with each request by itself; and what it refuses.
 *
 * Not here: any address, any words.
 */

/** @typedef {{code: string, error: string, wait?: number}} Refusal  `wait`: seconds after which to try again */

/** The server did not grant it, or could not be reached. `code` and `error` as in `signaling/refusals.py`. */
export class RefusedError extends Error {
  /**
   * @param {string} code
   * @param {string} error
   * @param {number} status  0: no answer at all
   * @param {number | null} [wait]  seconds after which it may be tried again, where the server has said so
   */
  constructor(code, error, status, wait = null) {
    super(code);
    this.code = code;
    this.error = error;
    this.status = status;
    this.wait = wait;
  }
}

/**
 * @param {unknown} error
 * @returns {Refusal}
 * @throws what is no refusal: a fault of ours
 */
export function refusal(error) {
  if (error instanceof RefusedError) {
    const { code, error: said, wait } = error;
    return wait === null ? { code, error: said } : { code, error: said, wait };
  }
  throw error;
}

export class Http {
  #fetch;

  /** @param {typeof fetch} [fetch] */
  constructor(fetch = globalThis.fetch.bind(globalThis)) {
    this.#fetch = fetch;
  }

  /**
   * @param {string} method
   * @param {string} url
   * @param {object} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>} what the answer holds; null if it holds nothing
   * @throws {RefusedError}
   */
  async send(method, url, body, headers = {}) {
    const more = body === undefined ? {} : { body: JSON.stringify(body) };
    if (body !== undefined) headers = { ...headers, 'Content-Type': 'application/json' };
    const response = await this.ask(url, { method, headers, ...more });
    return response.status === 204 ? null : response.json();
  }

  /**
   * @param {string} url
   * @param {RequestInit} request
   * @returns {Promise<Response>} a good answer
   * @throws {RefusedError}
   */
  async ask(url, request) {
    /** @type {Response} */
    let response;
    try {
      response = await this.#fetch(url, { cache: 'no-store', credentials: 'same-origin', ...request });
    } catch {
      throw new RefusedError('unreachable', '', 0);
    }
    if (response.ok) return response;
    const said = await response.json().catch(() => ({}));
    const wait = Number(response.headers.get('Retry-After') ?? NaN);
    throw new RefusedError(
      String(said.code ?? 'unknown'),
      String(said.error ?? ''),
      response.status,
      Number.isFinite(wait) ? wait : null,
    );
  }
}
