// The anatomy of a step in numbers: lengths of the directions and the angles between them.
//
// layout.meta.anatomy: {path, start, versus, names, colours, texts, scales, u, v (methods,
// T)}: the
// directions of all methods at the recorded steps of one run of the panel's method.

import { digits } from './digits.js';
import { angle } from './hover.js';
import { part } from './html.js';

const SELDOM = 120; // ms between two updates of the table while time runs

/** @typedef {import('./runners.js').Runners & { anatomy: AnatomyOfStep }} Dissected */

export class Anatomy {
  /** @type {Dissected[]} the panels whose steps are known in parts */
  panels = [];
  /** @type {HTMLTableCellElement[][]} the cells of each row */
  cells = [];
  written = -Infinity;

  /** @param {(start: number) => void} follow */
  constructor(follow) {
    this.box = document.createElement('section');
    this.box.className = 'efviz-anatomy';
    this.box.setAttribute('aria-label', 'Anatomy of a step');
    this.box.innerHTML = `<label>One step from start <select></select></label>
      <div class="efviz-scroll" tabindex="0" role="group" aria-label="Directions in numbers"><table class="efviz-table"><caption></caption>
      <thead></thead><tbody></tbody></table></div>
      <p class="efviz-note"></p>`;
    this.select = part(this.box, HTMLSelectElement, 'select');
    this.table = part(this.box, HTMLTableElement, 'table');
    this.caption = part(this.table, HTMLTableCaptionElement, 'caption');
    this.head = part(this.table, HTMLTableSectionElement, 'thead');
    this.body = part(this.table, HTMLTableSectionElement, 'tbody');
    this.note = part(this.box, HTMLParagraphElement, 'p');
    this.select.addEventListener('change', () => follow(+this.select.value));
  }

  /**
   * @param {import('./runners.js').Runners[]} panels
   * @param {number} of the start that is followed
   */
  update(panels, of) {
    const options = Array.from({ length: panels[0].runs }, (_, i) => new Option(String(i + 1)));
    if (options.length !== this.select.length) this.select.replaceChildren(...options);
    this.select.value = String(of);
    this.panels = /** @type {Dissected[]} */ (panels.filter(({ anatomy }) => anatomy));
    this.table.hidden = !this.panels.length;
    this.note.textContent = 'The directions are still being computed.';
    if (!this.panels.length) return;
    const { names, versus } = this.panels[0].anatomy;
    const others = names.filter((name) => name !== versus);
    const titles = [
      'path',
      ...names.map((n) => `|${n}|`),
      ...others.map((n) => `${n} to ${versus}`),
    ];
    const head = document.createElement('tr');
    head.append(...titles.map((title) => heading(title, 'col')));
    this.head.replaceChildren(head);
    this.cells = this.panels.map(() => titles.slice(1).map(() => document.createElement('td')));
    const rows = this.panels.map(({ anatomy }, i) => {
      const row = document.createElement('tr');
      row.append(heading(anatomy.path, 'row'), ...this.cells[i]);
      return row;
    });
    this.body.replaceChildren(...rows);
    this.note.textContent =
      'Lengths of (B + λI)⁻¹∇L, angles in the plane. The arrows are these times each ' +
      'method’s scale, the longest as long in every panel.';
  }

  /**
   * @param {number} position in recorded steps
   * @param {boolean} playing
   */
  show(position, playing) {
    if (!this.panels.length) return;
    const now = performance.now();
    if (playing && now - this.written < SELDOM) return;
    this.written = now;
    const j = Math.round(position);
    const start = this.panels[0].anatomy.start;
    this.caption.textContent = `At iteration ${this.panels[0].steps[j].toLocaleString('en')} from start ${start}`;
    this.panels.forEach((panel, i) => {
      const { names, versus } = panel.anatomy;
      const vectors = panel.vectors(panel.anatomy, j, j, 0);
      const reference = vectors[names.indexOf(versus)];
      const lengths = vectors.map(([u, v]) => word(Math.hypot(u, v), ''));
      const angles = vectors
        .filter((_, k) => names[k] !== versus)
        .map((vector) => word(Math.round(angle(vector, reference)), '°'));
      [...lengths, ...angles].forEach((text, k) => (this.cells[i][k].textContent = text));
    });
  }
}

/**
 * @param {string} text
 * @param {'row' | 'col'} scope
 */
function heading(text, scope) {
  const made = document.createElement('th');
  made.textContent = text;
  made.scope = scope;
  if (text.startsWith('|')) made.style.whiteSpace = 'nowrap';
  return made;
}

/**
 * @param {number} value
 * @param {string} unit
 */
function word(value, unit) {
  return Number.isFinite(value) ? digits(value) + unit : '–';
}
