// Numbers as people read them: 1,000; 0.0831; 5.62·10⁻⁶; −3. The style of efviz/numbers.py.

const RAISED = '⁻⁰¹²³⁴⁵⁶⁷⁸⁹';

/**
 * A number to `n` significant digits, but its whole part in full; with a power of ten below 10⁻⁴ and
 * from a million on, and a dash if it is not finite.
 *
 * @param {number} number
 */
export function digits(number, n = 3) {
  if (!Number.isFinite(number)) return '–';
  const [mantissa, exponent] = number
    .toExponential(n - 1)
    .split('e')
    .map(Number);
  if (mantissa === 0) return '0';
  if (exponent < -4 || Math.abs(Math.round(number)) >= 1e6) {
    const raised = String(exponent).replace(/./g, (sign) => RAISED['-0123456789'.indexOf(sign)]);
    const lead = Math.abs(mantissa) === 1 ? (mantissa < 0 ? '-' : '') : `${mantissa}·`;
    return `${lead}10${raised}`.replace('-', '−');
  }
  const most = Math.max(n - 1 - exponent, 0);
  return number.toLocaleString('en', { maximumFractionDigits: most }).replace('-', '−');
}
