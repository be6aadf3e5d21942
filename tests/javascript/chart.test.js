import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cellOf,
  columnsIn,
  fitting,
  spanOf,
  widthOfColumn,
} from '../../efviz/dashboard/components/assets/grid.js';
import { split } from '../../efviz/dashboard/components/assets/layers.js';
import { columnsOf, tracesOf } from '../../efviz/dashboard/components/assets/numbers.js';
import { enlarge, recolour } from '../../efviz/dashboard/components/assets/theme.js';

const panel = { layout: {} };
const wide = { layout: { meta: { wide: true } } };
const spec = (figures, rows = 1) => ({ figures, rows, minWidth: 280, smallest: 150 });

test('columns are halved until each is wide enough', () => {
  const four = spec([panel, panel, panel, panel]);
  assert.deepEqual(
    [1400, 1120, 1119, 560, 300, 299].map((room) => columnsIn(four, room)),
    [4, 4, 2, 2, 2, 1]
  );
});

test('panels below each other make one column, wide ones none', () => {
  assert.equal(columnsIn(spec([panel, panel, panel, panel], 2), 1400), 2);
  assert.equal(columnsIn(spec([panel, panel, panel, wide]), 1400), 3);
  assert.equal(columnsIn(spec([panel]), 1400), 1);
});

test('columns and the 8 px between them fill the room', () => {
  assert.equal(widthOfColumn(4, 1400, 1200), 344);
  assert.equal(widthOfColumn(1, 1400, 1200), 1200);
});

test('a chart that must fit takes the columns with the widest panels, and no ragged last row', () => {
  const square = { layout: { margin: { l: 30, r: 10, t: 30, b: 30 }, meta: { aspect: 1 } } };
  const four = { ...spec([square, square, square, square]), maxWidth: 1200 };
  const height = (/** @type {any} */ { columns, width }) =>
    (4 / columns) * (width - 40 + 60) + 8 * (4 / columns - 1);
  assert.equal(fitting(four, 1000, 300, 1)?.columns, 4);
  const stacked = fitting(four, 500, 600, 1);
  assert.equal(stacked?.columns, 2);
  for (const [room, tall] of [
    [1000, 300],
    [500, 600],
    [500, 400],
    [900, 700],
  ]) {
    const found = fitting(four, room, tall, 1);
    assert.ok(found && height(found) <= tall && found.width <= room / found.columns);
  }
  // Larger margins leave smaller panels.
  assert.ok((fitting(four, 500, 440, 1.35)?.width ?? 0) < (fitting(four, 500, 440, 1)?.width ?? 0));
  assert.equal(fitting(four, 500, 200, 1), undefined);
});

test('each panel has its own cell, groups stay below each other', () => {
  const figures = Array.from({ length: 6 }, () => panel);
  const cells = figures.map((_, i) => cellOf(spec(figures, 2), i, 2));
  const places = cells.map(({ gridRow, gridColumn }) => `${gridRow} ${gridColumn}`);
  assert.deepEqual(places, ['1 1', '2 1', '1 2', '2 2', '3 1', '4 1']);
});

test('a wide panel covers half of many columns, all of few', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((columns) => spanOf(wide, columns)),
    [1, 2, 1, 2, 2]
  );
  assert.equal(cellOf(spec([panel, wide]), 1, 4).gridColumn, '1 / span 2');
});

test('colours are replaced wherever they are written, numbers are left as they are', () => {
  const x = Float32Array.of(1, 2);
  const rows = [x];
  const figure = {
    line: { color: '#004488' },
    texts: ['<b style="color:#004488">'],
    x,
    rows,
    n: 1,
    no: null,
  };
  const dark = recolour(figure, { '#004488': '#6699cc' });
  assert.deepEqual(dark, {
    line: { color: '#6699cc' },
    texts: ['<b style="color:#6699cc">'],
    x,
    rows,
    n: 1,
    no: null,
  });
  assert.equal(dark.x, x);
  assert.equal(dark.rows, rows);
  assert.equal(figure.line.color, '#004488');
});

test('larger letters bring their margins along and nothing else', () => {
  const x = Float32Array.of(10);
  const layout = {
    font: { size: 10 },
    tickfont: { size: 8, color: 'red' },
    margin: { l: 20 },
    width: 5,
    x,
  };
  assert.deepEqual(enlarge([{ layout }], 2)[0].layout, {
    font: { size: 20 },
    tickfont: { size: 16, color: 'red' },
    margin: { l: 40 },
    width: 5,
    x,
  });
  assert.equal(enlarge(layout, 1), layout);
});

const line = {
  type: 'scatter',
  mode: 'lines',
  hoverinfo: 'skip',
  name: 'path',
  x: [1, 10],
  y: [0, 1],
  line: {},
};
const marks = {
  type: 'scatter',
  mode: 'markers',
  name: 'minimum',
  x: [1],
  y: [1],
  marker: { symbol: 'star', color: 'red' },
};
const bars = { type: 'bar', name: 'bars', x: [1], y: [1] };
const axes = { xaxis: { type: 'log' }, yaxis: {} };

test('quiet lines go below Plotly, marks above, the rest is left to it', () => {
  const arrows = { name: 'ground', path: 'M0,0' };
  const box = { name: 'box', path: 'M1,1' };
  const parts = split([line, marks, bars], { ...axes, shapes: [arrows, box] });
  assert.deepEqual(
    parts.ground.map(({ path }) => path),
    ['M0,0', 'M0,0L1,1']
  );
  assert.deepEqual(parts.marks, [marks]);
  assert.deepEqual(parts.data, [bars]);
  assert.deepEqual(parts.layout.shapes, [box]);
});

test('marks that can be moved are handles', () => {
  const parts = split([marks], { ...axes, meta: { handles: [{ trace: 'minimum' }] } });
  assert.deepEqual([parts.handles, parts.marks], [[marks], []]);
});

test('an area would cover the ground: Plotly draws all but the marks', () => {
  const map = { type: 'heatmap', name: 'map' };
  const parts = split([map, line, marks], axes);
  assert.deepEqual([parts.ground, parts.marks, parts.data], [[], [marks], [map, line]]);
});

test('a table has the titles of the axes, and names where a trace has them', () => {
  const titled = { xaxis: { title: { text: '<i>w</i>' } }, yaxis: {} };
  const plain = columnsOf({ x: [1, 2], y: [3, 4] }, titled);
  assert.deepEqual([plain.titles, plain.length, plain.row(1)], [['w', 'y'], 2, [2, 4]]);
  const named = columnsOf({ x: [1], y: [3], text: ['one'], says: 'step' }, titled);
  assert.deepEqual(
    [named.titles, named.row(0)],
    [
      ['w', 'y', 'step'],
      [1, 3, 'one'],
    ]
  );
});

test('a grid is read row by row', () => {
  const grid = columnsOf(
    {
      x: [10, 20],
      y: [1, 2],
      z: [
        [5, 6],
        [7, 8],
      ],
    },
    {}
  );
  assert.deepEqual([grid.length, grid.row(2)], [4, [10, 2, 7]]);
});

test('traces of one name are numbered, scales of colours left out', () => {
  const data = [
    { name: 'run', x: [1] },
    { name: 'run', x: [2] },
    { name: 'scale', x: [null] },
  ];
  const read = tracesOf([{ _efviz: { name: 'GD', whole: { data, layout: {} } } }, { _efviz: {} }]);
  assert.deepEqual(
    read.map(({ title }) => title),
    ['GD: run 1', 'GD: run 2']
  );
});
