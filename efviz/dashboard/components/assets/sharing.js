// Charts side by side that show their data on the same axes, so that one can compare them.

/**
 * @typedef {object} Member
 * @property {Spec} spec
 * @property {() => unknown} draw
 */

/** @type {Map<string, Set<Member>>} */
const groups = new Map();

/**
 * Let a chart belong to a group, or to none: "". The others are drawn again.
 *
 * @param {Member} chart
 * @param {string} group
 */
export function join(chart, group) {
  for (const [name, members] of groups) {
    if (name !== group && members.delete(chart)) redraw(members, chart);
  }
  if (!group) return;
  const members = groups.get(group) ?? new Set();
  groups.set(group, members.add(chart));
  redraw(members, chart);
}

/**
 * @param {Set<Member>} members
 * @param {Member} but
 */
function redraw(members, but) {
  for (const one of members) if (one !== but) one.draw();
}

/**
 * The axes that hold the data of all panels of the group that show the same; undefined if a chart
 * stands alone.
 *
 * @param {string} group
 * @param {Pick<Figure, 'layout'>} figure
 * @returns {{ x: Point, y: Point } | undefined}
 */
export function sharedAxes(group, figure) {
  const members = groups.get(group);
  const kind = figure.layout.meta?.shared;
  if (!kind || !members || members.size < 2) return undefined;
  const layouts = [...members]
    .flatMap(({ spec }) => spec?.figures ?? [])
    .map(({ layout }) => layout)
    .filter(({ meta }) => meta?.shared === kind);
  const hull = (/** @type {'xaxis' | 'yaxis'} */ axis) => {
    const ends = layouts.flatMap((layout) => layout[axis]?.range ?? []).map(Number);
    return /** @type {Point} */ ([Math.min(...ends), Math.max(...ends)]);
  };
  return { x: hull('xaxis'), y: hull('yaxis') };
}
