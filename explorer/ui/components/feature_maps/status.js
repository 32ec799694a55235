/* Below the maps: two lines about what is pointed at or selected, and the legend of colours. */
import { el } from "../common/dom.js";
import { format } from "../common/numbers.js";
import { paintStrip } from "../common/paint.js";
import { barSummary, colouringOf, isVector, limitsOf, selectedIndex, summary } from "./maps.js";

export function createStatus() {
  const legend = { bar: el("canvas", ""), low: el("span", ""), zero: el("span", "zero"), high: el("span", "") };
  const labels = el("div", "limits", {}, legend.low, legend.zero, legend.high);
  legend.box = el("div", "legend", { role: "img" }, legend.bar, labels);
  const lines = [el("div", ""), el("div", "")];
  return { legend, lines, box: el("div", "footer", {}, legend.box, el("div", "status", {}, ...lines)) };
}

/** Write the lines and the legend. It runs at each move of the pointer, so it draws no map. */
export function showStatus(panel, value) {
  const { header, status } = panel;
  const index = panel.hovered >= 0 ? panel.hovered : selectedIndex(panel);
  const hint = isVector(panel) ? "Point at a bar." : "Point at a map, or click it.";
  const bad = header.non_finite_total;
  const warning = bad ? `⚠ ${bad.toLocaleString("en")} values aren't finite; NaN is drawn as 0.` : "";
  const text = isVector(panel) ? barSummary : summary;
  status.lines[0].textContent = index < 0 ? hint : text(panel, index);
  status.lines[1].textContent = value || warning;
  if (!isVector(panel)) showLegend(panel, index);
}

function showLegend(panel, index) {
  const { view, tables, status: { legend } } = panel;
  const colouring = colouringOf(panel);
  if (legend.colouring !== colouring) paintStrip(legend.bar, tables[colouring]);
  legend.colouring = colouring;
  const diverging = colouring === "diverging";
  const known = view.scale === "shared" || index >= 0;
  const [first, last] = known ? limitsOf(panel, index) : [diverging ? -1 : 0, 1];
  const ofEachMap = diverging ? ["−max |value|", "max |value|"] : ["map's min", "map's max"];
  [legend.low.textContent, legend.high.textContent] = known ? [format(first), format(last)] : ofEachMap;
  const zero = -first / (last - first);
  legend.zero.textContent = zero > 0.25 && zero < 0.75 ? "0" : ""; // nearer to an end it would run into that label
  legend.zero.style.left = `${100 * zero}%`;
  legend.box.setAttribute("aria-label", `Colours: ${legend.low.textContent} to ${legend.high.textContent}`);
}
