// Plotly.js, loaded once for all charts of a page, and its settings.

import { camera } from './compat.js';
import { withAnnotations } from './names.js';

/** @type {Promise<Window['Plotly']> | undefined} */
let loading;

/** @param {string} url */
export function load(url) {
  loading ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    // The first page loads it; what it loads is there or has failed once it is complete.
    const { href } = new URL(url, document.baseURI);
    const begun =
      document.readyState !== 'complete' && [...document.scripts].find(({ src }) => src === href);
    const script = begun || document.createElement('script');
    script.addEventListener('load', () => resolve(window.Plotly));
    script.addEventListener('error', () => {
      loading = undefined;
      reject(new Error(`Plotly.js could not be loaded from ${url}`));
    });
    if (begun) return;
    script.src = url;
    document.head.append(script);
  });
  return loading;
}

/**
 * @param {'png' | 'svg'} format
 * @param {string} label
 */
const download = (format, label) => ({
  name: `download-${format}`,
  title: `Download as ${label}`,
  icon: camera(),
  click: (/** @type {Panel} */ gd) =>
    gd._efviz.whole &&
    window.Plotly.downloadImage(withAnnotations(gd._efviz.whole), {
      format,
      filename: gd._efviz.name,
      width: gd.clientWidth,
      height: gd.clientHeight,
      scale: format === 'png' ? 2 : 1,
    }),
});

/** @type {object | undefined} */
let settings;

/** One object for all draws: Plotly.react starts from scratch if the config has changed. */
export const config = () =>
  (settings ??= {
    displaylogo: false,
    displayModeBar: 'hover',
    showSendToCloud: false,
    doubleClick: false,
    responsive: false,
    scrollZoom: false,
    modeBarButtons: [
      [download('png', 'PNG'), download('svg', 'SVG')],
      ['zoom2d', 'pan2d'],
    ],
  });
