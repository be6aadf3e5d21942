// The numbers behind a chart: a disclosure at its end, with a table of one trace at a time.
//
// The table is made of the traces that the panels already hold, and only while it is open.

const MOST = 200; // rows; files of numbers have all

const plain = (html) => (html ?? '').replace(/<[^>]*>/g, '');
const word = (value) => {
  if (typeof value === 'string') return plain(value);
  if (!Number.isFinite(value)) return '–';
  return String(Number(value.toPrecision(6))).replace('-', '−');
};

// {titles, length, row(i)} of a trace; a grid z is read row by row, texts are what it `says`.
function columnsOf({ x, y, z, text, says = 'text' }, { xaxis, yaxis }) {
  const title = (axis, letter) => plain(axis?.title?.text) || letter;
  const titles = [title(xaxis, 'x'), title(yaxis, 'y')];
  if (z) {
    const width = z[0]?.length ?? 0;
    const at = (values, k) => values?.[k] ?? k;
    const row = (i) => {
      const [r, c] = [Math.floor(i / width), i % width];
      return [at(x, c), at(y, r), z[r][c]];
    };
    return { titles: [...titles, 'value'], length: z.length * width, row };
  }
  const named = typeof text === 'object' && text?.length === x.length;
  const row = (i) => (named ? [x[i], y[i], text[i]] : [x[i], y[i]]);
  return { titles: named ? [...titles, says] : titles, length: x.length, row };
}

// All traces that hold numbers; the ones that only carry a scale of colours do not.
function tracesOf(panels) {
  return panels.flatMap((gd) => {
    const { name: panel, whole } = gd._efviz;
    const traces = (whole?.data ?? []).filter(
      ({ x, z }) => z || (x && !(x.length === 1 && x[0] === null))
    );
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

function line(cells, kind) {
  const row = document.createElement('tr');
  cells.forEach((text, k) => {
    const cell = document.createElement(k === 0 ? 'th' : kind);
    if (cell.tagName === 'TH') cell.scope = kind === 'th' ? 'col' : 'row';
    cell.textContent = text;
    row.append(cell);
  });
  return row;
}

export class Numbers {
  // panels(): the panels of the chart, as they are shown.
  constructor(parent, panels) {
    this.panels = panels;
    this.box = document.createElement('div');
    this.box.className = 'efviz-numbers';
    this.box.innerHTML = `<button type="button" aria-expanded="false">Numbers of this figure</button>
      <section aria-label="Numbers of this figure" hidden><label>Drawn <select></select></label>
      <div class="efviz-scroll" tabindex="0" role="group" aria-label="Table"><table class="efviz-table">
      <caption></caption><thead></thead><tbody></tbody></table></div></section>`;
    parent.append(this.box);
    const find = (name) => this.box.querySelector(name);
    [this.button, this.section, this.select] = ['button', 'section', 'select'].map(find);
    [this.caption, this.head, this.body] = ['caption', 'thead', 'tbody'].map(find);
    this.button.addEventListener('click', () => this.open(this.section.hidden));
    this.select.addEventListener('change', () => this.show());
    this.box.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.section.hidden) return;
      this.open(false);
      this.button.focus();
    });
  }

  open(now) {
    this.section.hidden = !now;
    this.button.setAttribute('aria-expanded', now);
    this.update();
  }

  // The picture has changed.
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
    const found = this.traces?.[this.select.selectedIndex];
    if (!found) return;
    const { titles, length, row } = columnsOf(found.trace, found.layout);
    const n = Math.min(length, MOST);
    const more = (length - n).toLocaleString('en');
    const rest = length > n ? `; ${more} more rows are in “Take along”, Numbers (CSV)` : '';
    this.caption.textContent = `${found.title}, ${n} ${n === 1 ? 'row' : 'rows'}${rest}`;
    this.head.replaceChildren(line(['row', ...titles], 'th'));
    const rows = Array.from({ length: n }, (_, i) => line([i, ...row(i).map(word)], 'td'));
    this.body.replaceChildren(...rows);
  }
}
