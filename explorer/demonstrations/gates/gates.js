/* One squeeze-and-excitation: its three vectors as linked bars, and a channel's map before and after its gate.
 *
 * Pointing at a channel shows it, a click or an arrow key chooses it. Choice and order belong to the browser and are
 * reported as the state "view".
 */
import { paintBars, prepare, rangeWithZero, verticalAxis } from "../../ui/components/common/bars.js";
import { perRoot, reportView, sameBytes, unpack, whenRemoved } from "../../ui/components/common/component.js";
import { arrowTarget, el, isDark, rem, selectBox } from "../../ui/components/common/dom.js";
import { format } from "../../ui/components/common/numbers.js";
import { colourLimits, createScale, decodeTable, paintMap, showScale } from "../../ui/components/common/paint.js";

const ORDERS = { false: "channels by number", true: "channels by gate" };

// rem
const CHART_HEIGHT = 6;
const CHART_MARGIN = 0.5;
const AXIS_WIDTH = 4.25;
const AXIS_GAP = 0.375;

const CHOSEN_OPACITY = 0.35;
const HOVERED_OPACITY = 0.2;

const panelOf = perRoot(createPanel);

export default function ({ data, parentElement, setStateValue }) {
  const panel = panelOf(parentElement);
  panel.setStateValue = setStateValue;
  if (!sameBytes(panel.message, data)) receive(panel, data);
  draw(panel);
  return whenRemoved(parentElement, () => {
    clearTimeout(panel.timer);
    panel.resized.disconnect();
  });
}

function createPanel(root) {
  const panel = { message: null, hovered: { channel: -1, hidden: -1 } };
  panel.order = selectBox("Order", ORDERS, "false", (value) => {
    panel.view.sorted = value === "true";
    arrange(panel);
    draw(panel);
    reportView(panel);
  });
  panel.charts = ["squeeze", "hidden", "gate"].map((name) => createChart(panel, name));
  const bars = el("div", "bars", {}, panel.order, ...panel.charts.map((chart) => chart.box));
  panel.words = el("div", "words", { "aria-live": "polite" });
  panel.maps = { before: createMap(), after: createMap() };
  const both = el("div", "both", {}, panel.maps.before.box, panel.maps.after.box);
  panel.scale = createScale("strip");
  const legend = el("div", "legend", {}, panel.scale.strip, el("div", "ends", {}, ...panel.scale.ends));
  panel.section = el("section", "gates", {}, bars, el("div", "channel", {}, panel.words, both, legend));
  root.append(panel.section);
  panel.resized = new ResizeObserver(() => draw(panel));
  panel.resized.observe(panel.section);
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
    const target = arrowTarget(event.key, panel.barOf[panel.view.channel], panel.channelAt.length);
    if (target === null) return;
    event.preventDefault();
    panel.hovered = { channel: -1, hidden: -1 }; // the pointer may rest on another bar
    choose(panel, target);
  });
  return { name, box: el("div", "chart", {}, title, plot), title, plot, canvas };
}

function createMap() {
  const canvas = el("canvas", "", { "aria-hidden": "true" });
  const caption = el("figcaption", "");
  return { canvas, caption, box: el("figure", "", {}, canvas, caption) };
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
  panel.view ??= { ...header.view }; // from the link; afterwards the browser's own
  if (panel.view.channel >= channels) {
    panel.view.channel = 0; // as the server has it, too
    reportView(panel);
  }
  panel.order.value = String(panel.view.sorted);
  panel.ranks = ranksOf(panel.vectors.gate);
  arrange(panel);
  setTitles(panel);
}

/** Which channel each bar shows, and which bar each channel has. */
function arrange(panel) {
  panel.channelAt = channelOrder(panel.vectors.gate, panel.view.sorted);
  panel.barOf = [];
  for (const [bar, channel] of panel.channelAt.entries()) panel.barOf[channel] = bar;
}

/** The channels by number or, sorted, by their gates: largest first, of equal gates the smaller number first. */
export function channelOrder(gates, sorted) {
  const channels = Array.from(gates, (_, channel) => channel);
  return sorted ? channels.toSorted((one, other) => gates[other] - gates[one]) : channels;
}

/** The rank of each channel's gate, 1 for the largest; equal gates share the better rank. */
export function ranksOf(gates) {
  const ranks = [];
  const order = channelOrder(gates, true);
  for (const [index, channel] of order.entries()) {
    const tied = index > 0 && gates[order[index - 1]] === gates[channel];
    ranks[channel] = tied ? ranks[order[index - 1]] : index + 1;
  }
  return ranks;
}

function setTitles({ charts, header, vectors }) {
  const [lowest, highest] = [Math.min(...vectors.gate), Math.max(...vectors.gate)];
  const titles = {
    squeeze: `Squeeze: the mean of each of ${header.shape[0]} maps`,
    hidden: `Hidden layer: ${header.hidden} values after the ReLU`,
    gate: `Gates: ${format(lowest)} to ${format(highest)}`,
  };
  for (const { name, title, plot } of charts) {
    title.textContent = titles[name];
    plot.setAttribute("aria-label", titles[name]);
  }
}

/* ---------------------------------------------------------------- pointing and choosing */

function barAt(panel, name, event) {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  const count = panel.vectors[name].length;
  const axis = AXIS_WIDTH * rem();
  const bar = Math.floor(((event.clientX - left - axis) / (width - axis)) * count);
  return bar >= 0 && bar < count ? bar : -1;
}

function hover(panel, name, bar) {
  const { hovered } = panel;
  const [channel, hidden] = name === "hidden" ? [-1, bar] : [panel.channelAt[bar] ?? -1, -1];
  if (channel === hovered.channel && hidden === hovered.hidden) return;
  panel.hovered = { channel, hidden };
  draw(panel);
}

function choose(panel, bar) {
  const channel = panel.channelAt[bar];
  if (channel === undefined || channel === panel.view.channel) return;
  panel.view.channel = channel;
  draw(panel);
  reportView(panel, { delayed: true });
}

/* ---------------------------------------------------------------- drawing */

function draw(panel) {
  if (!panel.message || !panel.section.isConnected) return;
  panel.section.classList.toggle("dark", isDark(panel.section));
  for (const chart of panel.charts) drawChart(panel, chart);
  describe(panel);
}

function drawChart(panel, { name, plot, canvas }) {
  const values = panel.vectors[name];
  const ofChannels = name !== "hidden";
  const [width, unit] = [plot.clientWidth, rem()];
  const [height, axis] = [CHART_HEIGHT * unit, AXIS_WIDTH * unit];
  const context = prepare(canvas, width, height);
  const style = getComputedStyle(plot);
  const colour = style.getPropertyValue("--bar");
  const [low, largest] = rangeWithZero(values);
  const high = name === "gate" ? 1 : largest;
  const y = verticalAxis([low, high], height, CHART_MARGIN * unit);
  const { view, hovered, barOf } = panel;
  const marks = ofChannels
    ? [[barOf[view.channel], CHOSEN_OPACITY], [barOf[hovered.channel] ?? -1, HOVERED_OPACITY]]
    : [[hovered.hidden, HOVERED_OPACITY]];
  paintBars(context, {
    y,
    height,
    left: axis,
    right: width,
    start: axis,
    pitch: (width - axis) / values.length,
    from: 0,
    to: values.length,
    valueAt: (bar) => values[ofChannels ? panel.channelAt[bar] : bar],
    colourOf: () => colour,
    marks,
    ink: style.color,
  });
  context.font = `${unit}px ${style.fontFamily}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of new Set([high, 0, low])) context.fillText(format(value), axis - AXIS_GAP * unit, y(value));
}

/** The numbers and maps of the channel under the pointer, or else of the chosen one. */
function describe(panel) {
  const { header, hovered, vectors } = panel;
  const channel = hovered.channel >= 0 ? hovered.channel : panel.view.channel;
  const [, height, width] = header.shape;
  const gate = vectors.gate[channel];
  const rank = `${panel.ranks[channel]} of ${header.shape[0]}`;
  const unit = hovered.hidden;
  panel.words.replaceChildren(
    el("strong", "", {}, `Channel ${channel}`),
    `: mean ${format(vectors.squeeze[channel])}, gate ${format(gate)}, rank ${rank}`,
    unit >= 0 ? `. Hidden unit ${unit}: ${format(vectors.hidden[unit])}` : "",
  );
  const [low, high] = [panel.low[channel], panel.high[channel]];
  // Both on one scale, with 0 on it: what the gate takes away is seen.
  const limits = colourLimits(Math.min(low, 0), Math.max(high, 0), header.signed);
  const bytes = panel.bytes.subarray(channel * panel.pixels, (channel + 1) * panel.pixels);
  const map = { bytes, height, width, low, high };
  const { before, after } = panel.maps;
  paintMap(before.canvas, map, limits, panel.table);
  before.caption.textContent = "before";
  paintMap(after.canvas, { ...map, factor: gate }, limits, panel.table);
  after.caption.textContent = `after: × ${format(gate)}`;
  showScale(panel.scale, limits, panel.table);
}
