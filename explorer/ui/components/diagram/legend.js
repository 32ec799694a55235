/* What the colours mean: the kinds that occur, or the scale of a cost. */
import { el } from "../common/dom.js";

/** The legend's entries; none for a drawing that leaves them to another. */
export function legendOf({ kinds, scale }) {
  if (scale) return scaleEntries(scale);
  return Object.entries(kinds).map(([label, kind]) => el("span", "entry", {}, el("i", `swatch kind-${kind}`), label));
}

function scaleEntries({ label, low, high, steps }) {
  const ramp = el("span", "ramp", {}, ...Array.from({ length: steps }, (_, step) => swatch(step)));
  return [
    el("span", "entry", {}, `${label}, log scale:`),
    el("span", "entry", {}, swatch("none"), "none"),
    el("span", "entry", {}, low, ramp, high),
  ];
}

function swatch(step) {
  const box = el("i", "swatch");
  box.style.setProperty("--fill", `var(--ramp-${step})`);
  return box;
}
