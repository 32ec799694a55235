/* What a panel shows: values, colours and words of the maps in its message.
 *
 * Its `layers` are the selected operation's activation and, where one is compared, another's. An index is a map's place
 * on the page; the second layer has a map there only if it has that channel.
 */
import { format } from "../common/numbers.js";
import { colourLimits, paintMap } from "../common/paint.js";

export const isVector = ({ header }) => header.kind === "vector";
export const selectedIndex = ({ header, view }) => header.channels.indexOf(view.channel);

/** The layers of a message: what its header says of each, and the bytes of its maps. */
export function layersOf({ header, body }) {
  const [, height, width] = header.shape;
  const first = { ...header, bytes: body };
  return header.beside
    ? [first, { ...header.beside, bytes: body.subarray(header.channels.length * height * width) }]
    : [first];
}

/** Where in a layer's own arrays the map at this index of the page stands; -1 where it has none. */
export const placeIn = ({ header }, layer, index) => layer.channels.indexOf(header.channels[index]);

export function colouringOf({ header, view }) {
  if (view.colouring !== "auto") return view.colouring;
  return header.signed ? "diverging" : "sequential";
}

/** Whether all maps have the same limits: what stands side by side is meant to be compared. */
export const isShared = ({ view, layers }) => view.scale === "shared" || layers.length > 1;

/** The values of the first and the last colour of a layer's map at this place. */
export function limitsOf(panel, layer, place) {
  const { header } = panel;
  const [low, high] = isShared(panel) ? [header.minimum, header.maximum] : [layer.low[place], layer.high[place]];
  return colourLimits(low, high, colouringOf(panel) === "diverging");
}

export function paint(panel, layer, place, canvas) {
  const [, height, width] = layer.shape;
  const bytes = layer.bytes.subarray(place * height * width, (place + 1) * height * width);
  const map = { bytes, height, width, low: layer.low[place], high: layer.high[place] };
  paintMap(canvas, map, limitsOf(panel, layer, place), panel.tables[colouringOf(panel)]);
}

/** A map's value as text, no finer than the quantisation; empty outside the map. */
export function valueText({ shape, low, high, bytes }, place, x, y) {
  const [, height, width] = shape;
  if (x < 0 || x >= width || y < 0 || y >= height) return "";
  const step = (high[place] - low[place]) / 255;
  const value = low[place] + step * bytes[(place * height + y) * width + x];
  const unit = 10 ** Math.floor(Math.log10(step)); // 0 for a constant map, whose value is exact
  return `x ${x}, y ${y}: ${format(unit ? Math.round(value / unit) * unit : value)}`;
}

/** The numbers of one map. */
export function summary({ channels, low, mean, high, non_finite }, place) {
  const bad = non_finite[place] ? `, ${non_finite[place]} not finite` : "";
  const numbers = `min ${format(low[place])}, mean ${format(mean[place])}, max ${format(high[place])}`;
  return `#${channels[place]}  ${numbers}${bad}`;
}

/** The value of one bar, with its label where it has one. */
export function barSummary({ header, values }, index) {
  const channel = header.channels[index];
  const label = header.labels?.[channel];
  return `#${channel}${label ? ` ${label}` : ""}: ${format(values[index])}`;
}
