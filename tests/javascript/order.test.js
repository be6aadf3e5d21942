import assert from 'node:assert/strict';
import { test } from 'node:test';
import inOrder from '../../efviz/dashboard/components/assets/order.js';
import { Reports, Touch } from '../../efviz/dashboard/components/assets/touch.js';

const later = (ms) => new Promise((done) => setTimeout(done, ms));

/** Calls as Streamlit makes them; those with `stale` are taken back as soon as they are done. */
async function play(...calls) {
  const parentElement = { isConnected: true };
  const render = async ({ data }) => {
    parentElement.shown = data;
    return () => (parentElement.shown = undefined);
  };
  await Promise.all(
    calls.map(async ({ data, stale }) => {
      const remove = await inOrder(render, { data, parentElement });
      if (stale) remove();
    })
  );
  await later(150);
  return parentElement.shown;
}

test('the newest data are shown though older ones come after them', async () => {
  assert.equal(await play({ data: 2 }, { data: 1, stale: true }), 2);
});

test('the last of several is shown, what it overtook is taken back', async () => {
  assert.equal(await play({ data: 1, stale: true }, { data: 2, stale: true }, { data: 3 }), 3);
});

test('what has gone from the page is removed once', async () => {
  const parentElement = { isConnected: true };
  let removed = 0;
  const render = async () => () => (removed += 1);
  const removes = [];
  for (const data of [1, 2]) removes.push(await inOrder(render, { data, parentElement }));
  parentElement.isConnected = false;
  for (const remove of removes) remove();
  assert.equal(removed, 1);
});

const at = (x, action = 'move', index = 0) => ({ trace: 'data', index, panel: 0, x, y: 0, action });

test('while a report is under way only the newest place of a mark waits', () => {
  const sent = [];
  const reports = new Reports((report) => sent.push(report));
  for (const x of [1, 2, 3]) reports.push(at(x));
  assert.deepEqual(
    sent.map(({ x, sequence }) => [x, sequence]),
    [[1, 1]]
  );
  reports.answer(1);
  assert.deepEqual(
    sent.map(({ x }) => x),
    [1, 3]
  );
  assert.equal(reports.done, false);
  reports.answer(2);
  assert.equal(reports.done, true);
});

test('reports of other marks and removals all arrive, in their order', () => {
  const sent = [];
  const reports = new Reports((report) => sent.push(report));
  for (const report of [at(1), at(2, 'remove'), at(3), at(4, 'move', 1)]) reports.push(report);
  for (const ack of [1, 2, 3, 4]) reports.answer(ack);
  assert.deepEqual(
    sent.map(({ x }) => x),
    [1, 2, 3, 4]
  );
});

test('a mark stands where the reader put it until the server has answered', () => {
  let sequence;
  const touch = new Touch({
    panels: () => [],
    send: (report) => (sequence = report.sequence),
    point: () => '',
    say: () => {},
  });
  const trace = { name: 'data', x: [0, 5], y: [0, 6] };
  touch.report(at(9), 'move');
  assert.deepEqual(touch.now(trace), { name: 'data', x: [9, 5], y: [0, 6] });
  touch.settle();
  assert.deepEqual(touch.now(trace).x, [9, 5]);
  touch.reports.answer(sequence);
  touch.settle();
  assert.equal(touch.now(trace), trace);
});
