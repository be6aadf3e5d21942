// Names beside the ends of lines: where they stand, and how much of the panel they need.
//
// The rule is that of efviz/figures/line_names.py, which draws the same names in exported files:
// tests/figures/test_line_names.py compares the two.

import { scaleOf, scalesOf } from './svg.js';
import { widthOf } from './words.js';

export const GAP = 10; // px from the end of a line to its name, wide enough for a leader line
const EDGE = 4; // px between a name and the edge of the panel
const SAME = 2; // px: ends closer than a line is wide look like one
const SHARE = 0.2; // of a panel's width for two names in one row; else they stand in two
export const LINE = 1.2; // the height of a row of letters
const COMMA = ', ';

/** @typedef {{ x: number, y: number, width: number }} End in pixels, and the width of its name */

/**
 * Names in rows, each given by the indices of its ends.
 *
 * @typedef {object} Name
 * @property {number} x its left edge
 * @property {number} y its middle
 * @property {number[][]} rows
 * @property {{ x: number, y: number }} at the end of the line
 * @property {boolean} leads whether a line leads from the end to the name
 */

/**
 * @typedef {object} Area
 * @property {number} width
 * @property {number} height
 * @property {number} room for the names right of the axes
 * @property {number} line the height of a row
 * @property {number} comma the width of what separates two names
 */

/**
 * The room right of the axes: for the longest name, and where the panel is wide for two in a row.
 * It depends on the names alone, so that axes stay while lines move.
 *
 * @param {number[]} widths
 * @param {number} panel
 * @param {number} comma
 */
export function roomFor(widths, panel, comma) {
  const [first = 0, second = 0] = [...widths].sort((a, b) => b - a);
  const pair = first + comma + second;
  return second && pair <= SHARE * panel ? pair : first;
}

/**
 * The names of lines whose ends are in view.
 *
 * Ends within SAME pixels share one name. Names stand right of their ends if they fit within the
 * axes, else right of the axes. Names above each other are moved up and down by the smallest sum of
 * squares so that none covers another and all stay in the height of the axes; a leader line shows
 * where a name belongs that was moved by more than half a row, or stands far from its end.
 *
 * @param {End[]} ends
 * @param {Area} area
 * @returns {Name[]}
 */
export function place(ends, area) {
  /** @type {{ at: { x: number, y: number }, members: number[] }[]} */
  const groups = [];
  const seen = ends.map((_, i) => i).filter((i) => inView(ends[i], area));
  for (const i of seen.sort((i, j) => ends[i].y - ends[j].y || i - j)) {
    const { x, y } = ends[i];
    const same = groups.find(({ at }) => Math.abs(at.x - x) <= SAME && Math.abs(at.y - y) <= SAME);
    if (same) same.members.push(i);
    else groups.push({ at: { x, y }, members: [i] });
  }
  const boxes = groups.map(({ at, members }) => {
    const order = members.sort((i, j) => i - j);
    const whole = rowsOf(order, ends, Infinity, area.comma);
    const inside = at.x + GAP + widthOfRow(whole[0], ends, area.comma) <= area.width - GAP;
    const rows = inside ? whole : rowsOf(order, ends, area.room, area.comma);
    const width = Math.max(...rows.map((row) => widthOfRow(row, ends, area.comma)));
    return {
      at,
      rows,
      width,
      x: (inside ? at.x : area.width) + GAP,
      height: rows.length * area.line,
    };
  });
  return columnsOf(boxes).flatMap((column) => {
    const middles = apart(
      column.map(({ at }) => at.y),
      column.map(({ height }) => height),
      area.height
    );
    return column.map(({ at, rows, x }, i) => {
      const leads = Math.abs(middles[i] - at.y) > area.line / 2 || x - at.x > 2 * GAP;
      return { x, y: middles[i], rows, at, leads };
    });
  });
}

/**
 * @param {{ x: number, y: number }} end
 * @param {Area} area
 */
const inView = ({ x, y }, { width, height }) =>
  x >= -1 && x <= width + 1 && y >= -1 && y <= height + 1;

/**
 * @param {number[]} row
 * @param {End[]} ends
 * @param {number} comma
 */
const widthOfRow = (row, ends, comma) =>
  row.reduce((sum, i) => sum + ends[i].width, comma * (row.length - 1));

/**
 * @param {number[]} members
 * @param {End[]} ends
 * @param {number} room
 * @param {number} comma
 */
function rowsOf(members, ends, room, comma) {
  /** @type {number[][]} */
  const rows = [];
  for (const i of members) {
    const last = rows[rows.length - 1];
    if (last && widthOfRow([...last, i], ends, comma) <= room) last.push(i);
    else rows.push([i]);
  }
  return rows;
}

/**
 * The middles of texts near `wanted`, between the sides of an area, so that none covers another.
 *
 * @param {Point[]} wanted
 * @param {number[]} widths
 * @param {number} line the height of a text
 * @param {{ left: number, right: number, top: number, bottom: number }} area
 * @returns {Point[]}
 */
export function within(wanted, widths, line, { left, right, top, bottom }) {
  const boxes = wanted.map(([x, y], i) => {
    const most = Math.max(left, right - widths[i]);
    return { x: Math.min(Math.max(x - widths[i] / 2, left), most), width: widths[i], at: { y }, i };
  });
  /** @type {Point[]} */
  const middles = [];
  for (const column of columnsOf(boxes)) {
    const wants = column.map(({ at }) => at.y - top);
    const heights = column.map(() => line);
    apart(wants, heights, bottom - top).forEach((y, k) => {
      const { x, width, i } = column[k];
      middles[i] = [x + width / 2, y + top];
    });
  }
  return middles;
}

/**
 * Boxes in columns, in each of which they could cover each other, from top to bottom.
 *
 * @template {{ x: number, width: number, at: { y: number } }} Box
 * @param {Box[]} boxes
 */
function columnsOf(boxes) {
  /** @type {{ right: number, boxes: Box[] }[]} */
  const columns = [];
  for (const box of [...boxes].sort((a, b) => a.x - b.x)) {
    const last = columns[columns.length - 1];
    const right = box.x + box.width;
    if (last && box.x < last.right) {
      last.boxes.push(box);
      last.right = Math.max(last.right, right);
    } else columns.push({ right, boxes: [box] });
  }
  return columns.map(({ boxes: column }) => column.sort((a, b) => a.at.y - b.at.y));
}

/**
 * The middles of boxes that want to be at `wanted`, in ascending order, so that none covers another
 * and all are between 0 and `height`, with the least sum of squared moves: isotonic regression,
 * whose restriction to an interval is its solution cut off at the ends. Boxes that are higher than
 * `height` together are as far apart as they can be.
 *
 * @param {number[]} wanted
 * @param {number[]} heights
 * @param {number} height
 */
export function apart(wanted, heights, height) {
  const steps = heights.map((h, i) => (i ? (heights[i - 1] + h) / 2 : 0));
  const ends = (heights[0] + heights[heights.length - 1]) / 2;
  const needed = steps.reduce((sum, step) => sum + step, 0);
  const share = needed > 0 ? Math.min(1, Math.max(0, height - ends) / needed) : 1;
  let sum = 0;
  const offsets = steps.map((step) => (sum += share * step));
  /** @type {{ mean: number, count: number }[]} */
  const pools = [];
  wanted.forEach((y, i) => {
    let pool = { mean: y - offsets[i], count: 1 };
    for (let last = pools.at(-1); last && last.mean > pool.mean; last = pools.at(-1)) {
      const count = last.count + pool.count;
      pool = { mean: (last.mean * last.count + pool.mean * pool.count) / count, count };
      pools.pop();
    }
    pools.push(pool);
  });
  const low = heights[0] / 2;
  const high = Math.max(low, height - heights[heights.length - 1] / 2 - sum);
  const cut = (/** @type {number} */ z) => Math.min(Math.max(z, low), high);
  return pools
    .flatMap(({ mean, count }) => Array.from({ length: count }, () => cut(mean)))
    .map((z, i) => z + offsets[i]);
}

/**
 * @param {string | string[]} color
 * @param {number} i
 */
export const colourOf = (color, i) => (typeof color === 'string' ? color : color[i]);

/** @param {Trace} trace */
export const isNames = ({ type, mode, textposition }) =>
  type === 'scatter' && mode === 'text' && textposition === 'middle right';

/**
 * The layout with the room that the names in a panel need, or needed before if it has none now.
 *
 * @param {Trace[]} data
 * @param {Layout} layout
 * @param {number} panel its width
 * @param {string} family
 * @param {number} before
 * @returns {Layout}
 */
export function withRoom(data, layout, panel, family, before = 0) {
  const [names] = data.filter(isNames);
  if (!names && !before) return layout;
  const { widths, comma } = names ? measured(names, family) : { widths: [], comma: 0 };
  const r = names ? Math.ceil(GAP + roomFor(widths, panel, comma) + EDGE) : before;
  return { ...layout, margin: { ...layout.margin, r: Math.max(r, layout.margin.r) } };
}

/**
 * @param {Trace} names
 * @param {string} family
 */
function measured({ text, textfont: { size } }, family) {
  const width = (/** @type {string} */ word) => widthOf(word, { size, family });
  return { widths: Array.from(text, width), comma: width(COMMA) };
}

/**
 * The names of a trace where the axes are now, in pixels of the plot area.
 *
 * @param {Trace} names
 * @param {Scales} scales
 * @param {number} margin right of the axes
 */
export function namesOf(names, { toX, toY, width, height, family }, margin) {
  const { widths, comma } = measured(names, family);
  const ends = widths.map((w, i) => ({ x: toX(names.x[i]), y: toY(names.y[i]), width: w }));
  const line = LINE * names.textfont.size;
  return place(ends, { width, height, room: margin - GAP - EDGE, line, comma });
}

/**
 * The parts of a row of names, each with its colour; commas have that of the name before them.
 *
 * @param {Trace} names
 * @param {Name} name
 */
export function partsOf({ text, textfont: { color } }, { rows }) {
  return rows.map((row, r) =>
    row.map((i, k) => {
      const last = k === row.length - 1;
      const comma = last ? (r === rows.length - 1 ? '' : ',') : COMMA;
      return { text: text[i] + comma, colour: colourOf(color, i) };
    })
  );
}

/**
 * A figure for an image, in which Plotly draws the names as annotations.
 *
 * @param {Whole} whole
 * @returns {Whole}
 */
export function withAnnotations({ data, layout }) {
  const { width = 0, height = 0, margin, xaxis, yaxis, font } = layout;
  const size = {
    l: margin.l,
    t: margin.t,
    w: width - margin.l - margin.r,
    h: height - margin.t - margin.b,
  };
  const scales = scalesOf({ size, xaxis, yaxis, font });
  const annotations = data
    .filter(isNames)
    .flatMap((names) =>
      namesOf(names, scales, margin.r).map((name) => annotation(names, name, xaxis, yaxis))
    );
  const rest = data.filter((trace) => !isNames(trace));
  return annotations.length ? { data: rest, layout: { ...layout, annotations } } : { data, layout };
}

const escaped = (/** @type {string} */ text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/**
 * @param {Trace} names
 * @param {Name} name
 * @param {Axis} xaxis
 * @param {Axis} yaxis
 */
function annotation(names, name, xaxis, yaxis) {
  const { at, x, y, leads } = name;
  const rows = partsOf(names, name);
  const [first] = name.rows[0];
  const span = (/** @type {{ text: string, colour: string }} */ { text, colour }) =>
    `<span style="color:${colour}">${escaped(text)}</span>`;
  const [right, down] = [x - at.x, y - at.y];
  const along = (/** @type {Axis} */ axis, /** @type {number} */ value) =>
    (scaleOf(axis) ?? Number)(value);
  return {
    x: along(xaxis, names.x[first]),
    y: along(yaxis, names.y[first]),
    text: rows.map((row) => row.map(span).join('')).join('<br>'),
    align: 'left',
    xanchor: 'left',
    yanchor: 'middle',
    borderpad: 0,
    font: { size: names.textfont.size },
    ...(leads
      ? {
          ax: right,
          ay: down,
          showarrow: true,
          arrowhead: 0,
          arrowwidth: 1,
          arrowcolor: rows[0][0].colour,
        }
      : { showarrow: false, xshift: right, yshift: -down }),
  };
}
