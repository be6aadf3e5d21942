// The marks that the reader moves in a chart, in all its panels, and the reports to the server.

import { pictures } from './pictures.js';

/**
 * A name for a mark.
 *
 * @param {Mark} mark
 */
export const keyOf = ({ trace, index }) => `${index} ${trace}`;

const PATIENCE = 2000; // ms after which an unanswered report no longer holds back the next

/** Reports, one pending at a time; of several places of one mark only the newest is sent. */
export class Reports {
  /** @type {Report[]} */
  queue = [];
  sequence = 0;
  sent = 0; // when
  /** @type {number | undefined} the sequence of the report under way */
  pending;
  /** @type {number | undefined} */
  timer;

  /** @param {(report: Report & { sequence: number }) => void} send */
  constructor(send) {
    this.send = send;
  }

  /** @param {Report} report */
  push(report) {
    const last = this.queue.at(-1);
    if (last && last.action !== 'remove' && keyOf(last) === keyOf(report)) this.queue.pop();
    this.queue.push(report);
    // The last place of a hand waits for nothing: the reader may press a button next.
    if (this.pending === undefined || report.action === 'drop') this.flush();
  }

  flush() {
    const report = this.queue.shift();
    if (!report) return;
    this.sent = performance.now();
    this.pending = ++this.sequence;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.answer(this.pending), PATIENCE);
    this.send({ ...report, sequence: this.pending });
  }

  /** @param {number} [ack] */
  answer(ack) {
    this.sequence = Math.max(this.sequence, ack ?? 0);
    if (ack !== this.pending) return;
    pictures.took = performance.now() - this.sent;
    this.pending = undefined;
    clearTimeout(this.timer);
    this.flush();
  }

  get done() {
    return this.pending === undefined && !this.queue.length;
  }
}

/** The state shared by all panels of a chart: what is being moved, and what has been reported. */
export class Touch {
  /**
   * The places of marks that the server has not drawn yet.
   *
   * @type {Map<string, Moved>}
   */
  moved = new Map();
  holding = false;
  /** @type {number | undefined} until the hand rests */
  resting;

  /**
   * @param {object} chart
   * @param {() => { place(): void }[]} chart.panels the handles of all panels
   * @param {(report: Report & { sequence: number }) => void} chart.send
   * @param {(gd?: Panel, x?: number, y?: number) => string} chart.point shows the directions at a
   *   point of a panel, or none, and says them
   * @param {(words: string) => void} chart.say to who does not see it
   */
  constructor({ panels, send, point, say }) {
    this.panels = panels;
    this.point = point;
    this.say = say;
    this.reports = new Reports(send);
  }

  place() {
    for (const handles of this.panels()) handles.place();
  }

  /**
   * @param {Moved} mark
   * @param {Report['action']} action
   */
  report(mark, action) {
    if (action === 'remove') this.moved.clear();
    else this.moved.set(keyOf(mark), mark);
    clearTimeout(this.resting);
    const tell = () => this.reports.push({ ...mark, action });
    const touch = JSON.stringify({ ...mark, action });
    const fetched = action !== 'remove' && pictures.follow(this, { touch }, tell);
    if (fetched && action === 'move') this.resting = setTimeout(tell, pictures.pause);
    else tell();
    this.place();
  }

  /**
   * The session has answered this report.
   *
   * @param {number} ack
   */
  answer(ack) {
    this.reports.answer(ack);
    if (!this.holding && this.reports.done) pictures.rest(this);
  }

  // The server's picture is on the screen; if it answers all reports, it is authoritative again.
  settle() {
    if (this.holding || !this.reports.done || !this.moved.size) return;
    this.moved.clear();
    this.place();
  }

  /**
   * A trace with its marks at the places chosen by the reader.
   *
   * @param {Trace} trace
   * @returns {Trace}
   */
  now(trace) {
    const own = [...this.moved.values()].filter((mark) => mark.trace === trace.name);
    if (!own.length) return trace;
    const [x, y] = [Array.from(trace.x), Array.from(trace.y)];
    for (const mark of own) [x[mark.index], y[mark.index]] = [mark.x, mark.y];
    return { ...trace, x, y };
  }
}
