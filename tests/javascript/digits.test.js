import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digits } from '../../efviz/dashboard/components/assets/digits.js';

test('numbers are written as in the texts of the server', () => {
  const written = {
    0: '0',
    '-0': '0',
    0.08314: '0.0831',
    '-0.5': '−0.5',
    0.0001: '0.0001',
    0.00009996: '0.0001',
    99.96: '100',
    999.6: '1,000',
    '-12345.6': '−12,346',
    999600: '999,600',
    999999.6: '10⁶',
    '-1.5e7': '−1.5·10⁷',
    5.62e-6: '5.62·10⁻⁶',
    9.996e-6: '10⁻⁵',
    '-1e-12': '−10⁻¹²',
    Infinity: '–',
    NaN: '–',
  };
  for (const [value, words] of Object.entries(written)) assert.equal(digits(+value), words);
  assert.equal(digits(1234.567, 5), '1,234.6');
  assert.equal(digits(0.123456, 4), '0.1235');
  assert.equal(digits(2.44140625e-4, 6), '0.000244141');
});
