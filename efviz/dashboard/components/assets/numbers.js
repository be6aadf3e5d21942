// The numbers behind a chart: a disclosure below it, with a table of one trace at a time.
//
// The table is built from the traces that the panels already hold, and only while it is open.

import { digits } from './digits.js';
import { part } from './html.js';

const MOST = 200; // rows; exported files have all

const plain = (/** @type {string | undefined} */ html) => (html ?? '').replace(/<[^>]*>/g, '');

/** @param {string | number} value */
const word = (value) => (typeof value === 'string' ? plain(value) : digits(value, 6));

/**
 * The parts of a trace that are read; `says` is the heading of its texts.
 *
 * @typedef {Pick<Trace, 'x' | 'y'> & Partial<Pick<Trace, 'name' | 'z' | 'text'>> & { says?: string }}
 *   Tabled
 * @typedef {{ xaxis?: Pick<Axis, 'title'>, yaxis?: Pick<Axis, 'title'> }} Axes
 * @typedef {{ titles: string[], length: number, row(i: number): (string | number)[] }} Columns
 */

/**
 * The columns of a trace; a grid z is read row by row.
 *
 * @param {Tabled} trace
 * @param {Axes} axes
 * @returns {Columns}
 */
export function columnsOf({ x, y, z, text, says = 'text' }, { xaxis, yaxis }) {
  /**
   * @param {Pick<Axis, 'title'> | undefined} axis
   * @param {string} letter
   */
  const title = (axis, letter) => plain(axis?.title?.text) || letter;
  const titles = [title(xaxis, 'x'), title(yaxis, 'y')];
  if (z) {
    const width = z[0]?.length ?? 0;
    const at = (/** @type {Series | undefined} */ values, /** @type {number} */ k) =>
      values?.[k] ?? k;
    const row = (/** @type {number} */ i) => {
      const [r, c] = [Math.floor(i / width), i % width];
      return [at(x, c), at(y, r), z[r][c]];
    };
    return { titles: [...titles, 'value'], length: z.length * width, row };
  }
  const { length } = x;
  const texts = typeof text === 'object' && text?.length === length ? text : undefined;
  if (texts) return { titles: [...titles, says], length, row: (i) => [x[i], y[i], texts[i]] };
  return { titles, length, row: (i) => [x[i], y[i]] };
}

/**
 * The parts of a panel that are read: its name, its traces and its axes.
 *
 * @typedef {{ _efviz: { name?: string, whole?: { data: Tabled[], layout: Axes } } }} Read
 */

/**
 * All traces that hold numbers, which excludes those that only carry a colour scale.
 *
 * @param {Read[]} panels
 */
export function tracesOf(panels) {
  return panels.flatMap(({ _efviz: { name: panel, whole } }) => {
    if (!whole) return [];
    const traces = whole.data.filter(({ x, z }) => z || (x && !(x.length === 1 && x[0] === null)));
    /** @type {Record<string, number>} */
    const seen = {};
    return traces.map((trace) => {
      const name = trace.name ?? 'data';
      const alike = traces.filter((other) => (other.name ?? 'data') === name).length;
      seen[name] = (seen[name] ?? 0) + 1;
      const title = alike > 1 ? `${panel}: ${name} ${seen[name]}` : `${panel}: ${name}`;
      return { title, trace, layout: whole.layout };
    });
  });
}

/**
 * @param {(string | number)[]} cells
 * @param {'th' | 'td'} kind
 */
function line(cells, kind) {
  const row = document.createElement('tr');
  cells.forEach((text, k) => {
    const cell = document.createElement(k === 0 ? 'th' : kind);
    if (cell.tagName === 'TH') cell.scope = kind === 'th' ? 'col' : 'row';
    cell.textContent = String(text);
    row.append(cell);
  });
  return row;
}

export class Numbers {
  /** @type {ReturnType<typeof tracesOf>} */
  traces = [];
  titles = '';

  /**
   * @param {Element} parent
   * @param {() => Read[]} panels the panels of the chart, as they are shown
   */
  constructor(parent, panels) {
    this.panels = panels;
    this.box = document.createElement('div');
    this.box.className = 'efviz-numbers';
    this.box.innerHTML = `<button type="button" aria-expanded="false">Numbers of this figure</button>
      <section aria-label="Numbers of this figure" hidden><label>Drawn <select></select></label>
      <div class="efviz-scroll" tabindex="0" role="group" aria-label="Table"><table class="efviz-table">
      <caption></caption><thead></thead><tbody></tbody></table></div></section>`;
    parent.append(this.box);
    this.button = part(this.box, HTMLButtonElement, 'button');
    this.section = part(this.box, HTMLElement, 'section');
    this.select = part(this.box, HTMLSelectElement, 'select');
    this.caption = part(this.box, HTMLTableCaptionElement, 'caption');
    this.head = part(this.box, HTMLTableSectionElement, 'thead');
    this.body = part(this.box, HTMLTableSectionElement, 'tbody');
    this.button.addEventListener('click', () => this.open(Boolean(this.section.hidden)));
    this.select.addEventListener('change', () => this.show());
    this.box.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.section.hidden) return;
      this.open(false);
      this.button.focus();
    });
  }

  /** @param {boolean} now */
  open(now) {
    this.section.hidden = !now;
    this.button.setAttribute('aria-expanded', String(now));
    this.update();
  }

  // The chart has changed.
  update() {
    if (this.section.hidden) return;
    this.traces = tracesOf(this.panels());
    const titles = this.traces.map(({ title }) => title);
    if (titles.join('\n') !== this.titles) {
      const chosen = this.select.value;
      this.titles = titles.join('\n');
      this.select.replaceChildren(...titles.map((title) => new Option(title)));
      if (titles.includes(chosen)) this.select.value = chosen;
    }
    this.show();
  }

  show() {
    const found = this.traces[this.select.selectedIndex];
    if (!found) return;
    const { titles, length, row } = columnsOf(found.trace, found.layout);
    const n = Math.min(length, MOST);
    const more = (length - n).toLocaleString('en');
    const rest = length > n ? `; ${more} more rows are in “Export”, Numbers (CSV)` : '';
    this.caption.textContent = `${found.title}, ${n} ${n === 1 ? 'row' : 'rows'}${rest}`;
    this.head.replaceChildren(line(['row', ...titles], 'th'));
    const rows = Array.from({ length: n }, (_, i) => line([i, ...row(i).map(word)], 'td'));
    this.body.replaceChildren(...rows);
  }
}
