// What is printed over something else on a page, or reaches over its edges: an expression for
// `page.evaluate`. A formula is one thing, and so is a panel of a chart with all that is in it.
([first, last]) => {
  // What scrolls by itself, and Streamlit's navigation, which is measured anew while a page widens.
  const SCROLLED = '.efviz-scroll, .efviz-numbers, .stCode, .stDataFrame, .stMultiSelect, header';
  const seen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const layer = (element) => {
    for (let one = element; one; one = one.parentElement) {
      if (/fixed|sticky/.test(getComputedStyle(one).position)) return one;
    }
    return null;
  };
  const found = [];
  // Part of the box that its scrolling or clipping ancestors show.
  const clipped = (box, element, name) => {
    let { left, top, right, bottom } = box;
    for (let one = element; one && one !== document.body; one = one.parentElement) {
      const { overflowX, overflowY, clipPath } = getComputedStyle(one);
      if (clipPath.startsWith('inset(50%')) return null;
      const edge = one.getBoundingClientRect();
      if (overflowX !== 'visible') [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
      if (overflowY !== 'visible') [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
    }
    if (right - left < 1.5 || bottom - top < 1.5) return null;
    const lost = box.right - box.left - (right - left);
    if (lost > 3 && !element.closest(SCROLLED)) found.push(`${name} is cut by ${lost}`);
    return { left, top, right, bottom };
  };
  const things = [];
  const add = (name, boxes, element) => {
    for (const box of boxes) {
      const part = clipped(box, element, name);
      if (part) things.push({ name, element, layer: layer(element), ...part });
    }
  };
  const whole = '.katex, .efviz-chart > [role=figure], .efviz-contrast .panel';
  for (const one of document.querySelectorAll(whole)) {
    if (seen(one)) add(one.ariaLabel ?? one.className, one.getClientRects(), one);
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement: parent } = node;
    if (!node.data.trim() || !parent || parent.closest(`${whole}, style, script, svg`)) continue;
    if (!seen(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    add(node.data.trim().slice(0, 40), range.getClientRects(), parent);
  }
  const out = things.filter(({ left, right }) => left < first - 1 || right > last + 1);
  found.push(...out.map(({ name, left, right }) => `${name} reaches from ${left} to ${right}`));
  things.forEach((a, i) => {
    for (const b of things.slice(i + 1)) {
      if (a.layer !== b.layer || a.element === b.element) continue;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 2 && down > 3.5) found.push(`${a.name} | ${b.name}: ${across} x ${down} at ${a.left}, ${a.top}`);
    }
  });
  return found;
}
