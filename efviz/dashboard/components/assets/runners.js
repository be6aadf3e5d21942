// Dots that run along the lines of one panel, and the arrows of one step at one of them.

import { isDrawn } from './compat.js';
import { arrowTo } from './hover.js';
import { within } from './names.js';
import { element, Sheet } from './svg.js';
import { widthOf } from './words.js';

const [BEYOND, ASIDE] = [10, 11]; // px from the tip of an arrow to its name
const NOWHERE = { x: Number.NaN, y: Number.NaN };
const LEAST = 0.05; // px: smaller moves are not visible
const LONGEST = 60; // px of the longest arrow of a step; the others in proportion
const [LETTERS, LINE] = [11, 13]; // px of the names of arrows, and of the height of one

/** @typedef {SVGElement & { _at?: Place, _kind?: string }} Movable what was last drawn of it */

/**
 * A run: its places at the recorded steps, in data and in pixels, and whether it is still running.
 *
 * @typedef {object} Run
 * @property {Series} x
 * @property {Series} y
 * @property {string} colour
 * @property {Float32Array} px
 * @property {Float32Array} py
 * @property {Uint8Array} runs
 * @property {Movable} dot
 */

/**
 * An arrow of a step with its name.
 *
 * @typedef {{ group: SVGElement, halo: SVGElement, arrow: Movable, word: Movable, width: number }} Part
 */

export class Runners extends Sheet {
  /** @type {Series} */
  steps;
  /** @type {Series | undefined} */
  cursor;
  /** @type {AnatomyOfStep | undefined} */
  anatomy;
  /** @type {Run[]} */
  rows = [];
  /** The number of runs of each line. */
  runs = 0;
  /** @type {Part[]} */
  parts = [];
  order = '';

  /** @param {Panel} gd */
  constructor(gd) {
    super(gd, 'runners');
    this.svg.setAttribute('aria-hidden', 'true');
    this.line = element('path', { class: 'cursor' }, this.svg);
    this.dots = element('g', {}, this.svg);
    this.arrows = element('g', {}, this.svg);
    this.words = element('g', {}, this.svg);
  }

  /**
   * @param {Trace[]} data
   * @param {Play} play
   * @param {AnatomyOfStep} [anatomy]
   */
  draw(data, { steps, traces, cursor }, anatomy) {
    Object.assign(this, { steps, cursor, anatomy });
    const lines = data.filter(({ name }) => traces.includes(name));
    const runs = lines.flatMap((trace) => runsOf(trace, steps.length));
    this.runs = runs.length / Math.max(lines.length, 1);
    while (this.dots.childElementCount > runs.length) this.dots.lastChild?.remove();
    this.rows = runs.map(({ x, y, colour }, i) => {
      const known = /** @type {Movable | undefined} */ (this.dots.children[i]);
      const dot = known ?? element('circle', {}, this.dots);
      dot.style.setProperty('--colour', colour);
      const [px, py] = [new Float32Array(), new Float32Array()];
      return { x, y, colour, px, py, runs: new Uint8Array(), dot };
    });
    this.arrows.replaceChildren();
    this.words.replaceChildren();
    this.order = '';
    this.parts = (anatomy?.names ?? []).map((name, i) => {
      const group = element('g', {}, this.arrows);
      const halo = element('path', { class: 'halo' }, group);
      const arrow = element('path', { class: 'arrow', stroke: anatomy?.colours[i] ?? '' }, group);
      const style = { class: 'word', fill: anatomy?.texts[i] ?? '', 'font-size': LETTERS };
      const word = element('text', style, this.words);
      word.textContent = name;
      return { group, halo, arrow, word, width: 0 };
    });
    this.place();
  }

  // The places at all recorded steps in pixels; a run that has stopped stays at its last place.
  place() {
    if (!this.steps || !isDrawn(this.gd)) return;
    this.lay();
    const { toX, toY, height } = this.scales;
    for (const row of this.rows) {
      row.px = Float32Array.from(row.x, toX);
      row.py = Float32Array.from(row.y, toY);
      row.runs = Uint8Array.from(row.px, (x, j) => +Number.isFinite(x + row.py[j]));
      for (let j = 1; j < row.px.length; j++) {
        if (!row.runs[j]) [row.px[j], row.py[j]] = [row.px[j - 1], row.py[j - 1]];
      }
    }
    this.line.setAttribute('d', this.cursor ? `M0,0V${height}` : '');
  }

  /**
   * @param {number} position in recorded steps
   * @param {number} chosen the run that is followed
   */
  show(position, chosen) {
    const j = Math.floor(position);
    const share = position - j;
    const next = Math.min(j + 1, this.steps.length - 1);
    this.rows.forEach(({ px, py, runs, dot }, i) => {
      const x = px[j] + share * (px[next] - px[j]);
      const y = py[j] + share * (py[next] - py[j]);
      // A dot that has stopped costs nothing.
      move(dot, x, y);
      const kind = `${i % this.runs === chosen ? 'chosen ' : ''}${runs[j] ? '' : 'stopped'}`;
      if (dot._kind !== kind) dot.setAttribute('class', (dot._kind = kind));
    });
    if (this.cursor) {
      const { toX } = this.scales;
      const at = this.cursor[j] + share * (this.cursor[next] - this.cursor[j]);
      move(this.line, toX(at), 0);
    }
    if (this.anatomy) this.showStep(this.rows[chosen], this.anatomy, j, next, share);
  }

  /**
   * The directions at a place of the path, interpolated between recorded ones while time runs.
   *
   * @param {AnatomyOfStep} anatomy
   * @param {number} j
   * @param {number} next
   * @param {number} share
   * @returns {Point[]}
   */
  vectors({ u, v, names }, j, next, share) {
    const mix = (/** @type {Series} */ row) => row[j] + share * (row[next] - row[j]);
    return names.map((_, i) => [mix(u[i]), mix(v[i])]);
  }

  /**
   * @param {Run} run
   * @param {AnatomyOfStep} anatomy
   * @param {number} j
   * @param {number} next
   * @param {number} share
   */
  showStep({ px, py }, anatomy, j, next, share) {
    const x = px[j] + share * (px[next] - px[j]);
    const y = py[j] + share * (py[next] - py[j]);
    for (const part of [this.arrows, this.words]) move(part, x, y);
    const { toX, toY } = this.scales;
    const [perX, perY] = [toX(1) - toX(0), toY(1) - toY(0)];
    const steps = this.vectors(anatomy, j, next, share).map(([u, v], i) => {
      const scale = anatomy.scales[i];
      return [scale * u * perX, scale * v * perY];
    });
    const lengths = steps.map(([dx, dy]) => Math.hypot(dx, dy));
    const longest = Math.max(...lengths);
    this.stack(lengths);
    /** @type {Point[]} */
    const tips = steps.map(([dx, dy]) => [(dx / longest) * LONGEST, (dy / longest) * LONGEST]);
    this.write(tips, x, y);
    tips.forEach(([a, b], i) => {
      const { halo, arrow, word } = this.parts[i];
      const known = Number.isFinite(a) && Number.isFinite(b);
      const { x: before, y: above } = arrow._at ?? NOWHERE;
      if (known && Math.hypot(a - before, b - above) < LEAST) return;
      arrow._at = { x: a, y: b };
      const path = known ? arrowTo(a, b) : '';
      for (const part of [halo, arrow]) part.setAttribute('d', path);
      word.style.visibility = path ? 'visible' : 'hidden';
    });
  }

  /**
   * The names of arrows beyond their tips, whole and apart.
   *
   * @param {Point[]} tips from the origin of the arrows
   * @param {number} x the origin
   * @param {number} y
   */
  write(tips, x, y) {
    const { width, height, family } = this.scales;
    for (const part of this.parts) {
      part.width ||= widthOf(part.word.textContent ?? '', { size: LETTERS, family });
    }
    const known = this.parts.map((part, i) => ({ ...part, tip: tips[i], i }));
    const seen = known.filter(({ tip: [a, b] }) => Number.isFinite(a) && (a || b));
    const wanted = seen.map(({ tip: [a, b], i }) => besideTip(a, b, i, tips.length));
    const widths = seen.map((part) => part.width);
    const area = { left: -x, right: width - x, top: -y, bottom: height - y };
    within(wanted, widths, LINE, area).forEach((at, k) => {
      move(seen[k].word, ...at);
    });
  }

  /**
   * Draw shorter arrows on top of longer ones.
   *
   * @param {number[]} lengths
   */
  stack(lengths) {
    const order = lengths.map((_, i) => i).sort((i, k) => lengths[k] - lengths[i]);
    if (order.join() === this.order) return;
    this.order = order.join();
    this.arrows.append(...order.map((i) => this.parts[i].group));
  }
}

/**
 * The place of the name of the i-th of n arrows: beyond its tip, moved sideways for the first and
 * the last, because arrows may be parallel.
 *
 * @param {number} a the tip of the arrow, from its origin
 * @param {number} b
 * @param {number} i
 * @param {number} n
 * @returns {Point}
 */
export function besideTip(a, b, i, n) {
  const unit = Math.hypot(a, b) || 1;
  const side = (ASIDE * (i - (n - 1) / 2)) / unit;
  const along = 1 + BEYOND / unit;
  return [a * along - b * side, b * along + a * side];
}

/**
 * Move a node, if the move is large enough to be visible.
 *
 * @param {Movable} node
 * @param {number} x
 * @param {number} y
 */
function move(node, x, y) {
  const before = node._at ?? NOWHERE;
  if (Math.abs(x - before.x) < LEAST && Math.abs(y - before.y) < LEAST) return;
  node._at = { x, y };
  node.setAttribute('transform', `translate(${x.toFixed(2)},${y.toFixed(2)})`);
}

/**
 * A line with gaps as its runs, T recorded steps each.
 *
 * @param {Trace} trace
 * @param {number} T
 */
export function runsOf({ x, y, line }, T) {
  return Array.from({ length: Math.floor(x.length / (T + 1)) }, (_, r) => {
    const part = (/** @type {Series} */ values) => values.slice(r * (T + 1), r * (T + 1) + T);
    return { x: part(x), y: part(y), colour: line.color };
  });
}
