/* Size and position of a drawing in its viewport. Lengths are CSS pixels, and units of the SVG in the drawing. */
import { centre } from "../common/dom.js";
import { clamp } from "../common/numbers.js";
import { naturalScale } from "./fit.js";

const MAX_SCALE = 4;
const KEY_ZOOM = 1.4;
const DOUBLE_CLICK_ZOOM = [1.7, 0.6]; // in, and with Shift out
const WHEEL_ZOOM = 0.008; // of the logarithm, a pixel
const MAX_WHEEL = 40;
const PIXELS_A_LINE = 16; // of a wheel that counts lines
const KEY_PAN = 60;
const DRAG_START = 4; // a shorter way is a click

/** Pan and zoom by changing the viewBox alone. The view is its centre in SVG units and a scale, so that it stays the
 * same when the window, the theme or the drawing's colours change. With `hasFocus()` the wheel zooms without Ctrl. */
export function createPanZoom(viewport, hasFocus) {
  const view = {
    viewport,
    pointers: new Map(),
    dragging: false,
    dragged: false, // the click that ends a drag selects nothing
  };
  viewport.addEventListener("pointerdown", (event) => pointerDown(view, event));
  viewport.addEventListener("pointermove", (event) => pointerMove(view, event));
  for (const type of ["pointerup", "pointercancel"]) {
    viewport.addEventListener(type, (event) => pointerUp(view, event));
  }
  viewport.addEventListener("dblclick", (event) => zoom(view, DOUBLE_CLICK_ZOOM[Number(event.shiftKey)], event));
  const turnWheel = (event) => {
    if (!event.ctrlKey && !hasFocus()) return; // the page scrolls
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_A_LINE : 1);
    zoom(view, Math.exp(-WHEEL_ZOOM * clamp(pixels, -MAX_WHEEL, MAX_WHEEL)), event);
  };
  viewport.addEventListener("wheel", turnWheel, { passive: false });
  return view;
}

/** Show a drawing; another one of the same size is seen as the one before it was. */
export function showZoomed(view, svg) {
  const { width, height } = view.svg === svg ? view.size : svg.viewBox.baseVal;
  const same = width === view.size?.width && height === view.size?.height;
  view.svg = svg;
  view.size = { width, height };
  if (!same) {
    view.scale = naturalScale();
    view.x = view.y = 0;
  }
  apply(view);
}

/** Show the whole drawing. */
export function showAll(view) {
  view.scale = scaleOfWhole(view);
  apply(view);
}

function scaleOfWhole({ viewport, size }) {
  return Math.min(viewport.clientWidth / size.width, viewport.clientHeight / size.height);
}

export const zoomIn = (view) => zoom(view, KEY_ZOOM);
export const zoomOut = (view) => zoom(view, 1 / KEY_ZOOM);

/** Zoom about a point of the window, which stays where it is, or about the middle. */
function zoom(view, factor, { clientX, clientY } = {}) {
  const [middleX, middleY] = centre(view.viewport.getBoundingClientRect());
  const [dx, dy] = clientX === undefined ? [0, 0] : [clientX - middleX, clientY - middleY];
  const before = view.scale;
  view.scale = clamp(before * factor, Math.min(scaleOfWhole(view), before), MAX_SCALE);
  view.x += dx / before - dx / view.scale;
  view.y += dy / before - dy / view.scale;
  apply(view);
}

export function pan(view, dx, dy) {
  view.x += dx / view.scale;
  view.y += dy / view.scale;
  apply(view);
}

function apply(view) {
  const width = view.viewport.clientWidth / view.scale;
  const height = view.viewport.clientHeight / view.scale;
  view.x = keepInside(view.x, width, view.size.width);
  view.y = keepInside(view.y, height, view.size.height);
  view.svg.setAttribute("viewBox", [view.x - width / 2, view.y - height / 2, width, height].join(" "));
}

/** The middle of a part that does not leave the whole. */
function keepInside(middle, part, whole) {
  return part >= whole ? whole / 2 : clamp(middle, part / 2, whole - part / 2);
}

/** Do what a key means, with the direction of an arrow key; whether it meant something. */
export function panOrZoomByKey(view, { key, shiftKey }, direction) {
  if (key === "+" || key === "=") zoomIn(view);
  else if (key === "-") zoomOut(view);
  else if (key === "0") showAll(view);
  else if (shiftKey && direction) pan(view, KEY_PAN * direction[0], KEY_PAN * direction[1]);
  else return false;
  return true;
}

/* ---------------------------------------------------------------- mouse and fingers */

function pointerDown(view, event) {
  if (event.button !== 0) return;
  if (!view.pointers.size) view.dragged = false;
  view.pointers.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY });
}

function pointerMove(view, { pointerId, clientX, clientY }) {
  const last = view.pointers.get(pointerId);
  if (!last) return;
  if (!view.dragging && Math.hypot(clientX - last.clientX, clientY - last.clientY) < DRAG_START) return;
  if (!view.dragging) view.viewport.setPointerCapture(pointerId);
  view.dragging = view.dragged = true;
  const [before, spreadBefore] = grip(view.pointers);
  view.pointers.set(pointerId, { clientX, clientY });
  const [after, spread] = grip(view.pointers);
  pan(view, before.clientX - after.clientX, before.clientY - after.clientY);
  if (spreadBefore) zoom(view, spread / spreadBefore, after);
}

function pointerUp(view, { pointerId }) {
  view.pointers.delete(pointerId);
  view.dragging = view.pointers.size > 0 && view.dragging;
}

/** Middle of the fingers, and how far apart they are (0 for one). */
function grip(pointers) {
  const [first, second = first] = pointers.values();
  const middle = { clientX: (first.clientX + second.clientX) / 2, clientY: (first.clientY + second.clientY) / 2 };
  return [middle, Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY)];
}
