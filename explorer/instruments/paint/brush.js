/* Where a brush on the canvas is in the picture: the canvas shows a square of it.
 *
 * `frame` is { left, top, side } in pixels of the picture, `size` its [width, height] in pixels. Places on the canvas are
 * [x, y] in its width; points of strokes are shares of the picture's width and height, radii of its shorter side.
 */
import { clamp } from "../../ui/components/common/numbers.js";

const ROUNDED = 1e-3; // more than what is lost

export function toPicture([x, y], frame, [width, height]) {
  return [(frame.left + x * frame.side) / width, (frame.top + y * frame.side) / height].map((share) => clamp(share, 0, 1));
}

export function toCanvas([x, y], frame, [width, height]) {
  return [(x * width - frame.left) / frame.side, (y * height - frame.top) / frame.side];
}

/** The radius of a brush in widths of the canvas. */
export const radiusOnCanvas = (radius, frame, size) => (radius * Math.min(...size)) / frame.side;

/** The strokes that a picture does not have yet that was painted with the first ones; none where those are others. */
export function missing(strokes, painted) {
  const same = painted.every((stroke, i) => sameStroke(stroke, strokes[i]));
  return same ? strokes.slice(painted.length) : [];
}

/** The server rounds. */
function sameStroke(one, other) {
  return (
    other !== undefined &&
    one.brush === other.brush &&
    one.points.length === other.points.length &&
    one.points.every((share, i) => Math.abs(share - other.points[i]) < ROUNDED)
  );
}
