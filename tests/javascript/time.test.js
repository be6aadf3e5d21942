import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between } from '../../efviz/dashboard/components/assets/contrast.js';
import { frameOf, iterationAt, ticksOf } from '../../efviz/dashboard/components/assets/play.js';
import { runsOf } from '../../efviz/dashboard/components/assets/runners.js';

const STEPS = Float32Array.of(0, 1, 2, 5, 10, 100, 1000);

test('an iteration is shown at the nearest recorded step, the earlier of two', () => {
  assert.deepEqual(
    [0, 3, 4, 7.5, 56, 1e9].map((at) => frameOf(STEPS, at)),
    [0, 2, 3, 3, 5, 6]
  );
});

test('between recorded steps iterations pass evenly', () => {
  assert.deepEqual(
    [0, 3.5, 4.5, 6].map((at) => iterationAt(STEPS, at)),
    [0, 8, 55, 1000]
  );
});

test('a recorded step is where it says', () => {
  STEPS.forEach((step, i) => assert.equal(frameOf(STEPS, iterationAt(STEPS, i)), i, `${step}`));
});

test('the bar names 0, the last iteration, and powers of ten that have room', () => {
  const even = Array.from({ length: 101 }, (_, i) => 10 * i);
  assert.deepEqual(ticksOf(even), [
    { step: 0, share: 0 },
    { step: 1000, share: 1 },
  ]);
  const steps = ticksOf(STEPS);
  assert.deepEqual(
    steps.map(({ step }) => step),
    [0, 1, 10, 100, 1000]
  );
  assert.deepEqual(
    steps.map(({ share }) => Math.round(6 * share)),
    [0, 1, 4, 5, 6]
  );
});

test('the moving picture stands between the recorded steps around it', () => {
  const steps = [0, 10, 30];
  assert.deepEqual(between(steps, 0), { i: 0, next: 1, part: 0 });
  assert.deepEqual(between(steps, 25), { i: 1, next: 2, part: 0.75 });
  assert.deepEqual(between(steps, 30), { i: 2, next: 2, part: 0 });
});

test('a line with gaps is read as its runs', () => {
  const gap = Number.NaN;
  const trace = { x: [1, 2, gap, 3, 4, gap], y: [5, 6, gap, 7, 8, gap], line: { color: 'red' } };
  assert.deepEqual(runsOf(trace, 2), [
    { x: [1, 2], y: [5, 6], colour: 'red' },
    { x: [3, 4], y: [7, 8], colour: 'red' },
  ]);
});
