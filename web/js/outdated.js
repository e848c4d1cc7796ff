// @ts-check
/**
 * Says so where the browser is too old for everything else here, which would leave the page blank. Such browsers have
 * to understand this file: no syntax of the last ten years.
 */
(function () {
  'use strict';

  // Each stands for what came with it, to every browser: modules, and the language and dialogs of summer 2022.
  var able =
    'noModule' in document.createElement('script') &&
    typeof Object.hasOwn === 'function' &&
    typeof Array.prototype.findLast === 'function' &&
    typeof HTMLDialogElement === 'function';
  if (able) return;
  document.documentElement.setAttribute('data-outdated', '');
  var told = document.getElementById('outdated');
  if (told) told.removeAttribute('hidden');
})();
