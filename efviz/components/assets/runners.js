// Dots that run along the lines of one panel, and the arrows of one step at one of them.

import { arrowTo } from './hover.js';
import { element, Sheet } from './svg.js';

const [BEYOND, ASIDE] = [10, 11]; // px from the tip of an arrow to its name
const LEAST = 0.05; // px: less is not seen
const LONGEST = 60; // px of the longest arrow of a step; the others in proportion

export class Runners extends Sheet {
  constructor(gd) {
    super(gd, 'runners');
    this.svg.setAttribute('aria-hidden', 'true');
    this.line = element('path', { class: 'cursor' }, this.svg);
    this.dots = element('g', {}, this.svg);
    this.arrows = element('g', {}, this.svg);
    this.words = element('g', {}, this.svg);
  }

  // `play` and `anatomy` as in layout.meta.
  draw(data, { play, anatomy }) {
    const { steps, traces, cursor } = play;
    Object.assign(this, { steps, cursor, anatomy });
    const lines = data.filter(({ name }) => traces.includes(name));
    this.rows = lines.flatMap((trace) => rowsOf(trace, steps.length));
    this.runs = this.rows.length / Math.max(lines.length, 1);
    while (this.dots.childElementCount > this.rows.length) this.dots.lastChild.remove();
    this.rows.forEach((row, i) => {
      const dot = this.dots.children[i] ?? element('circle', {}, this.dots);
      dot.style.setProperty('--colour', row.colour);
      row.dot = dot;
    });
    this.arrows.replaceChildren();
    this.words.replaceChildren();
    this.order = '';
    this.parts = (anatomy?.names ?? []).map((name, i) => {
      const group = element('g', {}, this.arrows);
      const [halo, arrow] = ['halo', 'arrow'].map((kind) =>
        element('path', { class: kind }, group)
      );
      arrow.setAttribute('stroke', anatomy.colours[i]);
      const word = element('text', { class: 'word' }, this.words);
      word.textContent = name;
      return { group, halo, arrow, word };
    });
    this.place();
  }

  // The places of all recorded steps in pixels, where a run has stopped those of its last step.
  place() {
    if (!this.rows || !this.gd._fullLayout) return;
    this.lay();
    const { toX, toY, height } = this.scales;
    for (const row of this.rows) {
      row.px = Float32Array.from(row.x, toX);
      row.py = Float32Array.from(row.y, toY);
      row.runs = Uint8Array.from(
        row.px,
        (x, j) => Number.isFinite(x) && Number.isFinite(row.py[j])
      );
      for (let j = 1; j < row.px.length; j++) {
        if (!row.runs[j]) [row.px[j], row.py[j]] = [row.px[j - 1], row.py[j - 1]];
      }
    }
    this.line.setAttribute('d', this.cursor ? `M0,0V${height}` : '');
  }

  show(position, chosen) {
    const j = Math.floor(position);
    const share = position - j;
    const next = Math.min(j + 1, this.steps.length - 1);
    this.rows.forEach(({ px, py, runs, dot }, i) => {
      const x = px[j] + share * (px[next] - px[j]);
      const y = py[j] + share * (py[next] - py[j]);
      // A dot that has come to rest costs nothing.
      move(dot, x, y);
      const kind = `${i % this.runs === chosen ? 'chosen ' : ''}${runs[j] ? '' : 'stopped'}`;
      if (dot._kind !== kind) dot.setAttribute('class', (dot._kind = kind));
    });
    if (this.cursor) {
      const { toX } = this.scales;
      const at = this.cursor[j] + share * (this.cursor[next] - this.cursor[j]);
      move(this.line, toX(at), 0);
    }
    if (this.anatomy) this.showStep(this.rows[chosen], j, next, share);
  }

  // The directions at a place of the path; between two recorded ones while time runs.
  vectors(j, next, share) {
    const { u, v, names } = this.anatomy;
    const mix = (row) => row[j] + share * (row[next] - row[j]);
    return names.map((_, i) => [mix(u[i]), mix(v[i])]);
  }

  showStep({ px, py }, j, next, share) {
    const x = px[j] + share * (px[next] - px[j]);
    const y = py[j] + share * (py[next] - py[j]);
    for (const part of [this.arrows, this.words]) move(part, x, y);
    const { toX, toY } = this.scales;
    const [perX, perY] = [toX(1) - toX(0), toY(1) - toY(0)];
    const steps = this.vectors(j, next, share).map(([u, v], i) => {
      const scale = this.anatomy.scales[i];
      return [scale * u * perX, scale * v * perY];
    });
    const lengths = steps.map(([dx, dy]) => Math.hypot(dx, dy));
    const longest = Math.max(...lengths);
    this.stack(lengths);
    steps.forEach(([dx, dy], i) => {
      const { halo, arrow, word } = this.parts[i];
      const [a, b] = [(dx / longest) * LONGEST, (dy / longest) * LONGEST];
      const known = Number.isFinite(a) && Number.isFinite(b);
      if (known && Math.hypot(a - arrow._a, b - arrow._b) < LEAST) return;
      [arrow._a, arrow._b] = [a, b];
      const path = known ? arrowTo(a, b) : '';
      for (const part of [halo, arrow]) part.setAttribute('d', path);
      // Beyond the tip, those of the first and the last to their sides: arrows may be parallel.
      const unit = Math.hypot(a, b) || 1;
      const side = (ASIDE * (i - (steps.length - 1) / 2)) / unit;
      const along = 1 + BEYOND / unit;
      move(word, a * along - b * side || 0, b * along + a * side || 0);
      word.style.visibility = path ? 'visible' : 'hidden';
    });
  }

  // Shorter arrows lie upon longer ones.
  stack(lengths) {
    const order = lengths.map((_, i) => i).sort((i, k) => lengths[k] - lengths[i]);
    if (order.join() === this.order) return;
    this.order = order.join();
    this.arrows.append(...order.map((i) => this.parts[i].group));
  }
}

function move(node, x, y) {
  if (Math.abs(x - node._x) < LEAST && Math.abs(y - node._y) < LEAST) return;
  [node._x, node._y] = [x, y];
  node.setAttribute('transform', `translate(${x.toFixed(2)},${y.toFixed(2)})`);
}

// A line with gaps as its runs, T recorded steps each.
function rowsOf({ x, y, line }, T) {
  return Array.from({ length: Math.floor(x.length / (T + 1)) }, (_, r) => {
    const part = (values) => values.slice(r * (T + 1), r * (T + 1) + T);
    return { x: part(x), y: part(y), colour: line.color };
  });
}
