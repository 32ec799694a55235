/* One map, enlarged over the model input, with the receptive field of the position under the pointer. */

const SVG = "http://www.w3.org/2000/svg";

function createLarge(panel) {
  const large = { under: el("img", "", { alt: "" }), over: el("canvas", ""), index: -1 };
  large.marks = document.createElementNS(SVG, "svg");
  large.marks.setAttribute("preserveAspectRatio", "none");
  large.figure = el("div", "figure", {}, large.under, large.over, large.marks);
  large.title = el("div", "title", { "aria-live": "polite" });
  const buttons = [
    button("", "Previous channel", "‹", () => step(panel, "ArrowLeft")),
    button("", "Next channel", "›", () => step(panel, "ArrowRight")),
    button("", "Close", "×", () => close(panel)),
  ];
  const range = { type: "range", min: "0", max: "1", step: "0.05", value: "0.6", "aria-label": "Opacity of the map" };
  large.slider = el("input", "", range);
  large.slider.addEventListener("input", () => placeLarge(panel));
  large.mix = el("label", "mix", {}, "input", large.slider, "map");
  large.field = el("div", "field-words");
  const head = el("div", "head", {}, large.title, ...buttons);
  large.side = el("div", "side", {}, head, large.field, large.mix);
  large.box = el("div", "large", { role: "dialog", "aria-label": "Enlarged map", tabindex: "-1" });
  large.box.append(large.figure, large.side);
  large.box.hidden = true;
  listenToLarge(panel, large);
  return large;
}

function listenToLarge(panel, large) {
  large.box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(panel);
    else if (event.target === large.slider || !step(panel, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  const point = (event) => pointAt(panel, event);
  large.figure.addEventListener("pointermove", point);
  large.figure.addEventListener("pointerdown", point);
  large.figure.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "touch") return; // a finger that was lifted still has pointed
    large.marks.replaceChildren();
    showField(panel, null);
    describe(panel);
  });
}

/** Show the map at this index of the page enlarged, or none for -1. The legend and the status move along. */
function showLarge(panel, index) {
  const { large, header } = panel;
  large.index = index;
  large.box.hidden = index < 0;
  panel.grid.inert = index >= 0;
  if (index < 0) {
    large.box.before(panel.footer);
    return;
  }
  large.mix.before(panel.footer);
  large.title.textContent = `${header.node ?? ""} #${header.channels[index]}`;
  paint(panel, index, large.over);
  large.marks.replaceChildren();
  showField(panel, null);
  placeLarge(panel);
}

function enlarge(panel, index) {
  select(panel, index);
  panel.view.enlarged = true;
  panel.hovered = -1;
  showLarge(panel, index);
  describe(panel);
  panel.large.box.focus({ preventScroll: true });
  report(panel);
}

function close(panel) {
  const { index } = panel.large;
  panel.view.enlarged = false;
  showLarge(panel, -1);
  panel.cells[index].map.focus();
  report(panel);
}

/** Go to another channel of the page; says whether the key meant that. */
function step(panel, key) {
  const target = arrowTarget(key, panel.large.index, 1, panel.cells.length);
  if (target === null) return false;
  select(panel, target);
  showLarge(panel, target);
  return true;
}

/* ---------------------------------------------------------------- geometry, in pixels of the model input */

/** Where the map lies on the input (position i covers one stride around its receptive field's centre), and the frame
 * around both. Without a receptive field the map is laid over the whole input. Pixel 0 spans 0 to 1, its centre is 0.5. */
function geometry({ header }) {
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
  const left = Math.min(one.left, other.left), top = Math.min(one.top, other.top);
  const right = Math.max(one.left + one.width, other.left + other.width);
  const bottom = Math.max(one.top + one.height, other.top + other.height);
  return { left, top, width: right - left, height: bottom - top };
}

function placeLarge(panel) {
  const { large, header } = panel;
  if (large.index < 0) return;
  const { input, map, frame } = geometry(panel);
  const picture = modelInputs()[header.group];
  large.figure.style.setProperty("--ratio", frame.width / frame.height);
  large.marks.setAttribute("viewBox", `${frame.left} ${frame.top} ${frame.width} ${frame.height}`);
  placeIn(frame, large.under, input);
  placeIn(frame, large.over, map);
  large.under.hidden = large.mix.hidden = !picture;
  if (picture) large.under.src = picture;
  large.over.style.opacity = picture ? large.slider.value : 1;
}

function placeIn(frame, element, box) {
  const percent = (length, whole) => `${(100 * length) / whole}%`;
  element.style.left = percent(box.left - frame.left, frame.width);
  element.style.top = percent(box.top - frame.top, frame.height);
  element.style.width = percent(box.width, frame.width);
  element.style.height = percent(box.height, frame.height);
}

/* ---------------------------------------------------------------- the position under the pointer */

function pointAt(panel, event) {
  const { large, header } = panel;
  const [, rows, columns] = header.shape;
  const { map } = geometry(panel);
  const box = large.over.getBoundingClientRect();
  const x = clamp(Math.floor(((event.clientX - box.left) / box.width) * columns), 0, columns - 1);
  const y = clamp(Math.floor(((event.clientY - box.top) / box.height) * rows), 0, rows - 1);
  const [width, height] = [map.width / columns, map.height / rows];
  const cell = { left: map.left + x * width, top: map.top + y * height, width, height };
  const field = receptiveField(panel, x, y);
  large.marks.replaceChildren(...(field ? outline(field, "field") : []), ...outline(cell, "cell"));
  showField(panel, field);
  describe(panel, valueAt(panel, large.index, x, y));
}

/** The receptive field of a position, cut off at the input's border; null where it isn't known. */
function receptiveField({ header }, x, y) {
  if (!header.receptive_field || !header.input_size) return null;
  const { size, stride, start } = header.receptive_field;
  const along = (axis, position) => {
    const centre = start[axis] + position * stride[axis] + 0.5;
    const from = Math.max(0, centre - size[axis] / 2);
    return [from, Math.min(header.input_size[axis], centre + size[axis] / 2) - from];
  };
  const [[left, width], [top, height]] = [along(1, x), along(0, y)];
  return { left, top, width, height };
}

/** Two rectangles, dark under light, so that they are seen on every picture. */
function outline({ left, top, width, height }, name) {
  return ["dark", "light"].map((shade) => {
    const rectangle = document.createElementNS(SVG, "rect");
    rectangle.setAttribute("class", `${name} ${shade}`);
    for (const [key, value] of Object.entries({ x: left, y: top, width, height })) rectangle.setAttribute(key, value);
    return rectangle;
  });
}

function showField({ header, large }, field) {
  if (!header.receptive_field || !header.input_size) return;
  const [inputHeight, inputWidth] = header.input_size;
  const [height, width] = header.receptive_field.size;
  const range = (from, length) => `${Math.ceil(from)}–${Math.floor(from + length) - 1}`;
  const where = () => {
    if (field.width >= inputWidth && field.height >= inputHeight) return "it covers the whole image";
    return `x ${range(field.left, field.width)}, y ${range(field.top, field.height)}`;
  };
  const words = field ? where() : "point at a position to see it";
  large.field.textContent = `Receptive field ${height} × ${width} px: ${words}.`;
}
