/* Colours for a metric of the elements, and the legend that explains them. */
import { el } from "../common/dom.js";
import { formatIn } from "../common/numbers.js";

const COUNT = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
const BYTES = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]];
const METRICS = {
  macs: { field: "macs", label: "MACs", units: COUNT },
  params: { field: "params", label: "Parameters", units: COUNT },
  memory: { field: "activation_bytes", label: "Activation memory", units: BYTES },
};

const rampColour = (step) => `var(--ramp-${step})`;

/** How to colour by a metric: colourOf(element), and the legend's entries. Undefined for what is no metric. */
export function metricScale(name, elements, steps) {
  const metric = METRICS[name];
  if (!metric) return undefined;
  const scale = logScale(Object.values(elements).map((element) => element[metric.field]), steps);
  return {
    colourOf: (element) => rampColour(scale.step(element[metric.field])),
    legend: scaleLegend(metric, scale),
  };
}

/** Steps 0 to `steps` - 1 of values on a log scale; "none" for 0, which has no logarithm. The scale spans a decade at
 * least, so that nearly equal values look nearly equal. */
export function logScale(values, steps) {
  const most = Math.max(0, ...values);
  const least = Math.min(most, ...values.filter((value) => value > 0));
  const start = Math.min(least, most / 10);
  const position = (value) => Math.log(value / start) / Math.log(most / start);
  const step = (value) => (value > 0 ? Math.round(position(value) * (steps - 1)) : "none");
  return { least, most, step, zeros: values.includes(0) };
}

function scaleLegend({ label, units }, { least, most, step, zeros }) {
  const entries = [el("span", "entry", {}, `${label}, log scale:`)];
  if (zeros) entries.push(el("span", "entry", {}, swatch("none"), "none"));
  if (!most) return entries;
  const ramp = el("span", "ramp");
  for (let position = step(least); position <= step(most); position++) ramp.append(swatch(position));
  const low = least < most ? formatIn(units, least) : "";
  return [...entries, el("span", "entry", {}, low, ramp, formatIn(units, most))];
}

function swatch(step) {
  const box = el("i", "swatch");
  box.style.setProperty("--fill", rampColour(step));
  return box;
}
