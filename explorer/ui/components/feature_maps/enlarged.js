/* One channel, enlarged over the model input, with the receptive field of the position under the pointer.
 *
 * It stands in the grid's place, or, as a modal dialog, fills the window. */
import { ARROWS, button, el, svg } from "../common/dom.js";
import { clamp } from "../common/numbers.js";
import { inputs } from "../common/registry.js";
import { fieldWords, geometry, outline, receptiveField } from "./geometry.js";
import { createLabel, showLabel } from "./label.js";
import { paint, placeIn, valueText } from "./maps.js";

const PICKS = "Click a pixel: its value, taken apart.";
const PICKS_BY_KEYS = "Shift and the arrow keys move a cross over the map, Enter takes the value under it apart.";

/** The enlarged map of a panel, which offers walk(...), enlarge(index) and report(changes). */
export function createEnlarged(panel) {
  const enlarged = { figures: [0, 1].map((side) => createFigure(panel, side)), index: -1 };
  enlarged.title = el("div", "title", { "aria-live": "polite" });
  enlarged.previous = button("Previous channel", "‹", () => walk(panel, "ArrowLeft"));
  enlarged.next = button("Next channel", "›", () => walk(panel, "ArrowRight"));
  enlarged.fill = button("Fill the screen (Enter or F)", "⤢", () => toggleFull(panel));
  const close = button("Close", "×", () => panel.enlarge(-1));
  const buttons = el("div", "buttons", {}, enlarged.previous, enlarged.next, enlarged.fill, close);
  const range = { type: "range", min: "0", max: "100", step: "5", "aria-label": "Opacity of the map" };
  enlarged.slider = el("input", "", range);
  enlarged.slider.addEventListener("input", () => {
    panel.report({ opacity: Number(enlarged.slider.value) });
    placeEnlarged(panel);
  });
  enlarged.mix = el("label", "mix", {}, "input", enlarged.slider, "map");
  enlarged.field = el("div", "field-words");
  const head = el("div", "head", {}, enlarged.title, buttons);
  const side = el("div", "side", {}, head, enlarged.mix, enlarged.field);
  const figures = el("div", "figures", {}, ...enlarged.figures.map(({ box }) => box));
  enlarged.box = el("dialog", "large", { "aria-label": "Enlarged map", tabindex: "-1" }, figures, side);
  listen(panel, enlarged);
  return enlarged;
}

function createFigure(panel, side) {
  const shown = { under: el("img", "", { alt: "" }), over: el("canvas", ""), label: createLabel() };
  shown.marks = svg("svg", { preserveAspectRatio: "none" });
  shown.figure = el("div", "figure", {}, shown.under, shown.over, shown.marks, shown.label);
  shown.caption = el("div", "pane-title");
  shown.box = el("div", "shown", {}, shown.caption, shown.figure);
  const point = (event) => pointAt(panel, side, event);
  shown.figure.addEventListener("pointermove", point);
  shown.figure.addEventListener("pointerdown", (event) => {
    const before = panel.enlarged.pointed;
    point(event);
    const now = panel.enlarged.pointed;
    // a finger reads a value with its first tap, and means it with the second
    panel.enlarged.meant = event.pointerType !== "touch" || (before?.x === now?.x && before?.y === now?.y);
  });
  shown.figure.addEventListener("click", () => {
    if (panel.header.picks && panel.enlarged.pointed && panel.enlarged.meant) panel.pick(panel.enlarged.pointed);
  });
  shown.figure.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") forget(panel); // a finger that was lifted still has pointed
  });
  return shown;
}

function listen(panel, { box, slider }) {
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { crossed } = panel.enlarged;
    const isOn = event.target.matches("button, input");
    const fills = event.key.toLowerCase() === "f" || (event.key === "Enter" && !isOn);
    if (event.key === "Escape") goBack(panel);
    else if (event.shiftKey && ARROWS[event.key] && event.target !== slider) moveCross(panel, ARROWS[event.key]);
    else if (event.key === "Enter" && !isOn && crossed && panel.header.picks) panel.pick(crossed);
    else if (fills) toggleFull(panel);
    else if (event.target === slider || !walk(panel, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("cancel", (event) => {
    event.preventDefault(); // as a phone's gesture for "back" asks for
    goBack(panel);
  });
}

/** Show the map at this index of the page enlarged, or none for -1. The legend and the status move along. */
export function showEnlarged(panel, index) {
  const { enlarged, header, layers } = panel;
  enlarged.index = index;
  if (index < 0) enlarged.box.close();
  else enlarged.box.open = true; // not show(): that would take the focus of who only opened the page
  panel.grid.box.inert = index >= 0;
  const above = index < 0 ? panel.vector.box : enlarged.field;
  above.after(panel.status.box);
  if (index < 0) return;
  const ends = [header.page ? -1 : 0, header.page + 1 < header.pages ? -1 : header.channels.length - 1];
  [enlarged.previous, enlarged.next].forEach((b, end) => b.setAttribute("aria-disabled", String(index === ends[end])));
  const node = layers.length > 1 ? "" : (header.node ?? "");
  enlarged.title.replaceChildren(...breakable(node), ` #${header.channels[index]}`);
  const fields = layers.filter((layer) => layer.receptive_field).map((layer) => layer.receptive_field.size.join(" × "));
  const said = fields.length ? `Receptive field ${fields.join(" and ")} px. ` : "";
  enlarged.field.textContent = header.picks ? `${said}${PICKS}` : said;
  enlarged.field.title = header.picks ? PICKS_BY_KEYS : "";
  enlarged.box.setAttribute("aria-description", enlarged.field.title);
  enlarged.box.classList.toggle("picks", Boolean(header.picks));
  enlarged.slider.value = panel.view.opacity;
  enlarged.figures.forEach((shown, side) => {
    const layer = layers[side];
    const place = layer ? placeIn(panel, layer, index) : -1;
    shown.box.hidden = place < 0;
    shown.caption.hidden = layers.length === 1;
    if (place < 0) return;
    shown.caption.textContent = layer.node ?? "";
    paint(panel, layer, place, shown.over);
  });
  forget(panel);
  placeEnlarged(panel);
}

/** A name that may break after its dots, and nowhere else. */
function breakable(name) {
  return name.split(/(?<=\.)/).flatMap((part) => [part, el("wbr", "")]);
}

/** Go to another channel, of this page or the next; says whether the key meant that. */
function walk(panel, key) {
  return panel.walk(key, panel.enlarged.index, 1, (target) => {
    panel.select(target);
    showEnlarged(panel, target);
  });
}

function toggleFull(panel) {
  const { enlarged: { box, fill, index } } = panel;
  const full = box.matches(":modal");
  box.close();
  if (full) box.open = true;
  else box.showModal();
  const [label, sign] = full ? ["Fill the screen (Enter or F)", "⤢"] : ["Leave the full screen (Escape)", "⤡"];
  fill.textContent = sign;
  fill.setAttribute("aria-label", label);
  fill.title = label;
  showEnlarged(panel, index);
  box.focus({ preventScroll: true });
}

/** From the full screen to the grid's place, from there to the grid. */
function goBack(panel) {
  if (panel.enlarged.box.matches(":modal")) toggleFull(panel);
  else panel.enlarge(-1);
}

/* ---------------------------------------------------------------- where it lies */

export function placeEnlarged({ enlarged, header, layers }) {
  if (enlarged.index < 0) return;
  let ratios = 0;
  const picture = inputs[header.group];
  enlarged.mix.hidden = !picture;
  layers.forEach((layer, side) => {
    const { figure, under, over, marks } = enlarged.figures[side];
    const { input, map, frame } = geometry(layer);
    figure.parentElement.style.setProperty("--ratio", frame.width / frame.height);
    ratios += frame.width / frame.height;
    marks.setAttribute("viewBox", `${frame.left} ${frame.top} ${frame.width} ${frame.height}`);
    putInto(frame, under, input);
    putInto(frame, over, map);
    under.hidden = !picture;
    if (picture) under.src = picture;
    over.style.opacity = picture ? enlarged.slider.value / 100 : 1;
  });
  enlarged.box.style.setProperty("--figures", layers.length);
  enlarged.box.style.setProperty("--ratios", ratios);
  enlarged.box.style.setProperty("--room", `${enlarged.box.clientHeight}px`);
}

function putInto(frame, element, box) {
  const percent = (length, whole) => `${(100 * length) / whole}%`;
  element.style.left = percent(box.left - frame.left, frame.width);
  element.style.top = percent(box.top - frame.top, frame.height);
  element.style.width = percent(box.width, frame.width);
  element.style.height = percent(box.height, frame.height);
}

/* ---------------------------------------------------------------- the position under the pointer */

/** Mark the place of the input that is pointed at in each figure, with its value. */
function pointAt(panel, side, event) {
  const { enlarged, layers } = panel;
  const box = enlarged.figures[side].figure.getBoundingClientRect();
  const { frame } = geometry(layers[side]);
  const at = [
    frame.left + ((event.clientX - box.left) / box.width) * frame.width,
    frame.top + ((event.clientY - box.top) / box.height) * frame.height,
  ];
  panel.side = side;
  panel.describe();
  const marked = layers.map((layer, number) => mark(panel, layer, number, at, number === side ? event : null));
  enlarged.pointed = marked[side];
  enlarged.crossed = null; // Enter means what it meant before
}

/** Mark the value beside the one that is marked, or at first the middle one, as the pointer does. */
function moveCross(panel, [right, down]) {
  const { enlarged, layers } = panel;
  const side = enlarged.pointed && panel.side < layers.length ? panel.side : 0;
  const layer = placeIn(panel, layers[side], enlarged.index) < 0 ? layers[0] : layers[side];
  const [, rows, columns] = layer.shape;
  const { map } = geometry(layer);
  const before = enlarged.pointed;
  const x = before ? clamp(before.x + right, 0, columns - 1) : Math.floor(columns / 2);
  const y = before ? clamp(before.y + down, 0, rows - 1) : Math.floor(rows / 2);
  const at = [map.left + ((x + 0.5) / columns) * map.width, map.top + ((y + 0.5) / rows) * map.height];
  const marked = layers.map((other, number) => mark(panel, other, number, at, null));
  enlarged.pointed = enlarged.crossed = marked[layers.indexOf(layer)];
  panel.describe();
}

/** Say which value is marked: node, channel, and its column x and row y. */
function mark(panel, layer, side, [inputX, inputY], pointer) {
  const place = placeIn(panel, layer, panel.enlarged.index);
  if (place < 0) return null;
  const { marks, label, over, figure } = panel.enlarged.figures[side];
  const [, rows, columns] = layer.shape;
  const { map } = geometry(layer);
  const [width, height] = [map.width / columns, map.height / rows];
  const x = clamp(Math.floor((inputX - map.left) / width), 0, columns - 1);
  const y = clamp(Math.floor((inputY - map.top) / height), 0, rows - 1);
  const cell = { left: map.left + x * width, top: map.top + y * height, width, height };
  const field = receptiveField(layer, x, y);
  marks.replaceChildren(...(field ? outline(field, "field") : []), ...outline(cell, "cell"));
  const box = over.getBoundingClientRect();
  const centre = [box.left + ((x + 0.5) / columns) * box.width, box.top + ((y + 0.5) / rows) * box.height];
  const point = pointer ? [pointer.clientX, pointer.clientY] : centre;
  const lines = [valueText(layer, place, x, y), ...(field ? [fieldWords(layer, field)] : [])];
  showLabel(label, lines, point, figure.getBoundingClientRect(), pointer?.pointerType === "touch");
  return { node: layer.node, channel: layer.channels[place], x, y };
}

function forget(panel) {
  panel.enlarged.pointed = panel.enlarged.crossed = null;
  for (const { marks, label } of panel.enlarged.figures) {
    marks.replaceChildren();
    label.hidden = true;
  }
}
