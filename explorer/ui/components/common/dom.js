/* Elements, what the arrow keys mean, and the theme. */
import { clamp } from "./numbers.js";

const SVG = "http://www.w3.org/2000/svg";

/** Directions of the arrow keys, [x, y]. */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** An element; children that are strings become text, never markup. */
export function el(tag, className, attributes = {}, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  return filled(element, attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A button with a short text or sign, and a label that says what it does. */
export function button(label, text, onClick) {
  const element = el("button", "", { type: "button", "aria-label": label, title: label }, text);
  element.addEventListener("click", onClick);
  return element;
}

/** A select box of the options, { value: text }. */
export function selectBox(label, options, current, onChange) {
  const box = el("select", "choice", { "aria-label": label });
  for (const [value, text] of Object.entries(options)) box.append(new Option(text, value, false, value === current));
  box.addEventListener("change", () => onChange(box.value));
  return box;
}

/** The index to which a key moves among `count` things, null for other keys; up and down only with rows of `columns`. */
export function arrowTarget(key, index, count, columns = null) {
  const rows = columns && { ArrowUp: -columns, ArrowDown: columns };
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity, ...rows };
  return Object.hasOwn(steps, key) ? clamp(index + steps[key], 0, count - 1) : null;
}

/** Whether a key, alone, silences what has the focus. */
export const isSilencing = ({ key, ctrlKey, metaKey, altKey }) =>
  (key === "x" || key === "Delete") && !ctrlKey && !metaKey && !altKey;

/** Whether the page is dark, that is, whether its text is light. */
export function isDark(element) {
  const [red, green, blue] = getComputedStyle(element).color.match(/[\d.]+/g);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 128;
}

/** The size of the page's type in CSS pixels: canvases are drawn in its measure. */
export const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

export const centre = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
