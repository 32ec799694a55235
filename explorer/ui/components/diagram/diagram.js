/* Shows a Graphviz drawing that can be clicked, coloured, panned and zoomed. */
import { perRoot } from "../common/component.js";
import { ARROWS, button, centre, el, isDark, isSilencing, svg } from "../common/dom.js";
import { groupOf } from "../common/registry.js";
import { fitScale } from "./fit.js";
import { legendOf } from "./legend.js";
import { createPanZoom, pan, panOrZoomByKey, showAll, showZoomed, zoomIn, zoomOut } from "./pan_zoom.js";
import { createTooltip, hideTooltip, showTooltip } from "./tooltip.js";

const SHAPES = "polygon, path, ellipse";
const BADGE_RADIUS = 11; // in SVG units, with its outline

const viewOf = perRoot(createView);

export default function ({ data, parentElement }) {
  update(viewOf(parentElement), data);
}

function createView(shadow) {
  const view = { shadow, data: {}, elements: new Map(), tooltip: createTooltip() }; // elements: id -> its <g>
  view.legend = el("div", "legend");
  view.tools = el("div", "tools");
  view.viewport = el("div", "viewport");
  view.hint = el("p", "hint");
  view.header = el("div", "header", {}, view.legend, view.hint, view.tools);
  view.probe = el("i", "probe"); // as wide as the root's type is large
  view.root = el("div", "root", {}, view.header, view.viewport, view.tooltip, view.probe);
  view.highlight = () => highlight(view); // for the link component and the other diagrams of the group
  shadow.append(view.root);
  listen(view);
  const resized = new ResizeObserver(() => layout(view));
  resized.observe(view.viewport);
  resized.observe(view.probe);
  return view;
}

function listen(view) {
  const { viewport } = view;
  const hide = () => hideTooltip(view.tooltip);
  viewport.addEventListener("click", (event) => click(view, event));
  viewport.addEventListener("keydown", (event) => keyDown(view, event));
  for (const type of ["pointerover", "focusin"]) viewport.addEventListener(type, (event) => point(view, event));
  for (const type of ["pointerout", "focusout", "scroll"]) viewport.addEventListener(type, hide);
  viewport.addEventListener("scroll", () => showWhatIsCut(view));
}

function update(view, data) {
  const redrawn = data.svg !== view.data.svg;
  view.data = data;
  join(view, data.group);
  view.root.classList.toggle("dark", isDark(view.root));
  view.root.classList.toggle("fill", data.fill);
  if (data.zoomable && !view.panZoom) addZoom(view);
  if (redrawn) draw(view);
  view.svg.setAttribute("aria-label", data.label);
  view.legend.replaceChildren(...legendOf(data));
  view.header.hidden = !view.legend.hasChildNodes() && !view.panZoom;
  layout(view);
}

function join(view, name) {
  view.group?.views.delete(view);
  view.group = groupOf(name);
  // Views of pages that were left are dropped here: Streamlit's own clean-up may run for a mounted one, too.
  for (const other of view.group.views) if (!other.root.isConnected) view.group.views.delete(other);
  view.group.views.add(view);
}

function addZoom(view) {
  view.root.classList.add("zoomable");
  view.viewport.tabIndex = -1; // a click on the background gives the wheel to the diagram
  view.panZoom = createPanZoom(view.viewport, () => view.shadow.activeElement !== null);
  view.tools.append(
    button("Zoom in", "+", () => zoomIn(view.panZoom)),
    button("Zoom out", "−", () => zoomOut(view.panZoom)),
    button("Show the whole diagram", "Fit", () => showAll(view.panZoom)),
  );
  const touch = matchMedia("(pointer: coarse)").matches;
  view.hint.textContent = touch
    ? "Tap, then drag or pinch; a tap beside it ends that."
    : "Drag to pan; double-click or Ctrl + wheel to zoom. After a click: wheel, + − 0, Shift + arrows; Esc ends.";
}

/* ---------------------------------------------------------------- drawing */

function draw(view) {
  hideTooltip(view.tooltip);
  view.svg = parseDrawing(view.data.svg);
  view.svg.setAttribute("role", "group");
  view.elements = new Map();
  for (const g of view.svg.querySelectorAll("g[id]")) adopt(view, g);
  view.selection = svg("g", { class: "selection" });
  view.marks = svg("g", { class: "marks" });
  const graph = view.svg.querySelector("g.graph") ?? view.svg;
  graph.append(view.selection, view.marks);
  // How far to the right and up a badge can lie without being cut off.
  const shift = graph.transform.baseVal.consolidate()?.matrix ?? { e: 0, f: 0 };
  const right = view.svg.viewBox.baseVal.width - shift.e - BADGE_RADIUS;
  view.badgeLimits = { right, top: BADGE_RADIUS - shift.f };
  view.viewport.replaceChildren(view.svg);
  view.textsSorted = false;
  view.revealed = "";
}

function parseDrawing(text) {
  const drawing = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (drawing.localName !== "svg") throw new Error("The diagram is not an SVG document.");
  // Titles would open the browser's own tooltip over ours. Everything active goes, though the SVG is our own.
  for (const node of drawing.querySelectorAll("title, script, foreignObject, style")) node.remove();
  for (const node of [drawing, ...drawing.querySelectorAll("*")]) {
    for (const { name } of [...node.attributes]) {
      if (/^on|href$|^xlink:title$/i.test(name)) node.removeAttribute(name);
    }
  }
  drawing.removeAttribute("width"); // in points; the layout sets CSS pixels
  drawing.removeAttribute("height");
  return drawing;
}

function adopt(view, g) {
  // Graphviz names the group of a linked table cell "a_" + its id.
  const id = [g.id, g.id.replace(/^a_/, "")].find((name) => Object.hasOwn(view.data.elements, name));
  if (id === undefined || view.elements.has(id)) return;
  const { title, lines, kind } = view.data.elements[id];
  view.elements.set(id, g);
  g.dataset.element = id;
  g.classList.add("element", `kind-${kind}`);
  g.setAttribute("role", "button");
  g.setAttribute("aria-label", lines.length ? `${title}, ${lines[0]}` : title);
}

function layout(view) {
  if (isHidden(view)) return;
  if (!view.textsSorted) sortTexts(view);
  if (view.panZoom) showZoomed(view.panZoom, view.svg);
  else {
    const { width, height } = view.svg.viewBox.baseVal;
    const scale = fitScale(view.svg, view.viewport, view.data.fill);
    view.svg.style.width = `${width * scale}px`;
    view.svg.style.height = `${height * scale}px`;
    showWhatIsCut(view);
  }
  highlight(view);
}

/** A drawing that is wider than its place fades where it goes on. */
function showWhatIsCut({ root, viewport: { scrollLeft, scrollWidth, clientWidth } }) {
  root.classList.toggle("cut-left", scrollLeft > 1);
  root.classList.toggle("cut-right", scrollLeft + clientWidth < scrollWidth - 1);
}

/** In a closed tab or expander nothing can be measured; the ResizeObserver lays out again when it opens. */
const isHidden = (view) => view.viewport.clientWidth === 0;

/** Ink is chosen for coloured fills; a label outside its shape needs the page's text colour instead. */
function sortTexts(view) {
  view.textsSorted = true;
  for (const g of view.elements.values()) {
    const filled = [...g.querySelectorAll(SHAPES)].filter((shape) => shape.getAttribute("fill") !== "none");
    const boxes = filled.map((shape) => shape.getBBox());
    for (const text of g.querySelectorAll("text")) {
      const [x, y] = centre(text.getBBox());
      const inside = boxes.some((b) => x > b.x && x < b.x + b.width && y > b.y && y < b.y + b.height);
      text.classList.toggle("inside", inside);
    }
  }
}

/* ---------------------------------------------------------------- selection */

function highlight(view) {
  if (isHidden(view)) return;
  const { selected, edited } = view.group;
  const shown = [...view.elements].filter(([id]) => selected.has(id));
  for (const [id, g] of view.elements) {
    g.setAttribute("aria-pressed", selected.has(id));
    g.setAttribute("aria-description", edited.has(id) ? "altered" : "");
  }
  hideUnbuilt(view);
  view.selection.replaceChildren(...shown.flatMap(([, g]) => selectionMark(g, view.badgeLimits)));
  const marked = view.data.marked.map((id) => view.elements.get(id).querySelector(SHAPES).cloneNode());
  view.marks.replaceChildren(...marked, ...[...view.elements].filter(([id]) => edited.has(id)).map(([, g]) => editMark(g)));
  setTabStop(view, shown[0]?.[1] ?? view.elements.values().next().value);
  const ids = shown.map(([id]) => id).join();
  if (ids && ids !== view.revealed) reveal(view, shown[0][1]);
  view.revealed = ids;
}

/** While a block is built up: a table of cells, with the name of its branch, waits for the first of them. */
function hideUnbuilt({ svg: drawing, elements, group: { hidden } }) {
  for (const [id, g] of elements) g.classList.toggle("unbuilt", hidden.has(id));
  for (const edge of drawing.querySelectorAll("[data-edge]")) edge.classList.toggle("unbuilt", hidden.has(edge.dataset.edge));
  for (const label of drawing.querySelectorAll("[data-of]")) label.classList.toggle("unbuilt", hidden.has(label.dataset.of));
  for (const unit of drawing.querySelectorAll(".unit")) {
    const cells = [...unit.querySelectorAll(".element")];
    unit.classList.toggle("unbuilt", cells.length > 0 && cells.every((cell) => cell.classList.contains("unbuilt")));
  }
}

/** A frame of dashes. */
function editMark(g) {
  const shape = g.querySelector(SHAPES).cloneNode();
  shape.classList.add("edited");
  return shape;
}

/** An outline and a badge, drawn on top of everything: neighbouring table cells would cover half of a stroke. */
function selectionMark(g, { right, top }) {
  const shape = g.querySelector(SHAPES);
  const { x, y, width } = shape.getBBox();
  const badge = svg("path", {
    class: "badge",
    transform: `translate(${Math.min(x + width, right)} ${Math.max(y, top)})`,
    d: "M-9,0a9,9 0 1,0 18,0a9,9 0 1,0 -18,0M-4,0l3,3l5,-6",
  });
  return [shape.cloneNode(), badge];
}

function reveal(view, g) {
  const box = g.getBoundingClientRect();
  const frame = view.viewport.getBoundingClientRect();
  const cut = box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom;
  if (!cut) return;
  const [x, y] = centre(box);
  const [frameX, frameY] = centre(frame);
  if (view.panZoom) pan(view.panZoom, x - frameX, y - frameY);
  else view.viewport.scrollBy(x - frameX, y - frameY);
}

function select(view, id) {
  const { target } = view.data.elements[id];
  const parts = target.split(".");
  // The server's answer names stage and block; until then the path does: "a.0.add" lies in "a.0" and "a".
  hideTooltip(view.tooltip);
  view.group.selected = new Set([id, ...parts.map((_, end) => parts.slice(0, end + 1).join("."))]);
  for (const other of view.group.views) other.highlight();
  view.group.send?.(target);
}

/* ---------------------------------------------------------------- mouse and keyboard */

function click(view, event) {
  const g = event.target.closest(".element");
  const repeated = event.detail > 1; // the second half of a double click
  if (!g || repeated || view.panZoom?.dragged) return;
  view.group.clicked = { id: g.dataset.element, x: event.clientX, y: event.clientY };
  select(view, g.dataset.element);
}

function point(view, event) {
  const g = event.target.closest(".element");
  if (!g || view.panZoom?.dragging || event.pointerType === "touch" || isWhatWasClicked(view.group, g, event)) return;
  if (event.type === "focusin" && !g.matches(":focus-visible")) return;
  delete view.group.clicked;
  showTooltip(view.tooltip, g, view.data.elements[g.dataset.element]);
}

/** Nothing covers what a click has opened, until the pointer goes elsewhere: an element that appears under it, too,
 * makes the browser say that the pointer has come over it. */
function isWhatWasClicked({ clicked }, g, { clientX, clientY }) {
  return clicked !== undefined && (clicked.id === g.dataset.element || (clicked.x === clientX && clicked.y === clientY));
}

function keyDown(view, event) {
  const g = event.target.closest(".element");
  const direction = ARROWS[event.key];
  if (event.key === "Escape") event.target.blur();
  else if (view.panZoom && panOrZoomByKey(view.panZoom, event, direction)) hideTooltip(view.tooltip);
  else if (g && direction) moveFocus(view, g, direction);
  else if (g && (event.key === "Enter" || event.key === " ")) select(view, g.dataset.element);
  else if (g && isSilencing(event)) view.group.silence?.(view.data.elements[g.dataset.element].target);
  else return;
  event.preventDefault();
}

function moveFocus(view, from, direction) {
  const all = [...view.elements.values()];
  const next = nearest(all, from, direction) ?? all[all.indexOf(from) + direction[0] + direction[1]];
  if (!next) return;
  setTabStop(view, next);
  reveal(view, next);
  next.focus({ preventScroll: true });
}

/** The closest element in a direction; being off its line counts double. Undefined at the border. */
export function nearest(all, from, [dx, dy]) {
  const [x, y] = centre(from.getBoundingClientRect());
  const distance = (element) => {
    const [toX, toY] = centre(element.getBoundingClientRect());
    const along = (toX - x) * dx + (toY - y) * dy;
    const across = Math.abs((toX - x) * dy) + Math.abs((toY - y) * dx);
    return along > 1 && along > across / 2 ? along + 2 * across : Infinity;
  };
  const ranked = all.map((element) => [distance(element), element]).filter(([cost]) => cost < Infinity);
  return ranked.sort(([a], [b]) => a - b)[0]?.[1];
}

function setTabStop(view, stop) {
  for (const g of view.elements.values()) g.setAttribute("tabindex", g === stop ? 0 : -1);
}
