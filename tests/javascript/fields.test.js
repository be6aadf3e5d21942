import assert from 'node:assert/strict';
import { test } from 'node:test';
import { angle, arrowTo, between } from '../../efviz/dashboard/components/assets/hover.js';

const X = [0, 1, 2];
const Y = [-1, 1];
const plane = (x, y) => 3 + 2 * x - 5 * y;
const ROWS = Y.map((y) => X.map((x) => plane(x, y)));

test('a plane is interpolated exactly, up to its edges', () => {
  for (const [x, y] of [
    [0, -1],
    [2, 1],
    [0.3, 0.4],
    [1, 0],
    [1.99, -0.5],
  ]) {
    assert.ok(Math.abs(between(X, Y, ROWS, x, y) - plane(x, y)) < 1e-12);
  }
});

test('nothing is said outside of the grid', () => {
  for (const [x, y] of [
    [-0.01, 0],
    [2.01, 0],
    [1, 1.01],
    [Number.NaN, 0],
  ]) {
    assert.ok(Number.isNaN(between(X, Y, ROWS, x, y)));
  }
});

test('angles are those between directions, whatever their lengths', () => {
  assert.equal(angle([1, 0], [0, 5]), 90);
  assert.equal(angle([1, 1], [-2, -2]), 180);
  assert.ok(Math.abs(angle([1, 0], [1, Math.sqrt(3)]) - 60) < 1e-12);
  assert.equal(angle([1e-200, 0], [1e-200, 0]), 0);
  assert.ok(Number.isNaN(angle([0, 0], [1, 0])));
});

test('an arrow is a line with two strokes at its tip, none longer than itself', () => {
  assert.equal(arrowTo(20, 0), 'M0,0L20,0M13,3.8500000000000005L20,0L13,-3.8500000000000005');
  assert.match(arrowTo(0, 2), /^M0,0L0,2M-1.1,0L/);
  assert.equal(arrowTo(0, 0), '');
  assert.equal(arrowTo(Number.NaN, 1), '');
});
