/* LeNet-5's table I with the maps of the current picture: S2's at the rows, C3's at the columns.
 *
 * Pointing at a map, or focusing it, lights up what it is linked with; a click keeps it lit. Nothing is reported.
 */
const PANELS = new WeakMap();
const PARTS = ["S2", "C3", "Kernels"];

export default function ({ data, parentElement }) {
  const panel = PANELS.get(parentElement) ?? createPanel(parentElement);
  if (!sameBytes(panel.message, data)) receive(panel, data);
}

function createPanel(root) {
  const panel = { message: null, pinned: null };
  panel.words = el("div", "words", { "aria-live": "polite" });
  panel.scroll = el("div", "scroll");
  panel.legend = el("div", "legend");
  panel.section = el("section", "connections", {}, panel.words, panel.scroll, panel.legend);
  root.append(panel.section);
  panel.scroll.addEventListener("pointerleave", () => light(panel, panel.pinned));
  PANELS.set(root, panel);
  return panel;
}

function receive(panel, data) {
  const { header, body } = unpack(data);
  let offset = 0;
  panel.parts = header.parts.map((part) => {
    const bytes = body.subarray(offset, (offset += part.shape.reduce((product, side) => product * side)));
    const table = decodeTable(header.colormaps[part.signed ? "diverging" : "sequential"]);
    return { ...part, bytes, table, limits: colourLimits(Math.min(...part.low), Math.max(...part.high), part.signed) };
  });
  Object.assign(panel, { message: data, table: header.table });
  if (panel.pinned?.target >= header.table.length || panel.pinned?.source >= header.parts[0].shape[0]) panel.pinned = null;
  draw(panel);
  light(panel, panel.pinned);
}

function draw(panel) {
  const [sources, targets] = panel.parts.map((part) => part.shape[0]);
  const picks = (element, place) => {
    element.addEventListener("pointerenter", () => light(panel, place));
    element.addEventListener("focusin", () => light(panel, place));
    element.addEventListener("click", () => {
      panel.pinned = same(panel.pinned, place) ? null : place;
      light(panel, panel.pinned ?? place);
    });
    return element;
  };
  const map = (part, index, place) => {
    const name = `${PARTS[part]} map ${index}`;
    const text = el("span", "", {}, part ? String(index) : `S2 ${index}`);
    return picks(el("button", "map", { type: "button", "aria-label": name }, picture(panel.parts[part], index), text), place);
  };
  panel.heads = Array.from({ length: targets }, (_, target) => map(1, target, { target }));
  panel.rows = Array.from({ length: sources }, (_, source) => map(0, source, { source }));
  let kernel = 0;
  panel.cells = Array.from({ length: targets }, () => []);
  for (const [target, read] of panel.table.entries()) {
    for (const source of read) {
      const mark = panel.parts[2] ? picture(panel.parts[2], kernel++) : el("div", "dot");
      panel.cells[target][source] = picks(el("td", "cell", {}, mark), { target, source });
    }
  }
  const head = el("tr", "", {}, el("th", "corner", {}, "C3:"), ...panel.heads.map((button) => el("th", "", {}, button)));
  const rows = panel.rows.map((button, source) =>
    el("tr", "", {}, el("th", "source", {}, button), ...panel.cells.map((column) => column[source] ?? el("td", ""))),
  );
  panel.scroll.replaceChildren(el("table", "", {}, head, ...rows));
  panel.legend.replaceChildren(...panel.parts.map(legend));
}

function picture({ shape, bytes, low, high, limits, table }, index) {
  const [, height, width] = shape;
  const canvas = el("canvas", "", { "aria-hidden": "true" });
  const own = bytes.subarray(index * height * width, (index + 1) * height * width);
  paintMap(canvas, { bytes: own, height, width, low: low[index], high: high[index] }, limits, table);
  return canvas;
}

function legend({ table, limits }, part) {
  const strip = el("canvas", "strip");
  paintStrip(strip, table);
  const ends = limits.map((value) => el("span", "", {}, format(value)));
  return el("div", "", {}, PARTS[part], strip, el("div", "ends", {}, ...ends));
}

const same = (one, other) => one?.target === other.target && one?.source === other.source;

/** Light up a map and what it is linked with, or one link; nothing for null. */
function light(panel, place) {
  const lit = (target, source) =>
    place !== null && (place.target ?? target) === target && (place.source ?? source) === source;
  const [columns, rows] = [new Set(), new Set()];
  for (const [target, read] of panel.table.entries()) {
    for (const source of read) {
      const on = lit(target, source);
      panel.cells[target][source].classList.toggle("lit", on);
      if (on) {
        columns.add(target);
        rows.add(source);
      }
    }
  }
  panel.heads.forEach((button, target) => button.classList.toggle("lit", columns.has(target)));
  panel.rows.forEach((button, source) => button.classList.toggle("lit", rows.has(source)));
  panel.section.classList.toggle("pointing", place !== null);
  panel.words.textContent = sentence(panel, place, [...rows], [...columns]);
}

function sentence(panel, place, rows, columns) {
  if (place === null) return "Point at a map, tap it, or reach it with Tab.";
  if (place.target === undefined) return `S2 map ${place.source} is read by ${count(columns)} of C3: ${columns.join(", ")}.`;
  if (place.source === undefined) return `C3 map ${place.target} reads ${count(rows)} of S2: ${rows.join(", ")}.`;
  return `C3 map ${place.target} reads S2 map ${place.source} with a 5×5 kernel of its own.`;
}

const count = (maps) => `${maps.length} ${maps.length === 1 ? "map" : "maps"}`;
