// The theme of the page, and figures in its colours and font size.

/** @type {CanvasRenderingContext2D | null} */
let pen;

/**
 * Whether the background of an element is dark.
 *
 * @param {Element} element
 */
export function isDark(element) {
  pen ??= document.createElement('canvas').getContext('2d');
  if (!pen) return false;
  const ground = getComputedStyle(element).getPropertyValue('--st-background-color').trim();
  pen.fillStyle = ground || '#fff';
  const written = pen.fillStyle; // the canvas writes every colour as #rrggbb
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(written.slice(i, i + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

/**
 * @param {Element} element
 * @returns {Theme}
 */
export function themeOf(element) {
  const style = getComputedStyle(element);
  const font = style.getPropertyValue('--st-font').trim() || 'sans-serif';
  const scale = parseFloat(style.getPropertyValue('--efviz-scale')) || 1;
  return { dark: isDark(element), font, scale };
}

/**
 * Figures come in the colours of the light theme; `colours` maps each to its counterpart.
 *
 * @template T
 * @param {T} value
 * @param {Record<string, string>} colours
 * @returns {T}
 */
export function recolour(value, colours) {
  /** @type {any} */
  const given = value;
  if (typeof given === 'string') {
    return /** @type {any} */ (
      given.replace(/#[0-9a-f]{6}\b/g, (colour) => colours[colour] ?? colour)
    );
  }
  if (!given || typeof given !== 'object' || ArrayBuffer.isView(given)) return given;
  if (Array.isArray(given)) {
    if (ArrayBuffer.isView(given[0])) return /** @type {any} */ (given);
    return /** @type {any} */ (given.map((item) => recolour(item, colours)));
  }
  const entries = Object.entries(given).map(([key, item]) => [key, recolour(item, colours)]);
  return Object.fromEntries(entries);
}

/**
 * A larger font with the space it needs, for presenter mode.
 *
 * @template T
 * @param {T} value
 * @param {number} scale
 * @returns {T}
 */
export function enlarge(value, scale) {
  /** @type {any} */
  const given = value;
  if (scale === 1 || !given || typeof given !== 'object' || ArrayBuffer.isView(given)) return given;
  if (Array.isArray(given)) {
    const plain = ArrayBuffer.isView(given[0]) || typeof given[0] !== 'object';
    return /** @type {any} */ (plain ? given : given.map((item) => enlarge(item, scale)));
  }
  const times = (/** @type {object} */ numbers) =>
    Object.fromEntries(
      Object.entries(numbers).map(([k, v]) => [k, typeof v === 'number' ? v * scale : v])
    );
  const entries = Object.entries(given).map(([key, item]) => {
    const sized = key === 'margin' || (/font$/.test(key) && item);
    return [key, sized ? times(/** @type {object} */ (item)) : enlarge(item, scale)];
  });
  return Object.fromEntries(entries);
}
