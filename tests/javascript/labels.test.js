import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineOf } from '../../efviz/dashboard/components/assets/hover.js';
import { besideTip } from '../../efviz/dashboard/components/assets/runners.js';
import { fitted, widthOf } from '../../efviz/dashboard/components/assets/words.js';

// Letters half as wide as high, three fifths where they are bold.
const context = {
  font: '',
  measureText(text) {
    const [, weight, size] = this.font.match(/^(\d+) ([\d.]+)px/);
    return { width: text.length * size * (+weight > 400 ? 0.6 : 0.5) };
  },
};
globalThis.document = { createElement: () => ({ getContext: () => context }) };

const TITLE = { text: '<b>NGD</b> <span>with damping</span>', font: { size: 10 } };
const HINT = '<i>click for a start</i>';

test('words are as wide as the canvas says', () => {
  assert.equal(widthOf('four', { size: 12, family: 'serif' }), 24);
  assert.equal(widthOf('four', { size: 10, family: 'serif', weight: 700 }), 24);
});

test('a title is whole where there is room, then loses the hint, then the subtitle', () => {
  // Bold 3 letters: 18. With the subtitle 13 more: 65. With ", " and the hint 19 more: 95.
  assert.match(fitted(TITLE, HINT, 200, 'serif').text, /damping<\/span><i>, click/);
  const whole = 18 + 5 * ' with damping, click for a start'.length;
  assert.ok(fitted(TITLE, HINT, whole, 'serif').text.includes('click'));
  assert.equal(fitted(TITLE, HINT, whole - 1, 'serif').text, TITLE.text);
  assert.equal(fitted(TITLE, HINT, 83, 'serif').text, TITLE.text);
  assert.equal(fitted(TITLE, HINT, 82, 'serif').text, '<b>NGD</b>');
});

test('letters get smaller where even the short title does not fit', () => {
  const { text, font } = fitted(TITLE, HINT, 10, 'serif');
  assert.equal(text, '<b>NGD</b>');
  assert.equal(font.size, 5); // 3 letters of 3 px; at 6 they would take 10.8
});

test('names stand beyond the tips of their arrows', () => {
  assert.deepEqual(besideTip(60, 0, 1, 3), [70, 0]);
  assert.deepEqual(besideTip(0, -30, 0, 1), [0, -40]);
});

test('names of parallel arrows stand apart, on either side', () => {
  const names = [0, 1, 2].map((i) => besideTip(0, 50, i, 3));
  assert.deepEqual(names, [
    [11, 60],
    [0, 60],
    [-11, 60],
  ]);
});

test('an arrow without length keeps its name near', () => {
  assert.deepEqual(besideTip(0, 0, 0, 3), [0, 0]);
});

test('words at the pointer stand low, and at the top while the pointer is where they would be', () => {
  const area = { width: 300, height: 200 };
  assert.equal(baselineOf(250, 190, area, 1), 190);
  assert.equal(baselineOf(20, 20, area, 2), 190);
  assert.equal(baselineOf(20, 190, area, 1), 14);
  assert.equal(baselineOf(20, 190, area, 2), 28);
  assert.equal(baselineOf(80, 190, { width: 100, height: 200 }, 1), 190);
});
