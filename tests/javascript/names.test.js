import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  namesOf,
  partsOf,
  withAnnotations,
  within,
  withRoom,
} from '../../efviz/dashboard/components/assets/names.js';

// Letters half as wide as high.
const context = {
  font: '',
  measureText(text) {
    return { width: (text.length * this.font.match(/ ([\d.]+)px/)[1]) / 2 };
  },
};
globalThis.document = { createElement: () => ({ getContext: () => context }) };

const names = {
  type: 'scatter',
  mode: 'text',
  name: 'labels',
  hoverinfo: 'skip',
  textposition: 'middle right',
  x: [10, 10, 10],
  y: [1, 1, 100],
  text: ['NGD', 'EFGD', 'a<b'],
  textfont: { size: 10, color: ['#967018', '#bb5566', '#004488'] },
};
const layout = {
  width: 400,
  height: 250,
  margin: { l: 40, r: 6, t: 20, b: 30 },
  font: { size: 10, family: 'serif' },
  xaxis: { range: [0, 10] },
  yaxis: { range: [0, 2], type: 'log' },
};

test('the margin is as wide as the names need, for two in a row on a wide panel', () => {
  // Two: 20 + ", " 10 + 15; one: 20. Around them are 10 + 4.
  assert.equal(withRoom([names], layout, 400, 'serif').margin.r, 59);
  assert.equal(withRoom([names], layout, 200, 'serif').margin.r, 34);
  assert.equal(withRoom([], layout, 400, 'serif'), layout);
  assert.equal(withRoom([], layout, 400, 'serif', 59).margin.r, 59);
});

test('lines that end together share one name, each part in its colour', () => {
  const scales = { toX: (x) => 30 * x, toY: (y) => 200 - y, width: 300, height: 200 };
  const [high, low] = namesOf(names, { ...scales, family: 'serif' }, 59);
  assert.deepEqual(
    [high, low].map(({ rows, leads }) => [rows, leads]),
    [
      [[[2]], false],
      [[[0, 1]], false],
    ]
  );
  assert.deepEqual(partsOf(names, low), [
    [
      { text: 'NGD, ', colour: '#967018' },
      { text: 'EFGD', colour: '#bb5566' },
    ],
  ]);
  assert.deepEqual(
    partsOf(names, { ...low, rows: [[0], [1]] }).map((row) => row[0].text),
    ['NGD,', 'EFGD']
  );
});

test('names of arrows stay in the panel and apart, each as near as it can be', () => {
  const area = { left: -50, right: 50, top: -20, bottom: 80 };
  const places = within(
    [
      [0, 10],
      [5, 12],
      [45, 10],
      [0, -30],
    ],
    [20, 20, 20, 20],
    12,
    area
  );
  assert.deepEqual(places, [
    [0, 5],
    [5, 17],
    [40, 10],
    [0, -14],
  ]);
});

test('an image has the names where the screen has them, as annotations that are no markup', () => {
  const whole = { data: [{ type: 'scatter', mode: 'lines' }, names], layout };
  const image = withAnnotations({
    ...whole,
    layout: withRoom(whole.data, layout, 400, 'serif'),
  });
  assert.deepEqual(image.data, [whole.data[0]]);
  const [high, low] = image.layout.annotations;
  assert.deepEqual([high.x, high.y, high.xshift], [10, 2, 10]);
  assert.deepEqual([low.x, low.y, low.showarrow], [10, 0, false]);
  assert.equal(high.text, '<span style="color:#004488">a&lt;b</span>');
  // Both would be cut in half by the edges of the axes: they are moved by half a row.
  assert.deepEqual([high.yshift, low.yshift], [-6, 6]);
  assert.equal(withAnnotations({ data: [], layout }).layout, layout);
});
