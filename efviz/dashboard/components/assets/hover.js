// The direction of each linked panel at the point under the pointer.
//
// layout.meta.vectors: {name, versus, colour, x (n), y (m), u (m, n), v (m, n), loss?: {x, y, z}},
// vectors on an even grid, interpolated between its nodes. The directions of the other panels are
// compared with that of the panel named `versus`.

import { PLOT_AREA } from './compat.js';
import { digits } from './digits.js';
import { isOver } from './html.js';
import { element, Sheet } from './svg.js';

const LENGTH = 34; // px of every arrow, which only shows a direction
const HEAD = 7;

/**
 * The value interpolated between the four nodes around (x, y), nan outside the grid.
 *
 * @param {Series} xs
 * @param {Series} ys
 * @param {Series[]} rows
 * @param {number} x
 * @param {number} y
 */
export function between(xs, ys, rows, x, y) {
  const place = (/** @type {Series} */ axis, /** @type {number} */ value) =>
    ((value - axis[0]) / (axis[axis.length - 1] - axis[0])) * (axis.length - 1);
  const [p, q] = [place(xs, x), place(ys, y)];
  if (!(p >= 0 && p <= xs.length - 1 && q >= 0 && q <= ys.length - 1)) return NaN;
  const [i, j] = [Math.min(Math.floor(p), xs.length - 2), Math.min(Math.floor(q), ys.length - 2)];
  const along = (/** @type {Series} */ row) => row[i] + (p - i) * (row[i + 1] - row[i]);
  return along(rows[j]) + (q - j) * (along(rows[j + 1]) - along(rows[j]));
}

/**
 * Degrees between two vectors, nan where one of them is zero.
 *
 * @param {Point} first
 * @param {Point} second
 */
export function angle([a, b], [c, d]) {
  if (!Math.hypot(a, b) || !Math.hypot(c, d)) return NaN;
  return (Math.abs(Math.atan2(a * d - b * c, a * c + b * d)) * 180) / Math.PI;
}

/**
 * The path of an arrow in pixels, from the origin.
 *
 * @param {number} dx
 * @param {number} dy
 */
export function arrowTo(dx, dy, head = HEAD) {
  const length = Math.hypot(dx, dy);
  if (!(length > 0)) return '';
  const [a, b] = [dx / length, dy / length];
  const size = Math.min(head, length);
  const corner = (/** @type {number} */ side) =>
    `${dx - size * (a + side * 0.55 * b)},${dy - size * (b - side * 0.55 * a)}`;
  return `M0,0L${dx},${dy}M${corner(1)}L${dx},${dy}L${corner(-1)}`;
}

/**
 * The place of words in a plot area: its lower left corner, unless the pointer is there.
 *
 * @param {number} px
 * @param {number} py
 * @param {{ width: number, height: number }} area
 * @param {number} lines how many lines of words there are
 */
export function baselineOf(px, py, { width, height }, lines) {
  const low = !(py > height - 56 && px < Math.min(170, 0.75 * width));
  return low ? height - 10 : 14 + 14 * (lines - 1);
}

export class Hover {
  /** @param {() => Compass[]} panels the compasses of all panels */
  constructor(panels) {
    this.panels = panels;
  }

  /**
   * Show the directions at a point of a panel, or none. Returns them in words.
   *
   * @param {Panel} [gd]
   * @param {number} [x]
   * @param {number} [y]
   */
  show(gd, x = Number.NaN, y = Number.NaN) {
    const panels = this.panels();
    const from = panels.find((panel) => panel.gd === gd);
    if (!from) {
      for (const panel of panels) panel.hide();
      return '';
    }
    const reference = panels.find(({ vectors }) => vectors.name === vectors.versus)?.at(x, y);
    const loss = panels.find(({ vectors }) => vectors.loss)?.vectors.loss;
    const height = loss ? between(loss.x, loss.y, loss.z, x, y) : NaN;
    const place = `(${digits(x)}, ${digits(y)})`;
    const here = Number.isFinite(height) ? `${place}   L ≈ ${digits(height)}` : place;
    return panels
      .map((panel) => panel.show(x, y, reference, panel === from ? here : ''))
      .filter(Boolean)
      .join(', ');
  }
}

/** Ring, arrow and words of one panel. */
export class Compass extends Sheet {
  /** @type {Vectors} */
  vectors;

  /**
   * @param {Panel} gd
   * @param {Hover} hover
   */
  constructor(gd, hover) {
    super(gd, 'compass');
    this.svg.setAttribute('aria-hidden', 'true');
    this.mark = element('g', {}, this.svg);
    this.halo = element('path', { class: 'halo' }, this.mark);
    this.arrow = element('path', { class: 'arrow' }, this.mark);
    element('circle', { class: 'ring', r: 4.5 }, this.mark);
    this.lines = [0, 1].map((i) =>
      element('text', { class: 'word', x: 7, dy: `${-1.25 * i}em` }, this.svg)
    );
    this.hide();
    gd.addEventListener('pointermove', (event) => {
      // While a button is down, something is being dragged or a finger scrolls.
      if (event.pointerType === 'touch' || event.buttons) return;
      if (!isOver(event, `${PLOT_AREA}, .handle`)) return hover.show();
      const box = gd.getBoundingClientRect();
      this.lay();
      const { left, top, fromX, fromY } = this.scales;
      hover.show(gd, fromX(event.clientX - box.left - left), fromY(event.clientY - box.top - top));
    });
    gd.addEventListener('pointerleave', () => hover.show());
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {Point}
   */
  at(x, y) {
    const { x: xs, y: ys, u, v } = this.vectors;
    return [between(xs, ys, u, x, y), between(xs, ys, v, x, y)];
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {Point | undefined} reference the direction that this one is measured against
   * @param {string} here what is said of the point
   */
  show(x, y, reference, here) {
    const { name, versus, colour } = this.vectors;
    const vector = this.at(x, y);
    const degrees = reference ? angle(vector, reference) : NaN;
    const away = `${Math.round(degrees)}° from ${versus}`;
    this.lay();
    const { toX, toY, width, height } = this.scales;
    const [px, py] = [toX(x), toY(y)];
    // The direction on the screen, as the axes may have different scales.
    const [dx, dy] = [toX(x + vector[0]) - px, toY(y + vector[1]) - py];
    const stretch = LENGTH / Math.hypot(dx, dy);
    const path = Number.isFinite(stretch) ? arrowTo(dx * stretch, dy * stretch) : '';
    this.mark.setAttribute('transform', `translate(${px},${py})`);
    for (const part of [this.halo, this.arrow]) part.setAttribute('d', path);
    this.arrow.setAttribute('stroke', colour);
    const other = name !== versus && Number.isFinite(degrees) ? away : '';
    const words = [other, here].filter(Boolean);
    const baseline = baselineOf(px, py, { width, height }, words.length);
    this.lines.forEach((line, i) => {
      line.textContent = words[i] ?? '';
      line.setAttribute('y', String(baseline));
    });
    this.svg.style.visibility = 'visible';
    return other && `${name} ${other}`;
  }

  hide() {
    this.svg.style.visibility = 'hidden';
  }
}
