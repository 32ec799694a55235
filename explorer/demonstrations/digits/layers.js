/* Everything that LeNet-5 computes from one picture: the input, its answer and ten outputs, all maps of all layers. */
import { perRoot, sameBytes, unpack } from "../../ui/components/common/component.js";
import { el } from "../../ui/components/common/dom.js";
import { format } from "../../ui/components/common/numbers.js";
import { colourLimits, createScale, decodeTable, paintMap, showScale } from "../../ui/components/common/paint.js";

const viewOf = perRoot(createView);

export default function ({ data, parentElement }) {
  const view = viewOf(parentElement);
  if (!sameBytes(view.message, data)) receive(view, data);
}

function createView(root) {
  const input = el("canvas", "input", { role: "img" });
  const inputWords = el("figcaption", "");
  const answer = el("div", "answer", { "aria-live": "polite" });
  const bars = el("div", "bars");
  const strips = el("div", "strips");
  const outputs = el("div", "outputs", {}, answer, bars);
  root.append(el("section", "layers", {}, el("figure", "seen", {}, input, inputWords), outputs, strips));
  return { message: null, input, inputWords, answer, bars, strips, rows: null };
}

function receive(view, data) {
  const { header, body } = unpack(data);
  const [input, ...stages] = header.parts;
  const [, height, width] = input.shape;
  view.message = data;
  paintGrey(view.input, body, height, width);
  view.inputWords.textContent = `Input ${height}×${width}`;
  view.input.setAttribute("aria-label", `The network's input, ${height} by ${width} pixels`);
  showOutputs(view, header.outputs);
  const names = stages.map((part) => `${part.name}: ${part.what}`).join();
  if (view.names !== names) createRows(view, stages, names);
  let offset = height * width;
  for (const [index, part] of stages.entries()) offset = paintStage(view.rows[index], part, body, offset, header.colormaps);
}

function paintGrey(canvas, body, height, width) {
  const image = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) image.data.set([body[i], body[i], body[i], 255], 4 * i);
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function showOutputs({ answer, bars }, { values, answer: winner, distances, classes }) {
  const kind = distances ? "distance" : "logit";
  const rule = distances ? "the smallest distance wins" : "the largest logit wins";
  const trained = classes.length > 0;
  answer.replaceChildren(
    ...(trained ? ["Answer: ", el("strong", "", {}, classes[winner]), ` (${rule})`]
      : [el("strong", "", {}, "Untrained network"), `: random weights, seeded. Its outputs say nothing about the picture; ${rule}.`]),
  );
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = high - low || 1;
  const rows = values.map((value, index) => {
    const bar = el("div", "bar");
    bar.style.insetInlineStart = `${((Math.min(value, 0) - low) / span) * 100}%`;
    bar.style.width = `${(Math.abs(value) / span) * 100}%`;
    const name = classes[index] ?? String(index);
    return el("div", index === winner ? "output winner" : "output", { title: `${kind} of ${name}: ${value}` },
      el("span", "name", {}, name), el("div", "track", {}, bar), el("span", "value", {}, format(value)));
  });
  bars.replaceChildren(...rows);
}

function createRows(view, stages, names) {
  view.names = names;
  view.rows = stages.map((part) => {
    const [count, height, width] = part.shape;
    const maps = Array.from({ length: count }, () => el("canvas", "", { "aria-hidden": "true" }));
    for (const map of maps) map.style.setProperty("--columns", String(Math.max(width, height)));
    const scale = createScale("scale");
    const legend = el("div", "legend", {}, scale.ends[0], scale.strip, scale.ends[1]);
    const words = el("div", "words", {}, el("strong", "", {}, part.name), ` ${part.what}`);
    const row = el("div", count === 1 ? "strip vector" : "strip", {}, words, legend, el("div", "maps", {}, ...maps));
    return { row, maps, scale };
  });
  view.strips.replaceChildren(...view.rows.map(({ row }) => row));
}

/** Paint one stage's maps on one scale; where the next stage's bytes begin. */
function paintStage({ maps, scale }, { shape, low, high, signed }, body, offset, colormaps) {
  const [count, height, width] = shape;
  const table = decodeTable(colormaps[signed ? "diverging" : "sequential"]);
  const limits = colourLimits(Math.min(...low), Math.max(...high), signed);
  for (let map = 0; map < count; map++) {
    const start = offset + map * height * width;
    const bytes = body.subarray(start, start + height * width);
    paintMap(maps[map], { bytes, height, width, low: low[map], high: high[map] }, limits, table);
  }
  showScale(scale, limits, table);
  return offset + count * height * width;
}
