/* What one value is made of: the window that it reads, with weights and products; what each input channel adds; the
 * largest terms and who reads it, each a way to another value; on the input, what it sees.
 *
 * Pointing at a number, or walking to it with the arrow keys, says its product, without the server. A click on it
 * triggers "picked": { node, channel, row, column }; on a channel "input"; on a step of the way "back".
 */
import { perRoot, whenRemoved } from "../../ui/components/common/component.js";
import { arrowTarget, el, svg } from "../../ui/components/common/dom.js";
import { clamp, format } from "../../ui/components/common/numbers.js";
import { cssColour, decodeTable } from "../../ui/components/common/paint.js";
import { INPUT_CHANGED, inputs } from "../../ui/components/common/registry.js";
import { fieldWords, outline, receptiveField } from "../../ui/components/feature_maps/geometry.js";

const MOST_NUMBERS = 9; // across all tables of more than one row
const MOST_ROWS = 4; // of numbers
const CURVE = { width: 100, height: 46 };
const HINT = "Point at a number. A click takes it apart, too.";
const NEGATIVE_COLOUR = 52; // of the diverging table, both legible on light and dark
const POSITIVE_COLOUR = 192;

const panelOf = perRoot(createPanel);

export default function ({ data, parentElement, setTriggerValue }) {
  const panel = panelOf(parentElement);
  panel.trigger = setTriggerValue;
  const text = JSON.stringify(data);
  if (panel.text !== text) draw(panel, data);
  panel.text = text;
  return whenRemoved(parentElement, () => window.removeEventListener(INPUT_CHANGED, panel.inputChanged));
}

function createPanel(root) {
  const panel = { text: "", section: el("section", "value", { "aria-label": "One value" }) };
  panel.words = el("p", "chips pointed-words", { "aria-live": "polite" });
  panel.inputChanged = () => placePicture(panel);
  window.addEventListener(INPUT_CHANGED, panel.inputChanged);
  root.append(panel.section);
  return panel;
}

function draw(panel, data) {
  const isNew = panel.data?.node !== data.node || String(panel.data?.place) !== String(data.place);
  Object.assign(panel, { data, table: decodeTable(data.colours) });
  const { window: shown, sums, curve, way } = data;
  const drawn = el("div", "drawn", {}, ...(shown ? windowTables(panel) : []), ...(curve ? [drawCurve(curve)] : []));
  panel.picture = createPicture(panel);
  placePicture(panel);
  panel.words.textContent = HINT;
  const parts = [panel.picture.box, ...(way.length ? [crumbs(panel)] : []), drawn];
  if (shown) parts.push(panel.words);
  if (sums) parts.push(channelSums(panel));
  parts.push(...data.lists.map((list) => chipList(panel, list)));
  panel.section.replaceChildren(...parts);
  panel.section.querySelector(".way")?.scrollTo({ left: 1e6 }); // its end leads here
  if (isNew) panel.section.scrollTop = 0;
}

const pick = (panel, node, [channel, row = 0, column = 0]) => panel.trigger("picked", { node, channel, row, column });

function pressed(text, onClick, attributes = {}) {
  const element = el("button", "", { type: "button", ...attributes }, text);
  element.addEventListener("click", onClick);
  return element;
}

/* ---------------------------------------------------------------- the window */

/** Its tables; a cell of the first one is a button, and all of one place light up together. */
function windowTables(panel) {
  const { tables, inside } = panel.data.window;
  const [rows, columns] = [inside.length, inside[0].length];
  const isLine = rows === 1;
  const isSmall = !isLine && (columns * tables.length > MOST_NUMBERS || rows > MOST_ROWS);
  panel.cells = tables.map(() => []);
  const elements = tables.map((table, number) => windowTable(panel, table, number, isSmall));
  for (const element of elements) element.style.setProperty("--columns", columns);
  return isLine ? [el("div", "line", {}, ...elements)] : elements;
}

function windowTable(panel, { caption, values }, number, isSmall) {
  const { inside } = panel.data.window;
  const finite = values.flat().filter((value) => typeof value === "number");
  const reach = Math.max(...finite.map(Math.abs), 0) || 1;
  const decimals = clamp(1 - Math.floor(Math.log10(reach)), 0, 6); // two digits of the largest
  const columns = inside[0].length;
  const rows = values.map((row, i) => {
    const cells = row.map((value, j) => {
      const index = i * columns + j;
      const text = isSmall ? "" : written(value, decimals, reach);
      const cell = el("td", "", {}, number ? el("span", "", {}, text) : inputButton(panel, text, index, columns));
      if (typeof value === "number" && inside[i][j]) colour(panel, cell, value / reach);
      cell.classList.toggle("padding", !inside[i][j]);
      cell.classList.toggle("marked", String(panel.data.window.marked) === `${i},${j}`);
      cell.addEventListener("pointerenter", () => point(panel, index));
      cell.addEventListener("pointerleave", () => point(panel, -1));
      panel.cells[number][index] = cell;
      return cell;
    });
    return el("tr", "", {}, ...cells);
  });
  return el("table", isSmall ? "window small" : "window", {}, el("caption", "", {}, ...titled(panel, caption, number)), ...rows);
}

const written = (value, decimals, reach) =>
  typeof value === "number" && reach < 1e5 && reach >= 1e-3 ? value.toFixed(decimals).replace("-", "\u2212") : text(value);

const text = (value) => (typeof value === "number" ? format(value) : value);

function colour({ table }, cell, part) {
  const place = Math.round(127.5 + 127.5 * part);
  const [red, green, blue] = table.subarray(3 * place, 3 * place + 3);
  cell.style.background = cssColour(table, place);
  cell.style.color = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000" : "#fff";
}

/** A caption; that of the inputs has a box for their channel, where there are several. */
function titled(panel, caption, number) {
  const { channel, channels, source } = panel.data.window;
  if (number || !channels.length) return [caption];
  if (channels.length === 1) return [`${caption}, #${channel}`];
  const limits = { type: "number", min: channels[0], max: channels.at(-1), value: channel };
  const box = el("input", "", { ...limits, "aria-label": `Input channel of ${source}` });
  box.addEventListener("change", () => {
    if (channels.includes(box.valueAsNumber)) panel.trigger("input", box.valueAsNumber);
    else box.value = channel; // a grouped convolution reads some only
  });
  return [`${caption}, #`, box];
}

/** One stop of the Tab key, arrows do the rest. */
function inputButton(panel, words, index, columns) {
  const { inside, places, source } = panel.data.window;
  const [i, j] = [Math.floor(index / columns), index % columns];
  const take = () => inside[i][j] && pick(panel, source, places[i][j]);
  const element = pressed(words, take, { "aria-label": productWords(panel, index), tabindex: index ? -1 : 0 });
  element.addEventListener("focus", () => point(panel, index));
  element.addEventListener("blur", () => point(panel, -1));
  element.addEventListener("keydown", (event) => {
    const target = arrowTarget(event.key, index, panel.cells[0].length, columns);
    if (target === null) return;
    event.preventDefault();
    event.stopPropagation();
    panel.cells[0].forEach((cell, at) => (cell.firstChild.tabIndex = at === target ? 0 : -1));
    panel.cells[0][target].firstChild.focus();
  });
  return element;
}

function point(panel, index) {
  for (const cells of panel.cells) cells.forEach((cell, at) => cell.classList.toggle("pointed", at === index));
  panel.words.textContent = index < 0 ? HINT : productWords(panel, index);
}

/** What stands at this place of all tables, and where that is in the input. */
function productWords({ data: { window: { tables, inside, places } } }, index) {
  const columns = inside[0].length;
  const [i, j] = [Math.floor(index / columns), index % columns];
  if (!inside[i][j]) return "A zero of the padding.";
  const [value, weight, product] = tables.map((table) => text(table.values[i][j]));
  const [channel, row, column] = places[i][j];
  const made = product === undefined ? value : `${value} × ${weight} = ${product}`;
  return `${made} · #${channel} at ${row}, ${column}`;
}

/* ---------------------------------------------------------------- the picture and the curve */

/** The input, with the frame of what the value sees and a small one at its middle. */
function createPicture() {
  const picture = { image: el("img", "", { alt: "" }), marks: svg("svg", { preserveAspectRatio: "none" }) };
  picture.box = el("figure", "picture", { role: "img" }, picture.image, picture.marks);
  return picture;
}

function placePicture({ picture, data }) {
  if (!picture) return;
  const { group, input_size: size, receptive_field: seen } = data.picture;
  picture.box.hidden = !inputs[group];
  if (!inputs[group]) return;
  picture.image.src = inputs[group];
  const [, row = 0, column = 0] = data.place;
  const field = receptiveField({ input_size: size, receptive_field: seen }, column, row);
  const side = { width: size[1] / 16, height: size[0] / 16 };
  const middle = {
    left: seen.start[1] + column * seen.stride[1] + 0.5 - side.width / 2,
    top: seen.start[0] + row * seen.stride[0] + 0.5 - side.height / 2,
    ...side,
  };
  picture.marks.setAttribute("viewBox", `0 0 ${size[1]} ${size[0]}`);
  picture.marks.replaceChildren(...outline(field, "field"), ...outline(middle, "cell"));
  const words = fieldWords({ input_size: size }, field);
  picture.box.setAttribute("aria-label", words);
  picture.box.title = words;
}

/** The function of an activation, its axes, and the point of this value. */
function drawCurve({ points, at }) {
  const [xs, ys] = [0, 1].map((axis) => points.map((p) => p[axis]));
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys, 0), Math.max(...ys, 0)];
  const x = (value) => ((value - left) / (right - left)) * CURVE.width;
  const y = (value) => (1 - (value - low) / (high - low || 1)) * CURVE.height;
  const line = (x1, y1, x2, y2) => svg("line", { x1, y1, x2, y2 });
  const [px, py] = [x(at[0]), y(at[1])];
  return svg(
    "svg",
    {
      class: "curve",
      role: "img",
      viewBox: `0 0 ${CURVE.width} ${CURVE.height}`,
      preserveAspectRatio: "none",
      "aria-label": `${text(at[0])} becomes ${text(at[1])}`,
    },
    line(0, y(0), CURVE.width, y(0)),
    line(x(0), 0, x(0), CURVE.height),
    svg("polyline", { points: points.map((p) => `${x(p[0])},${y(p[1])}`).join(" ") }),
    svg("path", { class: "at", d: `M ${px} ${py} h 0.001` }),
  );
}

/* ---------------------------------------------------------------- ways on */

/** What each input channel adds, largest first: a click writes out its window. */
function channelSums(panel) {
  const { sums: { shown, others: [count, rest] }, window: { channel } } = panel.data;
  const reach = Math.max(...shown.map(([, sum]) => Math.abs(sum)).filter(Number.isFinite)) || 1;
  const chips = shown.map(([number, sum]) => {
    const chip = pressed(`#${number} ${text(sum)}`, () => panel.trigger("input", number), {
      "aria-pressed": String(number === channel),
      "aria-label": `Input channel ${number} adds ${text(sum)}`,
    });
    chip.style.setProperty("--bar", cssColour(panel.table, sum < 0 ? NEGATIVE_COLOUR : POSITIVE_COLOUR));
    chip.style.setProperty("--share", `${(100 * Math.abs(sum)) / reach}%`);
    return chip;
  });
  const others = count ? [`all other ${count} together ${text(rest)}`] : [];
  return el("div", "chips sums", { role: "group", "aria-label": "Input channels" }, "Channels add", ...chips, ...others);
}

function chipList(panel, { title, chips }) {
  const buttons = chips.map(({ text: words, node, place }) => pressed(words, () => pick(panel, node, place)));
  return el("div", "chips", { role: "group", "aria-label": title }, chips.length ? `${title}:` : title, ...buttons);
}

/** The values from which one walked here. */
function crumbs(panel) {
  const buttons = panel.data.way.flatMap(({ text: words, title }, step) => [
    pressed(words, () => panel.trigger("back", step), { title }),
    "›",
  ]);
  return el("nav", "chips way", { "aria-label": "Way" }, ...buttons);
}
