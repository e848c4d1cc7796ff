/** What is to be made of a recording: a film, with names and time in it or without, or one sound file. */

import { h } from '../view.js';
import { choices } from './choices.js';
import { openForm } from './form-dialog.js';

/**
 * @param {import('./element.js').Context} context
 */
export async function openMaking({ archive, strings, announcer }) {
  /** @type {'compose' | 'audio'} */
  let kind = 'compose';
  const names = toggle(strings, 'recordings.make.names');
  const time = toggle(strings, 'recordings.make.time');
  const look = h('div', { class: 'recordings-part' }, names.node, time.node);
  const done = await openForm({
    strings,
    title: strings.text('recordings.make.title'),
    content: [
      choices({
        name: 'recordings-kind',
        legend: strings.text('recordings.make.what'),
        options: /** @type {const} */ (['compose', 'audio']).map((value) => ({
          value,
          text: strings.text(`recordings.make.${value}`),
          hint: strings.text(`recordings.make.${value}_hint`),
        })),
        chosen: kind,
        change: (value) => {
          kind = value;
          look.hidden = value === 'audio';
        },
      }),
      look,
    ],
    submit: strings.text('recordings.make.do'),
    send: () =>
      archive.act((api, id) =>
        api.make(id, {
          kind,
          names: kind === 'compose' && names.input.checked,
          time: kind === 'compose' && time.input.checked,
        }),
      ),
  });
  if (done) announcer.say(strings.text('recordings.make.asked'));
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {string} key  of the name; `key_hint` is what it means
 */
function toggle(strings, key) {
  const input = h('input', { type: 'checkbox', role: 'switch' });
  input.checked = true;
  const node = h(
    'label',
    { class: 'switch' },
    h('span', {}, strings.text(key)),
    input,
    h('span', { class: 'explain' }, strings.text(`${key}_hint`)),
  );
  return { node, input };
}
