/* What the keys of a page mean for its tour, wherever the focus is. */

/** The keys as a person reads them, with what they do. */
export const KEYS = [
  ["Page Down, →", "next step; Page Up, ← the one before (a presenter's remote sends these)"],
  ["B", "build the block up, piece by piece; Shift + B takes a piece away"],
  ["X", "silence the map, or the operation of a diagram, that has the focus; again undoes that"],
  ["P", "present: larger type, nothing but the page; Esc ends it"],
  ["L", "while held, a laser dot at the pointer (presenting)"],
  [". (full stop)", "blank the screen; any key brings it back (presenting)"],
  ["?", "these keys"],
];

const TURNS = { PageDown: "next", PageUp: "previous" };
const ARROW_TURNS = { ArrowRight: "next", ArrowLeft: "previous" };
const LETTERS = { p: "present", P: "present", b: "build", B: "unbuild", "?": "help" };
const WHILE_PRESENTING = { l: "laser", L: "laser", ".": "blank", Escape: "end" };

/** What a key asks for: a name, or null. `focus` is "page" where nothing has it, "text" where it types, else "part";
 * diagrams, maps and widgets keep their arrows. Without a step or a presentation the page scrolls as any page does. */
export function meaningOf(key, focus, { step, presenting }) {
  const leads = step > 0 || presenting;
  if (leads && Object.hasOwn(TURNS, key) && (presenting || focus !== "text")) return TURNS[key];
  if (focus === "text") return null;
  if (leads && focus === "page" && Object.hasOwn(ARROW_TURNS, key)) return ARROW_TURNS[key];
  if (presenting && focus === "page" && key === " ") return "next";
  if (presenting && Object.hasOwn(WHILE_PRESENTING, key)) return WHILE_PRESENTING[key];
  return Object.hasOwn(LETTERS, key) ? LETTERS[key] : null;
}

const TEXT = 'textarea, select, input:not([type="checkbox"], [type="radio"], [type="range"], [type="button"]), '
  + '[contenteditable], [role="combobox"], [role="listbox"], [role="option"]';

/** Where an event's focus is; shadow roots hide it from the document. */
export function focusOf(event) {
  const [target] = event.composedPath();
  if (!(target instanceof Element) || target === document.body || target === document.documentElement) return "page";
  return target.matches(TEXT) ? "text" : "part";
}
