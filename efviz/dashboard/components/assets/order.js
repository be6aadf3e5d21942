// The order of calls. While its module is loading, Streamlit calls a component in any order, older
// data after newer. It runs the function that a call returned when the element is removed, and also
// right after the call if newer data had overtaken it: only that reveals which call was outdated.

/** @typedef {() => unknown} Remove */
/** @typedef {{ component: Call<any>, done: boolean }} Called */

/**
 * For each element, the calls that may be the newest, in the order of arrival.
 *
 * @type {WeakMap<Element, Called[]>}
 */
const calls = new WeakMap();

/**
 * @param {(component: Call<any>) => Remove | Promise<Remove>} render
 * @param {Call<any>} component
 * @returns {Promise<Remove>}
 */

export default async function inOrder(render, component) {
  const { parentElement } = component;
  const known = () => calls.get(parentElement) ?? [];
  const keep = (/** @type {(call: Called) => boolean} */ wanted) =>
    calls.set(parentElement, known().filter(wanted));
  const call = { component, done: false };
  calls.set(parentElement, [...known(), call]);
  const remove = await render(component);
  call.done = true;
  // A call that is not taken back at once is the newest of all finished ones.
  setTimeout(() => known().includes(call) && keep((c) => c === call || !c.done));
  return () => {
    if (!parentElement.isConnected) {
      if (calls.delete(parentElement)) remove();
      return;
    }
    const shown = known().at(-1);
    keep((other) => other !== call);
    if (shown === call) setTimeout(() => restore(render, parentElement), 100);
  };
}

/**
 * The newest call may have arrived before the one that is shown, or may not have arrived yet.
 *
 * @param {(component: Call<any>) => unknown} render
 * @param {Element} parentElement
 */
function restore(render, parentElement) {
  const newest = calls.get(parentElement)?.at(-1);
  if (newest && parentElement.isConnected) render(newest.component);
}
