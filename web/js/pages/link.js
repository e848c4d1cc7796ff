/**
 * The invitation that this tab was opened with. The token leaves the address bar at once, so that it is neither copied
 * nor read over a shoulder; the tab keeps it for a reload.
 */

import { readInvitation } from '../invitation.js';

const KEY = 'therabook.link';

/** @typedef {import('../invitation.js').Invitation} Invitation */

/**
 * @returns {{invitation: Invitation | null, fresh: boolean}} `fresh`: it came with the address just now, and is another
 *   one than this tab had before
 */
export function takeInvitation() {
  const { hash, pathname, search } = location;
  const stored = recall();
  const found = readInvitation(hash);
  if (found === null) return { invitation: readInvitation(stored), fresh: false };
  keep(hash);
  history.replaceState(null, '', pathname + search);
  return { invitation: found, fresh: hash !== stored };
}

/** Leaves nothing of this visit in the tab. */
export function forgetEverything() {
  try {
    sessionStorage.clear();
  } catch {
    // No storage in this browser, so there is nothing to forget.
  }
}

/** @param {string} hash */
function keep(hash) {
  try {
    sessionStorage.setItem(KEY, hash);
  } catch {
    // Without storage a reload needs the link again.
  }
}

function recall() {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
