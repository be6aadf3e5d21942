// Buttons that make one image of all panels of a chart, as they are placed on the screen.
//
// data: {chart, name}: the class of the element around the chart, and what the file is called.

const KEY = Symbol.for('efviz.images');
const SVG = 'http://www.w3.org/2000/svg';
const SHARPNESS = 2; // pixels of a PNG by those of the screen

const panelsOf = (chart) =>
  [...document.querySelectorAll(`.${chart} .efviz-chart > [role=figure]`)].map((gd) => ({
    gd,
    box: gd.getBoundingClientRect(),
  }));

// Each panel as Plotly's own image, moved to where it is seen.
async function drawing(chart) {
  const panels = panelsOf(chart);
  const left = Math.min(...panels.map(({ box }) => box.left));
  const top = Math.min(...panels.map(({ box }) => box.top));
  const width = Math.ceil(Math.max(...panels.map(({ box }) => box.right)) - left);
  const height = Math.ceil(Math.max(...panels.map(({ box }) => box.bottom)) - top);
  const whole = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({
    xmlns: SVG,
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
  }))
    whole.setAttribute(name, value);
  const ground = document.createElementNS(SVG, 'rect');
  ground.setAttribute('width', width);
  ground.setAttribute('height', height);
  ground.setAttribute('fill', panels[0].gd._efviz.whole.layout.paper_bgcolor);
  whole.append(ground);
  for (const { gd, box } of panels) {
    const size = { width: gd.clientWidth, height: gd.clientHeight };
    const url = await window.Plotly.toImage(gd._efviz.whole, { format: 'svg', ...size });
    const text = decodeURIComponent(url.slice(url.indexOf(',') + 1));
    const part = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
    part.setAttribute('x', box.left - left);
    part.setAttribute('y', box.top - top);
    whole.append(document.importNode(part, true));
  }
  return { text: new XMLSerializer().serializeToString(whole), width, height };
}

async function png({ text, width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = SHARPNESS * width;
  canvas.height = SHARPNESS * height;
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

const MAKERS = {
  png,
  svg: async ({ text }) => new Blob([text], { type: 'image/svg+xml' }),
};

function save(blob, file) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

class Images {
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-images';
    parent.append(this.root);
    for (const form of Object.keys(MAKERS)) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = `Image (${form.toUpperCase()})`;
      button.addEventListener('click', async () => {
        const { chart, name } = this.data;
        save(await MAKERS[form](await drawing(chart)), `${name}.${form}`);
      });
      this.root.append(button);
    }
  }
}

export default function ({ data, parentElement }) {
  const images = (parentElement[KEY] ??= new Images(parentElement));
  images.data = data;
  return () => {
    images.root.remove();
    delete parentElement[KEY];
  };
}
