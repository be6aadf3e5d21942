// Shared by everything that is drawn over or under Plotly's plots: elements, symbols, scales.

import { plotOf } from './compat.js';
import { digits } from './digits.js';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number | boolean>} attributes
 * @param {Element} [parent]
 * @returns {SVGElementTagNameMap[Name]}
 */
export function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  parent?.append(made);
  return made;
}

/**
 * From data to axis coordinates, which are exponents of ten on a logarithmic axis.
 *
 * @param {Axis} [axis]
 */
export const scaleOf = (axis) => (axis?.type === 'log' ? Math.log10 : null);

/**
 * From data to pixels of the plot area and back, for the current axes.
 *
 * @param {import('./compat.js').Plot} plot
 * @returns {Scales}
 */
export function scalesOf({ size, xaxis, yaxis, font }) {
  const plain = (/** @type {number} */ value) => value;
  const power = (/** @type {number} */ value) => 10 ** value;
  const [inX, inY] = [scaleOf(xaxis) ?? plain, scaleOf(yaxis) ?? plain];
  const [outX, outY] = [xaxis, yaxis].map((axis) => (axis.type === 'log' ? power : plain));
  const [[x0, x1], [y0, y1]] = [xaxis.range, yaxis.range];
  return {
    left: size.l,
    top: size.t,
    width: size.w,
    height: size.h,
    family: font.family,
    toX: (x) => ((inX(x) - x0) / (x1 - x0)) * size.w,
    toY: (y) => ((y1 - inY(y)) / (y1 - y0)) * size.h,
    fromX: (px) => outX(x0 + (px / size.w) * (x1 - x0)),
    fromY: (py) => outY(y1 - (py / size.h) * (y1 - y0)),
  };
}

/** A separate SVG over the plot area of a panel. */
export class Sheet {
  /** @type {Scales} */
  scales;
  /** @type {string | undefined} */
  box;

  /**
   * @param {Panel} gd
   * @param {string} name
   */
  constructor(gd, name) {
    this.gd = gd;
    this.svg = element('svg', { class: `sheet ${name}` });
  }

  // Where the axes are now. Plotly empties its panel when it starts anew.
  lay() {
    if (this.svg.parentNode !== this.gd) this.gd.append(this.svg);
    this.scales = scalesOf(plotOf(this.gd));
    const box = boxOf(this.scales);
    if (box !== this.box) this.svg.style.cssText = this.box = box;
  }
}

/**
 * The style that places an SVG over the plot area.
 *
 * @param {Pick<Scales, 'left' | 'top' | 'width' | 'height'>} scales
 */
export const boxOf = ({ left, top, width, height }) =>
  `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;

/**
 * The corners of a regular polygon, the first at the top.
 *
 * @param {number} n
 * @param {(i: number) => number} radius
 * @returns {Point[]}
 */
export const ring = (n, radius) =>
  Array.from({ length: n }, (_, i) => {
    const angle = (2 * Math.PI * i) / n - Math.PI / 2;
    return [radius(i) * Math.cos(angle), radius(i) * Math.sin(angle)];
  });

/**
 * Corners of a symbol of size 2, as Plotly draws it.
 *
 * @type {Record<string, Point[]>}
 */
export const SYMBOLS = {
  circle: ring(24, () => 1),
  hexagon: ring(6, () => 1),
  star: ring(10, (i) => (i % 2 ? 0.55 : 1.4)),
};

/**
 * The symbol of a trace's i-th mark, its number and its tooltip, around the origin.
 *
 * @param {Trace} trace
 * @param {number} i
 * @param {Element} group
 */
export function drawMark({ mode, x, y, text, textfont, marker, hovertemplate }, i, group) {
  const corners = SYMBOLS[marker.symbol].map((corner) => corner.map((c) => (c * marker.size) / 2));
  element(
    'polygon',
    {
      points: corners.map((corner) => corner.join()).join(' '),
      fill: marker.color,
      stroke: marker.line.color,
      'stroke-width': marker.line.width,
    },
    group
  );
  if (mode.endsWith('text')) {
    const style = { fill: String(textfont.color), 'font-size': textfont.size };
    element('text', style, group).textContent = text[i];
  }
  element('title', {}, group).textContent = hovertemplate
    .replace(/<extra>.*/, '')
    .replace(/%\{([xy])(?::[^}]*)?\}/g, (_, key) => digits(key === 'x' ? x[i] : y[i], 4))
    .replace('%{text}', () => text?.[i] ?? '');
}
