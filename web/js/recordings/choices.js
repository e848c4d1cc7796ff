/** A choice between few things that each need a sentence: radio buttons in a frame, the whole frame to be pressed. */

import { h } from '../view.js';

/**
 * @template {string} T
 * @param {object} choice
 * @param {string} choice.name
 * @param {string} choice.legend
 * @param {readonly {value: T, text: string, hint?: string}[]} choice.options
 * @param {T} choice.chosen
 * @param {(value: T) => void} choice.change
 */
export function choices({ name, legend, options, chosen, change }) {
  return h(
    'fieldset',
    { class: 'recordings-choices' },
    h('legend', {}, legend),
    options.map(({ value, text, hint }) => {
      const input = h('input', { type: 'radio', name, value, onchange: () => change(value) });
      input.checked = value === chosen;
      return h(
        'label',
        { class: 'recordings-choice' },
        input,
        h('span', {}, text),
        hint && h('span', { class: 'small-text soft' }, hint),
      );
    }),
  );
}
