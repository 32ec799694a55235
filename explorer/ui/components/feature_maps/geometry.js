/* Where maps, values and what they see lie on the model input, in its pixels: pixel 0 spans 0 to 1, its centre is 0.5. */
import { svg } from "../common/dom.js";

/** Where the map lies on the input (position i covers one stride around its receptive field's centre), and the frame
 * around both. Without a receptive field the map is laid over the whole input. */
export function geometry(header) {
  const [, rows, columns] = header.shape;
  const [height, width] = header.input_size ?? [rows, columns];
  const input = { left: 0, top: 0, width, height };
  const field = header.receptive_field;
  if (!field) return { input, map: input, frame: input };
  const map = {
    left: field.start[1] + 0.5 - field.stride[1] / 2,
    top: field.start[0] + 0.5 - field.stride[0] / 2,
    width: columns * field.stride[1],
    height: rows * field.stride[0],
  };
  return { input, map, frame: around(input, map) };
}

function around(one, other) {
  const left = Math.min(one.left, other.left);
  const top = Math.min(one.top, other.top);
  const right = Math.max(one.left + one.width, other.left + other.width);
  const bottom = Math.max(one.top + one.height, other.top + other.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** The receptive field of a position, cut off at the input's border; null where it isn't known. */
export function receptiveField({ receptive_field, input_size }, x, y) {
  if (!receptive_field || !input_size) return null;
  const { size, stride, start } = receptive_field;
  const along = (axis, position) => {
    const centre = start[axis] + position * stride[axis] + 0.5;
    const from = Math.max(0, centre - size[axis] / 2);
    return [from, Math.min(input_size[axis], centre + size[axis] / 2) - from];
  };
  const [[left, width], [top, height]] = [along(1, x), along(0, y)];
  return { left, top, width, height };
}

/** Two rectangles, dark under light, so that they are seen on every picture. */
export function outline({ left, top, width, height }, name) {
  return ["dark", "light"].map((shade) => svg("rect", { class: `${name} ${shade}`, x: left, y: top, width, height }));
}

/** What a receptive field covers, in words. */
export function fieldWords({ input_size: [inputHeight, inputWidth] }, { left, top, width, height }) {
  if (width >= inputWidth && height >= inputHeight) return "sees the whole input";
  const range = (from, length) => `${Math.ceil(from)}–${Math.floor(from + length) - 1}`;
  return `sees x ${range(left, width)}, y ${range(top, height)}`;
}
