// The legend below the panels of a chart: what marks and shades mean.
//
// layout.meta.legend: [{trace?, colour?, words}]: the look of the trace of this name, if the figure
// has it, or a colour. What several panels share is listed once.

import { element, SYMBOLS } from './svg.js';

const HEIGHT = 14; // px of each sign
const [LEAST, MOST] = [6, 12]; // px of a mark

/** @typedef {{ colours: string[], symbol?: string, edge?: string, size?: number }} Look */
/** @typedef {{ words: string, look: Look }} Entry */

/**
 * @param {Figure[]} figures
 * @returns {Entry[]}
 */
export function entriesOf(figures) {
  /** @type {Map<string, Entry>} */
  const found = new Map();
  for (const { data, layout } of figures) {
    for (const { trace: name, colour, words } of layout.meta?.legend ?? []) {
      const trace = data.find((one) => one.name === name);
      const look = colour ? { colours: [colour] } : trace && lookOf(trace);
      if (look && !found.has(words)) found.set(words, { words, look });
    }
  }
  return [...found.values()];
}

/**
 * @param {Trace} trace
 * @returns {Look | undefined}
 */
function lookOf({ marker, colorscale, x }) {
  if (colorscale) return { colours: colorscale.map(([, colour]) => colour) };
  if (!marker || !x.length) return undefined;
  const { symbol, color, size, line } = marker;
  return { symbol, colours: [color], size, edge: line.width ? line.color : undefined };
}

/**
 * @param {HTMLElement} list
 * @param {Entry[]} entries
 */
export function drawLegend(list, entries) {
  list.hidden = !entries.length;
  list.replaceChildren(
    ...entries.map(({ words, look }) => {
      const item = document.createElement('li');
      item.append(look.symbol ? markOf(look) : shadesOf(look), words);
      return item;
    })
  );
}

/** @param {Look} look */
function markOf({ symbol = '', colours: [fill], edge, size = LEAST }) {
  const svg = element('svg', { width: HEIGHT, height: HEIGHT, 'aria-hidden': true });
  const half = Math.min(Math.max(size, LEAST), MOST) / 2;
  const points = (SYMBOLS[symbol] ?? SYMBOLS.circle)
    .map((corner) => corner.map((c) => HEIGHT / 2 + c * half).join())
    .join(' ');
  element('polygon', { points, fill, stroke: edge ?? 'none' }, svg);
  return svg;
}

/** @param {Look} look */
function shadesOf({ colours }) {
  const shades = document.createElement('span');
  shades.className = 'shades';
  const [first] = colours;
  shades.style.background =
    colours.length > 1 ? `linear-gradient(to right, ${colours.join()})` : first;
  shades.style.width = `${(colours.length > 1 ? 3 : 1) * HEIGHT}px`;
  return shades;
}
