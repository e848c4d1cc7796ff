/** The restore test: every byte of each track is read on the server, and what came of it is told. */

import { open } from '../elements/dialog.js';
import { h, icon, replace } from '../view.js';
import { sentenceOf, titleOf } from './words.js';

/**
 * @param {import('./element.js').Context} context
 * @param {import('./api.js').Whole} whole
 */
export async function openCheck({ archive, strings, formats }, whole) {
  const result = h('div', { role: 'status' }, h('p', { class: 'soft' }, strings.text('recordings.check.busy')));
  open(strings.text('recordings.check.title'), { close: strings.text('dialog.close') }, () => [
    h('p', { class: 'soft' }, strings.text('recordings.check.text')),
    result,
  ]);
  /** @type {import('./api.js').Checked | null} */
  let checked = null;
  const problem = await archive.act(async (api, id) => {
    checked = await api.verify(id);
  });
  const found = /** @type {import('./api.js').Checked | null} */ (checked);
  if (problem !== null || found === null) {
    replace(result, note('bad', sentenceOf(strings, problem ?? { code: 'unknown', error: '' })));
    return;
  }
  const bytes = found.tracks.reduce((sum, track) => sum + track.bytes, 0);
  const values = { count: found.tracks.length, size: formats.size(bytes) };
  const damaged = found.tracks.filter((track) => track.problem !== null);
  replace(
    result,
    damaged.length === 0
      ? note('calm', strings.text('recordings.check.well', values))
      : damaged.map((track) =>
          note('bad', `${titleOf(strings, whole, { kind: 'track', id: track.track })}: ${track.problem}`),
        ),
  );
}

/**
 * @param {'calm' | 'bad'} tone
 * @param {string} text
 */
function note(tone, text) {
  return h('div', { class: `note ${tone}` }, icon(tone === 'bad' ? 'warning' : 'check'), h('p', {}, text));
}
