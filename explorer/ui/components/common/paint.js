/* Quantised maps in colours. A colour table is 256 RGB colours, 768 bytes. */
import { el } from "./dom.js";
import { clamp, format } from "./numbers.js";

export const decodeTable = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** The values of the first and the last colour; symmetric where 0 has to be neutral. */
export function colourLimits(low, high, signed) {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return signed ? [-reach, reach] : [low, high];
}

/** A colour of a table, for CSS. */
export const cssColour = (table, index) => `rgb(${table.subarray(3 * index, 3 * index + 3).join()})`;

/** Paint bytes that mean low + byte / 255 * (high - low), each times `factor`. */
export function paintMap(canvas, { bytes, height, width, low, high, factor = 1 }, [first, last], table) {
  const colourOf = (value) => (last > first ? clamp(Math.round(((value - first) / (last - first)) * 255), 0, 255) : 0);
  const colours = Uint32Array.from({ length: 256 }, (_, step) => {
    return pixel(table, colourOf(factor * (low + (step / 255) * (high - low))));
  });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[bytes[i]];
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** One pixel of an ImageData buffer (little-endian ABGR). */
function pixel(table, index) {
  const [red, green, blue] = table.subarray(3 * index, 3 * index + 3);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Paint a strip of all colours, from left to right or, upright, from below to the top. */
export function paintStrip(canvas, table, isUpright = false) {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => (isUpright ? 255 - index : index));
  const [width, height] = isUpright ? [1, 256] : [256, 1];
  paintMap(canvas, { bytes, height, width, low: 0, high: 1 }, [0, 1], table);
}

/** A strip of colours and the texts of its two ends, to be placed by the caller. */
export function createScale(className) {
  return { strip: el("canvas", className, { "aria-hidden": "true" }), ends: [el("span", ""), el("span", "")] };
}

export function showScale({ strip, ends }, limits, table) {
  paintStrip(strip, table);
  ends.forEach((end, index) => (end.textContent = format(limits[index])));
}
