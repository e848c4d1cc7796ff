// @ts-check
/**
 * Passkeys: from the server's JSON to what the browser takes, and back (WebAuthn level 3, §5.1.8 to 5.1.10; browsers
 * that cannot do that by themselves are still in use).
 *
 * Not here: any words, when somebody is asked.
 */

import { RefusedError } from '../http.js';

/** Whether this browser, at this address, knows passkeys. @param {typeof globalThis} [scope] */
export function canPasskeys(scope = globalThis) {
  return typeof scope.PublicKeyCredential === 'function' && scope.isSecureContext;
}

/**
 * Makes one.
 * @param {any} options  the server's
 * @returns {Promise<object>}
 * @throws {RefusedError} when somebody has thought better of it, or it cannot be done
 */
export async function makePasskey(options) {
  const publicKey = {
    ...options,
    challenge: bytesOf(options.challenge),
    user: { ...options.user, id: bytesOf(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(described),
  };
  return jsonOf(await asked(() => navigator.credentials.create({ publicKey })));
}

/**
 * Uses one.
 * @param {any} options
 * @returns {Promise<object>}
 * @throws {RefusedError}
 */
export async function usePasskey(options) {
  const publicKey = {
    ...options,
    challenge: bytesOf(options.challenge),
    allowCredentials: (options.allowCredentials ?? []).map(described),
  };
  return jsonOf(await asked(() => navigator.credentials.get({ publicKey })));
}

/**
 * @param {() => Promise<Credential | null>} question
 * @returns {Promise<any>}
 */
async function asked(question) {
  try {
    const credential = await question();
    if (credential !== null) return credential;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === 'InvalidStateError') throw new RefusedError('passkey_taken', '', 0);
    // Whether it was cancelled, timed out or not found is not told to pages, so that nobody is found out by it.
    if (error.name !== 'NotAllowedError' && error.name !== 'AbortError') console.warn(`passkey: ${error.name}`);
  }
  throw new RefusedError('passkey_not_used', '', 0);
}

/** @param {{id: string}} credential */
function described(credential) {
  return { ...credential, id: bytesOf(credential.id) };
}

/**
 * What `PublicKeyCredential.toJSON()` gives.
 * @param {any} credential
 */
export function jsonOf(credential) {
  const { response } = credential;
  /** @type {Record<string, unknown>} */
  const said = { clientDataJSON: textOf(response.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[name]) said[name] = textOf(response[name]);
  }
  if (typeof response.getTransports === 'function') said.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: said,
  };
}

/**
 * @param {string} text  base64url (RFC 4648, section 5), without padding
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function bytesOf(text) {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
export function textOf(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
