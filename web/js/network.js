// @ts-check
/**
 * Tells when this machine's network may have changed, or the page has been woken up.
 */

/**
 * @typedef {'network' | 'awake'} Wake
 *   network: the way to the server may be another one · awake: the page was asleep, and its timers with it
 */

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
  addEventListener('pageshow', (event) => event.persisted && listener('awake'), { signal });
  const seen = () => document.visibilityState === 'visible' && listener('awake');
  document.addEventListener('visibilitychange', seen, { signal });
  return () => stop.abort();
}
