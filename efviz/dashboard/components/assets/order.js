// The order of calls. While its module is loading Streamlit calls a component in any order, older
// data after newer ones. What a call returned it runs when the element has gone, and also as soon
// as the call is done if newer data had overtaken it: only then one knows which call was too old.

/** @typedef {() => unknown} Remove */
/** @typedef {{ component: Call<any>, done: boolean }} Called */

/**
 * Of each element the calls that may be the newest, in the order they came in.
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
  // What is not taken back at once is the newest of all that are done.
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
 * The newest call may have come in before the one that is shown, or it is yet to come.
 *
 * @param {(component: Call<any>) => unknown} render
 * @param {Element} parentElement
 */
function restore(render, parentElement) {
  const newest = calls.get(parentElement)?.at(-1);
  if (newest && parentElement.isConnected) render(newest.component);
}
