// The player: time runs along the trajectories of a chart, in the browser alone.
//
// layout.meta.play: {traces, steps (T), cursor}: every row of T points between the gaps of these
// line traces is a run, recorded at `steps`. Time counts in recorded steps, which are not evenly
// spaced, from one to the next evenly in iterations; at rest it stands at one of them.
// session.frame: {at, of, ack}, the iteration and the start that a link names. Reports `frame`
// {at, of, sequence} when the time comes to rest.

import { Anatomy } from './anatomy.js';

const WHOLE = 8000; // ms that all iterations take at speed 1
const REST = 250; // ms after which a rest is reported
const SELDOM = 30; // ms between two writings of the bar while time runs
const JUMPS = 16; // of all iterations, where motion is not wanted
const SPEEDS = [0.25, 0.5, 1, 2, 4];

const ICONS = {
  play: 'M4,2L14,8L4,14Z',
  pause: 'M3,2H7V14H3ZM9,2H13V14H9Z',
  back: 'M12,2L5,8L12,14ZM2,2H4V14H2Z',
  forward: 'M4,2L11,8L4,14ZM12,2H14V14H12Z',
};
const icon = (name) =>
  `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;

const count = (n) => n.toLocaleString('en');
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export class Player {
  constructor(root, report) {
    this.report = report;
    this.position = 0;
    this.sequence = 0;
    this.bar = document.createElement('section');
    this.bar.className = 'efviz-player';
    this.bar.setAttribute('aria-label', 'Player');
    this.bar.innerHTML = `
      <button type="button" class="go"></button>
      <button type="button" class="back" aria-label="One step back">${icon('back')}</button>
      <button type="button" class="forward" aria-label="One step forward">${icon('forward')}</button>
      <span class="scrub"><input type="range" class="range" min="0" step="1" aria-label="Iteration">
        <span class="ticks" aria-hidden="true"></span></span>
      <output class="count"></output>
      <label>Speed <select class="speed">${SPEEDS.map(
        (speed) => `<option value="${speed}"${speed === 1 ? ' selected' : ''}>${speed}×</option>`
      ).join('')}</select></label>`;
    const find = (name) => this.bar.querySelector(`.${name}`);
    [this.go, this.range, this.ticks] = ['go', 'range', 'ticks'].map(find);
    [this.count, this.speed] = ['count', 'speed'].map(find);
    this.anatomy = new Anatomy((of) => this.follow(of));
    root.append(this.bar, this.anatomy.box);
    this.go.addEventListener('click', () => (this.playing ? this.pause() : this.play()));
    find('back').addEventListener('click', () => this.step(-1));
    find('forward').addEventListener('click', () => this.step(1));
    this.range.addEventListener('input', () => {
      this.pause();
      this.goTo(+this.range.value);
    });
    this.bar.addEventListener('keydown', (event) => this.key(event));
    this.label();
  }

  // `panels`: the Runners of all panels.
  update(panels, session) {
    this.panels = panels;
    const { steps } = panels[0];
    const before = this.steps;
    const iteration = before && this.iteration();
    this.steps = steps;
    this.range.max = steps.length - 1;
    if (before?.join() !== steps.join()) this.drawTicks();
    if (before && before.join() !== steps.join()) this.position = this.frameOf(iteration);
    // What the reader has done since then counts more than what the server says.
    const { at, of, ack } = session ?? { at: 0, of: 1, ack: 0 };
    const said = `${at} ${of}`;
    if (said !== this.said && ack >= this.sequence) {
      this.sequence = ack;
      this.said = said;
      this.of = of;
      if (before) this.pause();
      this.position = this.frameOf(at);
    }
    this.of = Math.min(this.of, panels[0].runs);
    this.anatomy.update(panels, this.of);
    this.show();
    if (!before && at === 0 && !still()) this.play();
  }

  place() {
    for (const panel of this.panels ?? []) panel.place();
    this.show();
  }

  frameOf(iteration) {
    let best = 0;
    this.steps.forEach((step, i) => {
      if (Math.abs(step - iteration) < Math.abs(this.steps[best] - iteration)) best = i;
    });
    return best;
  }

  iteration() {
    const i = Math.min(Math.floor(this.position), this.steps.length - 1);
    const next = this.steps[Math.min(i + 1, this.steps.length - 1)];
    return Math.round(this.steps[i] + (this.position - i) * (next - this.steps[i]));
  }

  get last() {
    return this.steps.length - 1;
  }

  play() {
    if (this.position >= this.last) this.position = 0;
    this.playing = true;
    this.label();
    clearTimeout(this.resting);
    this.clock = undefined;
    this.request = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    if (!this.playing) return;
    const speed = +this.speed.value;
    const gone = Math.min(now - (this.clock ?? now), 100) * speed;
    if (still()) {
      // Whoever wants no motion sees a few pictures, one after the other.
      this.clock ??= now;
      if ((now - this.clock) * speed >= WHOLE / JUMPS) {
        this.clock = now;
        this.position = Math.round(Math.min(this.position + this.last / JUMPS, this.last));
      }
    } else {
      this.clock = now;
      this.position = Math.min(this.position + (gone / WHOLE) * this.last, this.last);
    }
    if (this.position >= this.last) this.pause();
    this.show();
    if (this.playing) this.request = requestAnimationFrame((next) => this.tick(next));
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.request);
    this.label();
    this.goTo(Math.round(this.position));
  }

  step(by) {
    this.pause();
    this.goTo(Math.round(this.position) + by);
  }

  goTo(frame) {
    this.position = Math.min(Math.max(frame, 0), this.last);
    this.show();
    this.rest();
  }

  follow(of) {
    this.of = of;
    this.show();
    this.rest();
  }

  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const [at, of] = [this.iteration(), this.of];
      if (this.playing || this.said === `${at} ${of}`) return;
      this.said = `${at} ${of}`;
      this.report('frame', { at, of, sequence: ++this.sequence });
    }, REST);
  }

  label() {
    this.go.setAttribute('aria-label', this.playing ? 'Pause' : 'Play');
    this.go.innerHTML = icon(this.playing ? 'pause' : 'play');
  }

  show() {
    const { position, of, playing } = this;
    for (const panel of this.panels) panel.show(position, of - 1);
    this.anatomy.show(position, playing);
    // The bar is laid out anew whenever its words change: every second frame will do.
    const now = performance.now();
    if (playing && now - (this.written ?? 0) < SELDOM) return;
    this.written = now;
    const words = `iteration ${count(this.iteration())} of ${count(this.steps[this.last])}`;
    if (words === this.words) return;
    this.words = words;
    this.count.textContent = words;
    this.range.value = position;
    this.range.style.setProperty('--filled', `${(100 * position) / this.last}%`);
    this.range.setAttribute('aria-valuetext', words);
  }

  // Powers of ten, where there is room for them.
  drawTicks() {
    const whole = this.steps[this.last];
    const marks = [0];
    for (let power = 1; power < whole; power *= 10) marks.push(power);
    const share = (step) => this.frameOf(step) / this.last;
    let left = -1;
    const kept = [];
    for (const mark of marks) {
      if (share(mark) - left > 0.11 && 1 - share(mark) > 0.13) {
        kept.push(mark);
        left = share(mark);
      }
    }
    const ticks = [...kept, whole].map((step) => {
      const tick = document.createElement('span');
      tick.style.setProperty('--at', share(step));
      tick.textContent = count(step);
      return tick;
    });
    this.ticks.replaceChildren(...ticks);
  }

  key(event) {
    if (event.target === this.speed || event.ctrlKey || event.altKey || event.metaKey) return;
    const onRange = event.target === this.range;
    const steps = { ArrowLeft: -1, ArrowRight: 1 };
    if (event.key === ' ' && onRange) this.playing ? this.pause() : this.play();
    else if (event.key in steps && !onRange) this.step(steps[event.key]);
    else return;
    event.preventDefault();
  }

  remove() {
    this.playing = false;
    cancelAnimationFrame(this.request);
    clearTimeout(this.resting);
    this.bar.remove();
    this.anatomy.box.remove();
    for (const panel of this.panels) panel.svg.remove();
  }
}
