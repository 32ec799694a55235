/* The maps of a page, as buttons in a grid; those of another operation in a second one beside it. */
import { button, el } from "../common/dom.js";
import { clamp } from "../common/numbers.js";
import { showLabel } from "./label.js";
import { paint, placeIn, selectedIndex, summary, valueText } from "./maps.js";

// In rem, those of the style sheet.
const MIN_MAP_SIDE = 4;
const LEAST_MAP_SIDE = 2.5; // where two rows of the former have no room
const MAX_MAP_SIDE = 12.5;
const GAP = 0.5;
const EDGE = 0.1875;
const CAPTION_HEIGHT = 1.375;
const PANE_GAP = 1;
const PANE_TITLE_HEIGHT = 2;

/** The grid of a panel, which offers select(index), describe(), walk(...) and enlarge(index). */
export function createGrid(panel) {
  const panes = [0, 1].map((side) => createPane(panel, side));
  const [{ cells }, second] = panes;
  second.title.append(button("Show one operation", "×", () => panel.request({ beside: "" })));
  const box = el("div", "grid", {}, ...panes.map((pane) => pane.box));
  const grid = { box, panes, cells, columns: 1 };
  box.addEventListener("focusin", (event) => {
    const index = indexOf(cells, event);
    if (index >= 0) panel.select(index);
  });
  box.addEventListener("keydown", (event) => {
    const index = indexOf(cells, event);
    const go = (target) => cells[target].map.focus();
    if (index < 0 || !panel.walk(event.key, index, grid.columns, go)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  return grid;
}

const indexOf = (cells, event) => cells.findIndex(({ map }) => map.contains(event.target));

function createPane(panel, side) {
  const pane = { cells: [], name: el("bdi", ""), list: el("div", "cells", { role: "group" }) };
  pane.title = el("div", "pane-title", {}, el("span", "", {}, pane.name));
  pane.box = el("div", "pane", {}, pane.title, pane.list);
  pane.list.addEventListener("pointermove", (event) => hover(panel, side, indexOf(pane.cells, event), event));
  pane.list.addEventListener("pointerleave", () => hover(panel, side, -1));
  pane.list.addEventListener("click", (event) => {
    const index = indexOf(pane.cells, event);
    if (index >= 0) panel.enlarge(index);
  });
  return pane;
}

/** Paint all maps of the page. */
export function renderGrid(panel) {
  const { header, layers, grid: { panes } } = panel;
  panes.forEach((pane, side) => {
    const layer = layers[side];
    pane.box.hidden = !layer;
    pane.title.hidden = layers.length === 1;
    const count = layer ? header.channels.length : 0;
    while (pane.cells.length > count) pane.cells.pop().map.remove();
    while (pane.cells.length < count) pane.cells.push(createCell(pane.list));
    if (layer) renderPane(panel, pane, layer);
  });
}

function renderPane(panel, { cells, name, list }, layer) {
  name.textContent = layer.node ?? "";
  list.setAttribute("aria-label", `Feature maps of ${layer.node ?? "the operation"}`);
  cells.forEach(({ map, canvas, caption }, index) => {
    const place = placeIn(panel, layer, index);
    map.classList.toggle("missing", place < 0);
    if (place < 0) return;
    const isPicture = layer === panel.layers[0] && paintLooks(panel, layer.channels[place], canvas);
    map.classList.toggle("picture", isPicture);
    if (!isPicture) paint(panel, layer, place, canvas);
    const mark = isPicture && panel.header.looks.anew?.includes(layer.channels[place]) ? " *" : "";
    caption.textContent = `#${layer.channels[place]}${layer.non_finite[place] ? " ⚠" : ""}${mark}`;
    map.title = mark ? panel.header.looks.note : "";
    map.setAttribute("aria-label", `Enlarge ${summary(layer, place)}`);
  });
}

/** Paint what a channel looks for; says whether there is such a picture. */
function paintLooks({ header, looks }, channel, canvas) {
  const at = looks ? header.looks.channels.indexOf(channel) : -1;
  if (at < 0) return false;
  const { side, columns } = header.looks;
  canvas.width = canvas.height = side;
  const corner = [(at % columns) * side, Math.floor(at / columns) * side];
  canvas.getContext("2d").drawImage(looks, ...corner, side, side, 0, 0, side, side);
  return true;
}

function createCell(list) {
  const canvas = el("canvas", "", { "aria-hidden": "true" });
  const caption = el("span", "caption");
  const map = el("button", "map", { type: "button" }, canvas, caption);
  list.append(map);
  return { map, canvas, caption };
}

export function markSelectedMap(panel) {
  const selected = selectedIndex(panel);
  panel.grid.panes.forEach(({ cells }, side) => {
    cells.forEach(({ map }, index) => {
      map.setAttribute("aria-current", String(index === selected));
      // one stop of the Tab key, arrows do the rest
      map.tabIndex = side === 0 && index === Math.max(selected, 0) ? 0 : -1;
    });
  });
}

/** Scroll a map's row to the top, unless it is seen anyway; the page stays where it is. */
export function revealMap({ grid: { box, cells } }, index) {
  const { map } = cells[index];
  const isSeen = map.offsetTop + map.offsetHeight <= box.clientHeight;
  box.scrollTop = isSeen ? 0 : map.offsetTop - cells[0].map.offsetTop;
}

/** Give the maps their size in the room that the grid has. */
export function fitGrid(panel) {
  const { header, layers, grid } = panel;
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const { box } = grid;
  const atMost = parseFloat(getComputedStyle(box).maxHeight); // on a phone, where the room is as high as the maps
  const [titles, gaps] = layers.length > 1 ? [PANE_TITLE_HEIGHT, PANE_GAP] : [0, 0];
  const room = [
    (box.clientWidth - (2 * EDGE + gaps) * rem) / layers.length,
    (atMost || box.clientHeight) - (2 * EDGE + titles) * rem,
  ];
  const ratio = Math.max(...layers.map(({ shape: [, height, width] }) => height / width));
  const caption = panel.isLow ? 0 : CAPTION_HEIGHT; // there it lies on the map
  const { columns, side } = fitCells(header.channels.length, ratio, room, rem, caption);
  grid.columns = columns;
  box.style.setProperty("--columns", columns);
  box.style.setProperty("--cell", `${side}px`);
  box.style.setProperty("--row", `${side * Math.min(1, ratio) + caption * rem}px`);
  layers.forEach(({ shape: [, height, width] }, number) => {
    const { list } = grid.panes[number];
    list.style.setProperty("--narrow", Math.min(1, width / height));
    // a map reduced by dropping pixels would show patterns that aren't there
    list.classList.toggle("reduced", side * devicePixelRatio < Math.max(height, width));
  });
}

/** Columns, and the longer side of a map (kernels can be columns): so that all fit without scrolling, where the smallest
 * do; else so that as many rows as fit are seen whole, and the grid scrolls. Of what is possible, the most that is
 * painted. `ratio` is height to width, `caption` the height of what stands under a map, in rem. */
export function fitCells(count, ratio, [roomX, roomY], rem = 16, caption = CAPTION_HEIGHT) {
  const [gap, under, flat] = [GAP * rem, (caption + GAP) * rem, Math.min(1, ratio)];
  // Two rows are seen, as long as that leaves anything to see.
  const ofTwoRows = Math.floor(((roomY + gap) / 2 - under) / flat);
  const smallest = clamp(ofTwoRows, LEAST_MAP_SIDE * rem, MIN_MAP_SIDE * rem);
  const most = Math.max(1, Math.floor((roomX + gap) / (smallest + gap)));
  const rowsSeen = Math.max(1, Math.floor((roomY + gap) / (smallest * flat + under)));
  const scrolls = Math.ceil(count / most) > rowsSeen;
  let best = { painted: -1 };
  for (let columns = 1; columns <= most; columns++) {
    const rows = scrolls ? rowsSeen : Math.ceil(count / columns);
    const widest = Math.min(MAX_MAP_SIDE * rem, Math.floor((roomX + gap) / columns - gap));
    const highest = Math.max(0, Math.floor(((roomY + gap) / rows - under) / flat));
    const painted = Math.min(count, columns * rows) * Math.min(widest, highest) ** 2;
    const side = Math.min(widest, Math.max(highest, smallest));
    if (painted > best.painted) best = { painted, columns, side };
  }
  return { columns: best.columns, side: best.side };
}

function hover(panel, side, index, event) {
  const { grid, header, label, layers } = panel;
  const layer = layers[side];
  const place = index < 0 ? -1 : placeIn(panel, layer, index);
  panel.side = side;
  panel.hovered = place < 0 ? -1 : index;
  panel.describe();
  label.hidden = true;
  if (place < 0 || event.pointerType === "touch") return;
  const box = grid.panes[side].cells[index].canvas.getBoundingClientRect();
  const [, height, width] = layer.shape;
  const x = Math.floor(((event.clientX - box.left) / box.width) * width);
  const y = Math.floor(((event.clientY - box.top) / box.height) * height);
  const value = valueText(layer, place, x, y);
  const words = header.beside ? `#${layer.channels[place]}  ${value}` : value;
  const lines = panel.isLow ? [words, summary(layer, place)] : [words];
  if (value) showLabel(label, lines, [event.clientX, event.clientY], panel.section.getBoundingClientRect());
}
