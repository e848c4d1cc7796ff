/**
 * Which browsers can encrypt a call end to end, from which version on, and what somebody can do whose browser cannot.
 * Whether this one can is found out by trying (`e2ee/pipes.js`), never from here.
 *
 * Sources: MDN browser-compat-data, seen in 2026. `RTCRtpScriptTransform`: Firefox 117, Safari and iOS 15.4 (Chrome
 * 141). Chrome's own `createEncodedStreams`: 86 (blink-dev, "Intent to Ship", 2020), handed to a worker: 87;
 * `structuredClone`, which our worker uses: Chrome and Edge 98, Samsung Internet 18. On iPhones and iPads every browser
 * is the system's.
 */

/** @typedef {import('./platform.js').Browser} Browser */
/** @typedef {import('./platform.js').System} System */

/** @type {Readonly<Record<Exclude<Browser, 'other'>, {name: string, version: string}>>} */
export const ENCRYPTING = {
  chrome: { name: 'Chrome', version: '98' },
  edge: { name: 'Edge', version: '98' },
  firefox: { name: 'Firefox', version: '117' },
  safari: { name: 'Safari', version: '15.4' },
  samsung: { name: 'Samsung Internet', version: '18' },
};

/** Of iOS and iPadOS. */
export const ENCRYPTING_IOS = '15.4';

/** @typedef {{key: string, values: Record<string, string>, browsers: string[]}} Remedy  `browsers`: for a list */

/**
 * What can be done, the nearest first.
 * @param {{browser: Browser, system: System}} where
 * @returns {Remedy[]}
 */
export function remedies({ browser, system }) {
  if (system === 'ios') {
    return [
      { key: 'unable.update_ios', values: { version: ENCRYPTING_IOS }, browsers: [] },
      { key: 'unable.device', values: {}, browsers: [] },
    ];
  }
  const own = browser === 'other' ? null : ENCRYPTING[browser];
  const others = Object.entries(ENCRYPTING).filter(
    ([other]) => other !== browser && (other !== 'safari' || system === 'mac') && other !== 'samsung',
  );
  const browsers = others.map(([, { name, version }]) => `${name} ${version}`);
  /** @type {(Remedy | false)[]} */
  const found = [
    own !== null && { key: 'unable.update', values: { browser: own.name, version: own.version }, browsers: [] },
    { key: 'unable.other', values: {}, browsers },
    { key: 'unable.device', values: {}, browsers: [] },
  ];
  return found.filter((remedy) => remedy !== false);
}
