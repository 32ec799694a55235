// Size and position of a drawing in its viewport. Served in one module with diagram.js.

const MAX_SCALE = 1.25; // of a drawing that is narrower than the page
const MAX_SHARE = 0.16; // of the window's height, for a drawing without a height of its own

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const centre = ({ x, y, width, height }) => [x + width / 2, y + height / 2];
const keepInside = (middle, part, whole) => (part >= whole ? whole / 2 : clamp(middle, part / 2, whole - part / 2));

// CSS pixels per SVG unit. Below min_scale text would be too small to read: the viewport scrolls instead.
function fitScale(svg, viewport, { height, zoomable, min_scale }) {
  const drawing = svg.viewBox.baseVal;
  const limits = [MAX_SCALE, viewport.clientWidth / drawing.width];
  const room = height || zoomable ? viewport.clientHeight : MAX_SHARE * window.innerHeight;
  limits.push(room / drawing.height);
  return Math.max(min_scale, Math.min(...limits));
}

// Pans and zooms by changing the viewBox alone. The view is its centre in SVG units and a scale, so that it
// stays the same when the window, the theme or the drawing's colours change.
class PanZoom {
  pointers = new Map();
  dragging = false;
  dragged = false; // the click that ends a drag selects nothing

  constructor(viewport, hasFocus) {
    this.viewport = viewport;
    viewport.addEventListener("pointerdown", (event) => this.onDown(event));
    viewport.addEventListener("pointermove", (event) => this.onMove(event));
    for (const type of ["pointerup", "pointercancel"]) viewport.addEventListener(type, (event) => this.onUp(event));
    viewport.addEventListener("dblclick", (event) => this.zoom(event.shiftKey ? 0.6 : 1.7, event));
    viewport.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !hasFocus()) return; // the page scrolls
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
      this.zoom(Math.exp(-0.008 * clamp(pixels, -40, 40)), event);
    }, { passive: false });
  }

  show(svg, data) {
    const { width, height } = this.svg === svg ? this.size : svg.viewBox.baseVal;
    const same = width === this.size?.width && height === this.size?.height;
    this.svg = svg;
    this.size = { width, height };
    if (!same) {
      this.scale = fitScale(svg, this.viewport, data);
      this.x = this.y = 0;
    }
    this.apply();
  }

  showAll() {
    this.scale = this.wholeScale();
    this.apply();
  }

  wholeScale() {
    return Math.min(this.viewport.clientWidth / this.size.width, this.viewport.clientHeight / this.size.height);
  }

  zoom(factor, { clientX, clientY } = {}) {
    const [middleX, middleY] = centre(this.viewport.getBoundingClientRect());
    const [dx, dy] = clientX === undefined ? [0, 0] : [clientX - middleX, clientY - middleY];
    const before = this.scale;
    this.scale = clamp(before * factor, Math.min(this.wholeScale(), before), 4);
    // The point under the pointer stays where it is.
    this.x += dx / before - dx / this.scale;
    this.y += dy / before - dy / this.scale;
    this.apply();
  }

  pan(dx, dy) {
    this.x += dx / this.scale;
    this.y += dy / this.scale;
    this.apply();
  }

  apply() {
    const width = this.viewport.clientWidth / this.scale;
    const height = this.viewport.clientHeight / this.scale;
    this.x = keepInside(this.x, width, this.size.width);
    this.y = keepInside(this.y, height, this.size.height);
    this.svg.setAttribute("viewBox", [this.x - width / 2, this.y - height / 2, width, height].join(" "));
  }

  onKey({ key, shiftKey }, direction) {
    if (key === "+" || key === "=") this.zoom(1.4);
    else if (key === "-") this.zoom(1 / 1.4);
    else if (key === "0") this.showAll();
    else if (shiftKey && direction) this.pan(60 * direction[0], 60 * direction[1]);
    else return false;
    return true;
  }

  onDown(event) {
    if (event.button !== 0) return;
    if (!this.pointers.size) this.dragged = false;
    this.pointers.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY });
  }

  onMove({ pointerId, clientX, clientY }) {
    const last = this.pointers.get(pointerId);
    if (!last) return;
    if (!this.dragging && Math.hypot(clientX - last.clientX, clientY - last.clientY) < 4) return;
    if (!this.dragging) this.viewport.setPointerCapture(pointerId);
    this.dragging = this.dragged = true;
    const [before, spreadBefore] = this.grip();
    this.pointers.set(pointerId, { clientX, clientY });
    const [after, spread] = this.grip();
    this.pan(before.clientX - after.clientX, before.clientY - after.clientY);
    if (spreadBefore) this.zoom(spread / spreadBefore, after);
  }

  onUp({ pointerId }) {
    this.pointers.delete(pointerId);
    this.dragging = this.pointers.size > 0 && this.dragging;
  }

  // Middle of the fingers, and how far apart they are (0 for one).
  grip() {
    const [first, second = first] = this.pointers.values();
    const middle = { clientX: (first.clientX + second.clientX) / 2, clientY: (first.clientY + second.clientY) / 2 };
    return [middle, Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY)];
  }
}
