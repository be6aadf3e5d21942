// The player, which animates the trajectories of a chart entirely in the browser.
//
// layout.meta.play: {traces, steps (T), cursor}: every row of T points between the gaps of these
// line traces is a run, recorded at `steps`. Time counts recorded steps, which are not evenly spaced;
// between two of them it is linear in iterations, and at rest it is at one of them.
// session.frame: {at, of, ack}, the iteration and the start that a link names. Reports `frame`
// {at, of, sequence} when time stops.

import { Anatomy } from './anatomy.js';
import { part } from './html.js';

/** @typedef {import('./runners.js').Runners} Runners */

const WHOLE = 8000; // ms that all iterations take at speed 1
const REST = 250; // ms after which a rest is reported
const SELDOM = 30; // ms between two updates of the bar while time runs
const JUMPS = 16; // frames for all iterations, with reduced motion
/** @type {Record<string, number | undefined>} */
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const SPEEDS = [0.25, 0.5, 1, 2, 4];

const ICONS = {
  play: 'M4,2L14,8L4,14Z',
  pause: 'M3,2H7V14H3ZM9,2H13V14H9Z',
  back: 'M12,2L5,8L12,14ZM2,2H4V14H2Z',
  forward: 'M4,2L11,8L4,14ZM12,2H14V14H12Z',
};
const icon = (/** @type {keyof typeof ICONS} */ name) =>
  `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;

const count = (/** @type {number} */ n) => n.toLocaleString('en');
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * The recorded step nearest to an iteration.
 *
 * @param {Series} steps
 * @param {number} iteration
 */
export function frameOf(steps, iteration) {
  let best = 0;
  for (let i = 1; i < steps.length; i++) {
    if (Math.abs(steps[i] - iteration) < Math.abs(steps[best] - iteration)) best = i;
  }
  return best;
}

/**
 * The iteration at a position among the recorded steps, linear between two of them.
 *
 * @param {Series} steps
 * @param {number} position
 */
export function iterationAt(steps, position) {
  const i = Math.min(Math.floor(position), steps.length - 1);
  const next = steps[Math.min(i + 1, steps.length - 1)];
  return Math.round(steps[i] + (position - i) * (next - steps[i]));
}

/**
 * The iterations labelled under the bar: 0, powers of ten where there is room, and the last.
 *
 * @param {Series} steps
 * @returns {{ step: number, share: number }[]} `share`: how far along the bar
 */
export function ticksOf(steps) {
  const whole = steps[steps.length - 1];
  const tick = (/** @type {number} */ step) => ({
    step,
    share: frameOf(steps, step) / (steps.length - 1),
  });
  const marks = [0];
  for (let power = 1; power < whole; power *= 10) marks.push(power);
  const kept = [];
  let left = -1;
  for (const mark of marks.map(tick)) {
    if (mark.share - left > 0.11 && 1 - mark.share > 0.13) {
      kept.push(mark);
      left = mark.share;
    }
  }
  return [...kept, tick(whole)];
}

/** @param {Series} steps */
const joined = (steps) => Array.from(steps).join();

export class Player {
  /** @type {Runners[]} */
  panels = [];
  /** @type {Series} */
  steps;
  position = 0;
  sequence = 0;
  /** The start that is followed. */
  of = 1;
  playing = false;
  /** @type {string | undefined} the frame that was last reported, or said by the server */
  said;
  /** @type {string | undefined} */
  words;
  written = -Infinity;
  /** @type {number | undefined} */
  clock;
  request = 0;
  /** @type {number | undefined} */
  resting;

  /**
   * @param {Element} root
   * @param {Send} report
   */
  constructor(root, report) {
    this.report = report;
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
    this.go = part(this.bar, HTMLButtonElement, '.go');
    this.range = part(this.bar, HTMLInputElement, '.range');
    this.ticks = part(this.bar, HTMLElement, '.ticks');
    this.count = part(this.bar, HTMLOutputElement, '.count');
    this.speed = part(this.bar, HTMLSelectElement, '.speed');
    this.anatomy = new Anatomy((of) => this.follow(of));
    root.append(this.bar, this.anatomy.box);
    this.go.addEventListener('click', () => (this.playing ? this.pause() : this.play()));
    const [back, forward] = ['.back', '.forward'].map((way) =>
      part(this.bar, HTMLButtonElement, way)
    );
    back.addEventListener('click', () => this.step(-1));
    forward.addEventListener('click', () => this.step(1));
    this.range.addEventListener('input', () => {
      this.pause();
      this.goTo(+this.range.value);
    });
    this.bar.addEventListener('keydown', (event) => this.key(event));
    this.label();
  }

  /**
   * @param {Runners[]} panels of all panels
   * @param {FrameSaid | null} session
   */
  update(panels, session) {
    this.panels = panels;
    const { steps } = panels[0];
    const before = this.steps;
    const iteration = before && this.iteration();
    this.steps = steps;
    this.range.max = String(this.last);
    const changed = !before || joined(before) !== joined(steps);
    if (changed) this.drawTicks();
    if (before && changed) this.position = frameOf(steps, iteration);
    // Later actions of the reader override the state that the server sends.
    const { at, of, ack } = session ?? { at: 0, of: 1, ack: 0 };
    const said = `${at} ${of}`;
    if (said !== this.said && ack >= this.sequence) {
      this.sequence = ack;
      this.said = said;
      this.of = of;
      if (before) this.pause();
      this.position = frameOf(steps, at);
    }
    this.of = Math.min(this.of, panels[0].runs);
    this.anatomy.update(panels, this.of);
    this.show();
    if (!before && at === 0 && !still()) this.play();
  }

  place() {
    if (!this.panels.length) return;
    for (const panel of this.panels) panel.place();
    this.show();
  }

  iteration() {
    return iterationAt(this.steps, this.position);
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

  /** @param {number} now */
  tick(now) {
    if (!this.playing) return;
    const speed = +this.speed.value;
    const gone = Math.min(now - (this.clock ?? now), 100) * speed;
    if (still()) {
      // With reduced motion, a few frames are shown one after the other.
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

  /** @param {number} by */
  step(by) {
    this.pause();
    this.goTo(Math.round(this.position) + by);
  }

  /** @param {number} frame */
  goTo(frame) {
    this.position = Math.min(Math.max(frame, 0), this.last);
    this.show();
    this.rest();
  }

  /** @param {number} of */
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
    // The bar is laid out again whenever its text changes, so every second frame is enough.
    const now = performance.now();
    if (playing && now - this.written < SELDOM) return;
    this.written = now;
    const words = `iteration ${count(this.iteration())} of ${count(this.steps[this.last])}`;
    if (words === this.words) return;
    this.words = words;
    this.count.textContent = words;
    this.range.value = String(position);
    this.range.style.setProperty('--filled', `${(100 * position) / this.last}%`);
    this.range.setAttribute('aria-valuetext', words);
  }

  drawTicks() {
    const ticks = ticksOf(this.steps).map(({ step, share }) => {
      const tick = document.createElement('span');
      tick.style.setProperty('--at', String(share));
      tick.textContent = count(step);
      return tick;
    });
    this.ticks.replaceChildren(...ticks);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.target === this.speed || event.ctrlKey || event.altKey || event.metaKey) return;
    const onRange = event.target === this.range;
    const by = STEPS[event.key];
    if (event.key === ' ' && onRange) this.playing ? this.pause() : this.play();
    else if (by && !onRange) this.step(by);
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
