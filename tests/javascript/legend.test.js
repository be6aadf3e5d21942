import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesOf } from '../../efviz/dashboard/components/assets/legend.js';

const star = {
  name: 'best',
  x: [1],
  marker: { symbol: 'star', color: '#123', size: 13, line: { width: 1.5, color: '#fff' } },
};
const map = {
  name: 'loss',
  x: [1],
  colorscale: [
    [0, '#000'],
    [1, '#fff'],
  ],
};
const legend = [
  { trace: 'best', words: 'the best' },
  { trace: 'loss', words: 'loss' },
  { colour: '#888', words: 'diverged' },
];
const figure = (data, meta = { legend }) => ({ data, layout: { meta } });

test('a legend has the look of marks and shades, each once', () => {
  const found = entriesOf([figure([star, map]), figure([map, star])]);
  assert.deepEqual(
    found.map(({ words }) => words),
    ['the best', 'loss', 'diverged']
  );
  assert.deepEqual(found[0].look, { symbol: 'star', colours: ['#123'], size: 13, edge: '#fff' });
  assert.deepEqual(found[1].look, { colours: ['#000', '#fff'] });
  assert.deepEqual(found[2].look, { colours: ['#888'] });
});

test('what a figure does not show is not in its legend', () => {
  const none = { ...star, x: [] };
  const words = (figures) => entriesOf(figures).map((entry) => entry.words);
  assert.deepEqual(words([figure([none])]), ['diverged']);
  assert.deepEqual(words([figure([star], {}), figure([star], null)]), []);
});
