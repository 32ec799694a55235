/* Above the maps: colours, scale, order and page. */
import { button, el, selectBox } from "../common/dom.js";
import { isVector } from "./maps.js";

const COLOURINGS = { auto: "colours: auto", sequential: "sequential", diverging: "diverging" };
const SCALES = { map: "scale per map", shared: "shared scale" };
const ORDERS = { index: "by number", strength: "by strength" };

/** Draw the controls anew. `redraw(changes)` and `request(changes)` take changes of the view: what the browser can show
 * by itself, and what the server has to send other maps for. */
export function renderControls({ controls, header, view, redraw, request }) {
  const parts = [];
  if (!isVector({ header })) {
    parts.push(selectBox("Colours", COLOURINGS, view.colouring, (colouring) => redraw({ colouring })));
    parts.push(selectBox("Scale", SCALES, view.scale, (scale) => redraw({ scale })));
  }
  if (header.order) parts.push(selectBox("Order", ORDERS, header.order, (order) => request({ order, page: 0 })));
  if (header.pages > 1) parts.push(pager(header, request));
  const focused = [...controls.querySelectorAll("select, button")].findIndex((part) => part.matches(":focus"));
  controls.replaceChildren(...parts);
  if (focused >= 0) controls.querySelectorAll("select, button")[focused]?.focus();
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
