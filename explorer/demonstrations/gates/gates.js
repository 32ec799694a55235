/* One squeeze-and-excitation: its three vectors as linked bars, and a channel's map before and after its gate.
 *
 * Pointing at a channel shows it, a click or an arrow key chooses it. Choice and order belong to the browser and are
 * reported as the state "view". The function below runs again after each message and each change of theme.
 */
const PANELS = new WeakMap();
const REPORT_DELAY = 250; // ms: whoever holds an arrow key down asks the server once
const CHART_HEIGHT = 96, AXIS = 68; // CSS pixels
const ORDERS = { false: "channels by number", true: "channels by gate" };

export default function ({ data, parentElement, setStateValue }) {
  const panel = PANELS.get(parentElement) ?? createPanel(parentElement);
  panel.setStateValue = setStateValue;
  if (!sameBytes(panel.message, data)) receive(panel, data);
  draw(panel);
  return whenRemoved(parentElement, () => {
    clearTimeout(panel.timer);
    panel.resized.disconnect();
  });
}

function createPanel(root) {
  const panel = { message: null, hovered: -1, hoveredHidden: -1 };
  panel.order = el("select", "choice", { "aria-label": "Order" });
  for (const [value, words] of Object.entries(ORDERS)) panel.order.append(new Option(words, value));
  panel.order.addEventListener("change", () => {
    panel.view.sorted = panel.order.value === "true";
    arrange(panel);
    draw(panel);
    report(panel);
  });
  panel.charts = {
    squeeze: createChart(panel, "squeeze"), hidden: createChart(panel, "hidden"), gate: createChart(panel, "gate"),
  };
  const bars = el("div", "bars", {}, panel.order, ...Object.values(panel.charts).map((chart) => chart.box));
  panel.words = el("div", "words", { "aria-live": "polite" });
  panel.maps = { before: createMap("before"), after: createMap("after") };
  const both = el("div", "both", {}, panel.maps.before.box, panel.maps.after.box);
  panel.strip = el("canvas", "strip");
  panel.ends = [el("span", ""), el("span", "")];
  const legend = el("div", "legend", {}, panel.strip, el("div", "ends", {}, ...panel.ends));
  panel.section = el("section", "gates", {}, bars, el("div", "channel", {}, panel.words, both, legend));
  root.append(panel.section);
  panel.resized = new ResizeObserver(() => draw(panel));
  panel.resized.observe(panel.section);
  PANELS.set(root, panel);
  return panel;
}

function createChart(panel, name) {
  const title = el("div", "title");
  const canvas = el("canvas", "");
  const plot = el("div", `plot ${name}`, { tabindex: "0", role: "group" }, canvas);
  plot.addEventListener("pointermove", (event) => hover(panel, name, barAt(panel, name, event)));
  plot.addEventListener("pointerleave", () => hover(panel, name, -1));
  plot.addEventListener("click", (event) => name !== "hidden" && choose(panel, barAt(panel, name, event)));
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    panel.hovered = -1; // the pointer may rest on another bar
    choose(panel, clamp(panel.places[panel.view.channel] + steps[event.key], 0, panel.vectors.gate.length - 1));
  });
  return { box: el("div", "chart", {}, title, plot), title, plot, canvas };
}

function createMap(label) {
  const canvas = el("canvas", "", { "aria-hidden": "true" });
  const caption = el("figcaption", "");
  return { canvas, caption, label, box: el("figure", "", {}, canvas, caption) };
}

function receive(panel, data) {
  const { header, body } = unpack(data);
  const [channels, height, width] = header.shape;
  let offset = 0;
  const next = (count) => {
    const vector = new Float32Array(body.buffer, offset, count);
    offset += vector.byteLength;
    return vector;
  };
  panel.vectors = { squeeze: next(channels), hidden: next(header.hidden), gate: next(channels) };
  Object.assign(panel, { message: data, header, low: next(channels), high: next(channels), pixels: height * width });
  panel.bytes = body.subarray(offset);
  panel.table = decodeTable(header.colormap);
  paintStrip(panel.strip, panel.table);
  panel.view ??= { ...header.view }; // from the link; afterwards the browser's own
  if (panel.view.channel >= channels) {
    panel.view.channel = 0; // as the server has it, too
    report(panel);
  }
  panel.order.value = String(panel.view.sorted);
  arrange(panel);
  setTitles(panel);
}

/** Which channel stands at which place. */
function arrange(panel) {
  const { gate } = panel.vectors;
  panel.shown = Array.from(gate, (_, channel) => channel);
  panel.ranks = [];
  const byGate = panel.shown.toSorted((one, other) => gate[other] - gate[one]);
  for (const [place, channel] of byGate.entries()) {
    const tied = place > 0 && gate[byGate[place - 1]] === gate[channel];
    panel.ranks[channel] = tied ? panel.ranks[byGate[place - 1]] : place + 1;
  }
  if (panel.view.sorted) panel.shown = byGate;
  panel.places = [];
  for (const [place, channel] of panel.shown.entries()) panel.places[channel] = place;
}

function setTitles({ charts, header, vectors }) {
  const titles = {
    squeeze: `Squeeze: the mean of each of ${header.shape[0]} maps`,
    hidden: `Hidden layer: ${header.hidden} values after the ReLU`,
    gate: `Gates: ${format(Math.min(...vectors.gate))} to ${format(Math.max(...vectors.gate))}`,
  };
  for (const [name, chart] of Object.entries(charts)) {
    chart.title.textContent = titles[name];
    chart.plot.setAttribute("aria-label", titles[name]);
  }
}

/* ---------------------------------------------------------------- pointing and choosing */

function barAt(panel, name, event) {
  const { left, width } = panel.charts[name].plot.getBoundingClientRect();
  const count = panel.vectors[name].length;
  const place = Math.floor(((event.clientX - left - AXIS) / (width - AXIS)) * count);
  return place >= 0 && place < count ? place : -1;
}

function hover(panel, name, place) {
  const [channel, hidden] = name === "hidden" ? [-1, place] : [panel.shown[place] ?? -1, -1];
  if (channel === panel.hovered && hidden === panel.hoveredHidden) return;
  Object.assign(panel, { hovered: channel, hoveredHidden: hidden });
  draw(panel);
}

function choose(panel, place) {
  const channel = panel.shown[place];
  if (channel === undefined || channel === panel.view.channel) return;
  panel.view.channel = channel;
  draw(panel);
  report(panel, REPORT_DELAY);
}

function report(panel, delay = 0) {
  clearTimeout(panel.timer);
  panel.timer = setTimeout(() => panel.setStateValue("view", { ...panel.view }), delay);
}

/* ---------------------------------------------------------------- drawing */

function draw(panel) {
  if (!panel.message || !panel.section.isConnected) return;
  const [red, green, blue] = getComputedStyle(panel.section).color.match(/[\d.]+/g);
  panel.section.classList.toggle("dark", 0.3 * red + 0.6 * green + 0.1 * blue > 128); // light text, dark page
  for (const name of Object.keys(panel.charts)) drawChart(panel, name);
  describe(panel);
}

function drawChart(panel, name) {
  const { plot, canvas } = panel.charts[name];
  const values = panel.vectors[name];
  const width = plot.clientWidth;
  Object.assign(canvas, { width: width * devicePixelRatio, height: CHART_HEIGHT * devicePixelRatio });
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  const style = getComputedStyle(plot);
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = name === "gate" ? 1 : values.reduce((most, value) => Math.max(most, value), low < 0 ? 0 : 1e-9);
  const y = (value) => 8 + ((high - value) / (high - low)) * (CHART_HEIGHT - 16);
  const pitch = (width - AXIS) / values.length;
  const mark = (place, alpha) => {
    context.globalAlpha = alpha;
    context.fillStyle = style.color;
    const breadth = Math.max(pitch, 3);
    context.fillRect(AXIS + (place + 0.5) * pitch - breadth / 2, 0, breadth, CHART_HEIGHT);
    context.globalAlpha = 1;
  };
  if (name !== "hidden") mark(panel.places[panel.view.channel], 0.35);
  if (name !== "hidden" && panel.hovered >= 0) mark(panel.places[panel.hovered], 0.2);
  if (name === "hidden" && panel.hoveredHidden >= 0) mark(panel.hoveredHidden, 0.2);
  context.fillStyle = style.getPropertyValue("--bar");
  const gap = pitch > 4 ? 1 : 0;
  for (let place = 0; place < values.length; place++) {
    const value = values[name === "hidden" ? place : panel.shown[place]];
    const [top, bottom] = [y(Math.max(value, 0)), y(Math.min(value, 0))];
    context.fillRect(AXIS + place * pitch, top, pitch - gap, Math.max(1, bottom - top));
  }
  context.fillStyle = style.color;
  context.fillRect(AXIS, y(0), width - AXIS, 1);
  context.font = `14px ${style.fontFamily}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of new Set([high, 0, low])) context.fillText(format(value), AXIS - 6, y(value));
}

/** The numbers and maps of the channel under the pointer, or else of the chosen one. */
function describe(panel) {
  const { header, vectors, words, hoveredHidden } = panel;
  const channel = panel.hovered >= 0 ? panel.hovered : panel.view.channel;
  const [, height, width] = header.shape;
  const gate = vectors.gate[channel];
  words.replaceChildren(
    el("strong", "", {}, `Channel ${channel}`),
    `: mean ${format(vectors.squeeze[channel])}, gate ${format(gate)}, rank ${panel.ranks[channel]} of ${header.shape[0]}`,
    hoveredHidden >= 0 ? `. Hidden unit ${hoveredHidden}: ${format(vectors.hidden[hoveredHidden])}` : "",
  );
  const [low, high] = [panel.low[channel], panel.high[channel]];
  // Both on one scale, with 0 on it: what the gate takes away is seen.
  const limits = colourLimits(Math.min(low, 0), Math.max(high, 0), header.signed);
  const bytes = panel.bytes.subarray(channel * panel.pixels, (channel + 1) * panel.pixels);
  for (const map of Object.values(panel.maps)) {
    const factor = map.label === "after" ? gate : 1;
    paintMap(map.canvas, { bytes, height, width, low, high, factor }, limits, panel.table);
    map.caption.textContent = map.label === "after" ? `after: × ${format(gate)}` : "before";
  }
  [panel.ends[0].textContent, panel.ends[1].textContent] = limits.map(format);
}
