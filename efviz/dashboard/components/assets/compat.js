// Private parts of Plotly.js and Streamlit that efviz uses, all in one place. tests/browser/test_browser_compat.py
// fails when any of them changes; compat.css has the class names.

/** The element that takes the pointer in a plot area. */
export const PLOT_AREA = '.draglayer';

/**
 * The plot area in pixels, the axes and the font, as Plotly has drawn them.
 *
 * @typedef {{ size: { l: number, t: number, w: number, h: number }, xaxis: Axis, yaxis: Axis,
 *   font: Font }} Plot
 */

/**
 * Whether Plotly has drawn a panel.
 *
 * @param {Panel} gd
 */
export const isDrawn = (gd) => Boolean(/** @type {any} */ (gd)._fullLayout);

/**
 * @param {Panel} gd a panel that is drawn
 * @returns {Plot}
 */
export function plotOf(gd) {
  const { _size: size, xaxis, yaxis, font } = /** @type {any} */ (gd)._fullLayout;
  return { size, xaxis, yaxis, font };
}

/**
 * The place of a `plotly_click`, on a point or elsewhere; undefined if the event does not tell.
 *
 * @param {any} event
 * @returns {Place | undefined}
 */
export function clicked({ xvals, yvals, points }) {
  const x = xvals?.[0] ?? points?.[0]?.x;
  const y = yvals?.[0] ?? points?.[0]?.y;
  return x === undefined ? undefined : { x, y };
}

/** The icon on the buttons that download an image. */
export const camera = () => window.Plotly.Icons.camera;

/** The attribute of Streamlit's page that names the state of its connection. */
export const CONNECTION = 'data-test-connection-state';
export const isConnected = () => document.querySelector(`[${CONNECTION}="CONNECTED"]`) !== null;

/** A link in the menu of a narrow page. */
export const MENU_LINK = '[data-testid="stSidebarNavLink"]';
const MENU_CLOSE = '[data-testid="stSidebarCollapseButton"] button';

export function closeMenu() {
  const button = document.querySelector(MENU_CLOSE);
  if (button instanceof HTMLElement) button.click();
}
