/* The grid of feature maps (the bars of a vector and the enlarged map have files of their own).
 *
 * Colouring, scale, selection and enlargement belong to the browser: they are reported as the state "view" and don't
 * come back, so changing them sends no map again. Order and page belong to the server, which sends other channels.
 * The function below runs again after each message and each change of theme; a panel outlives that in PANELS.
 */
const PANELS = new WeakMap();
const REPORT_DELAY = 250; // ms: whoever holds an arrow key down asks the server once
const SMALLEST_MAP = 64, LARGEST_MAP = 200, GAP = 8, EDGE = 3, CAPTION = 22; // CSS pixels, as in the style sheet

export default function ({ data, parentElement, setStateValue }) {
  const panel = PANELS.get(parentElement) ?? createPanel(parentElement);
  panel.setStateValue = setStateValue;
  if (panel.message && sameBytes(panel.message, data)) fit(panel);
  else receive(panel, data);
  return whenRemoved(parentElement, () => disposePanel(panel));
}

function sameBytes(one, other) {
  return one.length === other.length && one.every((value, place) => value === other[place]);
}

/* ---------------------------------------------------------------- the panel */

function createPanel(root) {
  const panel = { message: null, hovered: -1, cells: [] };
  panel.controls = el("div", "controls");
  panel.grid = el("div", "grid", { role: "group", "aria-label": "Feature maps" });
  panel.bars = createBars(panel);
  panel.legend = createLegend();
  panel.lines = [el("div", ""), el("div", "")];
  panel.footer = el("div", "footer", {}, panel.legend.box, el("div", "status", {}, ...panel.lines));
  panel.large = createLarge(panel);
  const parts = [panel.controls, panel.grid, panel.bars.box, panel.footer, panel.large.box];
  panel.section = el("section", "maps", {}, ...parts);
  root.append(panel.section);
  listenToGrid(panel);
  panel.resized = new ResizeObserver(() => fit(panel));
  panel.resized.observe(panel.section);
  panel.inputChanged = () => placeLarge(panel);
  window.addEventListener(INPUT_CHANGED, panel.inputChanged);
  PANELS.set(root, panel);
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
  const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  panel.tables = { sequential: decode(header.colormaps.sequential), diverging: decode(header.colormaps.diverging) };
  panel.view ??= { ...header.view }; // from the link; afterwards the browser's own
  Object.assign(panel.view, { page: header.page ?? 0, order: header.order ?? "index" });
  panel.section.style.setProperty("--height", `${header.height ?? 420}px`);
  panel.section.classList.toggle("vector", isVector(panel));
  if (isVector(panel)) receiveVector(panel);
  render(panel);
  if (before?.node !== header.node) reveal(panel); // a new node: scroll to the selected channel
}

function render(panel) {
  renderControls(panel);
  if (!isVector(panel)) renderGrid(panel);
  fit(panel);
  const index = shownIndex(panel);
  showLarge(panel, panel.view.enlarged && !isVector(panel) ? index : -1);
  showSelection(panel);
}

function fit(panel) {
  if (!panel.header) return;
  if (isVector(panel)) drawBars(panel);
  else fitCells(panel);
}

const isVector = (panel) => panel.header.kind === "vector";
const shownIndex = (panel) => panel.header.channels.indexOf(panel.view.channel);

function report(panel, delay = 0) {
  clearTimeout(panel.timer);
  panel.timer = setTimeout(() => panel.setStateValue("view", { ...panel.view }), delay);
}

function select(panel, index) {
  const channel = panel.header.channels[index];
  if (channel === undefined || channel === panel.view.channel) return;
  panel.view.channel = channel;
  showSelection(panel);
  report(panel, REPORT_DELAY);
}

function showSelection(panel) {
  const chosen = shownIndex(panel);
  panel.cells.forEach((cell, index) => {
    cell.map.setAttribute("aria-current", String(index === chosen));
    cell.map.tabIndex = index === Math.max(chosen, 0) ? 0 : -1; // one stop of the Tab key, arrows do the rest
  });
  if (isVector(panel)) drawBars(panel);
  describe(panel);
}

/** Scroll the selected map or bar into view; the page stays where it is. */
function reveal(panel) {
  const index = shownIndex(panel);
  if (index < 0) return;
  if (isVector(panel)) revealBar(panel, index);
  else panel.grid.scrollTop = panel.cells[index].map.offsetTop - panel.grid.offsetTop - panel.grid.clientHeight / 3;
}

/* ---------------------------------------------------------------- controls */

const COLOURINGS = { auto: "colours: auto", sequential: "sequential", diverging: "diverging" };
const SCALES = { map: "scale per map", shared: "shared scale" };
const ORDERS = { index: "by number", strength: "by strength" };

function renderControls(panel) {
  const { header, view, controls } = panel;
  const redraw = (name) => (value) => {
    view[name] = value;
    render(panel);
    report(panel);
  };
  const reorder = (order) => {
    Object.assign(view, { order, page: 0 });
    report(panel);
  };
  const parts = [];
  if (!isVector(panel)) {
    parts.push(choice("Colours", COLOURINGS, view.colouring, redraw("colouring")));
    parts.push(choice("Scale", SCALES, view.scale, redraw("scale")));
  }
  if (header.order) parts.push(choice("Order", ORDERS, header.order, reorder));
  if (header.pages > 1) parts.push(pager(panel));
  const focused = [...controls.querySelectorAll("select, button")].findIndex((part) => part.matches(":focus"));
  controls.replaceChildren(...parts);
  if (focused >= 0) controls.querySelectorAll("select, button")[focused]?.focus();
}

function choice(label, options, current, changed) {
  const list = el("select", "choice", { "aria-label": label });
  for (const [value, words] of Object.entries(options)) list.append(new Option(words, value, false, value === current));
  list.addEventListener("change", () => changed(list.value));
  return list;
}

function pager(panel) {
  const { page, pages } = panel.header;
  const turn = (label, sign, target) => {
    const turned = button("", label, sign, () => {
      if (target < 0 || target >= pages) return; // not disabled: that would drop the keyboard's focus
      panel.view.page = target;
      report(panel);
    });
    turned.setAttribute("aria-disabled", String(target < 0 || target >= pages));
    return turned;
  };
  const position = el("span", "", {}, `${page + 1} / ${pages}`);
  return el("div", "pager", {}, turn("Previous page", "‹", page - 1), position, turn("Next page", "›", page + 1));
}

/* ---------------------------------------------------------------- colours */

function colouring({ header, view }) {
  if (view.colouring !== "auto") return view.colouring;
  return header.signed ? "diverging" : "sequential";
}

/** The values of the first and the last colour; symmetric where 0 has to be neutral. */
function limits(panel, index) {
  const { header, view } = panel;
  const shared = view.scale === "shared";
  const [low, high] = shared ? [header.minimum, header.maximum] : [header.low[index], header.high[index]];
  if (colouring(panel) === "sequential") return [low, high];
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return [-reach, reach];
}

function valueOf({ header }, index, step) {
  return header.low[index] + (step / 255) * (header.high[index] - header.low[index]);
}

function paint(panel, index, canvas) {
  const [, height, width] = panel.header.shape;
  const table = panel.tables[colouring(panel)];
  const [first, last] = limits(panel, index);
  const place = (value) => (last > first ? Math.round(((value - first) / (last - first)) * 255) : 0);
  const colours = Uint32Array.from({ length: 256 }, (_, step) => rgba(table, place(valueOf(panel, index, step))));
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const start = index * pixels.length;
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[panel.body[start + i]];
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/* ---------------------------------------------------------------- the grid */

function renderGrid(panel) {
  const { header, cells } = panel;
  while (cells.length > header.channels.length) cells.pop().map.remove();
  while (cells.length < header.channels.length) cells.push(createCell(panel.grid));
  cells.forEach((cell, index) => {
    paint(panel, index, cell.canvas);
    cell.caption.textContent = `#${header.channels[index]}${header.non_finite[index] ? " ⚠" : ""}`;
    cell.map.setAttribute("aria-label", `Enlarge ${summary(panel, index)}`);
  });
}

function createCell(grid) {
  const canvas = el("canvas", "", { "aria-hidden": "true" });
  const caption = el("span", "caption");
  const map = el("button", "map", { type: "button" }, canvas, caption);
  grid.append(map);
  return { map, canvas, caption };
}

/** The largest maps that all fit without scrolling; where none do, the smallest readable ones, and the grid scrolls. */
function fitCells(panel) {
  const [count, height, width] = [panel.header.channels.length, ...panel.header.shape.slice(1)];
  const [roomX, roomY] = [panel.grid.clientWidth - 2 * EDGE, panel.grid.clientHeight - 2 * EDGE];
  const most = Math.max(1, Math.floor((roomX + GAP) / (SMALLEST_MAP + GAP)));
  const sizeFor = (columns) => Math.min(LARGEST_MAP, Math.floor((roomX + GAP) / columns) - GAP);
  const fits = (columns) => {
    const row = (sizeFor(columns) * height) / Math.max(height, width) + CAPTION + GAP;
    return Math.ceil(count / columns) * row - GAP <= roomY;
  };
  panel.columns = 1;
  while (panel.columns < most && !fits(panel.columns)) panel.columns++;
  const size = sizeFor(panel.columns);
  panel.grid.style.setProperty("--cell", `${size}px`); // of the longer side: kernels can be columns
  panel.grid.style.setProperty("--narrow", Math.min(1, width / height));
  // a map reduced by dropping pixels would show patterns that aren't there
  panel.grid.classList.toggle("reduced", size * devicePixelRatio < Math.max(height, width));
}

function listenToGrid(panel) {
  const { grid, cells } = panel;
  const indexOf = (event) => cells.findIndex(({ map }) => map.contains(event.target));
  grid.addEventListener("pointermove", (event) => hover(panel, indexOf(event), event));
  grid.addEventListener("pointerleave", () => hover(panel, -1));
  grid.addEventListener("focusin", (event) => select(panel, indexOf(event)));
  grid.addEventListener("click", (event) => indexOf(event) >= 0 && enlarge(panel, indexOf(event)));
  grid.addEventListener("keydown", (event) => {
    const target = arrowTarget(event.key, indexOf(event), panel.columns, cells.length);
    if (target === null) return;
    event.preventDefault();
    cells[target].map.focus();
  });
}

/** The place to which an arrow key moves among `count` things in rows of `columns`; null for other keys. */
function arrowTarget(key, index, columns, count) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -index, End: count };
  return key in steps ? clamp(index + steps[key], 0, count - 1) : null;
}

/* ---------------------------------------------------------------- what is under the pointer */

function hover(panel, index, event) {
  panel.hovered = index;
  if (index < 0) return describe(panel);
  const box = panel.cells[index].canvas.getBoundingClientRect();
  const [, height, width] = panel.header.shape;
  const x = Math.floor(((event.clientX - box.left) / box.width) * width);
  const y = Math.floor(((event.clientY - box.top) / box.height) * height);
  describe(panel, valueAt(panel, index, x, y));
}

/** A map's value in words, no finer than the quantisation; empty outside the map. */
function valueAt(panel, index, x, y) {
  const [, height, width] = panel.header.shape;
  if (x < 0 || x >= width || y < 0 || y >= height) return "";
  const value = valueOf(panel, index, panel.body[(index * height + y) * width + x]);
  const step = valueOf(panel, index, 1) - valueOf(panel, index, 0);
  const unit = 10 ** Math.floor(Math.log10(step)); // 0 for a constant map, whose value is exact
  return `x ${x}, y ${y}: ${format(unit ? Math.round(value / unit) * unit : value)}`;
}

function summary({ header }, index) {
  const bad = header.non_finite[index];
  const [low, mean, high] = [header.low, header.mean, header.high].map((values) => format(values[index]));
  return `#${header.channels[index]}  min ${low}, mean ${mean}, max ${high}${bad ? `, ${bad} not finite` : ""}`;
}

/** Write the two status lines and the legend. It runs at each move of the pointer, so it draws no map. */
function describe(panel, value = "") {
  const { header, lines } = panel;
  const index = panel.hovered >= 0 ? panel.hovered : shownIndex(panel);
  const hint = isVector(panel) ? "Point at a bar." : "Point at a map, or click it.";
  const bad = header.non_finite_total;
  const warning = bad ? `⚠ ${bad.toLocaleString("en")} values aren't finite; NaN is drawn as 0.` : "";
  const words = isVector(panel) ? barSummary : summary;
  lines[0].textContent = index < 0 ? hint : words(panel, index);
  lines[1].textContent = value || warning;
  if (!isVector(panel)) showLegend(panel, index);
}

function createLegend() {
  const parts = { bar: el("canvas", ""), low: el("span", ""), zero: el("span", "zero"), high: el("span", "") };
  const labels = el("div", "limits", {}, parts.low, parts.zero, parts.high);
  return { ...parts, box: el("div", "legend", { role: "img" }, parts.bar, labels) };
}

function showLegend(panel, index) {
  const { legend, view } = panel;
  const colours = colouring(panel);
  if (legend.drawn !== colours) drawLegendBar(panel, colours);
  const diverging = colours === "diverging";
  const known = view.scale === "shared" || index >= 0;
  const [first, last] = known ? limits(panel, index) : [diverging ? -1 : 0, 1];
  const ofEachMap = diverging ? ["−max |value|", "max |value|"] : ["map's min", "map's max"];
  [legend.low.textContent, legend.high.textContent] = known ? [format(first), format(last)] : ofEachMap;
  const zero = -first / (last - first);
  legend.zero.textContent = zero > 0.25 && zero < 0.75 ? "0" : ""; // nearer to an end it would run into that label
  legend.zero.style.left = `${100 * zero}%`;
  legend.box.setAttribute("aria-label", `Colours: ${legend.low.textContent} to ${legend.high.textContent}`);
}

function drawLegendBar({ legend, tables }, colours) {
  const image = new ImageData(256, 1);
  new Uint32Array(image.data.buffer).set(Array.from({ length: 256 }, (_, place) => rgba(tables[colours], place)));
  Object.assign(legend.bar, { width: 256, height: 1 });
  legend.bar.getContext("2d").putImageData(image, 0, 0);
  legend.drawn = colours;
}
