// Marks that the reader moves and removes: with mouse, pen, finger and keys.
//
// layout.meta.handles: [{trace, noun, least, index}] names the traces. Those of few marks become
// nodes that can be focused; in others the point nearest to the pointer is found in the data.
// `index` (n) gives each mark the number by which the server knows it, whatever else is drawn.
// What is moved follows in every panel that shows a trace of that name, before the server knows.
// Reports {panel, trace, index, number, x, y, action: "move" | "drop" | "remove", sequence}.

import { digits, drawMark, element, Sheet } from './svg.js';
import { keyOf } from './touch.js';

const LONG = 600; // ms: a long press
const TWICE = 400; // ms between the two taps of a double click
const STILL = 4; // px within which a press is no drag
const REACH = 12; // px around a point drawn in one path
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const numberOf = ({ index, number = index + 1 }) => number;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// The marks of one panel that can be moved.
export class Handles extends Sheet {
  constructor(gd, panel, touch, layers) {
    super(gd, 'handles');
    Object.assign(this, { panel, touch, layers, nodes: new Map(), drawn: new Set() });
    const listen = (kind, act) => gd.addEventListener(kind, act.bind(this), { capture: true });
    listen('pointerdown', this.press);
    listen('pointermove', this.move);
    listen('pointerup', this.release);
    listen('pointercancel', this.release);
    listen('keydown', this.key);
    listen('keyup', this.keyUp);
    listen('focusin', ({ target: { _mark: mark } }) => {
      if (!mark || this.held) return;
      const { x, y } = this.at(mark);
      this.touch.say(this.touch.point(gd, x, y));
    });
    listen('focusout', () => this.touch.point());
    gd.addEventListener('contextmenu', (event) => this.held && event.preventDefault());
    // A finger on a mark neither scrolls the page nor becomes a mouse.
    const stop = (event) => {
      if (!this.held) return;
      event.preventDefault();
      event.stopPropagation();
    };
    gd.addEventListener('touchstart', stop, { capture: true, passive: false });
  }

  // `data`: all traces of the figure; `marks`: those of them that are drawn here; `first`: whether
  // no panel before this one shows them, so that the Tab key comes by once.
  draw(data, marks, kinds, first) {
    this.kinds = kinds.map((kind) => ({ ...kind, few: marks.some((t) => t.name === kind.trace) }));
    this.traces = new Map();
    for (const trace of data) if (!this.traces.has(trace.name)) this.traces.set(trace.name, trace);
    const kept = new Set();
    for (const { trace: name, noun, index: numbers } of this.kinds.filter(({ few }) => few)) {
      const trace = this.traces.get(name);
      for (let index = 0; index < trace.x.length; index++) {
        const key = keyOf({ trace: name, index });
        kept.add(key);
        const node = this.nodes.get(key) ?? this.addNode(key, { trace: name, index });
        node._mark.number = numbers?.[index];
        node.setAttribute('tabindex', first(name) ? 0 : -1);
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

  addNode(key, mark) {
    const node = element('g', { class: 'handle', role: 'button' }, this.svg);
    node.setAttribute('aria-keyshortcuts', 'ArrowLeft ArrowRight ArrowUp ArrowDown Delete');
    node._mark = mark;
    this.nodes.set(key, node);
    return node;
  }

  // The focus goes to the mark before.
  dropNode(key, node) {
    const next = node === document.activeElement && node.previousElementSibling;
    node.remove();
    this.nodes.delete(key);
    if (next) next.focus();
  }

  place() {
    if (!this.kinds?.length || !this.gd._fullLayout) return;
    this.lay();
    const { toX, toY } = this.scales;
    for (const { trace: name, few } of this.kinds) {
      const given = this.traces.get(name);
      if (!given) continue;
      const trace = this.touch.now(given);
      if (few) {
        trace.x.forEach((x, index) => {
          const node = this.nodes.get(keyOf({ trace: name, index }));
          node?.setAttribute('transform', `translate(${toX(x)},${toY(trace.y[index])})`);
          node?.setAttribute('aria-label', this.nameOf({ trace: name, index }));
        });
      } else if (trace !== given || this.drawn.has(name)) {
        this.layers.redraw(trace);
        this.drawn[trace === given ? 'delete' : 'add'](name);
      }
    }
  }

  kindOf(mark) {
    return this.kinds.find(({ trace }) => trace === mark.trace);
  }

  at({ trace: name, index }) {
    const { x, y } = this.touch.now(this.traces.get(name));
    return { x: x[index], y: y[index] };
  }

  nameOf(mark) {
    const { x, y } = this.at(mark);
    return `${this.kindOf(mark).noun} ${numberOf(mark)} at (${digits(x, 3)}, ${digits(y, 3)})`;
  }

  pixels(event) {
    const box = this.gd.getBoundingClientRect();
    return [event.clientX - box.left - this.scales.left, event.clientY - box.top - this.scales.top];
  }

  // The mark under the pointer: a node, or the nearest point of a trace drawn as one path.
  hit(event) {
    const node = event.target.closest?.('.handle');
    if (node) return node._mark;
    if (!event.target.closest?.('.draglayer')) return undefined;
    const [px, py] = this.pixels(event);
    let [best, least] = [undefined, REACH ** 2];
    for (const { trace, few, index: numbers } of this.kinds) {
      if (few || !this.traces.has(trace)) continue;
      const { x, y } = this.touch.now(this.traces.get(trace));
      for (let index = 0; index < x.length; index++) {
        const away = (this.scales.toX(x[index]) - px) ** 2 + (this.scales.toY(y[index]) - py) ** 2;
        if (away < least) [best, least] = [{ trace, index, number: numbers?.[index] }, away];
      }
    }
    return best;
  }

  press(event) {
    if (!this.kinds?.length || event.button !== 0 || !event.isPrimary) return;
    const mark = this.hit(event);
    if (!mark) return;
    // Neither the box of a zoom nor a new start begins here.
    event.preventDefault();
    event.stopPropagation();
    this.gd.setPointerCapture(event.pointerId);
    this.nodes.get(keyOf(mark))?.focus({ preventScroll: true, focusVisible: false });
    const [px, py] = this.pixels(event);
    const { x, y } = this.at(mark);
    const away = [this.scales.toX(x) - px, this.scales.toY(y) - py];
    this.held = { mark, pointer: event.pointerId, from: [px, py], away, moving: false };
    this.touch.holding = true;
    if (event.pointerType === 'touch') {
      this.held.timer = setTimeout(() => this.longPress(), LONG);
    }
  }

  move(event) {
    if (!this.held) {
      if (event.pointerType === 'mouse' && this.kinds?.some(({ few }) => !few)) {
        this.gd.classList.toggle('near', Boolean(this.hit(event)));
      }
      return;
    }
    if (event.pointerId !== this.held.pointer) return;
    const [px, py] = this.pixels(event);
    const { from, away, mark } = this.held;
    if (!this.held.moving && Math.hypot(px - from[0], py - from[1]) < STILL) return;
    this.held.moving = true;
    this.gd.classList.add('dragging');
    clearTimeout(this.held.timer);
    const { width, height, fromX, fromY } = this.scales;
    const x = fromX(clamp(px + away[0], 0, width));
    const y = fromY(clamp(py + away[1], 0, height));
    this.held.last = { ...mark, panel: this.panel, x, y };
    this.touch.report(this.held.last, 'move');
    this.touch.point(this.gd, x, y);
  }

  release(event) {
    if (!this.held || event.pointerId !== this.held.pointer) return;
    const { mark, moving, last } = this.held;
    this.letGo();
    if (moving) this.touch.report(last, 'drop');
    else if (event.type === 'pointerup') this.tap(mark);
    else this.touch.settle();
  }

  letGo() {
    clearTimeout(this.held.timer);
    this.held = undefined;
    this.touch.holding = false;
    this.gd.classList.remove('dragging');
  }

  longPress() {
    const { mark } = this.held;
    this.letGo();
    this.remove(mark);
  }

  tap(mark) {
    const before = this.tapped;
    this.tapped = { key: keyOf(mark), time: performance.now() };
    if (before?.key !== keyOf(mark) || this.tapped.time - before.time > TWICE) return;
    this.tapped = undefined;
    this.remove(mark);
  }

  remove(mark) {
    const { noun, least = 0 } = this.kindOf(mark);
    if (this.traces.get(mark.trace).x.length <= least) {
      this.touch.say(`The last ${noun} stays.`);
      return;
    }
    this.touch.say(`${noun} ${numberOf(mark)} is removed.`);
    this.touch.report({ ...mark, panel: this.panel, ...this.at(mark) }, 'remove');
  }

  // Arrow keys move by 1/100 of the axis, with Shift by 1/10.
  key(event) {
    const mark = event.target._mark;
    if (!mark) return;
    const step = event.shiftKey ? 0.1 : 0.01;
    const [right, up] = ARROWS[event.key] ?? [];
    if (event.key === 'Delete' || event.key === 'Backspace') this.remove(mark);
    else if (right === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    else {
      const { width, height, toX, toY, fromX, fromY } = this.scales;
      const { x, y } = this.at(mark);
      const px = clamp(toX(x) + right * step * width, 0, width);
      const py = clamp(toY(y) - up * step * height, 0, height);
      const to = { x: right ? fromX(px) : x, y: up ? fromY(py) : y };
      this.stepped = { ...mark, panel: this.panel, ...to };
      this.touch.report(this.stepped, 'move');
      this.touch.say(`${this.nameOf(mark)}. ${this.touch.point(this.gd, to.x, to.y)}`);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  keyUp(event) {
    if (!this.stepped || !ARROWS[event.key]) return;
    this.touch.report(this.stepped, 'drop');
    this.stepped = undefined;
  }
}
