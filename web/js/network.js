// @ts-check
/**
 * Tells when this machine's network may have changed, or the page has been woken up.
 *
 * A way that is dead without any of that being told is noticed by what no longer comes (`silence.js`).
 */

/**
 * @typedef {'network' | 'awake' | 'slept'} Wake
 *   network: the way to the server may be another one · awake: the page is looked at again · slept: the machine or
 *   the page stood still, and what was open then may be dead
 */

/** How often the clock is looked at, and how much later than due means that nothing ran meanwhile. Milliseconds. */
const LOOK = 2_000;
const SLEPT = 6_000;

/**
 * @param {(wake: Wake) => void} listener
 * @returns {() => void} stops
 */
export function watchNetwork(listener) {
  const stop = new AbortController();
  const { signal } = stop;
  const link = /** @type {(EventTarget & {type?: string}) | undefined} */ (Reflect.get(navigator, 'connection'));
  // `change` also comes with every new estimate of the speed; only another kind of link is another way.
  let kind = link?.type;
  link?.addEventListener(
    'change',
    () => {
      if (link.type === kind) return;
      kind = link.type;
      listener('network');
    },
    { signal },
  );
  addEventListener('online', () => listener('network'), { signal });
  addEventListener('pageshow', (event) => event.persisted && listener('slept'), { signal });
  document.addEventListener('resume', () => listener('slept'), { signal });
  const seen = () => document.visibilityState === 'visible' && listener('awake');
  document.addEventListener('visibilitychange', seen, { signal });
  // The clock on the wall goes on while a machine sleeps; the one that timers run by does not, everywhere.
  let lookedAt = Date.now();
  const timer = setInterval(() => {
    const late = Date.now() - lookedAt - LOOK;
    lookedAt = Date.now();
    if (late > SLEPT && document.visibilityState === 'visible') listener('slept');
  }, LOOK);
  signal.addEventListener('abort', () => clearInterval(timer));
  return () => stop.abort();
}
