// @ts-check
/**
 * How a person comes to a token: from the fragment of their link, or (demo only) from the join form.
 */

/**
 * @typedef {object} Invitation
 * @property {string} token
 * @property {string} session        read from the token without any check, only to be shown
 * @property {string} role
 * @property {string | null} name    to fill in the name field
 * @property {boolean} expired       by this machine's clock: only a hint, the server decides
 * @property {boolean} encrypted     it says that everybody has to encrypt end to end
 */

/**
 * Reads `#token=...`. Take it out of the address bar afterwards (`history.replaceState`), so that nobody copies it by
 * accident.
 * @param {string} fragment  `location.hash`
 * @param {number} [now]     seconds since 1970
 * @returns {Invitation | null}
 */
export function readInvitation(fragment, now = Date.now() / 1000) {
  const token = new URLSearchParams(fragment.replace(/^#/, '')).get('token');
  if (!token) return null;
  const claims = claimsOf(token);
  /** @param {string} key */
  const text = (key) => (typeof claims[key] === 'string' ? claims[key] : '');
  return {
    token,
    session: text('room'),
    role: text('role'),
    name: text('name') || null,
    expired: typeof claims.exp === 'number' && claims.exp < now,
    encrypted: claims.encryption === 'required',
  };
}

/**
 * @param {string} token  a JWT, or anything that came in a link
 * @returns {Record<string, unknown>} empty if it is no JWT
 */
function claimsOf(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims && typeof claims === 'object' ? claims : {};
  } catch {
    return {};
  }
}

/**
 * Demo only: asks the server for a token as the join form may.
 * @param {{session: string, role: string, name: string}} request
 * @param {typeof fetch} [fetch]
 * @returns {Promise<{token: string} | {code: string, error: string}>}  never throws
 */
export async function requestToken({ session, role, name }, fetch = globalThis.fetch) {
  const user = `demo-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  try {
    const response = await fetch('/api/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ user_id: user, role, room_id: session, name }),
    });
    const answer = await response.json();
    if (response.ok && typeof answer.token === 'string') return { token: answer.token };
    return { code: String(answer.code ?? 'unknown'), error: String(answer.error ?? '') };
  } catch {
    return { code: 'unreachable', error: '' };
  }
}
