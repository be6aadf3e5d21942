// The anatomy of a step in numbers: lengths of the directions and the angles between them.
//
// layout.meta.anatomy: {path, start, versus, names, colours, scales, u, v (methods, T)}: the
// directions of all methods at the recorded steps of one run of the panel's method.

import { angle } from './hover.js';
import { digits } from './svg.js';

const SELDOM = 120; // ms between two writings of the table while time runs

export class Anatomy {
  constructor(follow) {
    this.box = document.createElement('section');
    this.box.className = 'efviz-anatomy';
    this.box.setAttribute('aria-label', 'Anatomy of a step');
    this.box.innerHTML = `<label>One step from start <select></select></label>
      <div class="efviz-scroll" tabindex="0" role="group" aria-label="Directions in numbers"><table class="efviz-table"><caption></caption>
      <thead></thead><tbody></tbody></table></div>
      <p class="efviz-note"></p>`;
    const find = (name) => this.box.querySelector(name);
    [this.select, this.head, this.body] = ['select', 'thead', 'tbody'].map(find);
    [this.caption, this.note, this.table] = ['caption', 'p', 'table'].map(find);
    this.select.addEventListener('change', () => follow(+this.select.value));
  }

  update(panels, of) {
    const options = Array.from({ length: panels[0].runs }, (_, i) => new Option(i + 1));
    if (options.length !== this.select.length) this.select.replaceChildren(...options);
    this.select.value = of;
    this.panels = panels.filter(({ anatomy }) => anatomy);
    this.table.hidden = !this.panels.length;
    this.note.textContent = 'The directions are still being computed.';
    this.shown = undefined;
    if (!this.panels.length) return;
    const { names, versus } = this.panels[0].anatomy;
    const others = names.filter((name) => name !== versus);
    const titles = [
      'path',
      ...names.map((n) => `|${n}|`),
      ...others.map((n) => `${n} to ${versus}`),
    ];
    const cell = (kind, text, scope) => {
      const made = document.createElement(kind);
      made.textContent = text;
      if (scope) made.scope = scope;
      if (text.startsWith('|')) made.style.whiteSpace = 'nowrap';
      return made;
    };
    const head = document.createElement('tr');
    head.append(...titles.map((title) => cell('th', title, 'col')));
    this.head.replaceChildren(head);
    this.rows = this.panels.map(({ anatomy }) => {
      const row = document.createElement('tr');
      const cells = titles.slice(1).map(() => cell('td', ''));
      row.append(cell('th', anatomy.path, 'row'), ...cells);
      this.body.append(row);
      return { row, cells };
    });
    this.body.replaceChildren(...this.rows.map(({ row }) => row));
    this.note.textContent =
      'Lengths of (B + λI)⁻¹∇L, angles in the plane. The arrows are these times each ' +
      'method’s scale, the longest as long in every panel.';
  }

  show(position, playing) {
    if (!this.panels.length) return;
    const now = performance.now();
    if (playing && now - (this.written ?? 0) < SELDOM) return;
    this.written = now;
    const j = Math.round(position);
    const start = this.panels[0].anatomy.start;
    this.caption.textContent = `At iteration ${this.panels[0].steps[j].toLocaleString('en')} from start ${start}`;
    this.panels.forEach((panel, i) => {
      const { names, versus } = panel.anatomy;
      const vectors = panel.vectors(j, j, 0);
      const reference = vectors[names.indexOf(versus)];
      const lengths = vectors.map(([u, v]) => word(Math.hypot(u, v), ''));
      const angles = vectors
        .filter((_, k) => names[k] !== versus)
        .map((vector) => word(Math.round(angle(vector, reference)), '°'));
      [...lengths, ...angles].forEach((text, k) => (this.rows[i].cells[k].textContent = text));
    });
  }
}

function word(value, unit) {
  if (!Number.isFinite(value)) return '–';
  const small = value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5);
  const text = small
    ? value.toExponential(1).replace('e+', 'e').replace('-', '−')
    : digits(value, 3);
  return text + unit;
}
