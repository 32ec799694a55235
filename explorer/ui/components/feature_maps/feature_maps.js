/* Feature maps in a grid, or a vector as bars.
 *
 * Colouring, scale, selection and enlargement belong to the browser: they are reported as the state "view" and don't
 * come back, so changing them sends no map again. Order, page and the operation beside belong to the server, which
 * sends other maps.
 */
import { perRoot, reportView, sameBytes, unpack, whenRemoved } from "../common/component.js";
import { arrowTarget, el, isSilencing } from "../common/dom.js";
import { decodeTable } from "../common/paint.js";
import { INPUT_CHANGED } from "../common/registry.js";
import { renderControls } from "./controls.js";
import { createEnlarged, placeEnlarged, showEnlarged } from "./enlarged.js";
import { createGrid, fitGrid, markSelectedMap, renderGrid, revealMap } from "./grid.js";
import { createLabel } from "./label.js";
import { isVector, layersOf, selectedIndex } from "./maps.js";
import { createStatus, showStatus } from "./status.js";
import { createVector, drawVector, receiveVector, revealBar } from "./vector.js";

const LOW_REM = 17; // a room that is lower has a layout of its own
const PHONE_WIDTH = 640; // CSS pixels, as in the style sheet

const BACKWARD = ["ArrowLeft", "ArrowUp"];
const FORWARD = ["ArrowRight", "ArrowDown"];

const panelOf = perRoot(createPanel);

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const panel = panelOf(parentElement);
  Object.assign(panel, { setStateValue, setTriggerValue });
  if (sameBytes(panel.message, data)) fit(panel);
  else receive(panel, data);
  return whenRemoved(parentElement, () => disposePanel(panel));
}

function createPanel(root) {
  const panel = { message: null, hovered: -1, side: 0, awaited: null, controls: el("div", "controls") };
  panel.status = createStatus();
  panel.label = createLabel();
  // What the parts ask the panel to do.
  panel.select = (index) => select(panel, index);
  panel.walk = (...way) => walk(panel, ...way);
  panel.describe = () => showStatus(panel);
  panel.enlarge = (index) => enlarge(panel, index);
  panel.pick = ({ node, channel, x, y }) => {
    clearTimeout(panel.timer); // the view would say the same later, and with it what other widgets held before
    panel.setTriggerValue("picked", { node, channel, row: y, column: x });
  };
  panel.redraw = (changes) => {
    Object.assign(panel.view, changes);
    render(panel);
    reportView(panel);
  };
  panel.report = (changes) => {
    Object.assign(panel.view, changes);
    reportView(panel, { delayed: true });
  };
  panel.request = (changes) => {
    Object.assign(panel.view, changes);
    reportView(panel);
  };
  panel.grid = createGrid(panel);
  panel.vector = createVector(panel);
  panel.enlarged = createEnlarged(panel);
  const parts = [panel.controls, panel.grid.box, panel.vector.box, panel.status.box, panel.enlarged.box, panel.label];
  panel.section = el("section", "maps", {}, ...parts);
  panel.section.addEventListener("keydown", (event) => silence(panel, event));
  root.append(panel.section);
  panel.resized = new ResizeObserver(() => fit(panel));
  panel.resized.observe(panel.section);
  panel.inputChanged = () => placeEnlarged(panel);
  window.addEventListener(INPUT_CHANGED, panel.inputChanged);
  return panel;
}

/** A key on a map, a bar or the enlarged map silences its channel, or undoes that. */
function silence(panel, event) {
  const { header, view } = panel;
  const ofPanel = event.target.closest("input, select") === null;
  if (!ofPanel || !isSilencing(event) || !header.channels.includes(view.channel)) return;
  panel.setTriggerValue("silenced", { node: header.node, channel: view.channel });
  event.preventDefault();
}

function disposePanel(panel) {
  clearTimeout(panel.timer);
  panel.resized.disconnect();
  window.removeEventListener(INPUT_CHANGED, panel.inputChanged);
}

function receive(panel, data) {
  const before = panel.header;
  Object.assign(panel, unpack(data), { message: data, hovered: -1, side: 0 });
  const { header } = panel;
  const { sequential, diverging } = header.colormaps;
  panel.layers = layersOf(panel);
  panel.tables = { sequential: decodeTable(sequential), diverging: decodeTable(diverging) };
  panel.view ??= { ...header.view }; // from the link; afterwards the browser's own
  const beside = header.beside?.node ?? "";
  Object.assign(panel.view, { page: header.page ?? 0, order: header.order ?? "index", beside });
  const arrived = arriveOnPage(panel);
  decodeLooks(panel, () => renderGrid(panel));
  panel.label.hidden = true;
  panel.section.classList.toggle("vector", isVector(panel));
  if (isVector(panel)) receiveVector(panel);
  render(panel);
  if (before?.node !== header.node || arrived) reveal(panel); // else the place where one has scrolled stays
  if (arrived && !panel.view.enlarged && !isVector(panel)) panel.grid.cells[selectedIndex(panel)].map.focus();
}

/** Make ready what the channels look for, if it was sent; until then their maps are seen. */
async function decodeLooks(panel, done) {
  const { header: { looks }, body, message } = panel;
  panel.looks = null;
  if (!looks) return;
  const sheet = await createImageBitmap(new Blob([body.subarray(looks.at)], { type: "image/webp" }));
  if (panel.message !== message) return;
  panel.looks = sheet;
  done();
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
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  panel.isLow = innerWidth > PHONE_WIDTH && panel.section.clientHeight < LOW_REM * rem;
  panel.section.classList.toggle("low", panel.isLow);
  if (isVector(panel)) drawVector(panel);
  else fitGrid(panel);
  placeEnlarged(panel);
  panel.describe();
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

/** Go where a key leads from what stands at this index, over the page's border, too; says whether it leads anywhere.
 * Of a page, go(index) shows the target; up and down are rows of `columns`. */
function walk(panel, key, index, columns, go) {
  const { header } = panel;
  const target = arrowTarget(key, index, header.channels.length, columns);
  if (target === null) return false;
  if (panel.awaited) return true;
  const turn = target !== index ? 0 : FORWARD.includes(key) - BACKWARD.includes(key);
  const page = header.page + turn;
  if (turn && page >= 0 && page < header.pages) turnPage(panel, page, turn);
  else go(target);
  return true;
}

/** Ask for the next or previous page; its nearest channel is selected as soon as it is here. */
function turnPage(panel, page, turn) {
  const { channels, numbers, order } = panel.header;
  panel.awaited = { page, turn };
  const known = order === "index" && !numbers; // then the link takes one step, not two
  panel.request({ page, ...(known && { channel: channels.at(turn < 0 ? 0 : -1) + turn }) });
}

/** Select the first or last channel of a page that was walked to; says whether this is one. */
function arriveOnPage(panel) {
  const { awaited, header } = panel;
  panel.awaited = null;
  if (awaited?.page !== header.page) return false;
  panel.view.channel = header.channels.at(awaited.turn < 0 ? -1 : 0);
  reportView(panel, { delayed: true });
  return true;
}

/** Enlarge the map at this index of the page, or for -1 return from there to the grid. */
function enlarge(panel, index) {
  const closed = panel.enlarged.index;
  panel.select(index);
  panel.hovered = -1;
  panel.label.hidden = true;
  panel.view.enlarged = index >= 0;
  showEnlarged(panel, index);
  panel.describe();
  if (index < 0) panel.grid.cells[closed].map.focus();
  else panel.enlarged.box.focus({ preventScroll: true });
  reportView(panel);
}
