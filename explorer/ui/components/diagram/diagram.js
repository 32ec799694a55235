// Shows a Graphviz drawing that can be clicked, coloured, panned and zoomed. Streamlit calls the default export
// again at each change of data or theme, so everything that must survive lives in one DiagramView per mount.
// Served in one module with pan_zoom.js, which defines PanZoom, fitScale, centre and clamp.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const SHAPES = "polygon, path, ellipse";
const BADGE_RADIUS = 11; // with its outline
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const COUNT = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
const BYTES = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];
const METRICS = {
  macs: { field: "macs", label: "MACs", units: COUNT },
  params: { field: "params", label: "Parameters", units: COUNT },
  memory: { field: "activation_bytes", label: "Activation memory", units: BYTES },
};

const views = new WeakMap();

export default function ({ data, parentElement }) {
  if (!views.has(parentElement)) views.set(parentElement, new DiagramView(parentElement));
  views.get(parentElement).update(data);
}

class DiagramView {
  elements = new Map(); // element id -> its <g>
  data = {};

  constructor(shadow) {
    this.shadow = shadow;
    this.legend = create("div", "legend");
    this.tools = create("div", "tools");
    this.viewport = create("div", "viewport");
    this.hint = create("p", "hint");
    this.tooltip = new Tooltip();
    this.header = create("div", "header", this.legend, this.tools);
    this.root = create("div", "root", this.header, this.viewport, this.hint, this.tooltip.box);
    shadow.append(this.root);

    this.viewport.addEventListener("click", (event) => this.onClick(event));
    this.viewport.addEventListener("keydown", (event) => this.onKey(event));
    this.viewport.addEventListener("scroll", () => this.tooltip.hide());
    for (const type of ["pointerover", "focusin"]) {
      this.viewport.addEventListener(type, (event) => this.onPoint(event));
    }
    for (const type of ["pointerout", "focusout"]) this.viewport.addEventListener(type, () => this.tooltip.hide());
    new ResizeObserver(() => this.layout()).observe(this.viewport);
  }

  update(data) {
    const redrawn = data.svg !== this.data.svg;
    this.data = data;
    this.join(data.group);
    this.root.classList.toggle("dark", luminance(this.tooltip.background()) < 0.5);
    this.root.style.height = data.height ? `${data.height}px` : "";
    if (data.zoomable && !this.panZoom) this.addZoom();
    if (redrawn) this.draw();
    this.colour();
    this.layout();
  }

  join(name) {
    const groups = (window.__cnnExplorer ??= {});
    this.group?.diagrams.delete(this);
    this.group = groups[name] ??= { selected: new Set(), diagrams: new Set() };
    // Views of pages that were left are dropped here: Streamlit's own clean-up may run for a mounted one, too.
    for (const view of this.group.diagrams) if (!view.root.isConnected) this.group.diagrams.delete(view);
    this.group.diagrams.add(this);
  }

  draw() {
    this.tooltip.hide();
    this.svg = parseDrawing(this.data.svg);
    this.svg.setAttribute("role", "group");
    this.elements = new Map();
    for (const g of this.svg.querySelectorAll("g[id]")) this.adopt(g);
    this.selection = document.createElementNS(SVG_NAMESPACE, "g");
    this.selection.setAttribute("class", "selection");
    const graph = this.svg.querySelector("g.graph") ?? this.svg;
    graph.append(this.selection);
    // How far to the right and up a badge can lie without being cut off.
    const shift = graph.transform.baseVal.consolidate()?.matrix ?? { e: 0, f: 0 };
    const right = this.svg.viewBox.baseVal.width - shift.e - BADGE_RADIUS;
    this.badgeLimits = { right, top: BADGE_RADIUS - shift.f };
    this.viewport.replaceChildren(this.svg);
    this.textsSorted = false;
    this.revealed = "";
  }

  adopt(g) {
    // Graphviz names the group of a linked table cell "a_" + its id.
    const id = [g.id, g.id.replace(/^a_/, "")].find((name) => Object.hasOwn(this.data.elements, name));
    if (id === undefined || this.elements.has(id)) return;
    const { title, lines, kind } = this.data.elements[id];
    this.elements.set(id, g);
    g.dataset.element = id;
    g.classList.add("element", `kind-${kind}`);
    g.setAttribute("role", "button");
    g.setAttribute("aria-label", lines.length ? `${title}, ${lines[0]}` : title);
  }

  colour() {
    const { colour_by, elements, ramp_steps, label } = this.data;
    this.svg.setAttribute("aria-label", label);
    const metric = METRICS[colour_by];
    const scale = metric && logScale(Object.values(elements).map((element) => element[metric.field]), ramp_steps);
    this.root.classList.toggle("by-metric", Boolean(metric));
    for (const [id, g] of this.elements) {
      if (scale) g.style.setProperty("--fill", rampColour(scale.step(elements[id][metric.field])));
      else g.style.removeProperty("--fill");
    }
    this.legend.replaceChildren(...(scale ? this.scaleLegend(metric, scale) : this.kindLegend()));
    this.header.hidden = !this.legend.hasChildNodes() && !this.panZoom;
  }

  kindLegend() {
    if (!this.data.legend) return [];
    return Object.entries(this.data.kinds).map(([label, kind]) =>
      create("span", "entry", create("i", `swatch kind-${kind}`), label));
  }

  scaleLegend({ label, units }, { least, most, step, zeros }) {
    const swatch = (position) => {
      const box = create("i", "swatch");
      box.style.setProperty("--fill", rampColour(position));
      return box;
    };
    const ramp = create("span", "ramp");
    if (most) for (let position = step(least); position <= step(most); position++) ramp.append(swatch(position));
    const entries = [create("span", "entry", `${label}, log scale:`)];
    if (zeros) entries.push(create("span", "entry", swatch("none"), "none"));
    const low = least < most ? human(least, units) : "";
    if (most) entries.push(create("span", "entry", low, ramp, human(most, units)));
    return entries;
  }

  layout() {
    if (this.isHidden()) return;
    if (!this.textsSorted) this.sortTexts();
    if (this.panZoom) this.panZoom.show(this.svg, this.data);
    else {
      const { width, height } = this.svg.viewBox.baseVal;
      const scale = fitScale(this.svg, this.viewport, this.data);
      this.svg.style.width = `${width * scale}px`;
      this.svg.style.height = `${height * scale}px`;
    }
    this.highlight();
  }

  // In a closed tab or expander nothing can be measured; the ResizeObserver lays out again when it opens.
  isHidden() {
    return this.viewport.clientWidth === 0;
  }

  // Ink is chosen for coloured fills; a label outside its shape needs the page's text colour instead.
  sortTexts() {
    this.textsSorted = true;
    for (const g of this.elements.values()) {
      const filled = [...g.querySelectorAll(SHAPES)].filter((shape) => shape.getAttribute("fill") !== "none");
      const boxes = filled.map((shape) => shape.getBBox());
      for (const text of g.querySelectorAll("text")) {
        const [x, y] = centre(text.getBBox());
        const inside = boxes.some((b) => x > b.x && x < b.x + b.width && y > b.y && y < b.y + b.height);
        text.classList.toggle("inside", inside);
      }
    }
  }

  // Also called by the link component and by the other diagrams of the group.
  highlight() {
    if (this.isHidden()) return;
    const selected = [...this.elements].filter(([id]) => this.group.selected.has(id));
    for (const [id, g] of this.elements) g.setAttribute("aria-pressed", this.group.selected.has(id));
    this.selection.replaceChildren(...selected.flatMap(([, g]) => selectionMark(g, this.badgeLimits)));
    this.setTabStop(selected[0]?.[1] ?? this.elements.values().next().value);
    const ids = selected.map(([id]) => id).join();
    if (ids && ids !== this.revealed) this.reveal(selected[0][1]);
    this.revealed = ids;
  }

  reveal(g) {
    const box = g.getBoundingClientRect();
    const frame = this.viewport.getBoundingClientRect();
    const beside = box.left < frame.left || box.right > frame.right;
    if (!beside && box.top >= frame.top && box.bottom <= frame.bottom) return;
    const [x, y] = centre(box);
    const [frameX, frameY] = centre(frame);
    if (this.panZoom) this.panZoom.pan(x - frameX, y - frameY);
    else this.viewport.scrollBy(x - frameX, y - frameY);
  }

  select(id) {
    const target = this.data.elements[id].target;
    const parts = target.split(".");
    // The server's answer names stage and block; until then the path does: "a.0.add" lies in "a.0" and "a".
    this.group.selected = new Set([id, ...parts.map((_, end) => parts.slice(0, end + 1).join("."))]);
    for (const view of this.group.diagrams) view.highlight();
    this.group.send?.(target);
  }

  onClick(event) {
    const g = event.target.closest(".element");
    const repeated = event.detail > 1; // the second half of a double click
    if (g && !repeated && !this.panZoom?.dragged) this.select(g.dataset.element);
  }

  onPoint(event) {
    const g = event.target.closest(".element");
    if (!g || this.panZoom?.dragging || (event.type === "focusin" && !g.matches(":focus-visible"))) return;
    this.tooltip.show(g, this.data.elements[g.dataset.element]);
  }

  onKey(event) {
    const g = event.target.closest(".element");
    const direction = ARROWS[event.key];
    if (event.key === "Escape") event.target.blur();
    else if (this.panZoom?.onKey(event, direction)) this.tooltip.hide();
    else if (g && direction) this.moveFocus(g, direction);
    else if (g && (event.key === "Enter" || event.key === " ")) this.select(g.dataset.element);
    else return;
    event.preventDefault();
  }

  moveFocus(from, direction) {
    const all = [...this.elements.values()];
    const next = nearest(all, from, direction) ?? all[all.indexOf(from) + direction[0] + direction[1]];
    if (!next) return;
    this.setTabStop(next);
    this.reveal(next);
    next.focus({ preventScroll: true });
  }

  setTabStop(stop) {
    for (const g of this.elements.values()) g.setAttribute("tabindex", g === stop ? 0 : -1);
  }

  addZoom() {
    this.root.classList.add("zoomable");
    this.viewport.tabIndex = -1; // a click on the background gives the wheel to the diagram
    this.panZoom = new PanZoom(this.viewport, () => this.shadow.activeElement !== null);
    const button = (text, label, action) => {
      const element = create("button", "", text);
      element.title = label;
      element.setAttribute("aria-label", label);
      element.addEventListener("click", action);
      return element;
    };
    this.tools.append(
      button("+", "Zoom in", () => this.panZoom.zoom(1.4)),
      button("−", "Zoom out", () => this.panZoom.zoom(1 / 1.4)),
      button("Fit", "Show the whole diagram", () => this.panZoom.showAll()),
    );
    const touch = matchMedia("(pointer: coarse)").matches;
    this.hint.textContent = touch
      ? "Tap the diagram, then drag or pinch. A tap beside it gives the fingers back to the page."
      : "Drag to pan; double-click or Ctrl + wheel to zoom. After a click into the diagram the wheel zooms, too, "
        + "and so do + − 0; Shift + arrows pan; Esc gives the wheel back to the page.";
  }
}

class Tooltip {
  // A popover lies in the top layer: no scroll container or column of the page clips it.
  constructor() {
    this.box = create("div", "tooltip");
    this.box.popover = "manual";
    this.box.setAttribute("role", "tooltip");
  }

  background() {
    return getComputedStyle(this.box).backgroundColor;
  }

  show(g, { title, lines }) {
    this.box.replaceChildren(create("strong", "", title), ...lines.map((line) => create("div", "", line)));
    this.box.togglePopover(true);
    const target = g.getBoundingClientRect();
    const { width, height } = this.box.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const below = target.bottom + 8;
    const top = below + height <= clientHeight ? below : target.top - height - 8;
    this.box.style.top = `${Math.max(8, top)}px`;
    this.box.style.left = `${clamp((target.left + target.right - width) / 2, 8, clientWidth - width - 8)}px`;
  }

  hide() {
    this.box.togglePopover(false);
  }
}

function parseDrawing(text) {
  const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (svg.localName !== "svg") throw new Error("The diagram is not an SVG document.");
  // Titles would open the browser's own tooltip over ours. Everything active goes, though the SVG is our own.
  for (const node of svg.querySelectorAll("title, script, foreignObject, style")) node.remove();
  for (const node of [svg, ...svg.querySelectorAll("*")]) {
    for (const { name } of [...node.attributes]) {
      if (/^on|href$|^xlink:title$/i.test(name)) node.removeAttribute(name);
    }
  }
  svg.removeAttribute("width"); // in points; the layout sets CSS pixels
  svg.removeAttribute("height");
  return svg;
}

// The outline and badge are drawn on top of everything: neighbouring table cells would cover half of a stroke.
function selectionMark(g, { right, top }) {
  const shape = g.querySelector(SHAPES);
  const { x, y, width } = shape.getBBox();
  const badge = document.createElementNS(SVG_NAMESPACE, "path");
  badge.setAttribute("class", "badge");
  badge.setAttribute("transform", `translate(${Math.min(x + width, right)} ${Math.max(y, top)})`);
  badge.setAttribute("d", "M-9,0a9,9 0 1,0 18,0a9,9 0 1,0 -18,0M-4,0l3,3l5,-6");
  return [shape.cloneNode(), badge];
}

// The closest element in a direction; being off its line counts double. Undefined at the border.
function nearest(all, from, [dx, dy]) {
  const [x, y] = centre(from.getBoundingClientRect());
  const distance = (g) => {
    const [toX, toY] = centre(g.getBoundingClientRect());
    const along = (toX - x) * dx + (toY - y) * dy;
    const across = Math.abs((toX - x) * dy) + Math.abs((toY - y) * dx);
    return along > 1 && along > across / 2 ? along + 2 * across : Infinity;
  };
  const ranked = all.map((g) => [distance(g), g]).filter(([cost]) => cost < Infinity);
  return ranked.sort(([a], [b]) => a - b)[0]?.[1];
}

// The ramp spans a decade at least, so that nearly equal values look nearly equal. Zero has no logarithm.
function logScale(values, steps) {
  const most = Math.max(0, ...values);
  const least = Math.min(most, ...values.filter((value) => value > 0));
  const start = Math.min(least, most / 10);
  const position = (value) => Math.log(value / start) / Math.log(most / start);
  const step = (value) => (value > 0 ? Math.round(position(value) * (steps - 1)) : "none");
  return { least, most, step, zeros: values.includes(0) };
}

function human(value, units) {
  const [size, suffix] = units.find(([unit]) => value >= unit) ?? units.at(-1);
  return `${Number((value / size).toPrecision(3))} ${suffix}`.trim();
}

function luminance(rgb) {
  const [red, green, blue] = rgb.match(/[\d.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

function create(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children); // strings become text nodes, never markup
  return element;
}

const rampColour = (step) => `var(--ramp-${step})`;
