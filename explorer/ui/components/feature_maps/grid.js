/* The maps of a page, as buttons in a grid. Lengths are CSS pixels, those of the style sheet. */
import { arrowTarget, el } from "../common/dom.js";
import { paint, selectedIndex, summary, valueText } from "./maps.js";

const MIN_MAP_SIDE = 64;
const MAX_MAP_SIDE = 200;
const GAP = 8;
const EDGE = 3;
const CAPTION_HEIGHT = 22;

/** The grid of a panel, which offers select(index), describe(text) and enlarge(index). */
export function createGrid(panel) {
  const box = el("div", "grid", { role: "group", "aria-label": "Feature maps" });
  const grid = { box, cells: [], columns: 1 };
  const indexOf = (event) => grid.cells.findIndex(({ map }) => map.contains(event.target));
  box.addEventListener("pointermove", (event) => hover(panel, indexOf(event), event));
  box.addEventListener("pointerleave", () => hover(panel, -1));
  box.addEventListener("focusin", (event) => panel.select(indexOf(event)));
  box.addEventListener("click", (event) => indexOf(event) >= 0 && panel.enlarge(indexOf(event)));
  box.addEventListener("keydown", (event) => {
    const target = arrowTarget(event.key, indexOf(event), grid.cells.length, grid.columns);
    if (target === null) return;
    event.preventDefault();
    grid.cells[target].map.focus();
  });
  return grid;
}

/** Paint all maps of the page. */
export function renderGrid(panel) {
  const { header, grid: { box, cells } } = panel;
  while (cells.length > header.channels.length) cells.pop().map.remove();
  while (cells.length < header.channels.length) cells.push(createCell(box));
  cells.forEach((cell, index) => {
    paint(panel, index, cell.canvas);
    cell.caption.textContent = `#${header.channels[index]}${header.non_finite[index] ? " ⚠" : ""}`;
    cell.map.setAttribute("aria-label", `Enlarge ${summary(panel, index)}`);
  });
}

function createCell(box) {
  const canvas = el("canvas", "", { "aria-hidden": "true" });
  const caption = el("span", "caption");
  const map = el("button", "map", { type: "button" }, canvas, caption);
  box.append(map);
  return { map, canvas, caption };
}

export function markSelectedMap(panel) {
  const selected = selectedIndex(panel);
  panel.grid.cells.forEach(({ map }, index) => {
    map.setAttribute("aria-current", String(index === selected));
    map.tabIndex = index === Math.max(selected, 0) ? 0 : -1; // one stop of the Tab key, arrows do the rest
  });
}

/** Scroll a map into view; the page stays where it is. */
export function revealMap({ grid: { box, cells } }, index) {
  box.scrollTop = cells[index].map.offsetTop - box.offsetTop - box.clientHeight / 3;
}

/** Give the maps their size in the room that the grid has. */
export function fitGrid({ header, grid }) {
  const [, height, width] = header.shape;
  const room = [grid.box.clientWidth - 2 * EDGE, grid.box.clientHeight - 2 * EDGE];
  const { columns, side } = fitCells(header.channels.length, height / width, room);
  grid.columns = columns;
  grid.box.style.setProperty("--cell", `${side}px`);
  grid.box.style.setProperty("--narrow", Math.min(1, width / height));
  // a map reduced by dropping pixels would show patterns that aren't there
  grid.box.classList.toggle("reduced", side * devicePixelRatio < Math.max(height, width));
}

/** Columns, and the longer side of a map (kernels can be columns), of the largest maps that all fit without scrolling;
 * where none do, of the smallest that can be read, and the grid scrolls. `ratio` is height to width. */
export function fitCells(count, ratio, [roomX, roomY]) {
  const most = Math.max(1, Math.floor((roomX + GAP) / (MIN_MAP_SIDE + GAP)));
  const sideFor = (columns) => Math.min(MAX_MAP_SIDE, Math.floor((roomX + GAP) / columns) - GAP);
  const fits = (columns) => {
    const row = sideFor(columns) * Math.min(1, ratio) + CAPTION_HEIGHT + GAP;
    return Math.ceil(count / columns) * row - GAP <= roomY;
  };
  let columns = 1;
  while (columns < most && !fits(columns)) columns++;
  return { columns, side: sideFor(columns) };
}

function hover(panel, index, event) {
  panel.hovered = index;
  if (index < 0) return panel.describe();
  const box = panel.grid.cells[index].canvas.getBoundingClientRect();
  const [, height, width] = panel.header.shape;
  const x = Math.floor(((event.clientX - box.left) / box.width) * width);
  const y = Math.floor(((event.clientY - box.top) / box.height) * height);
  panel.describe(valueText(panel, index, x, y));
}
