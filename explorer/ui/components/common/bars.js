/* Values as bars from a zero line, on a canvas. Lengths are CSS pixels. */

const MIN_MARK_WIDTH = 3;
const MIN_PITCH_WITH_GAPS = 4;

/** Smallest and largest of the values and 0; 0 to 1 where all are 0. */
export function rangeWithZero(values) {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  return [low, high > low ? high : 1];
}

/** Resize a canvas, sharp on every screen, and return its context. */
export function prepare(canvas, width, height) {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  return context;
}

/** A function from a value to its height on the canvas, where `margin` is left above `high` and below `low`. */
export function verticalAxis([low, high], height, margin) {
  return (value) => margin + ((high - value) / (high - low)) * (height - 2 * margin);
}

/** Paint marks behind bars, the bars, and the zero line from `left` to `right`.
 *
 * Bar i begins at `start` + i * `pitch` and ends at the height `y` of valueAt(i), in the colour colourOf(value). Bars
 * `from` to before `to` are painted. `marks` are [bar, opacity] in the colour `ink`; bar -1 is none.
 */
export function paintBars(context, { y, height, left, right, start, pitch, from, to, valueAt, colourOf, marks, ink }) {
  context.fillStyle = ink;
  const markWidth = Math.max(pitch, MIN_MARK_WIDTH);
  for (const [bar, opacity] of marks) {
    if (bar < 0) continue;
    context.globalAlpha = opacity;
    context.fillRect(start + (bar + 0.5) * pitch - markWidth / 2, 0, markWidth, height);
  }
  context.globalAlpha = 1;
  const width = pitch - (pitch > MIN_PITCH_WITH_GAPS ? 1 : 0);
  for (let bar = from; bar < to; bar++) {
    const value = valueAt(bar);
    const [top, bottom] = [y(Math.max(value, 0)), y(Math.min(value, 0))];
    context.fillStyle = colourOf(value);
    context.fillRect(start + bar * pitch, top, width, Math.max(1, bottom - top));
  }
  context.fillStyle = ink;
  context.fillRect(left, y(0), right - left, 1);
}
