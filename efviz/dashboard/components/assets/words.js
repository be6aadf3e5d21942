// Text that fits: its width, and what remains of a title where there is little room.

/** @typedef {{ size: number, family: string, weight?: number }} Letters */

/** @type {CanvasRenderingContext2D | null} */
let pen;

/**
 * The width of plain text in pixels, measured without a layout of the page.
 *
 * @param {string} text
 * @param {Letters} letters
 */
export function widthOf(text, { size, family, weight = 400 }) {
  pen ??= document.createElement('canvas').getContext('2d');
  if (!pen) return 0;
  pen.font = `${weight} ${size}px ${family}`;
  return pen.measureText(text).width;
}

const BOLD = /<b>(.*?)<\/b>/;
const plain = (/** @type {string} */ html) => html.replace(/<[^>]*>/g, '');

/**
 * @param {string} html
 * @param {Letters} font
 */
function widthOfTitle(html, font) {
  const [, bold = ''] = html.match(BOLD) ?? [];
  const rest = plain(html.replace(BOLD, ''));
  return widthOf(plain(bold), { ...font, weight: 700 }) + widthOf(rest, font);
}

/**
 * A title of "<b>what</b> <span>of what</span>" in a given width. The hint on clicks is dropped
 * first, then the subtitle; the font shrinks if even the rest does not fit.
 *
 * @param {Title} title
 * @param {string | false | undefined} hint
 * @param {number} room
 * @param {string} family
 * @returns {Title}
 */
export function fitted(title, hint, room, family) {
  const font = { size: title.font.size, family };
  const between = title.text.includes('</span>') ? ', ' : '  ';
  const [short] = title.text.match(BOLD) ?? [title.text];
  const texts = [title.text, short];
  if (hint) texts.unshift(title.text + hint.replace('>', `>${between}`));
  const text = texts.find((some) => widthOfTitle(some, font) <= room);
  if (text) return { ...title, text };
  let size = Math.floor((font.size * room) / widthOfTitle(short, font));
  // WebKit places letters at whole pixels, so their width is not proportional to the font size.
  while (size > 1 && widthOfTitle(short, { ...font, size }) > room) size -= 1;
  return { ...title, text: short, font: { ...title.font, size } };
}
