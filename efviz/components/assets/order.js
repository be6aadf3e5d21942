// The order of calls. While its module is loading Streamlit calls a component in any order, older
// data after newer ones. What a call returned it runs when the element has gone, and also as soon
// as the call is done if newer data had overtaken it: only then one knows which call was too old.

const calls = new WeakMap(); // element: calls that may be the newest, in the order they came in

export default async function inOrder(render, component) {
  const { parentElement } = component;
  const keep = (wanted) =>
    calls.set(parentElement, (calls.get(parentElement) ?? []).filter(wanted));
  const call = { component, done: false };
  keep(() => true)
    .get(parentElement)
    .push(call);
  const remove = await render(component);
  call.done = true;
  // What is not taken back at once is the newest of all that are done.
  setTimeout(() => calls.get(parentElement)?.includes(call) && keep((c) => c === call || !c.done));
  return () => {
    if (!parentElement.isConnected) {
      if (calls.delete(parentElement)) remove();
      return;
    }
    const shown = calls.get(parentElement).at(-1);
    keep((other) => other !== call);
    if (shown === call) setTimeout(() => restore(render, parentElement), 100);
  };
}

// The newest call may have come in before the one that is shown, or it is yet to come.
function restore(render, parentElement) {
  const newest = calls.get(parentElement)?.at(-1);
  if (newest && parentElement.isConnected) render(newest.component);
}
