// Buttons that make one image of all panels of a chart, as they are placed on the screen.
//
// data: {chart, name}: the class of the element around the chart, and the name of the file.

import { withAnnotations } from './names.js';
import { element } from './svg.js';

const KEY = Symbol.for('efviz.images');
const SHARPNESS = 2; // pixels of a PNG per pixel of the screen

/** @typedef {{ text: string, width: number, height: number }} Drawing */

/** @param {string} chart */
const panelsOf = (chart) =>
  [...document.querySelectorAll(`.${chart} .efviz-chart > [role=figure]`)].map((panel) => ({
    gd: /** @type {Panel} */ (panel),
    box: panel.getBoundingClientRect(),
  }));

/**
 * Each panel as an image by Plotly, moved to its place on the screen.
 *
 * @param {string} chart
 * @returns {Promise<Drawing>}
 */
async function drawing(chart) {
  const panels = panelsOf(chart);
  const left = Math.min(...panels.map(({ box }) => box.left));
  const top = Math.min(...panels.map(({ box }) => box.top));
  const width = Math.ceil(Math.max(...panels.map(({ box }) => box.right)) - left);
  const height = Math.ceil(Math.max(...panels.map(({ box }) => box.bottom)) - top);
  const whole = element('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  const fill = panels[0].gd._efviz.whole?.layout.paper_bgcolor ?? 'none';
  element('rect', { width, height, fill }, whole);
  for (const { gd, box } of panels) {
    if (!gd._efviz.whole) continue;
    const size = { width: gd.clientWidth, height: gd.clientHeight };
    const figure = withAnnotations(gd._efviz.whole);
    const url = await window.Plotly.toImage(figure, { format: 'svg', ...size });
    const text = decodeURIComponent(url.slice(url.indexOf(',') + 1));
    const part = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
    part.setAttribute('x', String(box.left - left));
    part.setAttribute('y', String(box.top - top));
    whole.append(document.importNode(part, true));
  }
  return { text: new XMLSerializer().serializeToString(whole), width, height };
}

/**
 * @param {Drawing} drawing
 * @returns {Promise<Blob>}
 */
async function png({ text, width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = SHARPNESS * width;
  canvas.height = SHARPNESS * height;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('The image is too large.'))),
      'image/png'
    )
  );
}

/** @type {Record<string, (drawing: Drawing) => Promise<Blob>>} */
const MAKERS = {
  png,
  svg: async ({ text }) => new Blob([text], { type: 'image/svg+xml' }),
};

/**
 * @param {Blob} blob
 * @param {string} file
 */
function save(blob, file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @typedef {{ chart: string, name: string }} ImagesData */

class Images {
  /** @type {ImagesData} */
  data;

  /** @param {Element} parent */
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-images';
    parent.append(this.root);
    for (const [form, make] of Object.entries(MAKERS)) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = `Image (${form.toUpperCase()})`;
      button.addEventListener('click', async () => {
        const { chart, name } = this.data;
        save(await make(await drawing(chart)), `${name}.${form}`);
      });
      this.root.append(button);
    }
  }
}

/** @param {Call<ImagesData>} call */
export default function ({ data, parentElement }) {
  const images = (parentElement[KEY] ??= new Images(parentElement));
  images.data = data;
  return () => {
    images.root.remove();
    delete parentElement[KEY];
  };
}
