// @ts-check
/**
 * The link that this tab was opened with. It leaves the address bar and the history at once, so that it is neither
 * copied nor read over a shoulder; the tab keeps it for a reload.
 *
 * Not here: what it leads to (`visit.js`).
 */

const KEY = 'therabook.visit';

/** @returns {string | null} what stood behind `#`, now or before this tab was loaded again */
export function takeLink() {
  const { hash, pathname } = location;
  const found = hash.slice(1);
  if (!found) return recall();
  keep(found);
  history.replaceState(null, '', pathname);
  return found;
}

/** @param {string} link */
function keep(link) {
  try {
    sessionStorage.setItem(KEY, link);
  } catch {
    // Without storage a reload needs the link again.
  }
}

function recall() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}
