// The layers that the chart draws without Plotly, on two SVGs below and above Plotly's.
//
// The ground, below: path shapes named "ground" (hundreds of arrows in one path), and lines, bands
// and points without hover, one path each. Lines are in data coordinates, which the browser maps to
// pixels; points are in pixels, because WebKit would stretch them with the plane. The marks, above:
// small sets of symbols with their numbers, and words. The names of lines, above and beside the axes,
// see names.js. The rest, axes and titles, is left to Plotly and seldom changes, so most updates need no Plotly.react, which takes ten times as long. Where an
// area trace would cover the ground, Plotly draws everything except the marks, as for downloads.

import { plotOf } from './compat.js';
import { colourOf, isNames, LINE, namesOf, partsOf } from './names.js';
import { boxOf, drawMark, element, SYMBOLS, scaleOf, scalesOf } from './svg.js';
import { widthOf } from './words.js';

const FEW = 100;

/** @typedef {(trace: Trace) => boolean} Test */

const isScatter = (/** @type {Trace} */ trace, /** @type {string} */ mode) =>
  trace.type === 'scatter' && trace.mode === mode;
/** @type {Test} */
const isPlain = ({ marker }) => typeof marker?.color === 'string';
/** @type {Test} */
const isLine = (trace) => isScatter(trace, 'lines') && trace.hoverinfo === 'skip';
/** @type {Test} */
const isPoints = (trace) =>
  isScatter(trace, 'markers') && trace.hoverinfo === 'skip' && isPlain(trace);
/** @type {Test} */
const isMarks = (trace) =>
  trace.hoverinfo !== 'skip' &&
  (isScatter(trace, 'markers') || isScatter(trace, 'markers+text')) &&
  trace.marker.symbol in SYMBOLS &&
  isPlain(trace) &&
  trace.x.length <= FEW;
/** @type {Test} */
const isWords = (trace) => isScatter(trace, 'text') && trace.hoverinfo === 'skip';
/** @type {Test} */
const isArea = ({ type }) => type === 'heatmap';
const isGround = (/** @type {Shape} */ { name }) => name === 'ground';

/**
 * The layer of each part of a figure; `handles` are the marks that the reader can move.
 *
 * @param {Trace[]} traces
 * @param {Layout} layout
 * @returns {Parts}
 */
export function split(traces, layout) {
  const names = (layout.meta?.handles ?? []).map(({ trace }) => trace);
  const handles = traces.filter((trace) => names.includes(trace.name) && isMarks(trace));
  const data = traces.filter((trace) => !handles.includes(trace));
  if (data.some(isArea)) {
    const above = data.filter(isMarks);
    const rest = data.filter((t) => !above.includes(t));
    return { ground: [], marks: above, handles, data: rest, layout };
  }
  const shapes = layout.shapes ?? [];
  const lower = data.filter((trace) => isLine(trace) || isPoints(trace));
  const upper = data.filter((trace) => isMarks(trace) || isWords(trace));
  const { xaxis, yaxis } = layout;
  return {
    ground: [...shapes.filter(isGround), ...lower.map((trace) => onePath(trace, xaxis, yaxis))],
    marks: upper,
    handles,
    data: data.filter((trace) => !lower.includes(trace) && !upper.includes(trace)),
    layout: { ...layout, shapes: shapes.filter((shape) => !isGround(shape)) },
  };
}

/**
 * @param {Trace} trace
 * @param {Axis} xaxis
 * @param {Axis} yaxis
 * @returns {GroundPath}
 */
function onePath(trace, xaxis, yaxis) {
  const { name, mode, line, opacity, fill, fillcolor } = trace;
  const [scaleX, scaleY] = [scaleOf(xaxis), scaleOf(yaxis)];
  let { x, y } = trace;
  if (mode !== 'lines') {
    const { size: width, color, symbol } = trace.marker;
    const cap = symbol === 'square' ? 'square' : 'round';
    return { trace: name, points: { x, y, width }, line: { width, color }, cap, opacity };
  }
  if (scaleX) x = x.map(scaleX);
  if (scaleY) y = y.map(scaleY);
  const inside = fill === 'toself' ? fillcolor : 'none';
  return { trace: name, path: linesOf(x, y), line, opacity, fill: inside };
}

/**
 * The visible points as one path. A point is a very short line, drawn by its caps; WebKit enlarges
 * the caps of lines of length zero.
 *
 * @param {Dots} dots
 * @param {Pick<Scales, 'toX' | 'toY' | 'width' | 'height'>} scales
 */
export function dotsOf({ x, y, width: size }, { toX, toY, width, height }) {
  const parts = [];
  const near = (/** @type {number} */ p, /** @type {number} */ room) =>
    p > -size && p < room + size;
  const round = (/** @type {number} */ p) => Math.round(100 * p) / 100;
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [toX(x[i]), toY(y[i])];
    if (near(px, width) && near(py, height)) parts.push('M', round(px), ',', round(py), 'h.01');
  }
  return parts.join('');
}

/**
 * A line through points, broken where one is not finite.
 *
 * @param {Series} x
 * @param {Series} y
 */
export function linesOf(x, y) {
  const parts = [];
  let pen = 'M';
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(x[i]) && Number.isFinite(y[i])) {
      parts.push(pen, x[i], ',', y[i]);
      pen = 'L';
    } else pen = 'M';
  }
  return parts.join('');
}

/** @type {Record<string, number[]>} in widths of the line */
const DASHES = {
  dash: [3, 2],
  dot: [1, 1.2],
  dashdot: [3.5, 1.4, 1, 1.4],
  longdash: [6, 2],
  longdashdot: [6, 1.6, 1, 1.6],
};

/**
 * The stroke-dasharray of one of Plotly's dashes: a name, or lengths such as "5px,2px".
 * @param {string | undefined} dash
 * @param {number} width
 */
export function dashArray(dash, width) {
  if (dash?.endsWith('px')) return dash.replaceAll('px', '').replaceAll(',', ' ');
  return DASHES[dash ?? '']?.map((length) => length * width).join(' ') ?? 'none';
}

export class Layers {
  /** @type {Trace[]} */
  traces = [];
  /** @type {GroundPath[]} */
  shapes = [];

  /** @param {Panel} gd */
  constructor(gd) {
    this.gd = gd;
    this.ground = element('svg', { class: 'ground' });
    this.marks = element('svg', { class: 'marks' });
    this.names = element('svg', { class: 'names' });
    gd.prepend(this.ground);
    gd.append(this.marks, this.names);
  }

  /** @param {Pick<Parts, 'ground' | 'marks'>} parts */
  draw({ ground, marks }) {
    // Plotly empties its panel when it starts anew.
    if (!this.ground.isConnected) this.gd.prepend(this.ground);
    if (!this.marks.isConnected) this.gd.append(this.marks, this.names);
    const { ground: svg } = this;
    while (svg.childElementCount > ground.length) svg.lastChild?.remove();
    ground.forEach((shape, i) => {
      const path = svg.children[i] ?? element('path', {}, svg);
      const { width, color, dash } = shape.line;
      if (shape.path !== undefined) path.setAttribute('d', shape.path);
      else path.removeAttribute('transform');
      path.setAttribute('stroke', color);
      path.setAttribute('stroke-width', String(width));
      path.setAttribute('stroke-dasharray', dashArray(dash, width));
      path.setAttribute('stroke-linecap', shape.cap ?? 'butt');
      path.setAttribute('opacity', String(shape.opacity ?? 1));
      path.setAttribute('fill', shape.fill ?? 'none');
    });
    this.traces = marks;
    this.shapes = ground;
    this.place();
  }

  /**
   * Redraw only the path of a trace in the ground, of which a point was moved by hand.
   *
   * @param {Trace} trace
   */
  redraw({ name, x, y }) {
    const i = this.shapes.findIndex(({ trace, points }) => points && trace === name);
    const dots = this.shapes[i]?.points;
    if (!dots) return;
    Object.assign(dots, { x, y });
    this.ground.children[i].setAttribute('d', dotsOf(dots, scalesOf(plotOf(this.gd))));
  }

  // Follow the axes: after a redraw, after a zoom, and while the plane is being moved.
  place() {
    const plot = plotOf(this.gd);
    const scales = scalesOf(plot);
    for (const svg of [this.ground, this.marks, this.names]) svg.style.cssText = boxOf(scales);
    const plane = planeOf(plot);
    this.shapes.forEach(({ points }, i) => {
      const path = this.ground.children[i];
      if (points) path.setAttribute('d', dotsOf(points, scales));
      else path.setAttribute('transform', plane);
    });
    const words = this.traces.filter(isNames);
    const others = this.traces.filter((trace) => !isNames(trace));
    this.marks.replaceChildren(...others.flatMap((trace) => marksOf(trace, scales)));
    const room = this.gd.clientWidth - scales.left - scales.width;
    this.names.replaceChildren(...words.flatMap((trace) => writtenNames(trace, scales, room)));
  }
}

/**
 * From the numbers of the axes to pixels.
 *
 * @param {import('./compat.js').Plot} plot
 */
export function planeOf({ size: { w, h }, xaxis, yaxis }) {
  const [[x0, x1], [y0, y1]] = [xaxis.range, yaxis.range];
  const [a, d] = [w / (x1 - x0), h / (y0 - y1)];
  return `matrix(${a} 0 0 ${d} ${-a * x0} ${-d * y1})`;
}

/**
 * The middle of words of this length on an axis in pixels: words whose middle is in view are whole.
 *
 * @param {number} middle
 * @param {number} length
 * @param {number} axis
 */
export function whole(middle, length, axis) {
  if (middle < 0 || middle > axis) return middle;
  return Math.min(Math.max(middle, length / 2), Math.max(axis - length / 2, length / 2));
}

/**
 * @param {Trace} trace
 * @param {Scales} scales
 */
function wordsOf({ x, y, text, textfont: { size, color } }, { toX, toY, width, height, family }) {
  return Array.from(x, (value, i) => {
    const place = {
      x: whole(toX(value), widthOf(text[i], { size, family }), width),
      y: whole(toY(y[i]), size, height),
    };
    const style = { fill: colourOf(color, i), 'font-size': size, class: 'word' };
    const word = element('text', { ...style, ...place });
    word.textContent = text[i];
    return word;
  });
}

/**
 * The names of lines, with leader lines below them.
 *
 * @param {Trace} trace
 * @param {Scales} scales
 * @param {number} room right of the axes
 */
function writtenNames(trace, scales, room) {
  const { size } = trace.textfont;
  const names = namesOf(trace, scales, room);
  const leaders = names.flatMap((name) => {
    const [[{ colour }]] = partsOf(trace, name);
    const path = `M${name.at.x},${name.at.y}L${name.x - 2},${name.y}`;
    return name.leads ? element('path', { class: 'leader', d: path, stroke: colour }) : [];
  });
  const words = names.map((name) => {
    const word = element('text', { class: 'word', 'font-size': size });
    partsOf(trace, name).forEach((row, r, { length }) => {
      row.forEach(({ text, colour }, k) => {
        const y = name.y + (r - (length - 1) / 2) * LINE * size;
        const part = element('tspan', { fill: colour }, word);
        part.textContent = text;
        if (k) return;
        part.setAttribute('x', String(name.x));
        part.setAttribute('y', String(y));
      });
    });
    return word;
  });
  return [...leaders, ...words];
}

/**
 * @param {Trace} trace
 * @param {Scales} scales
 */
function marksOf(trace, scales) {
  if (trace.mode === 'text') return wordsOf(trace, scales);
  return Array.from(trace.x, (x, i) => {
    const group = element('g', {
      transform: `translate(${scales.toX(x)},${scales.toY(trace.y[i])})`,
    });
    drawMark(trace, i, group);
    return group;
  });
}
