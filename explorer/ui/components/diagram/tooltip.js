/* What an element is, in a popover: that lies in the top layer, where no scroll container or column clips it. */
import { el } from "../common/dom.js";
import { clamp } from "../common/numbers.js";

const GAP = 8; // CSS pixels, to the element and to the window's edges

export function createTooltip() {
  return el("div", "tooltip", { popover: "manual", role: "tooltip" });
}

export function showTooltip(tooltip, element, { title, lines }) {
  tooltip.replaceChildren(el("strong", "", {}, title), ...lines.map((line) => el("div", "", {}, line)));
  tooltip.togglePopover(true);
  const target = element.getBoundingClientRect();
  const { width, height } = tooltip.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const middle = (target.left + target.right - width) / 2;
  if (target.bottom + GAP + height <= clientHeight) place(middle, target.bottom + GAP);
  else if (target.right + GAP + width <= clientWidth) place(target.right + GAP, target.top);
  else place(target.left - GAP - width, target.top);

  function place(left, top) {
    tooltip.style.left = `${clamp(left, GAP, clientWidth - width - GAP)}px`;
    tooltip.style.top = `${clamp(top, GAP, clientHeight - height - GAP)}px`;
  }
}

export function hideTooltip(tooltip) {
  tooltip.togglePopover(false);
}
