// @ts-check
/**
 * An appointment's time as the visitor's clock shows it, and as the practice's does where that is another one.
 *
 * Not here: how long until then, which the catalogue writes.
 */

/**
 * @param {string} language
 * @param {number} at  seconds since 1970
 * @param {string} [zone]  default: the browser's own
 * @returns {string} as "Thursday, March 5, 10:00 AM PST"
 */
export function moment(language, at, zone) {
  const format = new Intl.DateTimeFormat(language, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
    ...(zone === undefined ? {} : { timeZone: zone }),
  });
  return format.format(at * 1000);
}

/**
 * @param {string} language
 * @param {number} at
 * @param {string} zone
 * @returns {string | null} the time there, if clocks there show another one than here
 */
export function elsewhere(language, at, zone) {
  try {
    return clock(at, zone) === clock(at) ? null : moment(language, at, zone);
  } catch {
    return null; // a zone that this browser does not know
  }
}

/**
 * @param {number} at
 * @param {string} [zone]
 */
function clock(at, zone) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { day: 'numeric', hour: 'numeric', minute: 'numeric', hourCycle: 'h23' };
  return new Intl.DateTimeFormat('en', zone === undefined ? options : { ...options, timeZone: zone }).format(at * 1000);
}
