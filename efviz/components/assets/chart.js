// The chart: one or several Plotly figures, redrawn in place with Plotly.react.
//
// data (bytes): uint32 length | session | packed header | packed figures. The session, in JSON: what
// belongs to one visitor, {query, ack, frame}, ack the sequence of the last report that was answered.
// Packed: uint32 length | JSON | float32 arrays; {"$a": [offset, n]} or {"$a": [offset, rows,
// columns]} in the JSON is an array.
// header: {figures: [{name, size, digest}], dark, rows, minWidth, maxWidth, smallest, plotly};
// figure: {data, layout}. `rows` figures stand below each other and stay so in every layout.
// Panels of layout.meta.wide, the last ones, lie below the others and below the player.
// Reports `click` {panel, x, y} for a click anywhere in a panel whose layout.meta.click is set,
// `touch` as drag.js and `frame` as play.js say.

import { Handles } from './drag.js';
import { Compass, Hover } from './hover.js';
import { Layers, split } from './layers.js';
import { Numbers } from './numbers.js';
import { Player } from './play.js';
import { Runners } from './runners.js';
import { Touch } from './touch.js';
import { fitted } from './words.js';

const GAP = 8; // px between panels
const SELDOM = 150; // ms between two changes of the address
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
  const [session, start] = text(buffer, 0);
  const [spec, base] = unpack(buffer, start);
  let at = base;
  spec.figures = spec.figures.map(({ size, ...figure }, i) => {
    const known = shown?.figures[i];
    const body = known?.digest === figure.digest ? known : unpack(buffer, at)[0];
    at += size;
    return { ...body, ...figure };
  });
  spec.revision = spec.figures.map(({ digest }) => digest).join(' ');
  return { ...spec, session: JSON.parse(session) };
}

const isWide = (figure) => Boolean(figure.layout.meta?.wide);

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

// Larger letters with the room they need: what a page for a projector asks for.
function enlarge(value, scale) {
  if (scale === 1 || !value || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    const plain = ArrayBuffer.isView(value[0]) || typeof value[0] !== 'object';
    return plain ? value : value.map((item) => enlarge(item, scale));
  }
  const times = (numbers) =>
    Object.fromEntries(
      Object.entries(numbers).map(([k, v]) => [k, typeof v === 'number' ? v * scale : v])
    );
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const sized = key === 'margin' || (/font$/.test(key) && item);
      return [key, sized ? times(item) : enlarge(item, scale)];
    })
  );
}

// The font, the size of letters and the brightness of the page's theme.
const pen = document.createElement('canvas').getContext('2d');
function themeOf(element) {
  const style = getComputedStyle(element);
  pen.fillStyle = style.getPropertyValue('--st-background-color').trim() || '#fff';
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(pen.fillStyle.slice(i, i + 2), 16));
  const font = style.getPropertyValue('--st-font').trim() || 'sans-serif';
  const scale = parseFloat(style.getPropertyValue('--efviz-scale')) || 1;
  return { dark: 0.299 * r + 0.587 * g + 0.114 * b < 128, font, scale };
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
const config = () =>
  (settings ??= {
    displaylogo: false,
    displayModeBar: 'hover',
    showSendToCloud: false,
    doubleClick: false,
    responsive: false,
    scrollZoom: false,
    modeBarButtons: [
      [download('png', 'PNG'), download('svg', 'SVG')],
      ['zoom2d', 'pan2d'],
    ],
  });

// The address follows the picture, but Safari refuses more than 100 changes in 10 s.
let written = -Infinity;
let postponed;
function address(query) {
  clearTimeout(postponed);
  // "-": the address is another chart's to keep.
  if (query === '-' || query === location.search.slice(1)) return;
  const { pathname } = location;
  const wait = written + SELDOM - performance.now();
  if (wait > 0) {
    postponed = setTimeout(() => pathname === location.pathname && address(query), wait);
    return;
  }
  written = performance.now();
  history.replaceState(history.state, '', pathname + (query && `?${query}`));
}

class Chart {
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-chart';
    this.says = document.createElement('div');
    this.says.className = 'efviz-unseen';
    this.says.setAttribute('role', 'status');
    parent.append(this.root, this.says);
    this.panels = [];
    this.numbers = new Numbers(parent, () => this.panels);
    const all = (name) => this.panels.map((gd) => gd._efviz[name]).filter(Boolean);
    this.hover = new Hover(() => all('compass'));
    this.touch = new Touch({
      panels: () => all('handles'),
      send: (report) => this.report('touch', report),
      point: (...at) => this.hover.show(...at),
      say: (words) => (this.says.textContent = words),
    });
    this.view = null; // ranges that the reader zoomed to, shared by linked panels
    // In a frame of its own: what is drawn changes the height that is being observed.
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.draw()));
    this.observer.observe(this.root);
    this.seen = new IntersectionObserver(() => this.waiting && this.finish());
    this.seen.observe(this.root);
  }

  // `send(name, value)` is an event, `report(name, value)` a state.
  async update(bytes, send, report) {
    Object.assign(this, { send, report });
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      const before = this.plane();
      this.spec = decode(bytes, this.spec);
      // A zoom belongs to its plane.
      if (this.plane() !== before) this.view = null;
      this.touch.reports.answer(this.spec.session.ack);
    }
    await library(this.spec.plotly);
    clearTimeout(this.waiting);
    this.waiting = undefined;
    // While a slider is dragged only what can be seen follows; the rest once it rests.
    if (this.root.dataset.revision && this.hidden()) {
      this.waiting = setTimeout(() => this.finish(), 250);
    } else {
      await this.finish();
    }
    address(this.spec.session.query);
  }

  hidden() {
    const { top, bottom } = this.root.getBoundingClientRect();
    return bottom < 0 || top > innerHeight;
  }

  async finish() {
    clearTimeout(this.waiting);
    this.waiting = undefined;
    const { revision } = this.spec;
    await this.draw();
    this.touch.settle();
    this.root.dataset.revision = revision;
    this.numbers.update();
  }

  plane() {
    const linked = this.spec?.figures.find((figure) => figure.layout.meta?.link);
    return linked && `${linked.layout.xaxis.range} ${linked.layout.yaxis.range}`;
  }

  // The panels' width follows from the room there is; the height of each from its aspect.
  columns() {
    const { figures, rows, minWidth, smallest } = this.spec;
    const groups = figures.filter((figure) => !isWide(figure)).length / rows;
    const room = this.root.clientWidth;
    for (let n = groups; n > 1; n = Math.ceil(n / 2)) {
      if (room / n >= minWidth) return n;
    }
    return Math.min(groups, room < 2 * smallest ? 1 : 2);
  }

  // A wide panel leaves room beside it where there are many columns.
  span(i, columns) {
    if (!isWide(this.spec.figures[i])) return 1;
    return columns > 2 ? Math.floor(columns / 2) : columns;
  }

  place(gd, i, columns) {
    const { figures, rows } = this.spec;
    if (isWide(figures[i])) {
      gd.style.gridRow = 'auto';
      gd.style.gridColumn = `1 / span ${this.span(i, columns)}`;
      gd.style.order = 2;
      return;
    }
    const group = Math.floor(i / rows);
    gd.style.gridRow = Math.floor(group / columns) * rows + (i % rows) + 1;
    gd.style.gridColumn = (group % columns) + 1;
  }

  // One after the other: what comes while a panel is drawn for the first time must wait for it.
  draw() {
    const now = () => this.drawNow();
    this.drawing = (this.drawing ?? Promise.resolve()).then(now, now);
    return this.drawing;
  }

  async drawNow() {
    if (!this.spec || !window.Plotly || !this.root.clientWidth) return;
    const theme = themeOf(this.root);
    const columns = this.columns();
    const room = Math.floor((this.root.clientWidth - GAP * (columns - 1)) / columns);
    const width = Math.min(room, this.spec.maxWidth);
    this.root.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${width}px))`;
    while (this.panels.length > this.spec.figures.length) this.drop(this.panels.pop());
    this.panels.forEach((gd, i) => this.place(gd, i, columns));
    await Promise.all(
      this.spec.figures.map((figure, i) => this.drawPanel(figure, i, width, columns, theme))
    );
    this.drawPlayer(columns);
  }

  drawPlayer(columns) {
    const runners = this.panels.map((gd) => gd._efviz.runners).filter(Boolean);
    if (runners.length) {
      this.player ??= new Player(this.root, (name, value) => this.report(name, value));
      const { box } = this.player.anatomy;
      box.style.gridColumn = `${columns > 2 ? Math.floor(columns / 2) + 1 : 1} / -1`;
      this.player.update(runners, this.spec.session.frame);
    } else {
      this.player?.remove();
      this.player = undefined;
    }
  }

  drawPanel(figure, i, column, columns, { dark, font, scale }) {
    const span = this.span(i, columns);
    const width = span * column + (span - 1) * GAP;
    const gd = this.panels[i] ?? this.addPanel(i, columns);
    const state = `${figure.digest} ${width} ${dark} ${scale} ${this.view && JSON.stringify(this.view)}`;
    if (gd._efviz.state === state) return undefined;
    gd._efviz.state = state;
    gd._efviz.name = figure.name;
    gd.setAttribute('aria-label', figure.layout.meta?.label ?? figure.name);
    const coloured = dark ? recolour(figure, this.spec.dark) : figure;
    const { data, layout } = enlarge(coloured, scale);
    const margin = layout.margin;
    const aspect = (width - margin.l - margin.r) * (layout.meta?.aspect ?? 1);
    const height = layout.meta?.height ?? Math.round(aspect + margin.t + margin.b);
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
    const clicks = Boolean(layout.meta?.click && this.spec.session.clicks);
    // Firefox sets words a little wider than it says.
    const title = (hint) => fitted(layout.title, hint, width - margin.l - 2, font);
    gd.classList.toggle('clickable', clicks);
    gd.style.width = `${width}px`;
    gd.style.height = `${height}px`;
    // An image says nothing of clicks.
    const ground = { paper_bgcolor: dark ? '#0f1318' : '#ffffff' };
    gd._efviz.whole = { data, layout: { ...full, ...ground, title: title() } };
    const parts = split(data, { ...full, title: title(clicks && layout.meta.hint) });
    const { meta, ...frame } = parts.layout;
    // `still` names what Plotly draws: a figure whose marks alone have moved is not drawn again.
    const rest = parts.data.length ? (layout.meta?.still ?? figure.digest) : '';
    const plotly = `${rest} ${JSON.stringify(frame)}`;
    const own = () => this.drawOwn(gd, i, data, parts, meta ?? {});
    if (gd._efviz.plotly === plotly) return own();
    gd._efviz.plotly = plotly;
    return window.Plotly.react(gd, parts.data, frame, config()).then(() => {
      gd._efviz.layers ??= new Layers(gd);
      own();
      this.listen(gd, i);
    });
  }

  // All but what Plotly draws.
  drawOwn(gd, i, data, parts, meta) {
    const { layers } = gd._efviz;
    const { handles: kinds, vectors } = meta;
    layers.draw(parts);
    if (meta.play) (gd._efviz.runners ??= new Runners(gd)).draw(data, meta);
    else gd._efviz.runners = gd._efviz.runners?.svg.remove();
    if (vectors) (gd._efviz.compass ??= new Compass(gd, this.hover)).vectors = vectors;
    if (!kinds && !gd._efviz.handles) return;
    const shows =
      (name) =>
      ({ layout: { meta } }) =>
        meta?.handles?.some((k) => k.trace === name);
    const first = (name) => this.spec.figures.findIndex(shows(name)) === i;
    gd._efviz.handles ??= new Handles(gd, i, this.touch, layers);
    gd._efviz.handles.draw(data, parts.handles, kinds ?? [], first);
  }

  addPanel(i, columns) {
    const gd = document.createElement('div');
    // An image could not hold what can be focused: buttons, marks to be moved.
    gd.setAttribute('role', 'figure');
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
      if (meta().click && this.spec.session.clicks && x !== undefined)
        this.send('click', { panel: i, x, y });
    });
    gd.on('plotly_relayout', (event) => {
      const [x0, x1] = [event['xaxis.range[0]'], event['xaxis.range[1]']];
      if (!meta().link || x0 === undefined) return;
      this.view = { x: [x0, x1], y: [...gd.layout.yaxis.range] };
      this.draw();
    });
    for (const moved of ['plotly_afterplot', 'plotly_relayouting']) {
      gd.on(moved, () => {
        gd._efviz.layers.place();
        gd._efviz.handles?.place();
        this.player?.place();
      });
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
    clearTimeout(this.waiting);
    this.observer.disconnect();
    this.player?.remove();
    this.seen.disconnect();
    this.panels.forEach((gd) => this.drop(gd));
    this.root.remove();
    this.says.remove();
    this.numbers.box.remove();
  }
}

export default async function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const chart = (parentElement[NS] ??= new Chart(parentElement));
  await chart.update(data, setTriggerValue, setStateValue);
  return () => {
    chart.remove();
    delete parentElement[NS];
  };
}
