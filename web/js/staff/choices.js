/** Several boxes that can be ticked, each with a line that says what it means. */

import { h, icon } from '../view.js';

/**
 * @param {object} group
 * @param {string} group.id
 * @param {string} group.legend
 * @param {readonly {value: string, text: string, hint?: string}[]} group.options
 * @param {readonly string[]} [group.chosen]
 * @param {string} group.missing  said when none is ticked
 */
export function choices({ id, legend, options, chosen = [], missing }) {
  const boxes = options.map(({ value }, index) =>
    h('input', { type: 'checkbox', id: `${id}-${index}`, value, checked: chosen.includes(value) }),
  );
  const error = h(
    'p',
    { class: 'field-error', id: `${id}-error`, role: 'alert', hidden: true },
    icon('warning'),
    missing,
  );
  const node = h(
    'fieldset',
    { class: 'staff-choices', onchange: () => (error.hidden = true) },
    h('legend', {}, legend),
    options.map(({ text, hint }, index) =>
      h(
        'label',
        { class: 'staff-check' },
        boxes[index],
        h('span', {}, text, hint && h('span', { class: 'small-text soft' }, hint)),
      ),
    ),
    error,
  );
  return {
    node,
    get value() {
      return boxes.filter((box) => box.checked).map((box) => box.value);
    },
    /** Says itself that none is ticked. */
    check() {
      const well = boxes.some((box) => box.checked);
      error.hidden = well;
      if (!well) boxes[0]?.focus();
      return well;
    },
  };
}
