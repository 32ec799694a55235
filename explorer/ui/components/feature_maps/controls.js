/* Above the maps, in one line: colours, scale, order, what stands beside them, and page. */
import { button, el, selectBox } from "../common/dom.js";
import { isVector } from "./maps.js";

const COLOURINGS = { auto: "auto colours", sequential: "sequential", diverging: "diverging" };
const SCALES = { map: "own scales", shared: "one scale" };
const ORDERS = { index: "by number", strength: "by strength" };
const ALONE = "";

/** Draw the controls anew. `redraw(changes)` and `request(changes)` take changes of the view: what the browser can show
 * by itself, and what the server has to send other maps for. */
export function renderControls({ controls, header, view, redraw, request }) {
  const parts = [];
  if (!isVector({ header })) {
    parts.push(selectBox("Colours", COLOURINGS, view.colouring, (colouring) => redraw({ colouring })));
    if (!header.beside) parts.push(selectBox("Scale", SCALES, view.scale, (scale) => redraw({ scale })));
  }
  if (header.order) parts.push(selectBox("Order", ORDERS, header.order, (order) => request({ order, page: 0 })));
  if (Object.keys(header.compare ?? {}).length) parts.push(besideBox(header, request));
  if (header.looks !== undefined) parts.push(looksSwitch(header, request));
  if (header.pages > 1) parts.push(pager(header, request));
  const focused = [...controls.querySelectorAll("select, button")].findIndex((part) => part.matches(":focus"));
  controls.replaceChildren(...parts);
  if (focused >= 0) controls.querySelectorAll("select, button")[focused]?.focus();
}

/** As small as a button; the list of operations is the browser's own. */
function besideBox({ beside, compare }, request) {
  const current = beside?.node ?? ALONE;
  const options = { [ALONE]: "nothing beside", ...(beside && { [current]: current }), ...compare };
  const box = selectBox("Compare with", options, current, (chosen) => request({ beside: chosen }));
  return el("label", "beside choice", { title: "Compare with another operation" }, "+", el("span", "", {}, "compare"), box);
}

function looksSwitch({ looks }, request) {
  const label = "What each channel looks for, in its map's place";
  const toggle = button(label, "looks for", () => request({ looks: !looks }));
  toggle.className = "choice";
  toggle.setAttribute("aria-pressed", String(Boolean(looks)));
  return toggle;
}

function pager({ page, pages }, request) {
  const turn = (label, sign, target) => {
    const possible = target >= 0 && target < pages;
    const turned = button(label, sign, () => possible && request({ page: target }));
    turned.setAttribute("aria-disabled", String(!possible)); // not disabled: that would drop the keyboard's focus
    return turned;
  };
  const position = el("span", "", {}, `${page + 1} / ${pages}`);
  return el("div", "pager", {}, turn("Previous page", "‹", page - 1), position, turn("Next page", "›", page + 1));
}
