// The address bar follows the picture, but Safari refuses more than 100 changes in 10 s. A choice is an
// entry of the browser's history; all moves of one slider are one entry.
//
// After Back, Streamlit runs the page with the query it went to. Pictures that are older must not
// write their address over it.

/**
 * An address as the session knows it: changes of the same `entry` are undone together. `taken`: the
 * query that the session took over from the browser, at the time `at`.
 *
 * @typedef {{ query: string, entry: number, taken: string, at: number }} Address
 */

const SELDOM = 150; // ms between two changes of the address
const PATIENCE = 10_000; // ms after which a session that does not take over a query is believed

let written = -Infinity;
let taken = -Infinity; // when the session took over a query, as far as is known
/** @type {number | undefined} */
let postponed;
/** @type {{ pathname: string, entry: number } | undefined} */
let shown;
/** @type {{ query: string, since: number, until: number } | undefined} where Back went */
let awaited;

/** @param {string} query */
const same = (query) => new URLSearchParams(query).toString();

addEventListener('popstate', () => {
  clearTimeout(postponed);
  shown = undefined;
  const until = performance.now() + PATIENCE;
  awaited = { query: same(location.search), since: taken, until };
});

/** @param {Address} address */
function outdated({ taken: query, at }) {
  if (!awaited || performance.now() > awaited.until) return false;
  return at <= awaited.since || same(query) !== awaited.query;
}

/**
 * Show a query in the address bar, now or soon.
 *
 * @param {Address | null} address null leaves it to another chart
 */
export function showInAddress(address) {
  if (!address) return;
  clearTimeout(postponed);
  if (outdated(address)) return;
  awaited = undefined;
  taken = address.at;
  const { query, entry } = address;
  const { pathname } = location;
  if (query !== location.search.slice(1)) {
    const wait = written + SELDOM - performance.now();
    if (wait > 0) {
      postponed = setTimeout(() => pathname === location.pathname && showInAddress(address), wait);
      return;
    }
    written = performance.now();
    const url = pathname + (query && `?${query}`);
    const another = shown?.pathname === pathname && shown.entry !== entry;
    if (another) history.pushState({}, '', url);
    else history.replaceState(history.state, '', url);
  }
  shown = { pathname, entry };
}
