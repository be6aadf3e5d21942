// The address bar follows the picture, but Safari refuses more than 100 changes in 10 s.

const SELDOM = 150; // ms between two changes of the address

let written = -Infinity;
/** @type {number | undefined} */
let postponed;

/**
 * Show a query in the address bar, now or soon.
 *
 * @param {string} query what stands behind the "?"; "-" leaves the address to another chart
 */
export function showInAddress(query) {
  clearTimeout(postponed);
  if (query === '-' || query === location.search.slice(1)) return;
  const { pathname } = location;
  const wait = written + SELDOM - performance.now();
  if (wait > 0) {
    postponed = setTimeout(() => pathname === location.pathname && showInAddress(query), wait);
    return;
  }
  written = performance.now();
  history.replaceState(history.state, '', pathname + (query && `?${query}`));
}
