// Marks that the reader can move and remove, with mouse, pen, finger and keys.
//
// layout.meta.handles: [{trace, noun, least, index}] names the traces. The marks of small traces are
// focusable nodes; in larger ones the point nearest to the pointer is found in the data.
// `index` (n) holds the numbers of the marks on the server, independent of what is drawn.
// A moved mark follows in every panel with a trace of that name, before the server responds.
// Reports {panel, trace, index, number, x, y, action: "move" | "drop" | "remove", sequence}.

import { isDrawn, PLOT_AREA } from './compat.js';
import { digits } from './digits.js';
import { isOver } from './html.js';
import { drawMark, element, Sheet } from './svg.js';
import { keyOf } from './touch.js';

const LONG = 600; // ms: a long press
export const TWICE = 400; // ms between the two taps of a double click
const STILL = 4; // px within which a press is not a drag
const WHOLE = 11; // px between a mark and the edge of the plot
const REACH = 12; // px around a point drawn in one path
/** @type {Record<string, Point | undefined>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// focusVisible is too new for the DOM types of the type checker.
const UNSEEN = { preventScroll: true, focusVisible: false };

const numberOf = (/** @type {Mark} */ { index, number = index + 1 }) => number;
/**
 * A coordinate at which a mark is whole and can be taken again.
 *
 * @param {number} pixel
 * @param {number} length of the plot
 */
const inside = (pixel, length) => Math.min(Math.max(pixel, WHOLE), length - WHOLE);

/** @typedef {SVGElement & { _mark: Mark }} Handle a node that can be focused and moved */

/** @param {Event} event */
const markOf = ({ target }) => /** @type {Partial<Handle> | null} */ (target)?._mark;

/**
 * A place moved by a share of the axes, within the plot. A coordinate that does not move stays exact.
 *
 * @param {Place} place
 * @param {Point} direction
 * @param {number} step
 * @param {Scales} scales
 * @returns {Place}
 */
export function nudged({ x, y }, [right, up], step, { width, height, toX, toY, fromX, fromY }) {
  const px = inside(toX(x) + right * step * width, width);
  const py = inside(toY(y) - up * step * height, height);
  return { x: right ? fromX(px) : x, y: up ? fromY(py) : y };
}

/** @param {Event} event */
function stop(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** The marks of one panel that can be moved. */
export class Handles extends Sheet {
  /** @type {(Kind & { few: boolean })[]} */
  kinds = [];
  /** @type {Map<string, Trace>} the first trace of each name */
  traces = new Map();
  /** @type {Map<string, Handle>} */
  nodes = new Map();
  /** @type {Set<string>} traces of many marks that are drawn with some of them moved */
  drawn = new Set();
  /**
   * What a pointer holds: where it started, its offset from the centre of the mark, where it is.
   *
   * @type {{ mark: Mark, pointer: number, from: Point, away: Point, last?: Moved, timer?: number }
   *   | undefined}
   */
  held;
  /** @type {{ key: string, time: number } | undefined} */
  tapped;
  /** @type {Moved | undefined} where the arrow keys have put a mark */
  stepped;
  panel = 0; // its place among the panels of the chart

  /**
   * @param {Panel} gd
   * @param {import('./touch.js').Touch} touch
   * @param {import('./layers.js').Layers} layers
   */
  constructor(gd, touch, layers) {
    super(gd, 'handles');
    this.touch = touch;
    this.layers = layers;
    const capture = { capture: true };
    gd.addEventListener('pointerdown', (event) => this.press(event), capture);
    gd.addEventListener('pointermove', (event) => this.move(event), capture);
    gd.addEventListener('pointerup', (event) => this.release(event), capture);
    gd.addEventListener('pointercancel', (event) => this.release(event), capture);
    gd.addEventListener('keydown', (event) => this.key(event), capture);
    gd.addEventListener('keyup', (event) => this.keyUp(event), capture);
    gd.addEventListener('focusin', (event) => this.focus(event), capture);
    gd.addEventListener('focusout', () => this.touch.point(), capture);
    gd.addEventListener('contextmenu', (event) => this.held && event.preventDefault());
    // A finger on a mark neither scrolls the page nor becomes a mouse.
    gd.addEventListener('touchstart', (event) => this.held && stop(event), {
      capture: true,
      passive: false,
    });
  }

  /** @param {Event} event */
  focus(event) {
    const mark = markOf(event);
    if (!mark || this.held) return;
    const { x, y } = this.at(mark);
    this.touch.say(this.touch.point(this.gd, x, y));
  }

  /**
   * @param {Trace[]} data all traces of the figure
   * @param {Trace[]} marks those of them that are drawn here
   * @param {Kind[]} kinds
   * @param {(name: string) => boolean} first whether no panel before this one shows a trace of that
   *   name, so that the Tab key comes by once
   */
  draw(data, marks, kinds, first) {
    this.kinds = kinds.map((kind) => ({ ...kind, few: marks.some((t) => t.name === kind.trace) }));
    this.traces = new Map();
    for (const trace of data) if (!this.traces.has(trace.name)) this.traces.set(trace.name, trace);
    const kept = new Set();
    for (const { trace: name, noun, index: numbers } of this.kinds.filter(({ few }) => few)) {
      const trace = this.trace(name);
      for (let index = 0; index < trace.x.length; index++) {
        const key = keyOf({ trace: name, index });
        kept.add(key);
        const node = this.nodes.get(key) ?? this.addNode(key, { trace: name, index });
        node._mark.number = numbers?.[index];
        node.setAttribute('tabindex', first(name) ? '0' : '-1');
        node.setAttribute('aria-roledescription', `movable ${noun}`);
        const parts = element('g', {});
        element('circle', { class: 'target', r: 13 }, parts);
        drawMark(trace, index, parts);
        node.replaceChildren(parts);
      }
    }
    for (const [key, node] of this.nodes) if (!kept.has(key)) this.dropNode(key, node);
    this.place();
  }

  /** @param {string} name */
  trace(name) {
    const found = this.traces.get(name);
    if (!found) throw new Error(`The figure has no trace named ${name}.`);
    return found;
  }

  /**
   * @param {string} key
   * @param {Mark} mark
   */
  addNode(key, mark) {
    const made = element('g', { class: 'handle', role: 'button' }, this.svg);
    made.setAttribute('aria-keyshortcuts', 'ArrowLeft ArrowRight ArrowUp ArrowDown Delete');
    const node = Object.assign(made, { _mark: mark });
    this.nodes.set(key, node);
    return node;
  }

  /**
   * The focus moves to the previous mark.
   *
   * @param {string} key
   * @param {Handle} node
   */
  dropNode(key, node) {
    const next = node === document.activeElement && node.previousElementSibling;
    node.remove();
    this.nodes.delete(key);
    if (next instanceof SVGElement) next.focus();
  }

  place() {
    if (!this.kinds.length || !isDrawn(this.gd)) return;
    this.lay();
    const { toX, toY } = this.scales;
    for (const { trace: name, few } of this.kinds) {
      const given = this.traces.get(name);
      if (!given) continue;
      const trace = this.touch.now(given);
      if (few) {
        for (let index = 0; index < trace.x.length; index++) {
          const node = this.nodes.get(keyOf({ trace: name, index }));
          const [px, py] = [toX(trace.x[index]), toY(trace.y[index])];
          node?.setAttribute('transform', `translate(${px},${py})`);
          node?.setAttribute('aria-label', this.nameOf({ trace: name, index }));
        }
      } else if (trace !== given || this.drawn.has(name)) {
        this.layers.redraw(trace);
        this.drawn[trace === given ? 'delete' : 'add'](name);
      }
    }
  }

  /** @param {Mark} mark */
  kindOf(mark) {
    const found = this.kinds.find(({ trace }) => trace === mark.trace);
    if (!found) throw new Error(`Marks of ${mark.trace} cannot be moved.`);
    return found;
  }

  /**
   * @param {Mark} mark
   * @returns {Place}
   */
  at({ trace: name, index }) {
    const { x, y } = this.touch.now(this.trace(name));
    return { x: x[index], y: y[index] };
  }

  /** @param {Mark} mark */
  nameOf(mark) {
    const { x, y } = this.at(mark);
    return `${this.kindOf(mark).noun} ${numberOf(mark)} at (${digits(x)}, ${digits(y)})`;
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  pixels(event) {
    const box = this.gd.getBoundingClientRect();
    return [event.clientX - box.left - this.scales.left, event.clientY - box.top - this.scales.top];
  }

  /**
   * The mark under the pointer: a node, or the nearest point of a trace drawn as one path.
   *
   * @param {PointerEvent} event
   * @returns {Mark | undefined}
   */
  hit(event) {
    const node = event.target instanceof Element && event.target.closest('.handle');
    if (node) return /** @type {Handle} */ (node)._mark;
    if (!isOver(event, PLOT_AREA)) return undefined;
    const [px, py] = this.pixels(event);
    /** @type {Mark | undefined} */
    let best;
    let least = REACH ** 2;
    for (const { trace, few, index: numbers } of this.kinds) {
      const given = this.traces.get(trace);
      if (few || !given) continue;
      const { x, y } = this.touch.now(given);
      for (let index = 0; index < x.length; index++) {
        const away = (this.scales.toX(x[index]) - px) ** 2 + (this.scales.toY(y[index]) - py) ** 2;
        if (away < least) [best, least] = [{ trace, index, number: numbers?.[index] }, away];
      }
    }
    return best;
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (!this.kinds.length || event.button !== 0 || !event.isPrimary) return;
    const mark = this.hit(event);
    if (!mark) return;
    // Neither a zoom box nor a new start begins here.
    stop(event);
    this.gd.setPointerCapture(event.pointerId);
    this.nodes.get(keyOf(mark))?.focus(UNSEEN);
    const [px, py] = this.pixels(event);
    const { x, y } = this.at(mark);
    this.held = {
      mark,
      pointer: event.pointerId,
      from: [px, py],
      away: [this.scales.toX(x) - px, this.scales.toY(y) - py],
    };
    this.touch.holding = true;
    if (event.pointerType === 'touch') {
      this.held.timer = setTimeout(() => this.longPress(), LONG);
    }
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.held) {
      if (event.pointerType === 'mouse' && this.kinds.some(({ few }) => !few)) {
        this.gd.classList.toggle('near', Boolean(this.hit(event)));
      }
      return;
    }
    if (event.pointerId !== this.held.pointer) return;
    const [px, py] = this.pixels(event);
    const { from, away, mark } = this.held;
    if (!this.held.last && Math.hypot(px - from[0], py - from[1]) < STILL) return;
    this.gd.classList.add('dragging');
    clearTimeout(this.held.timer);
    const { width, height, fromX, fromY } = this.scales;
    const x = fromX(inside(px + away[0], width));
    const y = fromY(inside(py + away[1], height));
    this.held.last = { ...mark, panel: this.panel, x, y };
    this.touch.report(this.held.last, 'move');
    this.touch.point(this.gd, x, y);
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (!this.held || event.pointerId !== this.held.pointer) return;
    const { mark, last } = this.held;
    this.letGo();
    if (last) this.touch.report(last, 'drop');
    else if (event.type === 'pointerup') this.tap(mark);
    else this.touch.settle();
  }

  letGo() {
    clearTimeout(this.held?.timer);
    this.held = undefined;
    this.touch.holding = false;
    this.gd.classList.remove('dragging');
  }

  longPress() {
    const mark = this.held?.mark;
    this.letGo();
    if (mark) this.remove(mark);
  }

  /** @param {Mark} mark */
  tap(mark) {
    const before = this.tapped;
    this.tapped = { key: keyOf(mark), time: performance.now() };
    if (before?.key !== keyOf(mark) || this.tapped.time - before.time > TWICE) return;
    this.tapped = undefined;
    this.remove(mark);
  }

  /** @param {Mark} mark */
  remove(mark) {
    const { noun, least = 0 } = this.kindOf(mark);
    if (this.trace(mark.trace).x.length <= least) {
      this.touch.say(`The last ${noun} stays.`);
      return;
    }
    this.touch.say(`${noun} ${numberOf(mark)} is removed.`);
    this.touch.report({ ...mark, panel: this.panel, ...this.at(mark) }, 'remove');
  }

  /**
   * Arrow keys move by 1/100 of the axis, with Shift by 1/10.
   *
   * @param {KeyboardEvent} event
   */
  key(event) {
    const mark = markOf(event);
    if (!mark) return;
    const direction = ARROWS[event.key];
    if (event.key === 'Delete' || event.key === 'Backspace') this.remove(mark);
    else if (!direction || event.ctrlKey || event.altKey || event.metaKey) return;
    else {
      const to = nudged(this.at(mark), direction, event.shiftKey ? 0.1 : 0.01, this.scales);
      this.stepped = { ...mark, panel: this.panel, ...to };
      this.touch.report(this.stepped, 'move');
      this.touch.say(`${this.nameOf(mark)}. ${this.touch.point(this.gd, to.x, to.y)}`);
    }
    stop(event);
  }

  /** @param {KeyboardEvent} event */
  keyUp(event) {
    if (!this.stepped || !ARROWS[event.key]) return;
    this.touch.report(this.stepped, 'drop');
    this.stepped = undefined;
  }
}
