// The chart: one or several Plotly figures, redrawn in place with Plotly.react.
//
// data (bytes): see wire.js. Panels with layout.meta.wide, which come last, are below the others and
// below the player.
// Reports `click` {panel, x, y} for a click anywhere in a panel whose layout.meta.click is set,
// `touch` (see drag.js) and `frame` (see play.js).

import { showInAddress } from './address.js';
import { clicked, plotOf } from './compat.js';
import { Handles, TWICE } from './drag.js';
import { cellOf, columnsIn, fitting, GAP, spanOf, widthOfColumn } from './grid.js';
import { Compass, Hover } from './hover.js';
import { Layers, split } from './layers.js';
import { drawLegend, entriesOf } from './legend.js';
import { withRoom } from './names.js';
import { Numbers } from './numbers.js';
import { pictures } from './pictures.js';
import { Player } from './play.js';
import { config, load } from './plotly.js';
import { Runners } from './runners.js';
import { join, sharedAxes } from './sharing.js';
import { scalesOf } from './svg.js';
import { enlarge, recolour, themeOf } from './theme.js';
import { Touch } from './touch.js';
import { chosen, decode, opened } from './wire.js';
import { fitted } from './words.js';

const KEY = Symbol.for('efviz.chart');
const SHEET = 680; // px between the margins of a printed sheet
const FINGER = 24; // px around a click within which the next one may be its second half

/**
 * The scale at which a panel fits a printed sheet, beside another one if it is not much too wide.
 *
 * @param {number} width
 */
const fitOf = (width) => Math.min(1, (width < 0.75 * SHEET ? SHEET / 2 - GAP : SHEET) / width);

class Chart {
  /** @type {Panel[]} */
  panels = [];
  /** @type {Spec} all panels */
  whole;
  /** @type {Spec} the panels that are drawn */
  spec;
  /** @type {Session} */
  session;
  /** @type {Uint8Array<ArrayBuffer> | undefined} */
  bytes;
  /** @type {Send} of an event */
  send;
  /** @type {Send} of a state */
  report;
  /** @type {{ x: Point, y: Point } | null} where the reader zoomed to in linked panels */
  view = null;
  /** @type {number | undefined} */
  waiting;
  /** @type {Promise<void>} */
  drawing = Promise.resolve();
  /** @type {Player | undefined} */
  player;
  /** @type {{ gd: Panel, x: number, y: number, time: number } | undefined} */
  clicked;

  /** @param {Element} parent */
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-chart';
    this.says = document.createElement('div');
    this.says.className = 'efviz-unseen';
    this.says.setAttribute('role', 'status');
    this.legend = document.createElement('ul');
    this.legend.className = 'efviz-legend';
    this.root.append(this.legend);
    parent.append(this.root, this.says);
    this.numbers = new Numbers(parent, () => this.panels);
    this.hover = new Hover(() => this.all('compass'));
    this.touch = new Touch({
      panels: () => this.all('handles'),
      send: (report) => this.report('touch', report),
      point: (...at) => this.hover.show(...at),
      say: (words) => {
        this.says.textContent = words;
      },
    });
    // In a separate animation frame, because drawing changes the height that is being observed.
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.draw()));
    this.observer.observe(this.root);
    this.seen = new IntersectionObserver(() => this.waiting && this.finish());
    this.seen.observe(this.root);
  }

  /**
   * The property of this name of all panels.
   *
   * @template {'compass' | 'handles' | 'runners'} Kind
   * @param {Kind} kind
   * @returns {NonNullable<PanelState[Kind]>[]}
   */
  all(kind) {
    return this.panels.flatMap((gd) => gd._efviz[kind] ?? []);
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {Send} send
   * @param {Send} report
   */
  async update(bytes, send, report) {
    this.send = send;
    this.report = report;
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      const { session, buffer, start } = opened(bytes);
      this.session = session;
      this.touch.answer(session.ack);
      if (session.follows) pictures.add(this, session.follows);
      // What the session shows is out of date while a hand moves.
      if (!this.spec || !session.follows || !pictures.moving) this.take(buffer, start);
    }
    join(this, this.session.group);
    await this.redraw();
    showInAddress(this.session.address);
  }

  /**
   * Show a picture that the session does not know yet.
   *
   * @param {ArrayBuffer} buffer
   * @param {number} start
   */
  show(buffer, start) {
    this.take(buffer, start);
    return this.redraw();
  }

  /**
   * @param {ArrayBuffer} buffer
   * @param {number} start
   */
  take(buffer, start) {
    const before = this.plane();
    this.whole = decode(buffer, start, this.whole);
    this.spec = chosen(this.whole, this.session.only);
    join(this, this.session.group);
    // A zoom is only valid on its own plane.
    if (this.plane() !== before) this.view = null;
  }

  async redraw() {
    await load(this.spec.plotly);
    clearTimeout(this.waiting);
    this.waiting = undefined;
    // While a slider is dragged, only visible panels follow; the others once it rests.
    if (this.root.dataset.revision && this.hidden()) {
      this.waiting = setTimeout(() => this.finish(), 250);
    } else {
      await this.finish();
    }
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

  /**
   * @param {Panel} gd
   * @param {number} i
   * @param {number} columns
   */
  place(gd, i, columns) {
    Object.assign(gd.style, cellOf(this.spec, i, columns));
  }

  // One after the other: later data must wait while a panel is drawn for the first time.
  draw() {
    const now = () => this.drawNow();
    this.drawing = this.drawing.then(now, now);
    return this.drawing;
  }

  async drawNow() {
    if (!this.spec || !window.Plotly || !this.root.clientWidth) return;
    const theme = themeOf(this.root);
    const room = this.root.clientWidth;
    const entries = entriesOf(this.spec.figures);
    drawLegend(this.legend, theme.dark ? recolour(entries, this.spec.dark) : entries);
    // Only where the style limits the height, as beside the text of a lesson.
    const below = this.legend.offsetHeight && this.legend.offsetHeight + GAP;
    const tall = parseFloat(getComputedStyle(this.root).maxHeight) - below;
    const fitted = tall > 0 ? fitting(this.spec, room, tall, theme.scale) : undefined;
    const columns = fitted?.columns ?? columnsIn(this.spec, room);
    const width = fitted?.width ?? widthOfColumn(columns, room, this.spec.maxWidth);
    this.root.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${width}px))`;
    for (const gd of this.panels.splice(this.spec.figures.length)) this.drop(gd);
    this.panels.forEach((gd, i) => this.place(gd, i, columns));
    await Promise.all(
      this.spec.figures.map((figure, i) => this.drawPanel(figure, i, width, columns, theme))
    );
    this.drawPlayer(columns);
  }

  /** @param {number} columns */
  drawPlayer(columns) {
    const runners = this.all('runners');
    if (runners.length) {
      this.player ??= new Player(this.root, (name, value) => this.report(name, value));
      const { box } = this.player.anatomy;
      box.style.gridColumn = `${columns > 2 ? Math.floor(columns / 2) + 1 : 1} / -1`;
      this.player.update(runners, this.session.frame);
    } else {
      this.player?.remove();
      this.player = undefined;
    }
  }

  /**
   * @param {Figure} figure
   * @param {number} i
   * @param {number} column the width of a column
   * @param {number} columns
   * @param {Theme} theme
   */
  drawPanel(figure, i, column, columns, { dark, font, scale }) {
    const span = spanOf(figure, columns);
    const width = span * column + (span - 1) * GAP;
    const gd = this.panels[i] ?? this.addPanel(i, columns);
    // What looks the same as another panel gives way to a note, unless it stands alone.
    const same = figure.layout.meta?.same;
    if (same && !this.session.only.length) gd.dataset.same = same;
    else delete gd.dataset.same;
    const axes = sharedAxes(this.session.group, figure);
    const zoom = JSON.stringify([this.view, axes]);
    const state = `${figure.digest} ${width} ${dark} ${scale} ${zoom}`;
    if (gd._efviz.state === state) return undefined;
    gd._efviz.state = state;
    // While nothing is known of the lines that were named, the axes stay as they are.
    const before = gd._efviz.name === figure.name ? (gd._efviz.room ?? 0) : 0;
    gd._efviz.name = figure.name;
    gd.setAttribute('aria-label', figure.layout.meta?.label ?? figure.name);
    const coloured = dark ? recolour(figure, this.spec.dark) : figure;
    const { data, layout } = enlarge(coloured, scale);
    const full = withRoom(data, this.layoutOf(layout, width, font, axes), width, font, before);
    gd._efviz.room = full.margin.r;
    const clicks = Boolean(layout.meta?.click && this.session.clicks);
    // Firefox draws text a little wider than it measures it.
    const title = (/** @type {string | false} */ hint = false) =>
      fitted(layout.title, hint, width - layout.margin.l - 2, font);
    gd.classList.toggle('clickable', clicks);
    gd.style.width = `${width}px`;
    gd.style.setProperty('--efviz-fit', String(fitOf(width)));
    gd.style.height = `${full.height}px`;
    // An image does not mention clicks.
    const ground = { paper_bgcolor: dark ? '#0f1318' : '#ffffff' };
    gd._efviz.whole = { data, layout: { ...full, ...ground, title: title() } };
    const parts = split(data, { ...full, title: title(clicks && layout.meta?.hint) });
    const { meta, ...frame } = parts.layout;
    // `still` names what Plotly draws: a figure in which only marks have moved is not redrawn.
    const rest = parts.data.length ? (layout.meta?.still ?? figure.digest) : '';
    const plotly = `${rest} ${JSON.stringify(frame)}`;
    const own = () => this.drawOwn(gd, i, data, parts, meta ?? {});
    if (gd._efviz.plotly === plotly) return own();
    gd._efviz.plotly = plotly;
    return window.Plotly.react(gd, parts.data, frame, config()).then(() => {
      own();
      this.listen(gd, i);
    });
  }

  /**
   * The layout of a figure in a panel of that width, with the zoom of linked panels and the axes
   * that are shared.
   *
   * @param {Layout} layout
   * @param {number} width
   * @param {string} family
   * @param {{ x: Point, y: Point }} [axes]
   */
  layoutOf(layout, width, family, axes) {
    const { margin, meta } = layout;
    const aspect = (width - margin.l - margin.r) * (meta?.aspect ?? 1);
    const full = {
      ...layout,
      width,
      height: meta?.height ?? Math.round(aspect + margin.t + margin.b),
      font: { ...layout.font, family },
      clickanywhere: true,
      dragmode: matchMedia('(pointer: coarse)').matches ? false : 'zoom',
    };
    const ranges = axes ?? (meta?.link && this.view);
    if (ranges) {
      full.xaxis = { ...layout.xaxis, range: ranges.x };
      full.yaxis = { ...layout.yaxis, range: ranges.y };
    }
    return full;
  }

  /**
   * Everything except what Plotly draws.
   *
   * @param {Panel} gd
   * @param {number} i
   * @param {Trace[]} data
   * @param {Parts} parts
   * @param {Meta} meta
   */
  drawOwn(gd, i, data, parts, meta) {
    const { handles: kinds, vectors, play, anatomy } = meta;
    const layers = (gd._efviz.layers ??= new Layers(gd));
    layers.draw(parts);
    if (play) {
      (gd._efviz.runners ??= new Runners(gd)).draw(data, play, anatomy);
    } else {
      gd._efviz.runners?.svg.remove();
      gd._efviz.runners = undefined;
    }
    if (vectors) (gd._efviz.compass ??= new Compass(gd, this.hover)).vectors = vectors;
    if (!kinds && !gd._efviz.handles) return;
    const first = (/** @type {string} */ name) =>
      this.spec.figures.findIndex(({ layout }) =>
        layout.meta?.handles?.some(({ trace }) => trace === name)
      ) === i;
    gd._efviz.handles ??= new Handles(gd, this.touch, layers);
    gd._efviz.handles.panel = this.spec.figures[i].place;
    gd._efviz.handles.draw(data, parts.handles, kinds ?? [], first);
  }

  /**
   * @param {number} i
   * @param {number} columns
   * @returns {Panel}
   */
  addPanel(i, columns) {
    /** @type {any} Plotly makes the rest of it */
    const gd = document.createElement('div');
    // An image cannot contain focusable elements: buttons and marks that can be moved.
    gd.setAttribute('role', 'figure');
    gd._efviz = {};
    this.panels[i] = gd;
    this.place(gd, i, columns);
    this.root.append(gd);
    return gd;
  }

  /**
   * @param {Panel} gd
   * @param {number} i
   */
  listen(gd, i) {
    if (gd._efviz.listening) return;
    gd._efviz.listening = true;
    const meta = () => this.spec.figures[i]?.layout.meta ?? {};
    gd.on('plotly_click', (event) => {
      const place = clicked(event);
      if (meta().click && this.session.clicks && place && !this.again(gd, place)) {
        this.send('click', { panel: this.spec.figures[i].place, ...place });
      }
    });
    gd.on('plotly_relayout', (event) => {
      const [x0, x1] = [event['xaxis.range[0]'], event['xaxis.range[1]']];
      if (!meta().link || x0 === undefined) return;
      this.view = { x: [x0, x1], y: [...gd.layout.yaxis.range] };
      this.draw();
    });
    for (const moved of ['plotly_afterplot', 'plotly_relayouting']) {
      gd.on(moved, () => {
        gd._efviz.layers?.place();
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

  /**
   * Whether a click is the second one at its place: that of a double click, or of the mouse that
   * browsers imitate after a tap.
   *
   * @param {Panel} gd
   * @param {Place} place
   */
  again(gd, { x, y }) {
    const { toX, toY } = scalesOf(plotOf(gd));
    const click = { gd, x: toX(x), y: toY(y), time: performance.now() };
    const before = this.clicked;
    this.clicked = click;
    if (before?.gd !== gd || click.time - before.time > TWICE) return false;
    return Math.hypot(click.x - before.x, click.y - before.y) < FINGER;
  }

  /** @param {Panel} gd */
  drop(gd) {
    window.Plotly?.purge(gd);
    gd.remove();
  }

  remove() {
    clearTimeout(this.waiting);
    pictures.remove(this);
    join(this, '');
    this.observer.disconnect();
    this.player?.remove();
    this.seen.disconnect();
    this.panels.forEach((gd) => this.drop(gd));
    this.root.remove();
    this.says.remove();
    this.numbers.box.remove();
  }
}

/** @param {Call<Uint8Array<ArrayBuffer>>} call */
export default async function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const chart = (parentElement[KEY] ??= new Chart(parentElement));
  await chart.update(data, setTriggerValue, setStateValue);
  return () => {
    chart.remove();
    delete parentElement[KEY];
  };
}
