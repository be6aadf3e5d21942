import assert from 'node:assert/strict';
import test from 'node:test';

import { dashArray } from '../../efviz/dashboard/components/assets/layers.js';

test('named dashes are in widths of the line, lengths in pixels', () => {
  assert.equal(dashArray('dash', 2), '6 4');
  assert.equal(dashArray('5px,2px', 3), '5 2');
  assert.equal(dashArray('solid', 3), 'none');
  assert.equal(dashArray(undefined, 3), 'none');
});
