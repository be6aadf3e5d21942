// The chart: one or several Plotly figures, redrawn in place with Plotly.react.
//
// data (bytes): uint32 length | query string, zero padded | packed header | packed figures.
// Packed: uint32 length | JSON | float32 arrays; {"$a": [offset, n]} or {"$a": [offset, rows,
// columns]} in the JSON is an array.
// header: {figures: [{name, size, digest}], dark, rows, minWidth, maxWidth, smallest, plotly};
// figure: {data, layout}. `rows` figures stand below each other and stay so in every layout.
// Reports `click` {panel, x, y} for a click anywhere in a panel whose layout.meta.click is set.

import { Layers, split } from './layers.js';

const NS = Symbol.for('efviz.chart');

let plotly;
function library(url) {
  plotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = document.createElement('script');
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error(`Plotly.js could not be loaded from ${url}`));
    document.head.append(script);
  });
  return plotly;
}

function text(buffer, at) {
  const length = new DataView(buffer).getUint32(at, true);
  return [new TextDecoder().decode(new Uint8Array(buffer, at + 4, length)), at + 4 + length];
}

function unpack(buffer, at) {
  const [json, base] = text(buffer, at);
  const array = (offset, n) => new Float32Array(buffer, base + 4 * offset, n);
  const value = JSON.parse(json, (_, item) => {
    if (!item?.$a) return item;
    const [offset, rows, columns] = item.$a;
    if (columns === undefined) return array(offset, rows);
    return Array.from({ length: rows }, (_, i) => array(offset + i * columns, columns));
  });
  return [value, base];
}

// Figures that are already shown are not read again.
function decode(bytes, shown) {
  const { buffer } = bytes.slice(); // aligned
  const [query, start] = text(buffer, 0);
  const [spec, base] = unpack(buffer, start);
  let at = base;
  spec.figures = spec.figures.map(({ size, ...figure }, i) => {
    const known = shown?.figures[i];
    const body = known?.digest === figure.digest ? known : unpack(buffer, at)[0];
    at += size;
    return { ...body, ...figure };
  });
  spec.revision = spec.figures.map(({ digest }) => digest).join(' ');
  return { ...spec, query: query.replace(/\0+$/, '') };
}

// Figures are made in the colours of the light theme; `dark` says what each becomes.
function recolour(value, colours) {
  if (typeof value === 'string') {
    return value.replace(/#[0-9a-f]{6}\b/g, (colour) => colours[colour] ?? colour);
  }
  if (Array.isArray(value) && !ArrayBuffer.isView(value[0])) {
    return value.map((item) => recolour(item, colours));
  }
  if (value && typeof value === 'object' && !ArrayBuffer.isView(value) && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, recolour(v, colours)]));
  }
  return value;
}

// The font and the brightness of the page's theme.
const pen = document.createElement('canvas').getContext('2d');
function themeOf(element) {
  const style = getComputedStyle(element);
  pen.fillStyle = style.getPropertyValue('--st-background-color').trim() || '#fff';
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(pen.fillStyle.slice(i, i + 2), 16));
  const font = style.getPropertyValue('--st-font').trim() || 'sans-serif';
  return { dark: 0.299 * r + 0.587 * g + 0.114 * b < 128, font };
}

const download = (format, label) => ({
  name: `download-${format}`,
  title: `Download as ${label}`,
  icon: window.Plotly.Icons.camera,
  click: (gd) =>
    window.Plotly.downloadImage(gd._efviz.whole, {
      format,
      filename: gd._efviz.name,
      width: gd.clientWidth,
      height: gd.clientHeight,
      scale: format === 'png' ? 2 : 1,
    }),
});

// One object for all draws: Plotly.react starts from nothing when it finds the config changed.
let settings;
const config = () => (settings ??= {
  displaylogo: false,
  displayModeBar: 'hover',
  showSendToCloud: false,
  doubleClick: false,
  responsive: false,
  scrollZoom: false,
  modeBarButtons: [[download('png', 'PNG'), download('svg', 'SVG')], ['zoom2d', 'pan2d']],
});

class Chart {
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-chart';
    parent.append(this.root);
    this.panels = [];
    this.view = null; // ranges that the reader zoomed to, shared by linked panels
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.root);
  }

  async update(bytes, send) {
    this.send = send;
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      const before = this.plane();
      this.spec = decode(bytes, this.spec);
      // A zoom belongs to its plane.
      if (this.plane() !== before) this.view = null;
    }
    await library(this.spec.plotly);
    await this.draw();
    this.root.dataset.revision = this.spec.revision;
    const { query } = this.spec;
    // "-": the address is another chart's to keep.
    if (query !== '-' && query !== location.search.slice(1)) {
      history.replaceState(history.state, '', location.pathname + (query && `?${query}`));
    }
  }

  plane() {
    const linked = this.spec?.figures.find((figure) => figure.layout.meta?.link);
    return linked && `${linked.layout.xaxis.range} ${linked.layout.yaxis.range}`;
  }

  // The panels' width follows from the room there is; the height of each from its aspect.
  columns() {
    const { figures, rows, minWidth, smallest } = this.spec;
    const groups = figures.length / rows;
    const room = this.root.clientWidth;
    for (let n = groups; n > 1; n = Math.ceil(n / 2)) {
      if (room / n >= minWidth) return n;
    }
    return Math.min(groups, room < 2 * smallest ? 1 : 2);
  }

  place(gd, i, columns) {
    const { rows } = this.spec;
    const group = Math.floor(i / rows);
    gd.style.gridRow = Math.floor(group / columns) * rows + (i % rows) + 1;
    gd.style.gridColumn = (group % columns) + 1;
  }

  async draw() {
    if (!this.spec || !window.Plotly || !this.root.clientWidth) return;
    const theme = themeOf(this.root);
    const columns = this.columns();
    const gap = 8;
    const room = Math.floor((this.root.clientWidth - gap * (columns - 1)) / columns);
    const width = Math.min(room, this.spec.maxWidth);
    this.root.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${width}px))`;
    while (this.panels.length > this.spec.figures.length) this.drop(this.panels.pop());
    this.panels.forEach((gd, i) => this.place(gd, i, columns));
    await Promise.all(
      this.spec.figures.map((figure, i) => this.drawPanel(figure, i, width, columns, theme))
    );
  }

  drawPanel(figure, i, width, columns, { dark, font }) {
    const gd = this.panels[i] ?? this.addPanel(i, columns);
    const state = `${figure.digest} ${width} ${dark} ${this.view && JSON.stringify(this.view)}`;
    if (gd._efviz.state === state) return undefined;
    gd._efviz.state = state;
    gd._efviz.name = figure.name;
    gd.setAttribute('aria-label', figure.layout.meta?.label ?? figure.name);
    const { data, layout } = dark ? recolour(figure, this.spec.dark) : figure;
    const margin = layout.margin;
    const height = Math.round(
      (width - margin.l - margin.r) * (layout.meta?.aspect ?? 1) + margin.t + margin.b
    );
    const full = {
      ...layout,
      width,
      height,
      font: { ...layout.font, family: font },
      clickanywhere: true,
      dragmode: matchMedia('(pointer: coarse)').matches ? false : 'zoom',
    };
    if (layout.meta?.link && this.view) {
      full.xaxis = { ...layout.xaxis, range: this.view.x };
      full.yaxis = { ...layout.yaxis, range: this.view.y };
    }
    gd.classList.toggle('clickable', Boolean(layout.meta?.click));
    gd.style.width = `${width}px`;
    gd.style.height = `${height}px`;
    gd._efviz.whole = { data, layout: { ...full, paper_bgcolor: dark ? '#0f1318' : '#ffffff' } };
    const parts = split(data, full);
    const { meta, ...frame } = parts.layout;
    // `still` names what Plotly draws: a figure whose marks alone have moved is not drawn again.
    const rest = parts.data.length ? (layout.meta?.still ?? figure.digest) : '';
    const plotly = `${rest} ${JSON.stringify(frame)}`;
    if (gd._efviz.plotly === plotly) return gd._efviz.layers.draw(parts);
    gd._efviz.plotly = plotly;
    return window.Plotly.react(gd, parts.data, frame, config()).then(() => {
      gd._efviz.layers ??= new Layers(gd);
      gd._efviz.layers.draw(parts);
      this.listen(gd, i);
    });
  }

  addPanel(i, columns) {
    const gd = document.createElement('div');
    gd.setAttribute('role', 'img');
    gd._efviz = {};
    this.panels[i] = gd;
    this.place(gd, i, columns);
    this.root.append(gd);
    return gd;
  }

  listen(gd, i) {
    if (gd._efviz.listening) return;
    gd._efviz.listening = true;
    const meta = () => this.spec.figures[i]?.layout.meta ?? {};
    gd.on('plotly_click', (event) => {
      const x = event.xvals?.[0] ?? event.points?.[0]?.x;
      const y = event.yvals?.[0] ?? event.points?.[0]?.y;
      if (meta().click && x !== undefined) this.send({ panel: i, x, y });
    });
    gd.on('plotly_relayout', (event) => {
      const [x0, x1] = [event['xaxis.range[0]'], event['xaxis.range[1]']];
      if (!meta().link || x0 === undefined) return;
      this.view = { x: [x0, x1], y: [...gd.layout.yaxis.range] };
      this.draw();
    });
    for (const moved of ['plotly_afterplot', 'plotly_relayouting']) {
      gd.on(moved, () => gd._efviz.layers.place());
    }
    gd.on('plotly_doubleclick', () => {
      this.view = null;
      this.draw();
      return false;
    });
  }

  drop(gd) {
    window.Plotly?.purge(gd);
    gd.remove();
  }

  remove() {
    this.observer.disconnect();
    this.panels.forEach((gd) => this.drop(gd));
    this.root.remove();
  }
}

export default async function ({ data, parentElement, setTriggerValue }) {
  const chart = (parentElement[NS] ??= new Chart(parentElement));
  await chart.update(data, (value) => setTriggerValue('click', value));
  return () => {
    chart.remove();
    delete parentElement[NS];
  };
}
