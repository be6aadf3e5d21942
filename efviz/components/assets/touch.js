// What the reader moves in a chart, in all its panels, and how the server hears of it.

export const keyOf = ({ trace, index }) => `${index} ${trace}`;

const PATIENCE = 2000; // ms after which an unanswered report no longer holds back the next

// Reports, one under way; of those that say where one mark is only the newest is sent.
class Reports {
  constructor(send) {
    this.send = send;
    this.queue = [];
    this.sequence = 0;
  }

  push(report) {
    const last = this.queue.at(-1);
    if (last && last.action !== 'remove' && keyOf(last) === keyOf(report)) this.queue.pop();
    this.queue.push(report);
    if (this.pending === undefined) this.flush();
  }

  flush() {
    const report = this.queue.shift();
    this.pending = ++this.sequence;
    this.timer = setTimeout(() => this.answer(this.pending), PATIENCE);
    this.send({ ...report, sequence: this.pending });
  }

  answer(ack) {
    this.sequence = Math.max(this.sequence, ack ?? 0);
    if (ack !== this.pending) return;
    this.pending = undefined;
    clearTimeout(this.timer);
    if (this.queue.length) this.flush();
  }

  get done() {
    return this.pending === undefined && !this.queue.length;
  }
}

// What all panels of a chart share: what is being moved, and what the server has been told.
export class Touch {
  // panels(): the handles of all panels; point(gd, x, y): shows the directions at a point of a
  // panel, or none, and says them; say(words): to who does not see it.
  constructor({ panels, send, point, say }) {
    Object.assign(this, { panels, point, say, reports: new Reports(send) });
    this.moved = new Map(); // where the reader has put marks that the server has not yet drawn
    this.holding = false;
  }

  place() {
    for (const handles of this.panels()) handles.place();
  }

  report(mark, action) {
    if (action === 'remove') this.moved.clear();
    else this.moved.set(keyOf(mark), mark);
    this.reports.push({ ...mark, action });
    this.place();
  }

  // The server's picture is on the screen: if it answers all reports it is the truth again.
  settle() {
    if (this.holding || !this.reports.done || !this.moved.size) return;
    this.moved.clear();
    this.place();
  }

  // A trace with its marks where the reader has put them.
  now(trace) {
    const own = [...this.moved.values()].filter((mark) => mark.trace === trace.name);
    if (!own.length) return trace;
    const [x, y] = [Array.from(trace.x), Array.from(trace.y)];
    for (const mark of own) [x[mark.index], y[mark.index]] = [mark.x, mark.y];
    return { ...trace, x, y };
  }
}
