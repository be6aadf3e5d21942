import assert from 'node:assert/strict';
import test from 'node:test';

import { dashArray, whole } from '../../efviz/dashboard/components/assets/layers.js';

test('named dashes are in widths of the line, lengths in pixels', () => {
  assert.equal(dashArray('dash', 2), '6 4');
  assert.equal(dashArray('5px,2px', 3), '5 2');
  assert.equal(dashArray('solid', 3), 'none');
  assert.equal(dashArray(undefined, 3), 'none');
});

test('words are moved into view as far as they must, and not with an end out of view', () => {
  assert.equal(whole(50, 20, 100), 50);
  assert.deepEqual([whole(3, 20, 100), whole(99, 20, 100)], [10, 90]);
  assert.deepEqual([whole(-1, 20, 100), whole(101, 20, 100)], [-1, 101]);
  assert.equal(whole(5, 20, 10), 10);
});
