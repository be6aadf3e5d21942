// The layout of the panels of a chart: columns, stacked rows, wide panels last.

export const GAP = 8; // px between panels
const LEAST = 130; // px: panels of this width can be read, if it must be

/** @param {Figure} figure */
const isWide = (figure) => Boolean(figure.layout.meta?.wide);

/**
 * The number of columns in a given width in pixels. `rows` figures are always stacked; if columns
 * would be too narrow, their number is halved.
 *
 * @param {Pick<Spec, 'figures' | 'rows' | 'minWidth' | 'smallest'>} spec
 * @param {number} room
 */
export function columnsIn({ figures, rows, minWidth, smallest }, room) {
  const groups = figures.filter((figure) => !isWide(figure)).length / rows;
  for (let n = groups; n > 1; n = Math.ceil(n / 2)) {
    if (room / n >= minWidth) return n;
  }
  return Math.min(groups, room < 2 * smallest ? 1 : 2);
}

/**
 * The width of the columns in a given width, none wider than `most`.
 *
 * @param {number} columns
 * @param {number} room
 * @param {number} most
 */
export const widthOfColumn = (columns, room, most) =>
  Math.min(Math.floor((room - GAP * (columns - 1)) / columns), most);

/**
 * The columns, and their width, with which a chart is no higher than `tall` pixels and its panels as
 * wide as possible; nothing if they would be too narrow to read.
 *
 * @param {Spec} spec
 * @param {number} room
 * @param {number} tall
 * @param {number} scale of the margins
 * @returns {{ columns: number, width: number } | undefined}
 */
export function fitting(spec, room, tall, scale) {
  const { figures, rows, maxWidth, smallest } = spec;
  const narrow = figures.filter((figure) => !isWide(figure));
  const least = Math.min(smallest, LEAST);
  let best = { columns: 0, width: 0 };
  const groups = narrow.length / rows;
  for (let columns = groups; columns >= 1; columns -= 1) {
    if (groups % columns) continue; // a last row with gaps
    let [low, high] = [0, widthOfColumn(columns, room, maxWidth)];
    if (heightOf(spec, columns, high, scale) <= tall) low = high;
    while (high - low > 1) {
      const width = (low + high) / 2;
      if (heightOf(spec, columns, width, scale) <= tall) low = width;
      else high = width;
    }
    // Panels in fewer rows are preferred unless they would be much narrower.
    if (low >= least && low > 1.5 * best.width) best = { columns, width: Math.floor(low) };
  }
  return best.columns ? best : undefined;
}

/**
 * @param {Spec} spec
 * @param {number} columns
 * @param {number} width
 * @param {number} scale
 */
function heightOf({ figures, rows }, columns, width, scale) {
  const heights = new Map();
  figures.forEach(({ layout: { margin, meta } }, i) => {
    const plot = (width - scale * (margin.l + margin.r)) * (meta?.aspect ?? 1);
    const height = meta?.height ?? plot + scale * (margin.t + margin.b);
    const { gridRow } = cellOf({ figures, rows }, i, columns);
    const row = isWide(figures[i]) ? `wide ${i}` : gridRow;
    heights.set(row, Math.max(heights.get(row) ?? 0, height));
  });
  return [...heights.values()].reduce((sum, height) => sum + height + GAP, -GAP);
}

/**
 * The number of columns that a panel covers; a wide one leaves room beside it if there are many.
 *
 * @param {Figure} figure
 * @param {number} columns
 */
export function spanOf(figure, columns) {
  if (!isWide(figure)) return 1;
  return columns > 2 ? Math.floor(columns / 2) : columns;
}

/**
 * The style that places the i-th panel in its cell.
 *
 * @param {Pick<Spec, 'figures' | 'rows'>} spec
 * @param {number} i
 * @param {number} columns
 */
export function cellOf({ figures, rows }, i, columns) {
  if (isWide(figures[i])) {
    return { gridRow: 'auto', gridColumn: `1 / span ${spanOf(figures[i], columns)}`, order: '2' };
  }
  const group = Math.floor(i / rows);
  const row = Math.floor(group / columns) * rows + (i % rows) + 1;
  return { gridRow: `${row}`, gridColumn: `${(group % columns) + 1}` };
}
