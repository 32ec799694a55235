/* LeNet-5's table I with the maps of the current picture: S2's at the rows, C3's at the columns.
 *
 * Pointing at a map, or focusing it, lights up what it is linked with; a click keeps it lit. Nothing is reported.
 */
import { perRoot, sameBytes, unpack } from "../../ui/components/common/component.js";
import { el } from "../../ui/components/common/dom.js";
import { colourLimits, createScale, decodeTable, paintMap, showScale } from "../../ui/components/common/paint.js";

const PARTS = ["S2", "C3", "Kernels"];

const panelOf = perRoot(createPanel);

export default function ({ data, parentElement }) {
  const panel = panelOf(parentElement);
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
  const lightAt = (element, spot) => {
    element.addEventListener("pointerenter", () => light(panel, spot));
    element.addEventListener("click", () => {
      panel.pinned = same(panel.pinned, spot) ? null : spot;
      light(panel, panel.pinned ?? spot);
    });
    return element;
  };
  const map = (part, index, spot) => {
    const label = { type: "button", "aria-label": `${PARTS[part]} map ${index}` };
    const text = el("span", "", {}, part ? String(index) : `S2 ${index}`);
    const button = el("button", "map", label, picture(panel.parts[part], index), text);
    button.addEventListener("focus", () => light(panel, spot));
    return lightAt(button, spot);
  };
  panel.heads = Array.from({ length: targets }, (_, target) => map(1, target, { target }));
  panel.rows = Array.from({ length: sources }, (_, source) => map(0, source, { source }));
  let kernel = 0;
  panel.cells = Array.from({ length: targets }, () => []);
  for (const [target, read] of panel.table.entries()) {
    for (const source of read) {
      const mark = panel.parts[2] ? picture(panel.parts[2], kernel++) : el("div", "dot");
      panel.cells[target][source] = lightAt(el("td", "cell", {}, mark), { target, source });
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
  const scale = createScale("strip");
  showScale(scale, limits, table);
  return el("div", "", {}, PARTS[part], scale.strip, el("div", "ends", {}, ...scale.ends));
}

const same = (one, other) => one?.target === other.target && one?.source === other.source;

/** Light up a map, { target } or { source }, and what it is linked with, or one link; nothing for null. */
function light(panel, spot) {
  const lit = (target, source) =>
    spot !== null && (spot.target ?? target) === target && (spot.source ?? source) === source;
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
  panel.section.classList.toggle("pointing", spot !== null);
  panel.words.textContent = sentence(panel, spot, [...rows], [...columns]);
}

function sentence(panel, spot, rows, columns) {
  if (spot === null) return "Point at a map, tap it, or reach it with Tab.";
  if (spot.target === undefined) return `S2 map ${spot.source} is read by ${count(columns)} of C3: ${columns.join(", ")}.`;
  if (spot.source === undefined) return `C3 map ${spot.target} reads ${count(rows)} of S2: ${rows.join(", ")}.`;
  return `C3 map ${spot.target} reads S2 map ${spot.source} with a 5×5 kernel of its own.`;
}

const count = (maps) => `${maps.length} ${maps.length === 1 ? "map" : "maps"}`;
