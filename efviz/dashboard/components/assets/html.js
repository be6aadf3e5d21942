// What the DOM says too loosely for a type checker.

/**
 * The first part of an element that fits a selector.
 *
 * @template {Element} Kind
 * @param {Element} whole
 * @param {new () => Kind} kind
 * @param {string} selector
 * @returns {Kind}
 */
export function part(whole, kind, selector) {
  const found = whole.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`There is no ${selector} of type ${kind.name}.`);
  return found;
}

/**
 * Whether an event is over an element that fits a selector, or over a part of one.
 *
 * @param {Event} event
 * @param {string} selector
 */
export const isOver = (event, selector) =>
  event.target instanceof Element && event.target.closest(selector) !== null;
