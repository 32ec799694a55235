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
  const below = target.bottom + GAP;
  const top = below + height <= clientHeight ? below : target.top - height - GAP;
  tooltip.style.top = `${Math.max(GAP, top)}px`;
  tooltip.style.left = `${clamp((target.left + target.right - width) / 2, GAP, clientWidth - width - GAP)}px`;
}

export function hideTooltip(tooltip) {
  tooltip.togglePopover(false);
}
