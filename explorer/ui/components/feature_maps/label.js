/* A label at the pointer: what is there, where one looks. Lengths are CSS pixels. */
import { el } from "../common/dom.js";
import { clamp } from "../common/numbers.js";

const GAP = 14; // to the pointer
const FINGER_GAP = 40; // to a finger, which covers what is under it

export function createLabel() {
  const label = el("div", "pointer-label");
  label.hidden = true;
  return label;
}

/** Show lines of text near a point of the window, inside `bounds` and the window. */
export function showLabel(label, lines, [x, y], bounds, isTouch = false) {
  const room = {
    left: Math.max(bounds.left, 0),
    top: Math.max(bounds.top, 0),
    right: Math.min(bounds.right, innerWidth),
    bottom: Math.min(bounds.bottom, innerHeight),
  };
  label.hidden = false;
  label.replaceChildren(...lines.map((line) => el("div", "", {}, line)));
  label.style.maxWidth = `${room.right - room.left}px`;
  const size = [label.offsetWidth, label.offsetHeight];
  const [left, top] = besidePoint([x, y], size, room, isTouch ? FINGER_GAP : GAP);
  const origin = label.offsetParent.getBoundingClientRect();
  label.style.translate = `${left - origin.left}px ${top - origin.top}px`;
}

/** Left and top of a box of this size near a point: right of it and above it, where there is room. */
export function besidePoint([x, y], [width, height], room, gap) {
  const left = x + gap + width <= room.right ? x + gap : x - gap - width;
  const top = y - gap - height >= room.top ? y - gap - height : y + gap;
  return [
    clamp(left, room.left, Math.max(room.left, room.right - width)),
    clamp(top, room.top, Math.max(room.top, room.bottom - height)),
  ];
}
