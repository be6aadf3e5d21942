import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nudged } from '../../efviz/dashboard/components/assets/drag.js';
import { dotsOf, linesOf, planeOf } from '../../efviz/dashboard/components/assets/layers.js';
import { ring, scalesOf } from '../../efviz/dashboard/components/assets/svg.js';

const PLOT = {
  size: { l: 10, t: 20, w: 200, h: 100 },
  xaxis: { type: 'linear', range: [-1, 3] },
  yaxis: { type: 'log', range: [-2, 2] },
  font: { family: 'serif' },
};
const close = (a, b) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.abs(b) + 1e-12, `${a}, not ${b}`);

test('a linear axis runs from left to right, a logarithmic one upwards by powers of ten', () => {
  const { toX, toY, left, top, width, height, family } = scalesOf(PLOT);
  assert.deepEqual([left, top, width, height, family], [10, 20, 200, 100, 'serif']);
  assert.deepEqual([-1, 0, 3].map(toX), [0, 50, 200]);
  assert.deepEqual([0.01, 1, 100].map(toY), [100, 50, 0]);
});

test('pixels lead back to the data', () => {
  const { toX, toY, fromX, fromY } = scalesOf(PLOT);
  for (const value of [0.02, 0.7, 2.5]) {
    close(fromX(toX(value)), value);
    close(fromY(toY(value)), value);
  }
  assert.equal(fromY(25), 10);
});

test('an axis may run backwards', () => {
  const { toX, fromX } = scalesOf({ ...PLOT, xaxis: { range: [3, -1] } });
  assert.deepEqual([2, -1].map(toX), [50, 200]);
  assert.equal(fromX(50), 2);
});

test("the browser's matrix puts the numbers of the axes where the scales put the data", () => {
  const plot = { ...PLOT, yaxis: { range: [5, 9] } };
  const [a, b, c, d, e, f] = planeOf(plot)
    .match(/[-\d.]+/g)
    .map(Number);
  const { toX, toY } = scalesOf(plot);
  for (const [x, y] of [
    [-1, 5],
    [0.25, 6.5],
    [3, 9],
  ]) {
    close(a * x + c * y + e, toX(x));
    close(b * x + d * y + f, toY(y));
  }
});

test('a key moves a mark by a share of the axis, and the other coordinate not by a bit', () => {
  const scales = scalesOf(PLOT);
  const place = { x: 0.1, y: 0.3 };
  const right = nudged(place, [1, 0], 0.01, scales);
  close(right.x, 0.14);
  assert.equal(right.y, 0.3);
  close(nudged(place, [0, 1], 0.1, scales).y, 0.3 * 10 ** 0.4);
});

test('a key leaves a mark whole at the edge of the plot', () => {
  const scales = scalesOf(PLOT);
  const { width, height, toX, toY } = scales;
  close(toX(nudged({ x: 2.99, y: 1 }, [1, 0], 0.1, scales).x), width - 11);
  close(toY(nudged({ x: 0, y: 0.011 }, [0, -1], 0.1, scales).y), height - 11);
});

test('a line is broken where a number is not finite', () => {
  const x = Float32Array.of(0, 1, Number.NaN, 3, 4);
  assert.equal(linesOf(x, [0, 1, 2, Number.POSITIVE_INFINITY, 4]), 'M0,0L1,1M4,4');
  assert.equal(linesOf([], []), '');
});

test('points outside of the plot are not drawn, those that reach into it are', () => {
  const scales = { toX: (x) => x, toY: (y) => y, width: 100, height: 50 };
  const dots = { x: [-5, -3, 50.123, 104.5], y: [10, 10, 20, 10], width: 4 };
  assert.equal(dotsOf(dots, scales), 'M-3,10h.01M50.12,20h.01');
});

test('a ring has equal sides and begins at the top', () => {
  const corners = ring(6, () => 2);
  close(corners[0][1], -2);
  corners.forEach(([x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % 6];
    close(Math.hypot(x - nextX, y - nextY), 2);
  });
});
