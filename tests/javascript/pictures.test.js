import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  around,
  inLink,
  Kept,
  Pictures,
  read,
} from '../../efviz/dashboard/components/assets/pictures.js';

/** Frames are drawn when a test says so. */
const frames = [];
globalThis.requestAnimationFrame = (draw) => frames.push(draw);
const paint = () => frames.splice(0).forEach((draw) => draw());
const words = {};
globalThis.document = {
  querySelector: (/** @type {string} */ found) => {
    const [, name] = found.match(/data-efviz-words="(\w+)"/);
    return name in words
      ? {
          set innerHTML(html) {
            words[name] = html;
          },
        }
      : null;
  },
};
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** A picture as bytes: its text is that of its one chart. */
function bytesOf(text) {
  const head = JSON.stringify({
    query: text,
    remarks: [],
    words: { sentence: `says ${text}` },
    charts: [
      { name: 'chart', size: text.length },
      { name: 'gone', size: 0 },
    ],
  });
  const json = new TextEncoder().encode(head + ' '.repeat(-head.length & 3));
  const all = new Uint8Array(4 + json.length + text.length);
  new DataView(all.buffer).setUint32(0, json.length, true);
  all.set(json, 4);
  all.set(new TextEncoder().encode(text), 4 + json.length);
  return all.buffer;
}

/** A page with one chart, and the requests that it makes, to be answered one by one. */
function opened(link = 'b=2') {
  const asked = [];
  const shown = [];
  const pictures = new Pictures(
    (url, options) =>
      new Promise((resolve, reject) => {
        const answer = (status = 200, text = new URL(url, 'http://x').search.slice(1)) =>
          resolve({ status, arrayBuffer: async () => bytesOf(text) });
        asked.push({ url, options, answer, fail: () => reject(new Error('no network')) });
        options.signal.addEventListener('abort', () => reject(new Error('aborted')));
      })
  );
  const chart = {
    show: (buffer, at) => shown.push(new TextDecoder().decode(new Uint8Array(buffer, at))),
  };
  pictures.add(chart, { name: 'chart', address: '/p/1/page', link });
  return { pictures, asked, shown, chart, slow: [], hand: {} };
}

/** Move a hand to a value of a; what it must do slowly is noted. */
const move = ({ pictures, slow }, hand, a) =>
  pictures.follow(hand, { a: String(a) }, () => slow.push(a));

test('the picture of a move is fetched by its link and drawn in the next frame', async () => {
  const page = opened();
  words.sentence = '';
  assert.ok(move(page, page.hand, 1));
  assert.deepEqual(
    page.asked.map(({ url }) => url),
    ['/p/1/page?a=1&b=2']
  );
  page.asked[0].answer();
  await settled();
  assert.deepEqual(page.shown, []);
  paint();
  assert.deepEqual(page.shown, ['a=1&b=2']);
  assert.equal(words.sentence, 'says a=1&b=2');
});

test('one request is under way, and of those that wait the newest wins', async () => {
  const page = opened();
  for (const a of [1, 2, 3, 4]) move(page, page.hand, a);
  assert.equal(page.asked.length, 1);
  page.asked[0].answer();
  await settled();
  assert.deepEqual(
    page.asked.map(({ url }) => url),
    ['/p/1/page?a=1&b=2', '/p/1/page?a=4&b=2']
  );
  paint();
  page.asked[1].answer();
  await settled();
  paint();
  assert.deepEqual(page.shown, ['a=1&b=2', 'a=4&b=2']);
});

test('a picture that was fetched needs no network, and no older one replaces it', async () => {
  const page = opened();
  move(page, page.hand, 1);
  page.asked[0].answer();
  await settled();
  paint();
  move(page, page.hand, 2);
  move(page, page.hand, 1); // kept, while 2 is on its way
  paint();
  page.asked[1].answer();
  await settled();
  paint();
  assert.equal(page.asked.length, 2);
  assert.deepEqual(page.shown, ['a=1&b=2', 'a=1&b=2']);
});

test('two pictures of one frame are drawn once', async () => {
  const page = opened();
  for (const a of [1, 2]) {
    move(page, page.hand, a);
    page.asked.at(-1).answer();
    await settled();
  }
  paint();
  assert.deepEqual(page.shown, ['a=2&b=2']);
});

test('when the session shows where the hand rests, nothing older is drawn any more', async () => {
  const page = opened();
  move(page, page.hand, 1);
  assert.ok(page.pictures.moving);
  page.pictures.rest(page.hand);
  assert.ok(!page.pictures.moving);
  await settled();
  page.asked[0].answer();
  await settled();
  paint();
  assert.deepEqual(page.shown, []);
  assert.ok(page.asked[0].options.signal.aborted);
});

test('a second hand keeps what the first has changed and the session does not know yet', () => {
  const page = opened();
  move(page, page.hand, 1);
  const other = {};
  page.pictures.follow(other, { c: '3' }, () => {});
  assert.equal(page.pictures.wanted.url, '/p/1/page?a=1&b=2&c=3');
  page.pictures.rest(page.hand);
  assert.ok(page.pictures.moving);
  page.pictures.rest(other);
  assert.ok(!page.pictures.moving);
});

for (const status of [202, 204]) {
  test(`after ${status} the session makes the newest picture, and is asked itself for a while`, async () => {
    const page = opened();
    move(page, page.hand, 1);
    move(page, page.hand, 2);
    page.asked[0].answer(status);
    await settled();
    assert.deepEqual(page.slow, [2]);
    assert.ok(!page.pictures.moving, 'pictures of the session are not held back');
    assert.equal(move(page, page.hand, 3), false);
    page.pictures.closed = -Infinity; // a while later
    assert.ok(move(page, page.hand, 4));
  });
}

for (const [name, fails] of [
  ['no route', (one) => one.answer(404)],
  ['no network', (one) => one.fail()],
]) {
  test(`with ${name} everything is left to the session`, async () => {
    const page = opened();
    move(page, page.hand, 1);
    fails(page.asked[0]);
    await settled();
    assert.deepEqual(page.slow, [1]);
    assert.equal(move(page, page.hand, 2), false);
    assert.ok(page.pictures.closed > performance.now() + 5000);
  });
}

test('what is no picture is left to the session', async () => {
  const page = opened();
  page.pictures.get = async () => ({
    status: 200,
    arrayBuffer: async () =>
      new TextEncoder().encode('<!doctype html><title>Log in</title>').buffer,
  });
  move(page, page.hand, 1);
  await settled();
  assert.deepEqual(page.slow, [1]);
});

test('an own table has no address', () => {
  const page = opened();
  page.pictures.add(page.chart, { name: 'chart', address: null, link: null });
  assert.equal(move(page, page.hand, 1), false);
  page.pictures.ahead([{ a: '2' }]);
  assert.equal(page.asked.length, 0);
});

test('pictures ahead are fetched one after the other, at low priority, each once', async () => {
  const page = opened();
  page.pictures.ahead([{ a: '2' }, { a: '0' }]);
  assert.equal(page.asked.length, 1);
  assert.equal(page.asked[0].options.priority, 'low');
  assert.ok(page.asked[0].options.headers['efviz-ahead']);
  for (const one of page.asked) {
    one.answer();
    await settled();
  }
  assert.deepEqual(
    page.asked.map(({ url }) => url),
    ['/p/1/page?a=2&b=2', '/p/1/page?a=0&b=2']
  );
  page.pictures.ahead([{ a: '2' }, { a: '0' }]);
  assert.equal(page.asked.length, 2);
  move(page, page.hand, 0);
  assert.equal(page.asked.length, 2);
  paint();
  assert.deepEqual(page.shown, ['a=0&b=2']);
});

test('the hand goes before what is ahead of it', async () => {
  const page = opened();
  page.pictures.ahead([{ a: '5' }, { a: '6' }]);
  move(page, page.hand, 1);
  await settled();
  assert.ok(page.asked[0].options.signal.aborted);
  assert.equal(page.asked.at(-1).url, '/p/1/page?a=1&b=2');
  page.asked.at(-1).answer();
  await settled();
  assert.equal(page.asked.length, 2, 'nothing is ahead while it moves');
});

test('a busy server is asked ahead again only after a while', async () => {
  const page = opened();
  page.pictures.ahead([{ a: '5' }, { a: '6' }]);
  page.asked[0].answer(204);
  await settled();
  assert.equal(page.asked.length, 1);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.deepEqual(
    page.asked.map(({ url }) => url),
    ['/p/1/page?a=5&b=2', '/p/1/page?a=5&b=2']
  );
  page.asked[1].answer(204);
  await settled();
  assert.ok(move(page, page.hand, 1), 'but the hand is followed');
  assert.equal(page.asked.length, 3);
});

test('another page forgets the charts, links and requests of the last one', async () => {
  const page = opened();
  move(page, page.hand, 1);
  page.pictures.remove(page.chart);
  await settled();
  assert.ok(page.asked[0].options.signal.aborted);
  assert.ok(!page.pictures.moving);
  assert.equal(move(page, page.hand, 2), false);
});

test('what is kept is bounded in number and bytes, the least recently used going first', () => {
  const kept = new Kept();
  const picture = (bytes) => ({ header: {}, start: 0, buffer: { byteLength: bytes } });
  for (let i = 0; i < 300; i++) {
    kept.put(`small ${i}`, picture(10));
    kept.get('small 0');
  }
  assert.equal(kept.pictures.size, 200);
  assert.equal(kept.bytes, 2000);
  assert.ok(kept.get('small 0'));
  assert.ok(!kept.get('small 1'));
  for (let i = 0; i < 5; i++) kept.put(`large ${i}`, picture(10 * 2 ** 20));
  assert.ok(kept.bytes <= 32 * 2 ** 20);
  assert.ok(kept.get('large 4'));
});

test('a hand rests longer where the session is slow, within bounds', () => {
  const pictures = new Pictures();
  const pauses = [0, 20, 100, 400, 5000].map((took) => Object.assign(pictures, { took }).pause);
  assert.deepEqual(pauses, [250, 250, 400, 1600, 3000]);
});

test('a number is written in a link as the server writes it', () => {
  const written = {
    0: '0',
    1.5: '1.5',
    1000: '1000',
    0.0001: '0.0001',
    0.00001: '1e-05',
    1.5e-7: '1.5e-07',
    1e-12: '1e-12',
    1e15: '1000000000000000',
    1e16: '1e16',
    1.25e21: '1.25e21',
  };
  for (const [value, text] of Object.entries(written)) assert.equal(inLink(Number(value)), text);
  assert.equal(inLink(-0.00002), '-2e-05');
});

test('the nearest come first, and none beyond the ends', () => {
  const stops = (at) => (offset) =>
    at + offset >= 0 && at + offset <= 4 ? at + offset : undefined;
  assert.deepEqual(around(stops(1), 3), [2, 0, 3, 4]);
});

test('a header is read up to its last byte', () => {
  const { header, start, buffer } = read(bytesOf('a=1'));
  assert.equal(header.query, 'a=1');
  assert.equal(new TextDecoder().decode(new Uint8Array(buffer, start)), 'a=1');
});
