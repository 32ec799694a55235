/* Below the maps, in one line: the legend of colours, and what is pointed at or selected. In a low room the legend
 * stands upright beside the maps, and the pointer's label says the rest. */
import { el } from "../common/dom.js";
import { format } from "../common/numbers.js";
import { paintStrip } from "../common/paint.js";
import { barSummary, colouringOf, isShared, isVector, limitsOf, placeIn, selectedIndex, summary } from "./maps.js";

export function createStatus() {
  const legend = { bar: el("canvas", ""), low: el("span", ""), zero: el("span", "zero"), high: el("span", "") };
  const strip = el("div", "strip", {}, legend.bar, legend.zero);
  legend.box = el("div", "legend", { role: "img" }, legend.low, strip, legend.high);
  const line = el("div", "status");
  return { legend, line, box: el("div", "footer", {}, legend.box, line) };
}

/** Write the line and the legend. It runs at each move of the pointer, so it draws no map. */
export function showStatus(panel) {
  const { header, layers, status } = panel;
  const index = panel.hovered >= 0 ? panel.hovered : selectedIndex(panel);
  const layer = layers[panel.side] ?? layers[0];
  const bad = layers.reduce((sum, { non_finite_total: count }) => sum + count, 0);
  const warning = bad ? `⚠ ${bad.toLocaleString("en")} values aren't finite; NaN is drawn as 0.` : "";
  status.line.textContent = warning || (isVector(panel) ? barHint(header) : "Point at a map, or click it.");
  if (isVector(panel)) {
    if (index >= 0) status.line.textContent = barSummary(panel, index);
    return;
  }
  const place = index < 0 ? -1 : placeIn(panel, layer, index);
  if (place >= 0) status.line.textContent = summary(layer, place);
  status.line.title = status.line.textContent; // where it is too long for the line
  status.line.classList.toggle("hint", place < 0 && !bad);
  showLegend(panel, layer, place);
}

const barHint = ({ picks }) => (picks ? "Point at a bar; a click takes its value apart." : "Point at a bar.");

function showLegend(panel, layer, place) {
  const { header, layers, tables, status: { legend } } = panel;
  const colouring = colouringOf(panel);
  const isUpright = panel.isLow && panel.enlarged.index < 0;
  const painted = `${colouring} ${isUpright}`;
  if (legend.painted !== painted) paintStrip(legend.bar, tables[colouring], isUpright);
  legend.painted = painted;
  const diverging = colouring === "diverging";
  const arePictures = header.looks?.channels.length === header.channels.length && layers.length === 1;
  legend.box.style.visibility = arePictures && panel.enlarged.index < 0 ? "hidden" : "";
  const known = isShared(panel) || place >= 0;
  const [first, last] = known ? limitsOf(panel, layer, place) : [diverging ? -1 : 0, 1];
  const ofEachMap = diverging ? ["−max", "max"] : ["min", "max"];
  [legend.low.textContent, legend.high.textContent] = known ? [format(first), format(last)] : ofEachMap;
  const zero = -first / (last - first);
  legend.zero.hidden = !(zero > 0 && zero < 1);
  legend.zero.style.setProperty("--zero", `${100 * zero}%`);
  legend.box.title = known ? "" : "Each map has its own scale.";
  legend.box.setAttribute("aria-label", `Colours: ${legend.low.textContent} to ${legend.high.textContent}`);
}
