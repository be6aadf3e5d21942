import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

/** A browser's address bar and its history. */
const entries = [];
let at = 0;
let now = 0;
let popped = () => {};
/** What happens later: when, and what. */
const later = new Map();
globalThis.setTimeout = (act, ms) => later.set(act, now + ms) && act;
globalThis.clearTimeout = (act) => later.delete(act);
globalThis.performance = { now: () => now };
globalThis.addEventListener = (_, act) => {
  popped = act;
};
globalThis.location = {
  get pathname() {
    return entries[at].split('?')[0];
  },
  get search() {
    const [, query] = entries[at].split('?');
    return query ? `?${query}` : '';
  },
};
globalThis.history = {
  state: null,
  replaceState: (_state, _unused, url) => {
    entries[at] = url;
  },
  pushState: (_state, _unused, url) => {
    entries.splice(++at, Infinity, url);
  },
};
const { showInAddress } = await import('../../efviz/dashboard/components/assets/address.js');

let taken = 0;
let time = 0;

/** Time goes on, and what is postponed with it. */
function wait(ms = 1000) {
  now += ms;
  for (const [act, when] of later) if (when <= now && later.delete(act)) act();
}
function show(query, entry, took = taken, at = time) {
  wait();
  showInAddress({ query, entry, taken: took, at });
}
function go(steps) {
  wait();
  at += steps;
  popped();
}
/** The session takes over the query to which the browser went. */
function take() {
  taken = location.search.slice(1);
  time += 1;
}

beforeEach(() => {
  entries.splice(0, Infinity, '/page?s=1');
  at = 0;
  wait(60_000);
  popped();
  take();
  show('s=1', 0);
});

test('a choice is an entry of the history, and the moves of one slider are one', () => {
  show('s=1&p=B', 1);
  show('s=1.1&p=B', 2);
  show('s=1.2&p=B', 2);
  show('s=1.2&p=B', 3);
  show('s=1.2', 4);
  assert.deepEqual(entries, ['/page?s=1', '/page?s=1&p=B', '/page?s=1.2&p=B', '/page?s=1.2']);
});

test('what is on its way when the browser goes back does not write over the address', () => {
  show('s=2', 1);
  const before = [taken, time];
  go(-1);
  show('s=3', 2, ...before);
  assert.equal(entries[at], '/page?s=1');
  take();
  show('s=1', 2);
  assert.deepEqual([entries, at], [['/page?s=1', '/page?s=2'], 0], 'forward still works');
  show('s=4', 3);
  assert.deepEqual(entries, ['/page?s=1', '/page?s=4']);
});

test('of several steps back, only the answer to the last counts', () => {
  show('s=2', 1);
  show('s=3', 2);
  go(-1);
  take();
  const first = [taken, time];
  go(-1);
  show('s=2', 2, ...first);
  assert.equal(entries[at], '/page?s=1');
  take();
  show('s=1&x=1', 2);
  assert.deepEqual(entries, ['/page?s=1&x=1', '/page?s=2', '/page?s=3']);
});

test('an old answer for the same query does not count for a new step back', () => {
  show('s=2', 1);
  go(-1);
  take();
  show('s=1', 1);
  show('s=5', 2);
  go(-1);
  show('s=5', 2);
  assert.deepEqual(entries, ['/page?s=1', '/page?s=5']);
  assert.equal(at, 0);
});

test('a session that does not take over an address is believed after a while', () => {
  show('s=2', 1);
  go(-1);
  show('s=2', 1);
  assert.equal(entries[at], '/page?s=1');
  wait(20_000);
  show('s=2', 1);
  assert.equal(entries[at], '/page?s=2');
});

test('another page begins in its own entry', () => {
  show('s=2', 1);
  history.pushState({}, '', '/other');
  show('q=1', 2);
  assert.deepEqual(entries, ['/page?s=1', '/page?s=2', '/other?q=1']);
});

test('the address changes seldom, and at last to the newest query', () => {
  wait();
  for (let i = 0; i < 20; i++) {
    showInAddress({ query: `s=${i}`, entry: 1, taken, at: time });
    wait(20);
  }
  wait();
  assert.deepEqual(entries, ['/page?s=1', '/page?s=19']);
});

test('a chart beside another leaves the address to it', () => {
  show('s=2', 1);
  showInAddress(null);
  wait();
  assert.equal(entries[at], '/page?s=2');
});
