// @ts-check
/**
 * Sees that the page starts. It has many files, and on a bad network one of them may not come: then the page is loaded
 * again, some times, and then the person is told. A plain script, so that it runs where modules failed.
 */
(() => {
  const KEY = 'loading';
  const PAUSES = [500, 1500, 4000];
  /** Milliseconds after which a failure is another one. */
  const FORGOTTEN = 60_000;
  let failed = false;

  /** Whether the person was told that this browser is too old (`outdated.js`): then nothing else is to be expected. */
  function outdated() {
    return document.documentElement.hasAttribute('data-outdated');
  }

  /** @returns {number | undefined} milliseconds after which to try again; none: it has been tried often enough */
  function pause() {
    try {
      const [tries, at] = (sessionStorage.getItem(KEY) ?? '0 0').split(' ').map(Number);
      const count = Date.now() - at < FORGOTTEN ? tries : 0;
      sessionStorage.setItem(KEY, `${count + 1} ${Date.now()}`);
      return PAUSES[count];
    } catch {
      return undefined; // nothing can be remembered here: it might go on for ever
    }
  }

  function retry() {
    if (failed || document.querySelector('main') || outdated()) return;
    failed = true;
    const ms = pause();
    if (ms !== undefined) {
      setTimeout(() => location.reload(), ms);
      return;
    }
    const told = document.getElementById('unloaded');
    if (!told) return;
    told.hidden = false;
    const button = told.querySelector('button');
    button?.addEventListener('click', () => location.reload());
    button?.focus();
  }

  // of a file that did not come, and of a program that ended before it had shown anything
  const concerns = (/** @type {Event} */ { target }) => !(target instanceof Element) || target.tagName === 'SCRIPT';
  addEventListener('error', (event) => concerns(event) && retry(), true);
  addEventListener('unhandledrejection', retry);
})();
