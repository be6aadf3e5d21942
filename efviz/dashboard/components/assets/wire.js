// The decoding of the bytes that a chart receives.
//
// uint32 length | session | packed header | packed figures. The session is JSON with the values of
// one visitor, {address, ack, frame, clicks, follows, only, group}; ack is the sequence of the last answered report.
// Packed: uint32 length | JSON | float32 arrays; {"$a": [offset, n]} or {"$a": [offset, rows,
// columns]} in the JSON is an array.
// header: {figures: [{name, size, digest}], dark, rows, minWidth, maxWidth, smallest, plotly};
// figure: {data, layout}.

/**
 * @param {ArrayBuffer} buffer
 * @param {number} at
 * @returns {[text: string, end: number]}
 */
export function text(buffer, at) {
  const length = new DataView(buffer).getUint32(at, true);
  return [new TextDecoder().decode(new Uint8Array(buffer, at + 4, length)), at + 4 + length];
}

/**
 * The packed value at an offset, and where its arrays begin.
 *
 * @param {ArrayBuffer} buffer
 * @param {number} at
 * @returns {[value: any, base: number]}
 */
export function unpack(buffer, at) {
  const [json, base] = text(buffer, at);
  const array = (/** @type {number} */ offset, /** @type {number} */ n) =>
    new Float32Array(buffer, base + 4 * offset, n);
  const value = JSON.parse(json, (_, item) => {
    if (!item?.$a) return item;
    const [offset, rows, columns] = item.$a;
    if (columns === undefined) return array(offset, rows);
    return Array.from({ length: rows }, (_, i) => array(offset + i * columns, columns));
  });
  return [value, base];
}

/**
 * The values of one visitor, and the packed figures after them.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {{ session: Session, buffer: ArrayBuffer, start: number }}
 */
export function opened(bytes) {
  const { buffer } = bytes.slice(); // aligned
  const [session, start] = text(buffer, 0);
  return { session: JSON.parse(session), buffer, start };
}

/**
 * Packed figures. Those that are already shown are not decoded again.
 *
 * @param {ArrayBuffer} buffer
 * @param {number} start
 * @param {Spec} [shown]
 * @returns {Spec}
 */
export function decode(buffer, start, shown) {
  const [spec, base] = unpack(buffer, start);
  let at = base;
  spec.figures = spec.figures.map(
    (
      /** @type {{ size: number, digest: string }} */ { size, ...figure },
      /** @type {number} */ i
    ) => {
      const known = shown?.figures[i];
      const body = known?.digest === figure.digest ? known : unpack(buffer, at)[0];
      at += size;
      return { ...body, ...figure };
    }
  );
  spec.revision = spec.figures.map((/** @type {Figure} */ { digest }) => digest).join(' ');
  return spec;
}

/**
 * The panels of these names, all if there is none of them, each with its place among all.
 *
 * @param {Spec} whole
 * @param {string[]} only
 * @returns {Spec}
 */
export function chosen(whole, only) {
  const all = whole.figures.map((figure, place) => ({ ...figure, place }));
  const figures = all.filter(({ name }) => only.includes(name));
  if (!figures.length) return { ...whole, figures: all };
  return { ...whole, figures, rows: figures.length > whole.rows ? whole.rows : 1 };
}
