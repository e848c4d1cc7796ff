/**
 * Where each picture stands on the stage. Pure: sizes and who is there in, rectangles out.
 *
 * Five layouts: alone (the own picture is the large one), two (the other fills the stage, the own picture in a corner),
 * group (equal pictures in a grid), pinned (one of several is large, the others a strip), screen (a shared screen as
 * the main picture and a strip of people).
 */

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box  in CSS pixels, from the stage's top left
 * @typedef {import('./desk.js').Corner} Corner
 *
 * @typedef {object} Scene
 * @property {number} width
 * @property {number} height
 * @property {readonly string[]} people   ids of the others, in order
 * @property {boolean} screen             somebody else shares a screen
 * @property {string | null} [pinned]     who is to be the large picture
 * @property {boolean} self               whether the own picture is shown
 * @property {Corner} corner
 *
 * @typedef {object} Arrangement
 * @property {'alone' | 'two' | 'group' | 'pinned' | 'screen'} layout
 * @property {Map<string, Box>} people
 * @property {Box | null} self
 * @property {Box | null} screen
 */

const GAP = 8;
const LONGEST = 1.9; // width by height of a box in a grid
const SLIMMEST = 0.86;
const SMALLEST = 96; // pixels in which a face can still be read
const INSET = 16; // of the own picture from the stage's edges

/**
 * @param {Scene} scene
 * @returns {Arrangement}
 */
export function arrange(scene) {
  const all = { x: 0, y: 0, width: scene.width, height: scene.height };
  if (scene.screen) {
    const { main, ...strip } = beside(scene, all);
    return { layout: 'screen', screen: main, ...strip };
  }
  if (scene.people.length === 0) {
    return { layout: 'alone', people: new Map(), self: scene.self ? all : null, screen: null };
  }
  if (scene.people.length === 1) {
    const self = scene.self ? inCorner(scene.corner, selfSize(scene), scene) : null;
    return { layout: 'two', people: new Map([[scene.people[0], all]]), self, screen: null };
  }
  const { pinned = null } = scene;
  if (pinned !== null && scene.people.includes(pinned)) {
    const { main, people, self } = beside({ ...scene, people: scene.people.filter((id) => id !== pinned) }, all);
    return { layout: 'pinned', people: people.set(pinned, main), self, screen: null };
  }
  const boxes = grid(scene.people.length + (scene.self ? 1 : 0), all);
  return { layout: 'group', screen: null, ...deal(scene, boxes) };
}

/**
 * The main picture gets all but a strip, along the longer way.
 * @param {Scene} scene  whom the strip is for
 * @param {Box} all
 * @returns {{main: Box, people: Map<string, Box>, self: Box | null}}
 */
function beside(scene, all) {
  const count = scene.people.length + (scene.self ? 1 : 0);
  if (count === 0) return { main: all, people: new Map(), self: null };
  const upright = scene.height > scene.width;
  const share = count > 4 ? 0.3 : 0.22;
  const strip = upright
    ? Math.min(Math.max(scene.height * (share + 0.04), 96), 240)
    : Math.min(Math.max(scene.width * share, 112), 320);
  const [height, width] = [all.height - strip - GAP, all.width - strip - GAP];
  const main = upright ? { ...all, height } : { ...all, width };
  const side = upright ? { ...all, y: height + GAP, height: strip } : { ...all, x: width + GAP, width: strip };
  return { main, ...deal(scene, strung(count, side, upright)) };
}

/**
 * @param {Scene} scene
 * @param {Box[]} boxes
 */
function deal({ people, self }, boxes) {
  return { people: new Map(people.map((id, index) => [id, boxes[index]])), self: self ? boxes[people.length] : null };
}

/**
 * Equal boxes, as large as they can be. The last row stands in the middle.
 * @param {number} count
 * @param {Box} area
 * @returns {Box[]}
 */
export function grid(count, area) {
  let best = { columns: 1, value: -1 };
  for (let columns = 1; columns <= count; columns += 1) {
    const { width, height } = cell(columns, Math.ceil(count / columns), area);
    const value = width * height * Math.min(1, Math.min(width, height) / SMALLEST);
    if (value > best.value) best = { columns, value };
  }
  return inRows(count, best.columns, area);
}

/**
 * A strip: one row or column while the boxes stay large enough for a face, else a grid.
 * @param {number} count
 * @param {Box} area
 * @param {boolean} upright
 */
function strung(count, area, upright) {
  if (count > 4) return grid(count, area);
  const length = upright ? (area.width - GAP * (count - 1)) / count : (area.height - GAP * (count - 1)) / count;
  const size = upright ? Math.min(length, area.height * 1.2) : Math.min(length, area.width * 0.8);
  const used = size * count + GAP * (count - 1);
  return Array.from({ length: count }, (_, index) =>
    upright
      ? { x: area.x + (area.width - used) / 2 + index * (size + GAP), y: area.y, width: size, height: area.height }
      : { x: area.x, y: area.y + index * (size + GAP), width: area.width, height: size },
  );
}

/**
 * @param {number} count
 * @param {number} columns
 * @param {Box} area
 */
function inRows(count, columns, area) {
  const rows = Math.ceil(count / columns);
  const { width, height } = cell(columns, rows, area);
  const top = area.y + (area.height - (rows * (height + GAP) - GAP)) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const start = area.x + (area.width - (inRow * (width + GAP) - GAP)) / 2;
    return { x: start + (index % columns) * (width + GAP), y: top + row * (height + GAP), width, height };
  });
}

/**
 * A face needs about a square: a box that is longer or slimmer than a picture can be cut to would only be padded.
 * @param {number} columns
 * @param {number} rows
 * @param {Box} area
 */
function cell(columns, rows, area) {
  const width = (area.width - GAP * (columns - 1)) / columns;
  const height = (area.height - GAP * (rows - 1)) / rows;
  return { width: Math.min(width, height * LONGEST), height: Math.min(height, width / SLIMMEST) };
}

/**
 * The own picture in a call of two: 3:4 on an upright stage, else 16:10.
 * @param {{width: number, height: number}} stage
 */
export function selfSize({ width, height }) {
  if (height > width) {
    const side = Math.min(Math.max(width * 0.29, 88), 160);
    return { width: side, height: (side * 4) / 3 };
  }
  const side = Math.min(Math.max(width * 0.19, 128), 280);
  return { width: side, height: (side * 10) / 16 };
}

/**
 * @param {Corner} corner
 * @param {{width: number, height: number}} size
 * @param {{width: number, height: number}} stage
 * @returns {Box}
 */
export function inCorner(corner, size, stage) {
  const inset = stage.width < 600 ? GAP : INSET;
  return {
    x: corner.endsWith('left') ? inset : stage.width - size.width - inset,
    y: corner.startsWith('top') ? inset : stage.height - size.height - inset,
    ...size,
  };
}

/**
 * The corner nearest to where a picture was dropped.
 * @param {{x: number, y: number}} middle
 * @param {{width: number, height: number}} stage
 * @returns {Corner}
 */
export function nearestCorner(middle, stage) {
  const row = middle.y < stage.height / 2 ? 'top' : 'bottom';
  const column = middle.x < stage.width / 2 ? 'left' : 'right';
  return `${row}-${column}`;
}

/** How much of a picture may be cut off to fill its box: at the sides more than at the top, where heads are. */
const CUT_SIDES = 0.5;
const CUT_HEIGHT = 0.35;

/**
 * The shape (width by height) in which a picture is shown in a box: the box's own, unless too much would be cut off.
 * @param {number} picture  width by height
 * @param {number} box      width by height
 */
export function shapeIn(picture, box) {
  return Math.min(Math.max(box, picture * (1 - CUT_SIDES)), picture / (1 - CUT_HEIGHT));
}
