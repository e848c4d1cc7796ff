// @ts-check
/** Tells when the person has allowed a device after all, in the browser's own settings. */

/**
 * @param {readonly ('microphone' | 'camera')[]} kinds
 * @param {(kind: 'microphone' | 'camera') => void} granted
 */
export async function watchPermissions(kinds, granted) {
  for (const kind of kinds) {
    try {
      const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (kind) });
      status.addEventListener('change', () => {
        if (status.state === 'granted') granted(kind);
      });
    } catch {
      // Not every browser can tell; the person then presses "try again".
    }
  }
}
