// Panels side by side: contours, a field of arrows, and dots that move along paths.
//
// data (bytes of JSON): {x, y, names, contours, starts, minimum, steps, panels: [{name, title,
// colour: [light, dark], dash, arrows, paths, label}], says, next}; coordinates are those of the
// plane. All panels show the same step.
// The clock accelerates, so that the first steps are visible and the last ones are reached.

import { part } from './html.js';
import { Numbers } from './numbers.js';
import { element, ring } from './svg.js';
import { isDark } from './theme.js';

const KEY = Symbol.for('efviz.contrast');
const SIZE = 300;
const TRAVEL = 7000; // ms from the first step to the last
const REST = 3000; // ms at the end, before it begins again
const LATER = 1500; // ms until the browser prefetches files of the next page
/** @type {Record<string, string>} */
const DASHES = { dash: '9 6', solid: 'none', dashdot: '10.5 4.2 3 4.2' };

/** @param {Point[]} corners */
const written = (corners) => corners.map((corner) => corner.map((v) => v.toFixed(2))).join(' ');
const HEXAGON = written(ring(6, () => 8));
const STAR = written(ring(10, (i) => (i % 2 ? 4.4 : 10)));

/**
 * @typedef {object} PanelData
 * @property {string} name
 * @property {string} title
 * @property {[light: string, dark: string]} colour
 * @property {string} dash
 * @property {string} arrows
 * @property {Point[][]} paths
 * @property {Point} label
 */

/**
 * @typedef {object} ContrastData
 * @property {Point} x
 * @property {Point} y
 * @property {[string, string]} names
 * @property {string} contours
 * @property {Point[]} starts
 * @property {Point} minimum
 * @property {number[]} steps
 * @property {PanelData[]} panels
 * @property {string} says
 * @property {string} next
 */

/**
 * The last recorded step up to `step`, the next one, and how far `step` is between them.
 *
 * @param {number[]} steps
 * @param {number} step
 */
export function between(steps, step) {
  let i = steps.findIndex((recorded) => recorded > step) - 1;
  if (i < 0) i = steps.length - 1;
  const next = Math.min(i + 1, steps.length - 1);
  const part = next > i ? (step - steps[i]) / (steps[next] - steps[i]) : 0;
  return { i, next, part };
}

/** @typedef {{ points: Point[][], trails: SVGElement[], dots: SVGElement[] }} Travelled */

class Contrast {
  /** @type {ContrastData} */
  data;
  text = '';
  /** @type {(place: Point) => Point} from the plane to the picture */
  at;
  /** @type {Travelled[]} */
  panels = [];
  playing = false;
  elapsed = 0; // ms
  /** @type {number | undefined} */
  last;
  request = 0;
  /** @type {number | undefined} */
  later;

  /** @param {Element} parent */
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-contrast';
    this.root.innerHTML = `<div class="panels"></div>
      <div class="foot"><button type="button"></button><span class="step"></span></div>`;
    parent.append(this.root);
    this.numbers = new Numbers(parent, () => this.tables());
    this.button = part(this.root, HTMLButtonElement, 'button');
    this.says = part(this.root, HTMLElement, '.step');
    this.button.addEventListener('click', () => this.play(!this.playing));
    this.quiet = matchMedia('(prefers-reduced-motion: reduce)');
    this.frame = (/** @type {number} */ now) => this.tick(now);
    this.scheme = matchMedia('(prefers-color-scheme: dark)');
    this.dye = () => setTimeout(() => this.root.classList.toggle('dark', isDark(this.root)), 50);
    this.scheme.addEventListener('change', this.dye);
  }

  /** @param {Uint8Array} bytes */
  update(bytes) {
    this.root.classList.toggle('dark', isDark(this.root));
    const text = new TextDecoder().decode(bytes);
    if (text === this.text) return;
    this.text = text;
    this.data = JSON.parse(text);
    this.fetchLater(this.data.next);
    this.build();
    this.numbers.update();
    this.elapsed = this.quiet.matches ? TRAVEL : 0;
    this.show();
    this.play(!this.quiet.matches);
  }

  build() {
    const { data } = this;
    const [x0, x1] = data.x;
    const [y0, y1] = data.y;
    const scale = [SIZE / (x1 - x0), SIZE / (y1 - y0)];
    this.at = ([x, y]) => [(x - x0) * scale[0], (y1 - y) * scale[1]];
    const box = part(this.root, HTMLElement, '.panels');
    box.replaceChildren();
    box.setAttribute('role', 'img');
    box.setAttribute('aria-label', data.says);
    this.panels = data.panels.map((panel) => this.panel(panel, box));
    const shapes = `matrix(${scale[0]} 0 0 ${-scale[1]} ${-x0 * scale[0]} ${y1 * scale[1]})`;
    box.querySelectorAll('.plane').forEach((path) => path.setAttribute('transform', shapes));
  }

  /**
   * @param {PanelData} panel
   * @param {Element} box
   * @returns {Travelled}
   */
  panel({ name, title, colour, dash, arrows, paths, label }, box) {
    const figure = document.createElement('div');
    figure.className = 'panel';
    figure.style.setProperty('--light', colour[0]);
    figure.style.setProperty('--dark', colour[1]);
    const head = document.createElement('div');
    head.className = 'head';
    const sample = element('svg', { width: 30, height: 8, 'aria-hidden': true }, head);
    element('path', { class: 'trail', d: 'M0,4H30', 'stroke-dasharray': DASHES[dash] }, sample);
    const strong = document.createElement('b');
    const words = document.createElement('span');
    [strong.textContent, words.textContent] = [name, title];
    head.append(strong, words);
    figure.append(head);
    const svg = element('svg', { viewBox: `0 0 ${SIZE} ${SIZE}`, 'aria-hidden': true }, figure);
    for (const [i, axis] of ['x', 'y'].entries()) {
      const title = document.createElement('span');
      title.className = axis;
      title.textContent = this.data.names[i];
      figure.append(title);
    }
    element('path', { class: 'plane contours', d: this.data.contours }, svg);
    element('path', { class: 'plane arrows', d: arrows }, svg);
    const points = paths.map((path) => path.map(this.at));
    const trails = points.map(() =>
      element('path', { class: 'trail', 'stroke-dasharray': DASHES[dash] }, svg)
    );
    const [lx, ly] = this.at(label);
    const word = element('text', { class: 'word', x: lx, y: ly, dy: -9 }, svg);
    word.textContent = name;
    /**
     * @param {string} points
     * @param {Point} place
     * @param {string} [text]
     */
    const mark = (points, [x, y], text) => {
      const g = element('g', { class: 'mark', transform: `translate(${x} ${y})` }, svg);
      element('polygon', { points }, g);
      if (text) element('text', { dy: '0.35em' }, g).textContent = text;
    };
    this.data.starts.forEach((start, i) => mark(HEXAGON, this.at(start), String(i + 1)));
    mark(STAR, this.at(this.data.minimum));
    const dots = points.map(() => element('circle', { class: 'dot', r: 6 }, svg));
    box.append(figure);
    return { points, trails, dots };
  }

  // The paths in the form that Numbers reads: the place of each at the recorded steps.
  tables() {
    const { names, steps, panels } = this.data;
    const layout = { xaxis: { title: { text: names[0] } }, yaxis: { title: { text: names[1] } } };
    return panels.map(({ name, paths }) => {
      const data = paths.map((path, i) => ({
        name: `from start ${i + 1}`,
        x: path.map(([x]) => x),
        y: path.map(([, y]) => y),
        text: path.map((_, t) => steps[t].toLocaleString('en')),
        says: 'step',
      }));
      return { _efviz: { name, whole: { data, layout } } };
    });
  }

  /** @param {boolean} playing */
  play(playing) {
    this.playing = playing;
    if (playing && this.quiet.matches && this.elapsed >= TRAVEL) this.elapsed = 0;
    this.button.textContent = playing ? 'Pause' : 'Play';
    this.last = undefined;
    cancelAnimationFrame(this.request);
    if (playing) this.request = requestAnimationFrame(this.frame);
  }

  /** @param {number} now */
  tick(now) {
    // A hidden window pauses and later continues where it was.
    this.elapsed += this.last === undefined ? 0 : Math.min(now - this.last, 100);
    this.last = now;
    // A visitor who prefers reduced motion and presses play sees it once.
    if (this.elapsed >= TRAVEL && this.quiet.matches) {
      this.show();
      return this.play(false);
    }
    if (this.elapsed > TRAVEL + REST) this.elapsed = 0;
    this.show();
    this.request = requestAnimationFrame(this.frame);
    return undefined;
  }

  show() {
    const { steps } = this.data;
    const share = Math.min(1, this.elapsed / TRAVEL);
    const whole = steps[steps.length - 1];
    const step = whole * share ** 3;
    const { i, next, part } = between(steps, step);
    for (const { points, trails, dots } of this.panels) {
      points.forEach((path, k) => {
        const [a, b] = [path[Math.min(i, path.length - 1)], path[Math.min(next, path.length - 1)]];
        const here = [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
        const passed = path.slice(0, i + 1).map((p) => p.map((v) => v.toFixed(1)).join(','));
        trails[k].setAttribute('d', `M${passed.join('L')}L${here}`);
        dots[k].setAttribute('cx', String(here[0]));
        dots[k].setAttribute('cy', String(here[1]));
      });
    }
    const round = Math.round(step).toLocaleString('en');
    this.says.textContent = `Step ${round} of ${whole.toLocaleString('en')}`;
    this.root.dataset.share = share.toFixed(3);
  }

  // Prefetch the files of the next page when idle.
  /** @param {string} url */
  fetchLater(url) {
    if (!url || this.later) return;
    this.later = setTimeout(() => {
      const hint = document.createElement('link');
      Object.assign(hint, { rel: 'prefetch', href: url, as: 'script' });
      document.head.append(hint);
    }, LATER);
  }

  remove() {
    clearTimeout(this.later);
    cancelAnimationFrame(this.request);
    this.scheme.removeEventListener('change', this.dye);
    this.numbers.box.remove();
    this.root.remove();
  }
}

/** @param {Call<Uint8Array>} call */
export default function ({ data, parentElement }) {
  const shown = (parentElement[KEY] ??= new Contrast(parentElement));
  shown.update(data);
  return () => {
    shown.remove();
    delete parentElement[KEY];
  };
}
