/* What a panel shows: values, colours and words of the maps in its message. */
import { format } from "../common/numbers.js";
import { colourLimits, paintMap } from "../common/paint.js";

export const isVector = ({ header }) => header.kind === "vector";
export const selectedIndex = ({ header, view }) => header.channels.indexOf(view.channel);

export function colouringOf({ header, view }) {
  if (view.colouring !== "auto") return view.colouring;
  return header.signed ? "diverging" : "sequential";
}

/** The values of the first and the last colour of the map at this index of the page. */
export function limitsOf(panel, index) {
  const { header, view } = panel;
  const shared = view.scale === "shared";
  const [low, high] = shared ? [header.minimum, header.maximum] : [header.low[index], header.high[index]];
  return colourLimits(low, high, colouringOf(panel) === "diverging");
}

export function paint(panel, index, canvas) {
  const { header, body } = panel;
  const [, height, width] = header.shape;
  const bytes = body.subarray(index * height * width, (index + 1) * height * width);
  const map = { bytes, height, width, low: header.low[index], high: header.high[index] };
  paintMap(canvas, map, limitsOf(panel, index), panel.tables[colouringOf(panel)]);
}

/** A map's value as text, no finer than the quantisation; empty outside the map. */
export function valueText({ header, body }, index, x, y) {
  const [, height, width] = header.shape;
  if (x < 0 || x >= width || y < 0 || y >= height) return "";
  const step = (header.high[index] - header.low[index]) / 255;
  const value = header.low[index] + step * body[(index * height + y) * width + x];
  const unit = 10 ** Math.floor(Math.log10(step)); // 0 for a constant map, whose value is exact
  return `x ${x}, y ${y}: ${format(unit ? Math.round(value / unit) * unit : value)}`;
}

/** The numbers of one map. */
export function summary({ header }, index) {
  const bad = header.non_finite[index];
  const [low, mean, high] = [header.low, header.mean, header.high].map((values) => format(values[index]));
  return `#${header.channels[index]}  min ${low}, mean ${mean}, max ${high}${bad ? `, ${bad} not finite` : ""}`;
}

/** The value of one bar, with its label where it has one. */
export function barSummary({ header, values }, index) {
  const channel = header.channels[index];
  const label = header.labels?.[channel];
  return `#${channel}${label ? ` ${label}` : ""}: ${format(values[index])}`;
}
