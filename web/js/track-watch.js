// @ts-check
/**
 * What the system does to an open microphone or camera: pauses it (a phone call, another app, a covered lens), gives
 * it back, or takes it away.
 *
 * A pause is `muted` on the track, which no page can set. It is told only when it lasts and the person is looking:
 * browsers pause for moments of their own, and phones pause the camera of every page that is not seen. Not here: what
 * is done about it (`devices.js`).
 */

/** Shorter, and a browser's own hiccup is told as an interruption. Longer, and somebody talks to nobody meanwhile. */
export const PAUSE_LASTS = 1500;

/**
 * @param {MediaStreamTrack} track
 * @param {{paused: () => void, resumed: () => void, ended: () => void}} tell
 *   `resumed` is only called after `paused`
 * @param {{clock: import('./clock.js').Clock, page?: Pick<Document, 'visibilityState' | 'addEventListener'>}} parts
 * @returns {() => void} stops
 */
export function watchTrack(track, { paused, resumed, ended }, { clock, page = document }) {
  const stop = new AbortController();
  const { signal } = stop;
  let told = false;
  let cancel = () => {};
  const look = () => {
    cancel();
    if (!track.muted || told || page.visibilityState !== 'visible') return;
    cancel = clock.after(PAUSE_LASTS, () => {
      told = true;
      paused();
    });
  };
  track.addEventListener('mute', look, { signal });
  track.addEventListener(
    'unmute',
    () => {
      cancel();
      if (told) resumed();
      told = false;
    },
    { signal },
  );
  track.addEventListener('ended', ended, { signal });
  page.addEventListener('visibilitychange', look, { signal });
  look(); // a track that is opened during a phone call is paused from the beginning
  return () => {
    cancel();
    stop.abort();
  };
}
