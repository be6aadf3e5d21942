import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digits, parse, Stops } from '../../efviz/dashboard/components/assets/slider.js';

const close = (a, b) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.abs(b) + 1e-12, `${a}, not ${b}`);

test('thousands and decimals are read as they are written', () => {
  const read = { '1,000': 1000, '-12,345.5': -12345.5, '1,5': 1.5, '0,001': 0.001, '1e-6': 1e-6 };
  for (const [text, value] of Object.entries(read)) assert.equal(parse(text), value);
  assert.ok(Number.isNaN(parse('1,00,0')));
});

test('a linear slider stops at whole steps from its left end', () => {
  const stops = new Stops({ min: -1, max: 2, step: 0.05 });
  close(stops.valueAt(0.337), 0.35);
  close(stops.valueAt(-0.99), -1);
  close(stops.valueAt(2), 2);
  assert.equal(stops.valueAt(0.3), 0.3, 'no digits of rounding');
});

test('a step that does not divide the range is made to, so that the right end is reached', () => {
  const stops = new Stops({ min: 0, max: 1, step: 0.3 });
  close(stops.step, 1 / 3);
  close(stops.valueAt(0.7), 2 / 3);
  assert.equal(stops.valueAt(1), 1);
});

test('a step longer than the range leaves both ends', () => {
  const stops = new Stops({ min: 1, max: 2, step: 5 });
  assert.deepEqual(
    [1.2, 1.7].map((position) => stops.valueAt(position)),
    [1, 2]
  );
});

test('a log slider runs over powers of ten', () => {
  const stops = new Stops({ min: 1e-8, max: 1, step: 0.25, log: true });
  assert.deepEqual([stops.low, stops.high], [-8, 0]);
  close(stops.valueAt(-3.1), 1e-3);
  close(stops.valueAt(-2.7), 0.00177827941004);
  close(stops.positionOf(1e-5), -5);
});

test('with zero there is one more stop at the left, which means 0', () => {
  const stops = new Stops({ min: 1e-8, max: 1, step: 0.5, log: true, zero: true });
  assert.equal(stops.low, -8.5);
  assert.equal(stops.positionOf(0), -8.5);
  assert.equal(stops.valueAt(-8.4), 0);
  close(stops.valueAt(-8.2), 1e-8);
});

test('every stop is its own position', () => {
  for (const data of [
    { min: 0.1, max: 0.7, step: 0.1 },
    { min: 1e-10, max: 1e3, step: 0.1, log: true, zero: true },
  ]) {
    const stops = new Stops(data);
    for (let position = stops.low; position < stops.high; position += stops.step) {
      close(stops.positionOf(stops.valueAt(position)), position);
    }
  }
});

test('values are written with three digits and read as people write them', () => {
  const written = {
    0: '0',
    0.05: '0.05',
    1234: '1230',
    '-0.5': '−0.5',
    1e-8: '1e−8',
    562000: '5.62e5',
  };
  for (const [value, words] of Object.entries(written)) assert.equal(digits(+value), words);
  assert.equal(parse(' −1,5 '), -1.5);
  assert.equal(parse('1e–8'), 1e-8);
  assert.ok(Number.isNaN(parse('one')));
});

test('a value is rounded to the digits that it has', () => {
  const whole = new Stops({ min: 10, max: 1e6, step: 0.25, log: true, digits: 0 });
  assert.equal(whole.valueAt(1.25), 18);
  const hundredths = new Stops({ min: -0.333, max: 1, step: 0.1, digits: 2 });
  assert.equal(hundredths.valueAt(0.1), 0.08);
  const thousands = new Stops({ min: 0, max: 1e6, step: 700, digits: -3 });
  assert.equal(thousands.valueAt(1400), 1000);
});

test('stops beside a value end at the ends', () => {
  const stops = new Stops({ min: 1e-2, max: 1, step: 1, log: true, zero: true });
  assert.deepEqual(
    [-3, -2, -1, 1, 2].map((offset) => stops.beside(0.1, offset)),
    [undefined, 0, 0.01, 1, undefined]
  );
});
