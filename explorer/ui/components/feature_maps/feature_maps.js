/* Feature maps in a grid, or a vector as bars.
 *
 * Colouring, scale, selection and enlargement belong to the browser: they are reported as the state "view" and don't
 * come back, so changing them sends no map again. Order and page belong to the server, which sends other channels.
 */
import { perRoot, reportView, sameBytes, unpack, whenRemoved } from "../common/component.js";
import { el } from "../common/dom.js";
import { decodeTable } from "../common/paint.js";
import { INPUT_CHANGED } from "../common/registry.js";
import { renderControls } from "./controls.js";
import { createEnlarged, placeEnlarged, showEnlarged } from "./enlarged.js";
import { createGrid, fitGrid, markSelectedMap, renderGrid, revealMap } from "./grid.js";
import { isVector, selectedIndex } from "./maps.js";
import { createStatus, showStatus } from "./status.js";
import { createVector, drawVector, receiveVector, revealBar } from "./vector.js";

const DEFAULT_HEIGHT_PX = 420;

const panelOf = perRoot(createPanel);

export default function ({ data, parentElement, setStateValue }) {
  const panel = panelOf(parentElement);
  panel.setStateValue = setStateValue;
  if (sameBytes(panel.message, data)) fit(panel);
  else receive(panel, data);
  return whenRemoved(parentElement, () => disposePanel(panel));
}

function createPanel(root) {
  const panel = { message: null, hovered: -1, controls: el("div", "controls"), status: createStatus() };
  // What the parts ask the panel to do.
  panel.select = (index) => select(panel, index);
  panel.describe = (value) => showStatus(panel, value);
  panel.enlarge = (index) => enlarge(panel, index);
  panel.redraw = (changes) => {
    Object.assign(panel.view, changes);
    render(panel);
    reportView(panel);
  };
  panel.request = (changes) => {
    Object.assign(panel.view, changes);
    reportView(panel);
  };
  panel.grid = createGrid(panel);
  panel.vector = createVector(panel);
  panel.enlarged = createEnlarged(panel);
  const parts = [panel.controls, panel.grid.box, panel.vector.box, panel.status.box, panel.enlarged.box];
  panel.section = el("section", "maps", {}, ...parts);
  root.append(panel.section);
  panel.resized = new ResizeObserver(() => fit(panel));
  panel.resized.observe(panel.section);
  panel.inputChanged = () => placeEnlarged(panel);
  window.addEventListener(INPUT_CHANGED, panel.inputChanged);
  return panel;
}

function disposePanel(panel) {
  clearTimeout(panel.timer);
  panel.resized.disconnect();
  window.removeEventListener(INPUT_CHANGED, panel.inputChanged);
}

function receive(panel, data) {
  const before = panel.header;
  Object.assign(panel, unpack(data), { message: data, hovered: -1 });
  const { header } = panel;
  const { sequential, diverging } = header.colormaps;
  panel.tables = { sequential: decodeTable(sequential), diverging: decodeTable(diverging) };
  panel.view ??= { ...header.view }; // from the link; afterwards the browser's own
  Object.assign(panel.view, { page: header.page ?? 0, order: header.order ?? "index" });
  panel.section.style.setProperty("--height", `${header.height ?? DEFAULT_HEIGHT_PX}px`);
  panel.section.classList.toggle("vector", isVector(panel));
  if (isVector(panel)) receiveVector(panel);
  render(panel);
  if (before?.node !== header.node) reveal(panel); // a new node: scroll to the selected channel
}

function render(panel) {
  renderControls(panel);
  if (!isVector(panel)) renderGrid(panel);
  fit(panel);
  showEnlarged(panel, panel.view.enlarged && !isVector(panel) ? selectedIndex(panel) : -1);
  showSelection(panel);
}

function fit(panel) {
  if (!panel.header) return;
  if (isVector(panel)) drawVector(panel);
  else fitGrid(panel);
}

function select(panel, index) {
  const channel = panel.header.channels[index];
  if (channel === undefined || channel === panel.view.channel) return;
  panel.view.channel = channel;
  showSelection(panel);
  reportView(panel, { delayed: true });
}

function showSelection(panel) {
  markSelectedMap(panel);
  if (isVector(panel)) drawVector(panel);
  panel.describe();
}

function reveal(panel) {
  const index = selectedIndex(panel);
  if (index < 0) return;
  if (isVector(panel)) revealBar(panel, index);
  else revealMap(panel, index);
}

/** Enlarge the map at this index of the page, or for -1 return from there to the grid. */
function enlarge(panel, index) {
  const closed = panel.enlarged.index;
  panel.select(index);
  panel.hovered = -1;
  panel.view.enlarged = index >= 0;
  showEnlarged(panel, index);
  panel.describe();
  if (index < 0) panel.grid.cells[closed].map.focus();
  else panel.enlarged.box.focus({ preventScroll: true });
  reportView(panel);
}
