/* Numbers within limits, and as text. */

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Three significant digits, with a minus sign that is as wide as a digit. */
export function format(value) {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(+value.toPrecision(3));
  return text.replace("-", "\u2212");
}
