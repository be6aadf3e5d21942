import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosen, decode, opened, unpack } from '../../efviz/dashboard/components/assets/wire.js';

/** Length, text padded with spaces to whole floats, floats: written byte by byte. */
function packed(json, numbers = []) {
  const text = JSON.stringify(json);
  const length = Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(4 + length + 4 * numbers.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  for (let i = 0; i < length; i++) bytes[4 + i] = (text[i] ?? ' ').charCodeAt(0);
  numbers.forEach((number, i) => view.setFloat32(4 + length + 4 * i, number, true));
  return bytes;
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function message(...bodies) {
  const figures = bodies.map((body, i) => ({ name: `f${i}`, size: body.length, digest: `d${i}` }));
  const session = { query: 's=1', ack: 3, clicks: true, frame: null };
  return joined(packed(session), packed({ figures, rows: 1 }), ...bodies);
}

test('vectors and matrices are found at their offsets among the floats', () => {
  const { buffer } = packed(
    { x: { $a: [4, 2] }, deep: [{ z: { $a: [0, 2, 2] } }], none: { $a: [6, 0] }, plain: 7 },
    [1, 2, 3, 4, 0.5, Number.NaN]
  );
  const [value] = unpack(buffer, 0);
  assert.deepEqual([...value.x], [0.5, Number.NaN]);
  assert.deepEqual(
    value.deep[0].z.map((row) => [...row]),
    [
      [1, 2],
      [3, 4],
    ]
  );
  assert.equal(value.none.length, 0);
  assert.equal(value.plain, 7);
});

test('a message is read wherever it lies in its buffer', () => {
  const bytes = message(
    packed({ data: [{ x: { $a: [0, 1] } }] }, [5]),
    packed({ data: [{ x: { $a: [0, 1] } }] }, [6])
  );
  const shifted = joined(new Uint8Array(3), bytes).subarray(3);
  const { session, buffer, start } = opened(shifted);
  const spec = decode(buffer, start);
  assert.deepEqual(session, { query: 's=1', ack: 3, clicks: true, frame: null });
  assert.deepEqual(
    spec.figures.map(({ name }) => name),
    ['f0', 'f1']
  );
  assert.deepEqual(
    spec.figures.map(({ data }) => data[0].x[0]),
    [5, 6]
  );
  assert.equal(spec.revision, 'd0 d1');
});

test('a figure that is shown already is kept, the one after it read at its place', () => {
  const first = packed({ data: ['old'] });
  const read = (bytes, shown) => {
    const { buffer, start } = opened(bytes);
    return decode(buffer, start, shown);
  };
  const shown = read(message(first, packed({ data: ['was'] })));
  shown.figures[1].digest = 'another';
  const next = read(
    message(packed({ data: ['junk of another length'] }), packed({ data: ['new'] })),
    shown
  );
  assert.equal(next.figures[0].data, shown.figures[0].data);
  assert.deepEqual(next.figures[1].data, ['new']);
});

test('chosen panels keep their places among all, and none chosen are all', () => {
  const whole = { rows: 2, figures: ['a', 'b', 'c', 'd'].map((name) => ({ name })) };
  const names = (/** @type {any} */ spec) => spec.figures.map((one) => `${one.name}${one.place}`);
  assert.deepEqual(names(chosen(whole, [])), ['a0', 'b1', 'c2', 'd3']);
  assert.deepEqual(names(chosen(whole, ['x'])), ['a0', 'b1', 'c2', 'd3']);
  assert.deepEqual(names(chosen(whole, ['d', 'b', 'c'])), ['b1', 'c2', 'd3']);
  // A single column is laid on its side.
  assert.equal(chosen(whole, ['c', 'd']).rows, 1);
  assert.equal(chosen(whole, ['b', 'c', 'd']).rows, 2);
});
