/**
 * Builds and updates nodes, never from a string of HTML.
 *
 * Not here: what any page looks like (`pages/`, `elements/`).
 */

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = new URL('../icons.svg', import.meta.url).href;

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, any>} Attributes `onclick` and the like are listeners; true and false set and remove;
 *   null and undefined are left out; `class`, `for` and `aria-*` as in HTML.
 */

/**
 * A new element: `h('p', { class: 'hint' }, 'Nobody can hear you yet.')`.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  append(element, ...children);
  return element;
}

/**
 * A button that submits nothing.
 *
 * @param {string} look  its class
 * @param {() => void} press
 * @param {...(Child | Child[])} children
 */
export function button(look, press, ...children) {
  return h('button', { class: look, type: 'button', onclick: () => press() }, ...children);
}

/**
 * A button that shows only an icon.
 *
 * @param {string} picture
 * @param {string} name
 * @param {() => void} press
 */
export function iconButton(picture, name, press) {
  return set(button('icon-button', press, icon(picture)), { 'aria-label': name });
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 * @returns {E}
 */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else {
      const text = value === true ? '' : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
  return element;
}

/**
 * An icon of `icons.svg`. Decoration: the name stands in the button's text.
 *
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Shows another picture in an icon that `icon` made.
 *
 * @param {Element} svg
 * @param {string} name
 */
export function setIcon(svg, name) {
  const use = svg.firstElementChild;
  const href = `${ICONS}#${name}`;
  if (use && use.getAttribute('href') !== href) use.setAttribute('href', href);
}

/**
 * Writes a text only when it differs, so that nothing is announced or selected anew.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function append(element, ...children) {
  element.append(...nodes(children));
}

/**
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function replace(element, ...children) {
  element.replaceChildren(...nodes(children));
}

/**
 * Makes the children of `parent` mirror `items`, keeping the node of each key. A node that already stands in the
 * right order is not touched: a moved `video` would start again.
 *
 * @template T
 * @template {HTMLElement} E
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => E} create
 * @param {(element: E, item: T) => void} update
 */
export function mirror(parent, items, keyOf, create, update) {
  /** @type {Map<string, E>} */
  const old = new Map();
  for (const child of parent.children) {
    const key = child instanceof HTMLElement ? child.dataset.key : undefined;
    if (key !== undefined) old.set(key, /** @type {E} */ (child));
  }
  const wanted = new Set(items.map(keyOf));
  for (const [key, element] of old) if (!wanted.has(key)) element.remove();
  /** @type {Element | null} */
  let place = parent.firstElementChild;
  for (const item of items) {
    while (place instanceof HTMLElement && place.dataset.key === undefined) place = place.nextElementSibling;
    const key = keyOf(item);
    let element = old.get(key);
    if (element === undefined) {
      element = create(item);
      element.dataset.key = key;
    }
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
    update(element, item);
  }
}

/**
 * @param {(Child | Child[])[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  return children.flat().flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    return [child instanceof Node ? child : String(child)];
  });
}

/**
 * Does what needs the layout (measuring, focusing, scrolling) once everything has changed that will: asked for in the
 * middle of changes, the browser lays the page out each time.
 *
 * @param {() => void} task
 */
export function beforePaint(task) {
  requestAnimationFrame(task);
}

/**
 * Does what is only needed later, when nothing else is to be done.
 *
 * @param {() => void} task
 */
export function whenIdle(task) {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(task, { timeout: 2000 });
  else setTimeout(task, 200); // Safari
}
