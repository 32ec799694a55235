/* Rows of small pictures, each of what a channel looks for, cut out of one sheet a row.
 *
 * A click, or Enter, triggers "picked": { row, index }; the arrow keys walk.
 */
import { perRoot, unpack, whenRemoved } from "../../ui/components/common/component.js";
import { arrowTarget, el } from "../../ui/components/common/dom.js";

const rowsOf = perRoot((root) => {
  const shown = { urls: [], box: el("div", "rows") };
  root.append(shown.box);
  return shown;
});

export default function ({ data, parentElement, setTriggerValue }) {
  const shown = rowsOf(parentElement);
  shown.trigger = setTriggerValue;
  const { header, body } = unpack(data);
  if (shown.digest !== header.digest) draw(shown, header, body);
  shown.digest = header.digest;
  return whenRemoved(parentElement, () => release(shown));
}

function release(shown) {
  shown.urls.forEach((url) => URL.revokeObjectURL(url));
  shown.urls = [];
  shown.digest = null;
}

function draw(shown, header, body) {
  const former = shown.urls;
  shown.urls = [];
  shown.box.replaceChildren(...header.rows.map((row) => drawRow(shown, row, body)));
  shown.box.scrollTop = 0;
  former.forEach((url) => URL.revokeObjectURL(url));
}

function drawRow(shown, row, body) {
  const url = URL.createObjectURL(new Blob([body.subarray(...row.bytes)], { type: "image/webp" }));
  shown.urls.push(url);
  const isNamed = row.tiles.some(({ words }) => !words.startsWith("#")); // classes need more room than numbers
  const tiles = el("div", isNamed ? "tiles named" : "tiles", { role: "group", "aria-label": row.label });
  tiles.append(...row.tiles.map((tile, index) => drawTile(shown, row, url, tile, index)));
  tiles.addEventListener("keydown", (event) => walk(event, tiles));
  if (!row.title) return tiles;
  return el("section", "row", {}, el("p", "title", {}, el("b", "", {}, row.title), ` ${row.note}`), tiles);
}

function drawTile(shown, row, url, tile, index) {
  const picture = el("span", "picture", { role: "img", "aria-label": tile.alt });
  const [across, down] = [row.columns, Math.ceil(row.tiles.length / row.columns)];
  const share = (at, count) => (count > 1 ? `${(100 * at) / (count - 1)}%` : "0%");
  picture.style.backgroundImage = `url(${url})`;
  picture.style.backgroundSize = `${100 * across}% ${100 * down}%`;
  picture.style.backgroundPosition = `${share(index % across, across)} ${share(Math.floor(index / across), down)}`;
  const element = el("button", tile.dead ? "dead" : "", { type: "button", title: tile.alt }, picture, tile.words);
  element.addEventListener("click", () => shown.trigger("picked", { row: row.name, index }));
  return element;
}

function walk(event, tiles) {
  const buttons = [...tiles.children];
  const at = buttons.indexOf(event.target);
  const columns = Math.max(1, buttons.filter((b) => b.offsetTop === buttons[0].offsetTop).length);
  const target = at < 0 ? null : arrowTarget(event.key, at, buttons.length, columns);
  if (target === null) return;
  event.preventDefault();
  buttons[target].focus();
}
