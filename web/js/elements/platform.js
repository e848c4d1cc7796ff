/**
 * Which browser on which system this is: only for showing the right steps, never for deciding what works.
 */

/**
 * @typedef {'chrome' | 'edge' | 'firefox' | 'safari' | 'samsung' | 'other'} Browser
 * @typedef {'windows' | 'mac' | 'linux' | 'chromeos' | 'android' | 'ios' | 'other'} System
 */

/**
 * @param {{userAgent: string, maxTouchPoints?: number}} navigator
 * @returns {{browser: Browser, system: System}}
 */
export function platform({ userAgent, maxTouchPoints = 0 }) {
  return { browser: browserOf(userAgent), system: systemOf(userAgent, maxTouchPoints) };
}

/**
 * @param {string} agent
 * @returns {Browser}
 */
function browserOf(agent) {
  if (/SamsungBrowser/.test(agent)) return 'samsung';
  if (/Edg(e|A|iOS)?\//.test(agent)) return 'edge';
  if (/Firefox|FxiOS/.test(agent)) return 'firefox';
  if (/Chrome|Chromium|CriOS/.test(agent)) return 'chrome';
  if (/Safari/.test(agent)) return 'safari';
  return 'other';
}

/**
 * @param {string} agent
 * @param {number} touchPoints  an iPad says that it is a Mac, but a Mac has no touch screen
 * @returns {System}
 */
function systemOf(agent, touchPoints) {
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touchPoints > 1)) return 'ios';
  if (/Android/.test(agent)) return 'android';
  if (/CrOS/.test(agent)) return 'chromeos';
  if (/Windows/.test(agent)) return 'windows';
  if (/Macintosh/.test(agent)) return 'mac';
  return /Linux/.test(agent) ? 'linux' : 'other';
}

/**
 * The catalogue's key of the steps that give camera and microphone back.
 *
 * @param {'denied' | 'missing' | 'busy' | 'interrupted' | 'insecure'} trouble
 * @param {'person' | 'dismissed' | 'system' | null} deniedBy
 * @param {{browser: Browser, system: System}} where
 * @returns {string}
 */
export function stepsKey(trouble, deniedBy, { browser, system }) {
  if (trouble !== 'denied') return `help.${trouble}.steps`;
  if (deniedBy === 'dismissed') return 'help.dismissed.steps';
  if (deniedBy === 'system') {
    return ['windows', 'mac', 'android', 'ios'].includes(system) ? `help.system.${system}` : 'help.system.other';
  }
  if (system === 'ios') return browser === 'safari' ? 'help.denied.ios_safari' : 'help.denied.ios';
  if (system === 'android') {
    return browser === 'firefox' ? 'help.denied.android_firefox' : 'help.denied.android';
  }
  if (browser === 'chrome' || browser === 'edge' || browser === 'firefox') return `help.denied.${browser}`;
  return browser === 'safari' ? 'help.denied.safari' : 'help.denied.other';
}
