// What the chart draws by itself, on two SVGs of its own around Plotly's.
//
// The ground, below: path shapes named "ground" (hundreds of arrows in one path), and lines, bands
// and points without hover, one path each, whose data coordinates the browser itself reads. The
// marks, above: small sets of symbols with their numbers, and words. What is left to Plotly, axes
// and titles, seldom changes, so that most pictures need no Plotly.react at all, which takes ten
// times as long. Where an area trace would cover the ground Plotly draws all but the marks, as it
// does for downloads.

const SVG = 'http://www.w3.org/2000/svg';
const FEW = 100;

const isScatter = (trace, mode) => trace.type === 'scatter' && trace.mode === mode;
const isPlain = ({ marker }) => typeof marker?.color === 'string';
const isLine = (trace) => isScatter(trace, 'lines') && trace.hoverinfo === 'skip';
const isPoints = (trace) =>
  isScatter(trace, 'markers') && trace.hoverinfo === 'skip' && isPlain(trace);
const isMarks = (trace) =>
  trace.hoverinfo !== 'skip' &&
  (isScatter(trace, 'markers') || isScatter(trace, 'markers+text')) &&
  trace.marker.symbol in SYMBOLS &&
  isPlain(trace) &&
  trace.x.length <= FEW;
const isWords = (trace) => isScatter(trace, 'text') && trace.hoverinfo === 'skip';
const isArea = ({ type }) => type === 'heatmap';
const isGround = ({ name }) => name === 'ground';

// Which part of a figure lies where.
export function split(data, layout) {
  if (data.some(isArea)) {
    const above = data.filter(isMarks);
    return { ground: [], marks: above, data: data.filter((t) => !above.includes(t)), layout };
  }
  const shapes = layout.shapes ?? [];
  const lower = data.filter((trace) => isLine(trace) || isPoints(trace));
  const upper = data.filter((trace) => isMarks(trace) || isWords(trace));
  const scale = [scaleOf(layout.xaxis), scaleOf(layout.yaxis)];
  return {
    ground: [...shapes.filter(isGround), ...lower.map((trace) => onePath(trace, ...scale))],
    marks: upper,
    data: data.filter((trace) => !lower.includes(trace) && !upper.includes(trace)),
    layout: { ...layout, shapes: shapes.filter((shape) => !isGround(shape)) },
  };
}

// From data to the numbers of the axis, which on a logarithmic one are powers of ten.
const scaleOf = (axis) => (axis?.type === 'log' ? Math.log10 : null);

// A point is a line of no length, drawn by the caps of its ends.
function onePath({ mode, x, y, line, marker, opacity, fill, fillcolor }, scaleX, scaleY) {
  if (scaleX) x = x.map(scaleX);
  if (scaleY) y = y.map(scaleY);
  if (mode === 'lines') {
    return { path: linesOf(x, y), line, opacity, fill: fill === 'toself' ? fillcolor : 'none' };
  }
  const parts = [];
  for (let i = 0; i < x.length; i++) parts.push('M', x[i], ',', y[i], 'h0');
  const { size: width, color, symbol } = marker;
  const cap = symbol === 'square' ? 'square' : 'round';
  return { path: parts.join(''), line: { width, color }, cap, opacity };
}

function linesOf(x, y) {
  const parts = [];
  let pen = 'M';
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(x[i]) && Number.isFinite(y[i])) {
      parts.push(pen, x[i], ',', y[i]);
      pen = 'L';
    } else pen = 'M';
  }
  return parts.join('');
}

const DASHES = {
  dash: [3, 2],
  dot: [1, 1.2],
  dashdot: [3.5, 1.4, 1, 1.4],
  longdash: [6, 2],
  longdashdot: [6, 1.6, 1, 1.6],
};

// Corners of a symbol of size 2, as Plotly draws it.
const ring = (n, radius) =>
  Array.from({ length: n }, (_, i) => {
    const angle = (2 * Math.PI * i) / n - Math.PI / 2;
    return [radius(i) * Math.cos(angle), radius(i) * Math.sin(angle)];
  });
const SYMBOLS = {
  circle: ring(24, () => 1),
  hexagon: ring(6, () => 1),
  star: ring(10, (i) => (i % 2 ? 0.55 : 1.4)),
};

const element = (name, attributes, parent) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
};

export class Layers {
  constructor(gd) {
    this.gd = gd;
    this.ground = element('svg', { class: 'ground', preserveAspectRatio: 'none' });
    this.marks = element('svg', { class: 'marks' });
    gd.prepend(this.ground);
    gd.append(this.marks);
    this.traces = [];
  }

  draw({ ground, marks }) {
    // Plotly empties its panel when it starts anew.
    if (!this.ground.isConnected) this.gd.prepend(this.ground);
    if (!this.marks.isConnected) this.gd.append(this.marks);
    const { ground: svg } = this;
    while (svg.childElementCount > ground.length) svg.lastChild.remove();
    ground.forEach((shape, i) => {
      const path = svg.children[i] ?? element('path', {}, svg);
      const { width, color, dash } = shape.line;
      const dashes = DASHES[dash]?.map((length) => length * width).join(' ');
      path.setAttribute('d', shape.path);
      path.setAttribute('stroke', color);
      path.setAttribute('stroke-width', width);
      path.setAttribute('stroke-dasharray', dashes ?? 'none');
      path.setAttribute('stroke-linecap', shape.cap ?? 'butt');
      path.setAttribute('opacity', shape.opacity ?? 1);
      path.setAttribute('fill', shape.fill ?? 'none');
    });
    this.traces = marks;
    this.place();
  }

  // Where the axes are now: after a redraw, a zoom, and while the plane is being moved.
  place() {
    const { _size: size, xaxis, yaxis } = this.gd._fullLayout;
    const [x0, x1] = xaxis.range;
    const [y0, y1] = yaxis.range;
    const box = `left:${size.l}px;top:${size.t}px;width:${size.w}px;height:${size.h}px`;
    this.ground.style.cssText = this.marks.style.cssText = box;
    // The paths are in data coordinates, y upwards; the marks in pixels.
    this.ground.setAttribute('viewBox', `${x0} ${-y1} ${x1 - x0} ${y1 - y0}`);
    const plain = (value) => value;
    const [inX, inY] = [scaleOf(xaxis) ?? plain, scaleOf(yaxis) ?? plain];
    const toX = (x) => ((inX(x) - x0) / (x1 - x0)) * size.w;
    const toY = (y) => ((y1 - inY(y)) / (y1 - y0)) * size.h;
    this.marks.replaceChildren(...this.traces.flatMap((trace) => marksOf(trace, toX, toY)));
  }
}

const digits = (number) => String(Number(number.toPrecision(4)));

function wordsOf({ x, y, text, textfont, textposition }, toX, toY) {
  return Array.from(x, (value, i) => {
    const style = { fill: textfont.color, 'font-size': textfont.size, class: 'word' };
    if (textposition.endsWith('right')) style.class += ' after';
    const word = element('text', { ...style, x: toX(value), y: toY(y[i]) });
    word.textContent = text[i];
    return word;
  });
}

function marksOf(trace, toX, toY) {
  if (trace.mode === 'text') return wordsOf(trace, toX, toY);
  const { mode, x, y, text, textfont, marker, hovertemplate } = trace;
  const corners = SYMBOLS[marker.symbol].map((corner) => corner.map((c) => (c * marker.size) / 2));
  return Array.from(x, (value, i) => {
    const group = element('g', { transform: `translate(${toX(value)},${toY(y[i])})` });
    element(
      'polygon',
      {
        points: corners.map((corner) => corner.join()).join(' '),
        fill: marker.color,
        stroke: marker.line.color,
        'stroke-width': marker.line.width,
      },
      group
    );
    if (mode.endsWith('text')) {
      const style = { fill: textfont.color, 'font-size': textfont.size };
      element('text', style, group).textContent = text[i];
    }
    element('title', {}, group).textContent = hovertemplate
      .replace(/<extra>.*/, '')
      .replace(/%\{([xy])(?::[^}]*)?\}/g, (_, key) => digits({ x: value, y: y[i] }[key]))
      .replace('%{text}', () => text?.[i] ?? '');
    return group;
  });
}
