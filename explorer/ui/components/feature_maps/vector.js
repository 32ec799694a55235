/* A vector as bars from a zero line. Thousands of bars scroll, so only those in the window are drawn. */
import { paintBars, prepare, rangeWithZero, verticalAxis } from "../common/bars.js";
import { button, el } from "../common/dom.js";
import { clamp, format } from "../common/numbers.js";
import { cssColour } from "../common/paint.js";
import { barSummary, selectedIndex } from "./maps.js";

// In rem.
const MIN_PITCH = 5 / 16;
const MAX_PITCH = 5;
const LABEL_HEIGHT = 1.5; // above the largest and below the smallest value
const LABEL_WIDTH = 3.25;
const LABEL_OFFSET = { above: -0.3, below: 1.1 }; // of its baseline, from the end of its bar

// Of the diverging table, both legible on light and dark.
const NEGATIVE_COLOUR = 52;
const POSITIVE_COLOUR = 192;

const HOVERED_OPACITY = 0.15;
const SELECTED_OPACITY = 0.3;

/** The bars of a panel, which offers select(index), walk(...) and describe(). */
export function createVector(panel) {
  const vector = { canvas: el("canvas", ""), room: el("div", "room"), strongest: el("div", "strongest"), pitch: 1 };
  const role = { tabindex: "0", role: "group", "aria-label": "Values as bars" };
  vector.scroller = el("div", "scroller", role, vector.canvas, vector.room);
  vector.axis = { high: el("span", ""), zero: el("span", ""), low: el("span", "") };
  const axis = el("div", "axis", {}, ...Object.values(vector.axis));
  vector.box = el("div", "bars", {}, axis, vector.scroller, vector.strongest);
  listen(panel, vector);
  return vector;
}

function listen(panel, vector) {
  const { scroller } = vector;
  const indexOf = (event) => {
    const x = event.clientX - scroller.getBoundingClientRect().left + scroller.scrollLeft;
    return x < vector.pitch * panel.values.length ? Math.floor(x / vector.pitch) : -1;
  };
  scroller.addEventListener("scroll", () => drawVector(panel));
  scroller.addEventListener("pointermove", (event) => hoverBar(panel, indexOf(event)));
  scroller.addEventListener("pointerleave", () => hoverBar(panel, -1));
  scroller.addEventListener("pointerdown", (event) => {
    // a finger reads a value with its first tap, and means it with the second
    vector.meant = event.pointerType !== "touch" || indexOf(event) === selectedIndex(panel);
  });
  scroller.addEventListener("click", (event) => {
    const index = indexOf(event);
    panel.select(index);
    if (vector.meant) pick(panel, index);
  });
  scroller.addEventListener("keydown", (event) => {
    if (event.key === "Enter") pick(panel, selectedIndex(panel));
    if (!panel.walk(event.key, selectedIndex(panel), 10, (target) => selectBar(panel, target))) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Take the value at this index apart, where that is offered. */
function pick(panel, index) {
  const { header } = panel;
  if (header.picks && index >= 0) panel.pick({ node: header.node, channel: header.channels[index], x: 0, y: 0 });
}

export function receiveVector(panel) {
  const { header, vector } = panel;
  panel.values = new Float32Array(panel.body.buffer);
  vector.range = rangeWithZero(panel.values);
  const chips = header.strongest.map((channel) => {
    const index = header.channels.indexOf(channel);
    return button(`Go to #${channel}`, barSummary(panel, index), () => selectBar(panel, index));
  });
  vector.strongest.replaceChildren("Strongest", ...chips);
}

function selectBar(panel, index) {
  panel.select(index);
  revealBar(panel, index);
}

function hoverBar(panel, index) {
  if (index === panel.hovered) return;
  panel.hovered = index;
  drawVector(panel);
  panel.describe();
}

/** Scroll a bar into view. */
export function revealBar({ vector: { scroller, pitch } }, index) {
  scroller.scrollLeft = (index + 0.5) * pitch - scroller.clientWidth / 2;
}

/** Draw the bars in the window, and size the room in which they scroll. */
export function drawVector(panel) {
  const { vector, values, tables } = panel;
  const { clientWidth: width, clientHeight: height, scrollLeft } = vector.scroller;
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  vector.pitch = clamp(width / values.length, MIN_PITCH * rem, MAX_PITCH * rem);
  vector.room.style.width = `${vector.pitch * values.length}px`;
  const context = prepare(vector.canvas, width, height);
  const y = verticalAxis(vector.range, height, LABEL_HEIGHT * rem);
  const selected = selectedIndex(panel);
  const ink = getComputedStyle(panel.section).color;
  paintBars(context, {
    y,
    height,
    left: 0,
    right: width,
    start: -scrollLeft,
    pitch: vector.pitch,
    from: Math.floor(scrollLeft / vector.pitch),
    to: Math.min(values.length, Math.ceil((scrollLeft + width) / vector.pitch)),
    valueAt: (index) => values[index],
    colourOf: (value) => cssColour(tables.diverging, value < 0 ? NEGATIVE_COLOUR : POSITIVE_COLOUR),
    marks: [
      [panel.hovered, HOVERED_OPACITY],
      [selected === panel.hovered ? -1 : selected, SELECTED_OPACITY],
    ],
    ink,
  });
  labelStrongest(panel, context, y, ink, rem);
  showAxis(vector, y);
}

/** The numbers of the strongest at the ends of their bars, strongest first; one that would overlap is left out. */
function labelStrongest({ header, vector, values }, context, y, ink, rem) {
  context.font = `${rem}px ${getComputedStyle(vector.box).fontFamily}`;
  context.textAlign = "center";
  context.fillStyle = ink;
  const width = vector.scroller.clientWidth;
  const room = LABEL_WIDTH * rem;
  const taken = [];
  for (const channel of header.strongest) {
    const index = header.channels.indexOf(channel);
    const middle = (index + 0.5) * vector.pitch - vector.scroller.scrollLeft;
    const x = clamp(middle, room / 2, width - room / 2); // whole at the edges, too
    const hidden = middle < 0 || middle > width;
    if (hidden || taken.some((other) => Math.abs(other - x) < room)) continue;
    taken.push(x);
    const offset = values[index] < 0 ? LABEL_OFFSET.below : LABEL_OFFSET.above;
    context.fillText(`#${channel}`, x, y(values[index]) + offset * rem);
  }
}

function showAxis({ axis, range: [low, high] }, y) {
  const values = { high, zero: 0, low };
  for (const [name, label] of Object.entries(axis)) {
    label.textContent = name !== "zero" && values[name] === 0 ? "" : format(values[name]);
    label.style.top = `${y(values[name])}px`;
  }
}
