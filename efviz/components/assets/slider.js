// A slider that reports while it is dragged: one request under way, the newest value wins.
//
// data: {label, min, max, step, value, log, zero, unit, help, ack}
// State `value`: [number, sequence]. The server answers with ack = the sequence it has drawn.
// On a log scale the range runs over log10; with `zero` one more stop at its left end means 0.

const KEY = Symbol.for('efviz.slider');
const PATIENCE = 2000; // ms after which an unanswered request no longer holds back the next

const digits = (value) => {
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

const parse = (text) => Number(text.trim().replace(/[−–]/g, '-').replace(',', '.'));

class Slider {
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
    this.label = this.root.querySelector('label');
    this.typed = this.root.querySelector('.typed');
    this.range = this.root.querySelector('.range');
    this.says = this.root.querySelector('.says');
    this.sequence = 0;
    this.range.addEventListener('input', () => this.choose(this.fromPosition(+this.range.value)));
    this.typed.addEventListener('change', () => this.enter());
    this.typed.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.enter();
      if (event.key === 'Escape') this.show(this.value);
    });
    this.typed.addEventListener('focus', () => this.typed.select());
  }

  update(data, send) {
    this.data = data;
    this.send = send;
    this.label.textContent = data.label;
    this.label.title = this.range.title = data.help ?? '';
    this.typed.setAttribute('aria-label', `${data.label}, typed value`);
    const [low, high] = data.log
      ? [Math.log10(data.min), Math.log10(data.max)]
      : [data.min, data.max];
    // Whole steps from end to end, so that both ends can be reached.
    this.step = (high - low) / Math.max(1, Math.round((high - low) / data.step));
    this.low = data.zero ? low - this.step : low;
    Object.assign(this.range, { min: this.low, max: high, step: this.step });
    this.high = high;
    if (this.pending === undefined || data.ack === this.pending) {
      const answered = this.pending !== undefined;
      this.pending = undefined;
      clearTimeout(this.timer);
      if (answered && this.waiting !== undefined) this.flush();
      else if (this.waiting === undefined) this.show(data.value);
    }
  }

  // Positions snap to the step, counted from the left end.
  fromPosition(position) {
    const { log, zero } = this.data;
    let snapped = this.low + Math.round((position - this.low) / this.step) * this.step;
    snapped = Math.min(this.high, Number(snapped.toPrecision(12)));
    if (zero && snapped < this.low + this.step / 2) return 0;
    return log ? Number((10 ** snapped).toPrecision(12)) : snapped;
  }

  toPosition(value) {
    const { log, zero } = this.data;
    if (zero && value === 0) return this.low;
    return log ? Math.log10(value) : value;
  }

  show(value) {
    this.value = value;
    this.range.value = this.toPosition(value);
    const share = (this.range.value - this.low) / (this.high - this.low);
    this.range.style.setProperty('--filled', `${100 * share}%`);
    const text = digits(value) + (this.data.unit ?? '');
    if (document.activeElement !== this.typed) this.typed.value = text;
    this.range.setAttribute('aria-valuetext', text);
  }

  choose(value) {
    this.says.textContent = '';
    this.show(value);
    this.typed.value = digits(value) + (this.data.unit ?? '');
    this.waiting = value;
    if (this.pending === undefined) this.flush();
  }

  flush() {
    const value = this.waiting;
    this.waiting = undefined;
    this.pending = ++this.sequence;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.pending = undefined;
      if (this.waiting !== undefined) this.flush();
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

export default function ({ data, parentElement, setStateValue }) {
  const slider = (parentElement[KEY] ??= new Slider(parentElement));
  slider.update(data, (value) => setStateValue('value', value));
  return () => {
    clearTimeout(slider.timer);
    slider.root.remove();
    delete parentElement[KEY];
  };
}
