// DOM queries with types that are precise enough for the type checker.

/**
 * The first descendant of an element that matches a selector.
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
 * Whether the target of an event, or one of its ancestors, matches a selector.
 *
 * @param {Event} event
 * @param {string} selector
 */
export const isOver = (event, selector) =>
  event.target instanceof Element && event.target.closest(selector) !== null;
