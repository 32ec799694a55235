/* Three maps side by side, on one scale, of which the first two add up to the third.
 *
 * A position that is pointed at, or to which the arrow keys move, is marked in all three, and its numbers are said.
 */
import { perRoot, sameBytes, unpack } from "../../ui/components/common/component.js";
import { ARROWS, el } from "../../ui/components/common/dom.js";
import { clamp, format } from "../../ui/components/common/numbers.js";
import { createScale, decodeTable, paintMap, showScale } from "../../ui/components/common/paint.js";

const HINT = "Point at a position to see its three numbers.";

const panelOf = perRoot(createPanel);

export default function ({ data, parentElement }) {
  const panel = panelOf(parentElement);
  if (!sameBytes(panel.message, data)) receive(panel, data);
}

function createPanel(root) {
  const panel = { message: null, position: null };
  panel.maps = [0, 1, 2].map(createMap);
  panel.words = el("div", "words", { "aria-live": "polite" });
  panel.scale = createScale("strip");
  const [low, high] = panel.scale.ends;
  const legend = el("div", "legend", {}, low, panel.scale.strip, high);
  const row = el("div", "row", { tabindex: "0", role: "group" }, ...panel.maps.map((map) => map.box));
  row.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    const [x, y] = panel.position ?? [-step[0], -step[1]]; // the first key shows the first position
    point(panel, [x + step[0], y + step[1]]);
  });
  for (const { frame } of panel.maps) {
    for (const name of ["pointermove", "pointerdown"]) frame.addEventListener(name, (event) => point(panel, under(panel, event)));
  }
  panel.row = row;
  root.append(el("section", "terms", {}, row, el("div", "below", {}, panel.words, legend)));
  return panel;
}

function createMap() {
  const [canvas, mark, caption] = [el("canvas", ""), el("div", "mark"), el("figcaption", "")];
  const frame = el("div", "frame", {}, canvas, mark);
  return { canvas, mark, caption, frame, box: el("figure", "", {}, caption, frame) };
}

function receive(panel, data) {
  const { header, body } = unpack(data);
  const [height, width] = header.shape;
  const [low, high] = header.limits;
  const values = new Float32Array(body.buffer);
  const table = decodeTable(header.colormap);
  const size = height * width;
  Object.assign(panel, { message: data, header, terms: panel.maps.map((_, i) => values.subarray(i * size, (i + 1) * size)) });
  for (const [index, { canvas, caption }] of panel.maps.entries()) {
    const bytes = Uint8Array.from(panel.terms[index], (value) => Math.round(((value - low) / (high - low)) * 255));
    paintMap(canvas, { bytes, height, width, low, high }, header.limits, table);
    caption.textContent = header.titles[index];
  }
  panel.row.setAttribute("aria-label", `${header.titles.join(", ")}. The arrow keys move to a position.`);
  showScale(panel.scale, header.limits, table);
  point(panel, panel.position);
}

/** The position under the pointer, [column, row]. */
function under(panel, event) {
  const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
  const [rows, columns] = panel.header.shape;
  return [((event.clientX - left) / width) * columns, ((event.clientY - top) / height) * rows].map(Math.floor);
}

/** Mark a position, the nearest that there is, and say its numbers; null: none. */
function point(panel, position) {
  const [rows, columns] = panel.header.shape;
  const [x, y] = position ?? [0, 0];
  panel.position = position && [clamp(x, 0, columns - 1), clamp(y, 0, rows - 1)];
  for (const { mark } of panel.maps) {
    mark.hidden = !position;
    if (!position) continue;
    const [column, row] = panel.position;
    const [left, top, width, height] = [column / columns, row / rows, 1 / columns, 1 / rows].map((part) => `${100 * part}%`);
    Object.assign(mark.style, { left, top, width, height });
  }
  panel.words.textContent = position ? sentence(panel, panel.position) : HINT;
}

function sentence({ header, terms }, [column, row]) {
  const [first, second, sum] = terms.map((values) => format(values[row * header.shape[1] + column]));
  const added = second.startsWith("\u2212") ? `(${second})` : second;
  return `Row ${row}, column ${column}: ${first} + ${added} = ${sum}`;
}
