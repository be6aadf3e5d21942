// A slider. While it is moved, pictures are fetched (see pictures.js), and the session is told where
// it came to rest. Where they cannot be, it reports while it is dragged: one pending request at a
// time, the newest value wins.
//
// data: {label, min, max, step, value, log, zero, unit, help, query, digits, ack}
// State `value`: [number, sequence]. The server answers with ack, the sequence that it has drawn.
// On a log scale the range runs over log10; with `zero` one more stop at its left end means 0.

import { digits as written } from './digits.js';
import { part } from './html.js';
import { around, inLink, pictures } from './pictures.js';

const KEY = Symbol.for('efviz.slider');
const PATIENCE = 2000; // ms after which an unanswered request no longer holds back the next
const NEAR = 8; // stops to each side of which the pictures are fetched ahead

/**
 * @typedef {object} SliderData
 * @property {string} label
 * @property {number} min
 * @property {number} max
 * @property {number} step on a log scale of log10
 * @property {number} value
 * @property {boolean} [log]
 * @property {boolean} [zero]
 * @property {string} [unit]
 * @property {string} [help]
 * @property {string} [query] how a link says it, as in "damping=*"; without it, no pictures
 * @property {number | null} [digits] decimal digits of a value
 * @property {number} ack
 */

/** @typedef {(report: [value: number, sequence: number]) => void} SendValue */

/**
 * A value as one types it, to three significant digits.
 *
 * @param {number} value
 */
export const digits = (value) => {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) {
    return value
      .toExponential(2)
      .replace(/\.?0*e/, 'e')
      .replace('e+', 'e')
      .replace('-', '−');
  }
  return String(Number(value.toPrecision(3))).replace('-', '−');
};

/**
 * A number as people type it, with a comma for thousands or for decimals; NaN for anything else.
 *
 * @param {string} text
 */
export const parse = (text) => {
  const plain = text.trim().replace(/[−–]/g, '-');
  const thousands = /^-?[1-9]\d{0,2}(,\d{3})+(\.|$)/.test(plain);
  return Number(thousands ? plain.replaceAll(',', '') : plain.replace(',', '.'));
};

/**
 * The stops of a slider, in whole steps from end to end, so that both ends can be reached.
 */
export class Stops {
  /** @param {Pick<SliderData, 'min' | 'max' | 'step' | 'log' | 'zero' | 'digits'>} data */
  constructor({ min, max, step, log, zero, digits: decimals }) {
    const [low, high] = log ? [Math.log10(min), Math.log10(max)] : [min, max];
    this.log = log;
    this.zero = zero;
    this.unit = decimals == null ? 0 : 10 ** -decimals;
    this.step = (high - low) / Math.max(1, Math.round((high - low) / step));
    this.low = zero ? low - this.step : low;
    this.high = high;
  }

  /**
   * The value of the nearest stop; steps are counted from the left end.
   *
   * @param {number} position
   */
  valueAt(position) {
    let snapped = this.low + Math.round((position - this.low) / this.step) * this.step;
    snapped = Math.min(this.high, Number(snapped.toPrecision(12)));
    if (this.zero && snapped < this.low + this.step / 2) return 0;
    return this.rounded(this.log ? Number((10 ** snapped).toPrecision(12)) : snapped);
  }

  /** @param {number} value */
  rounded(value) {
    return this.unit ? Number((Math.round(value / this.unit) * this.unit).toPrecision(12)) : value;
  }

  /**
   * The value of a stop near another, undefined beyond the ends.
   *
   * @param {number} value
   * @param {number} offset in stops
   */
  beside(value, offset) {
    const position = this.positionOf(value) + offset * this.step;
    const slack = this.step / 2;
    if (position < this.low - slack || position > this.high + slack) return undefined;
    return this.valueAt(position);
  }

  /** @param {number} value */
  positionOf(value) {
    if (this.zero && value === 0) return this.low;
    return this.log ? Math.log10(value) : value;
  }
}

class Slider {
  /** @type {SliderData} */
  data;
  /** @type {Stops} */
  stops;
  /** @type {number} */
  value;
  /** @type {SendValue} */
  send;
  /** @type {number | undefined} the value that is to be sent when the request under way is answered */
  waiting;
  /** @type {number | undefined} the sequence of the request under way */
  pending;
  sent = 0; // when
  /** @type {number | undefined} */
  timer;
  /** @type {number | undefined} until it rests */
  resting;
  held = false; // by a pointer

  /** @param {Element} parent */
  constructor(parent) {
    const id = `efviz-slider-${Math.random().toString(36).slice(2)}`;
    this.root = document.createElement('div');
    this.root.className = 'efviz-slider';
    this.root.innerHTML = `
      <div class="head"><label for="${id}"></label><input class="typed" type="text"
        inputmode="decimal" autocomplete="off" spellcheck="false"></div>
      <input class="range" id="${id}" type="range">
      <div class="says" role="status"></div>`;
    parent.append(this.root);
    this.label = part(this.root, HTMLLabelElement, 'label');
    this.typed = part(this.root, HTMLInputElement, '.typed');
    this.range = part(this.root, HTMLInputElement, '.range');
    this.says = part(this.root, HTMLElement, '.says');
    this.sequence = 0;
    this.range.addEventListener('input', () => this.choose(this.stops.valueAt(+this.range.value)));
    this.range.addEventListener('pointerdown', () => (this.held = true));
    // Let go by the mouse; a key changes the value at once, and more may follow.
    this.range.addEventListener('change', () => {
      if (this.held) this.settle();
      this.held = false;
    });
    // Whoever turns to something else is done with it.
    this.range.addEventListener('blur', () => this.settle());
    this.typed.addEventListener('blur', () => {
      this.settle();
      this.show(this.value);
    });
    this.range.addEventListener('focus', () => this.ahead());
    this.root.addEventListener('pointerenter', () => this.ahead());
    this.typed.addEventListener('change', () => this.enter());
    this.typed.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.enter();
      if (event.key === 'Escape') this.typed.value = this.plain();
    });
    this.typed.addEventListener('focus', () => {
      this.typed.value = this.plain();
      this.typed.select();
    });
  }

  /**
   * @param {SliderData} data
   * @param {SendValue} send
   */
  update(data, send) {
    this.data = data;
    this.send = send;
    this.label.textContent = data.label;
    this.label.title = this.range.title = data.help ?? '';
    this.typed.setAttribute('aria-label', `${data.label}, typed value`);
    this.stops = new Stops(data);
    const { low, high, step } = this.stops;
    Object.assign(this.range, { min: low, max: high, step });
    if (this.pending === undefined || data.ack === this.pending) {
      const answered = this.pending !== undefined;
      if (answered) pictures.took = performance.now() - this.sent;
      this.pending = undefined;
      clearTimeout(this.timer);
      if (answered && this.waiting !== undefined) this.flush();
      else if (this.waiting === undefined && this.resting === undefined) this.rest();
    }
  }

  /** @param {number} value */
  show(value) {
    this.value = value;
    const { low, high } = this.stops;
    this.range.value = String(this.stops.positionOf(value));
    const share = (+this.range.value - low) / (high - low);
    this.range.style.setProperty('--filled', `${100 * share}%`);
    const shown = written(value) + (this.data.unit ?? '');
    // What is being typed stays.
    if (document.activeElement !== this.typed) this.typed.value = shown;
    this.range.setAttribute('aria-valuetext', this.plain());
  }

  // As one types it.
  plain() {
    return digits(this.value) + (this.data.unit ?? '');
  }

  /** @param {number} value */
  choose(value) {
    this.says.textContent = '';
    this.show(value);
    if (document.activeElement === this.typed) this.typed.value = this.plain();
    this.commit(!this.follow(value));
  }

  /** @param {number} value */
  changeTo(value) {
    const [[name, text]] = new URLSearchParams(this.data.query);
    return { [name]: text.replace('*', inLink(value)) };
  }

  /**
   * Fetch the picture of a value. Returns whether the session need not be told yet.
   *
   * @param {number} value
   */
  follow(value) {
    if (!this.data.query) return false;
    return pictures.follow(this, this.changeTo(value), () => this.commit());
  }

  // The pictures on both sides.
  ahead() {
    if (!this.data?.query || this.pending !== undefined) return;
    const values = around((offset) => this.stops.beside(this.value, offset), NEAR);
    pictures.ahead(values.map((value) => this.changeTo(value)));
  }

  // The session shows this value.
  rest() {
    pictures.rest(this);
    this.show(this.data.value);
    if (document.activeElement === this.range) this.ahead();
  }

  // Tell the session now what it would be told once the slider rests.
  settle() {
    if (this.resting !== undefined) this.commit();
  }

  /**
   * Tell the session the value, `now` or once the slider rests.
   *
   * @param {boolean} [now]
   */
  commit(now = true) {
    clearTimeout(this.resting);
    this.resting = now ? undefined : setTimeout(() => this.commit(), pictures.pause);
    if (!now) return;
    this.waiting = this.value;
    if (this.pending === undefined) this.flush();
  }

  flush() {
    const value = this.waiting;
    if (value === undefined) return;
    this.waiting = undefined;
    this.sent = performance.now();
    this.pending = ++this.sequence;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.pending = undefined;
      pictures.rest(this);
      this.flush();
    }, PATIENCE);
    this.send([value, this.pending]);
  }

  enter() {
    const { min, max, zero, label } = this.data;
    const value = parse(this.typed.value);
    if (value === this.value || digits(this.value) === this.typed.value.trim()) return;
    const inside = (value >= min && value <= max) || (zero && value === 0);
    if (!inside) {
      const words = Number.isFinite(value) ? digits(value) : `“${this.typed.value}”`;
      const bounds = `${zero ? '0 or ' : ''}from ${digits(min)} to ${digits(max)}`;
      this.says.textContent = `${label} is a number ${bounds}; ${words} is not.`;
      this.typed.value = digits(this.value);
      return;
    }
    this.choose(value);
  }
}

/** @param {Call<SliderData>} call */
export default function ({ data, parentElement, setStateValue }) {
  const slider = (parentElement[KEY] ??= new Slider(parentElement));
  slider.update(data, (/** @type {[number, number]} */ report) => setStateValue('value', report));
  return () => {
    clearTimeout(slider.timer);
    clearTimeout(slider.resting);
    pictures.rest(slider);
    slider.root.remove();
    delete parentElement[KEY];
  };
}
