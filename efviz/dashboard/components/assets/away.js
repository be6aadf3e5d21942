// A line that says that the browser is offline or the server does not answer, and that the page goes on
// by itself: Streamlit reconnects, and a new process is told the address, which says what to show.

import { CONNECTION, isConnected } from './compat.js';

const SOON = 1500; // ms without a connection after which that is said
const FIRST = 8000; // the same for a page that opens
const AGAIN = 3000; // ms between two questions whether the server can be reached

const STYLE = `
  .efviz-away {
    position: fixed; z-index: 1000000; top: 0.5rem; left: 50%; transform: translateX(-50%);
    box-sizing: border-box; width: max-content; max-width: calc(100vw - 1.5rem);
    padding: 0.5rem 0.9rem; border: 1px solid #8895a3; border-radius: 8px;
    background: #1f2933; color: #ffffff; font: 0.9375rem/1.4 "Source Sans", system-ui, sans-serif;
  }
  .efviz-away:empty { visibility: hidden; }
  @media print { .efviz-away { display: none; } }
`;
const GOES_ON = 'This page picks up where it left off as soon as';

let connected = false;
let lost = false; // a connection that there was
let reached = true;
/** @type {number | undefined} */
let waiting;

const style = document.createElement('style');
style.textContent = STYLE;
const line = document.createElement('div');
line.className = 'efviz-away';
line.setAttribute('role', 'status');

function say() {
  clearTimeout(waiting);
  waiting = undefined;
  if (connected && reached) line.textContent = '';
  else if (!navigator.onLine) line.textContent = `You are offline. ${GOES_ON} you are back online.`;
  else line.textContent = `The server does not answer. ${GOES_ON} it does.`;
}

/** @param {number} ms */
function later(ms) {
  if (line.textContent) say();
  else waiting ??= setTimeout(say, ms);
}

function look() {
  const before = connected;
  connected = isConnected();
  lost ||= before && !connected;
  if (lost && connected) {
    lost = false;
    // Streamlit itself sends the query that the server set last, which may be an older one.
    dispatchEvent(new PopStateEvent('popstate', { state: history.state }));
  }
  if (connected && reached) say();
  else later(SOON);
}

// A lost network leaves the connection open for a while; a server on this machine needs none.
async function ask() {
  try {
    await fetch(new URL('../_stcore/health', import.meta.url), { cache: 'no-store' });
    reached = true;
  } catch {
    reached = false;
    setTimeout(ask, AGAIN);
  }
  look();
}

new MutationObserver(look).observe(document.documentElement, {
  subtree: true,
  attributeFilter: [CONNECTION],
});
addEventListener('offline', ask);
addEventListener('online', ask);
document.head.append(style);
document.body.append(line);
later(FIRST);
