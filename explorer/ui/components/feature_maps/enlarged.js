/* One map, enlarged over the model input, with the receptive field of the position under the pointer. */
import { arrowTarget, button, el, svg } from "../common/dom.js";
import { clamp } from "../common/numbers.js";
import { inputs } from "../common/registry.js";
import { paint, valueText } from "./maps.js";

/** The enlarged map of a panel, which offers select(index), describe(text) and enlarge(index). */
export function createEnlarged(panel) {
  const enlarged = { under: el("img", "", { alt: "" }), over: el("canvas", ""), index: -1 };
  enlarged.marks = svg("svg", { preserveAspectRatio: "none" });
  enlarged.figure = el("div", "figure", {}, enlarged.under, enlarged.over, enlarged.marks);
  enlarged.title = el("div", "title", { "aria-live": "polite" });
  const buttons = [
    button("Previous channel", "‹", () => step(panel, "ArrowLeft")),
    button("Next channel", "›", () => step(panel, "ArrowRight")),
    button("Close", "×", () => panel.enlarge(-1)),
  ];
  const range = { type: "range", min: "0", max: "1", step: "0.05", value: "0.6", "aria-label": "Opacity of the map" };
  enlarged.slider = el("input", "", range);
  enlarged.slider.addEventListener("input", () => placeEnlarged(panel));
  enlarged.mix = el("label", "mix", {}, "input", enlarged.slider, "map");
  enlarged.field = el("div", "field-words");
  const head = el("div", "head", {}, enlarged.title, ...buttons);
  const side = el("div", "side", {}, head, enlarged.field, enlarged.mix);
  const role = { role: "dialog", "aria-label": "Enlarged map", tabindex: "-1" };
  enlarged.box = el("div", "large", role, enlarged.figure, side);
  enlarged.box.hidden = true;
  listen(panel, enlarged);
  return enlarged;
}

function listen(panel, { box, figure, marks, slider }) {
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") panel.enlarge(-1);
    else if (event.target === slider || !step(panel, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  const point = (event) => pointAt(panel, event);
  figure.addEventListener("pointermove", point);
  figure.addEventListener("pointerdown", point);
  figure.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "touch") return; // a finger that was lifted still has pointed
    marks.replaceChildren();
    showField(panel, null);
    panel.describe();
  });
}

/** Show the map at this index of the page enlarged, or none for -1. The legend and the status move along. */
export function showEnlarged(panel, index) {
  const { enlarged, header } = panel;
  enlarged.index = index;
  enlarged.box.hidden = index < 0;
  panel.grid.box.inert = index >= 0;
  const below = index < 0 ? enlarged.box : enlarged.mix;
  below.before(panel.status.box);
  if (index < 0) return;
  enlarged.title.textContent = `${header.node ?? ""} #${header.channels[index]}`;
  paint(panel, index, enlarged.over);
  enlarged.marks.replaceChildren();
  showField(panel, null);
  placeEnlarged(panel);
}

/** Go to another channel of the page; says whether the key meant that. */
function step(panel, key) {
  const target = arrowTarget(key, panel.enlarged.index, panel.grid.cells.length, 1);
  if (target === null) return false;
  panel.select(target);
  showEnlarged(panel, target);
  return true;
}

/* ---------------------------------------------------------------- geometry, in pixels of the model input */

/** Where the map lies on the input (position i covers one stride around its receptive field's centre), and the frame
 * around both. Without a receptive field the map is laid over the whole input. Pixel 0 spans 0 to 1, its centre is 0.5. */
export function geometry(header) {
  const [, rows, columns] = header.shape;
  const [height, width] = header.input_size ?? [rows, columns];
  const input = { left: 0, top: 0, width, height };
  const field = header.receptive_field;
  if (!field) return { input, map: input, frame: input };
  const map = {
    left: field.start[1] + 0.5 - field.stride[1] / 2,
    top: field.start[0] + 0.5 - field.stride[0] / 2,
    width: columns * field.stride[1],
    height: rows * field.stride[0],
  };
  return { input, map, frame: around(input, map) };
}

function around(one, other) {
  const left = Math.min(one.left, other.left);
  const top = Math.min(one.top, other.top);
  const right = Math.max(one.left + one.width, other.left + other.width);
  const bottom = Math.max(one.top + one.height, other.top + other.height);
  return { left, top, width: right - left, height: bottom - top };
}

export function placeEnlarged(panel) {
  const { enlarged, header } = panel;
  if (enlarged.index < 0) return;
  const { input, map, frame } = geometry(header);
  const picture = inputs[header.group];
  enlarged.figure.style.setProperty("--ratio", frame.width / frame.height);
  enlarged.marks.setAttribute("viewBox", `${frame.left} ${frame.top} ${frame.width} ${frame.height}`);
  placeIn(frame, enlarged.under, input);
  placeIn(frame, enlarged.over, map);
  enlarged.under.hidden = enlarged.mix.hidden = !picture;
  if (picture) enlarged.under.src = picture;
  enlarged.over.style.opacity = picture ? enlarged.slider.value : 1;
}

function placeIn(frame, element, box) {
  const percent = (length, whole) => `${(100 * length) / whole}%`;
  element.style.left = percent(box.left - frame.left, frame.width);
  element.style.top = percent(box.top - frame.top, frame.height);
  element.style.width = percent(box.width, frame.width);
  element.style.height = percent(box.height, frame.height);
}

/* ---------------------------------------------------------------- the position under the pointer */

function pointAt(panel, event) {
  const { enlarged, header } = panel;
  const [, rows, columns] = header.shape;
  const { map } = geometry(header);
  const box = enlarged.over.getBoundingClientRect();
  const x = clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), 0, columns - 1);
  const y = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1);
  const [width, height] = [map.width / columns, map.height / rows];
  const cell = { left: map.left + x * width, top: map.top + y * height, width, height };
  const field = receptiveField(header, x, y);
  enlarged.marks.replaceChildren(...(field ? outline(field, "field") : []), ...outline(cell, "cell"));
  showField(panel, field);
  panel.describe(valueText(panel, enlarged.index, x, y));
}

/** The receptive field of a position, cut off at the input's border; null where it isn't known. */
export function receptiveField({ receptive_field, input_size }, x, y) {
  if (!receptive_field || !input_size) return null;
  const { size, stride, start } = receptive_field;
  const along = (axis, position) => {
    const centre = start[axis] + position * stride[axis] + 0.5;
    const from = Math.max(0, centre - size[axis] / 2);
    return [from, Math.min(input_size[axis], centre + size[axis] / 2) - from];
  };
  const [[left, width], [top, height]] = [along(1, x), along(0, y)];
  return { left, top, width, height };
}

/** Two rectangles, dark under light, so that they are seen on every picture. */
function outline({ left, top, width, height }, name) {
  return ["dark", "light"].map((shade) => svg("rect", { class: `${name} ${shade}`, x: left, y: top, width, height }));
}

function showField({ header, enlarged }, field) {
  if (!header.receptive_field || !header.input_size) return;
  const [inputHeight, inputWidth] = header.input_size;
  const [height, width] = header.receptive_field.size;
  const range = (from, length) => `${Math.ceil(from)}–${Math.floor(from + length) - 1}`;
  const where = () => {
    if (field.width >= inputWidth && field.height >= inputHeight) return "it covers the whole image";
    return `x ${range(field.left, field.width)}, y ${range(field.top, field.height)}`;
  };
  const words = field ? where() : "point at a position to see it";
  enlarged.field.textContent = `Receptive field ${height} × ${width} px: ${words}.`;
}
