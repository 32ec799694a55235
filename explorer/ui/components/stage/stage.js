/* The bar of a page's tour, the keys of the page, and what a presenter needs: laser, blank screen, no surroundings. */
import { perRoot, whenRemoved } from "../common/component.js";
import { button, el } from "../common/dom.js";
import { registry } from "../common/registry.js";
import { focusOf, KEYS, meaningOf } from "./keys.js";
import { lookAt } from "./look.js";

const barOf = perRoot(createBar);

export default function ({ data, parentElement, setTriggerValue }) {
  const bar = barOf(parentElement);
  bar.send = setTriggerValue;
  receive(bar, data);
  return whenRemoved(parentElement, () => leave(bar));
}

/** `wish` is what was asked for: shown at once, whatever the server still knows. `presses` counts, so that an answer to
 * an earlier wish is known as such. */
function createBar(shadow) {
  const bar = { shadow, data: null, wish: { step: 0, presenting: false, build: 0 }, presses: 0, looked: 0 };
  bar.previous = button("Previous step (Page Up)", "‹", () => turn(bar, -1));
  bar.next = button("Next step (Page Down)", "›", () => turn(bar, 1));
  bar.list = el("ol", "list", { popover: "auto", id: "list" });
  bar.number = el("button", "number", { type: "button", popovertarget: "list", title: "All steps of the tour" });
  bar.text = el("p", "text", { "aria-live": "polite" });
  bar.start = button("Start the tour", "", () => turn(bar, 1));
  bar.present = button("Present (P)", "Present", () => present(bar, true));
  bar.present.classList.add("present");
  bar.lesson = el("button", "", { type: "button", popovertarget: "lesson" }, "Lesson ▾");
  bar.way = wayOut(bar);
  bar.menu = menu(bar);
  const more = el("button", "", { type: "button", popovertarget: "menu", "aria-label": "More about the tour", title: "More" }, "⋯");
  bar.steps = el("div", "steps", {}, bar.previous, bar.number, bar.next);
  bar.root = el("div", "bar", {}, bar.steps, bar.text, bar.start, bar.present, bar.lesson, more);
  bar.laser = el("div", "laser", { popover: "manual" });
  bar.blank = el("div", "blank", { popover: "manual" });
  bar.help = help();
  shadow.append(bar.root, bar.list, bar.menu, bar.way, bar.help, bar.laser, bar.blank);
  placeUnder(bar.list, bar.number);
  placeUnder(bar.menu, more);
  placeUnder(bar.way, bar.lesson);
  listen(bar);
  return bar;
}

function menu(bar) {
  const items = el("div", "list", { popover: "auto", id: "menu" });
  const item = (text, act) => button(text, text, () => {
    items.hidePopover();
    act();
  });
  bar.build = item("Build the block up (B)", () => build(bar, 1));
  bar.end = item("End the tour", () => choose(bar, 0));
  bar.stop = item("End the presentation (Esc)", () => present(bar, false));
  bar.make = item("Lesson link …", () => bar.send("lesson", true));
  items.append(bar.stop, bar.build, bar.end, bar.make, item("Keys (?)", () => bar.help.showModal()));
  return items;
}

function wayOut(bar) {
  const words = el("p", "", {}, "This is a lesson: it shows only part of the page.");
  const out = button("Show everything", "Show everything", () => bar.send("lesson", true));
  return el("div", "list", { popover: "auto", id: "lesson" }, words, out);
}

function help() {
  const rows = KEYS.map(([key, what]) => [el("dt", "", {}, key), el("dd", "", {}, what)]).flat();
  const dialog = el("dialog", "", { "aria-label": "Keys" });
  dialog.append(el("dl", "", {}, ...rows), button("Close", "Close", () => dialog.close()));
  return dialog;
}

function placeUnder(list, opener) {
  list.addEventListener("beforetoggle", ({ newState }) => {
    if (newState !== "open") return;
    const { left, right, top, bottom } = opener.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const [atLeft, above] = [left < clientWidth / 2, top > clientHeight / 2];
    Object.assign(list.style, {
      left: atLeft ? `${left}px` : "auto",
      right: atLeft ? "auto" : `${clientWidth - right}px`,
      top: above ? "auto" : `${bottom}px`,
      bottom: above ? `${clientHeight - top}px` : "auto",
    });
  });
}

/* ---------------------------------------------------------------- what is shown */

function receive(bar, data) {
  const began = bar.data === null;
  bar.data = data;
  registry.stage = bar;
  const titles = data.steps.map(({ title }) => title).join("\n"); // a lesson's, or the tour's
  if (titles !== bar.titles) fillList(bar);
  bar.titles = titles;
  if (began || data.presses >= bar.presses) {
    bar.presses = data.presses;
    bar.wish = { step: data.step, presenting: data.presenting, build: data.build };
    if (data.step !== bar.looked) look(bar);
  }
  draw(bar);
}

function look(bar) {
  bar.looked = bar.wish.step;
  const step = bar.data.steps[bar.looked - 1];
  if (step) lookAt(step.look, step.node, () => frameOf(bar));
}

/** The upper and lower border, in CSS pixels, between navigation and bar. */
function frameOf(bar) {
  const { top, bottom } = bar.root.getBoundingClientRect();
  const { clientHeight } = document.documentElement;
  const header = document.querySelector('[data-testid="stHeader"]')?.getBoundingClientRect().bottom ?? 0;
  return top > clientHeight / 2 ? [header, top] : [Math.max(header, bottom), clientHeight];
}

function fillList(bar) {
  const items = bar.data.steps.map(({ title }, index) => {
    const item = button(`${index + 1}. ${title}`, `${index + 1}. ${title}`, () => {
      bar.list.hidePopover();
      choose(bar, index + 1);
    });
    return el("li", "", {}, item);
  });
  bar.list.replaceChildren(...items);
}

function draw(bar) {
  const { data: { steps, noun, idea, pieces, lesson }, wish: { step, presenting } } = bar;
  const shown = steps[step - 1];
  bar.root.hidden = steps.length === 0;
  bar.number.textContent = shown ? `${step}/${steps.length} ▾` : `${noun} ▾`;
  bar.start.textContent = `${noun}: ${steps.length} steps ›`;
  bar.start.hidden = step > 0;
  bar.text.replaceChildren(...(shown ? [el("strong", "title", {}, shown.title), " ", ...marked(shown.text)] : [idea]));
  bar.previous.setAttribute("aria-disabled", String(step === 0)); // not disabled: that would drop the focus
  bar.next.setAttribute("aria-disabled", String(step >= steps.length));
  bar.end.hidden = step === 0;
  bar.build.hidden = pieces < 2;
  bar.present.hidden = presenting || lesson;
  bar.lesson.hidden = presenting || !lesson;
  bar.make.hidden = lesson;
  bar.stop.hidden = !presenting;
  bar.list.querySelectorAll("button").forEach((item, index) => {
    if (index + 1 === step) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
  document.documentElement.toggleAttribute("data-tour", step > 0);
  document.documentElement.toggleAttribute("data-presenting", presenting);
  if (!presenting) hide(bar);
}

/** Text with **bold** words, as nodes. */
export function marked(text) {
  return text.split("**").map((part, index) => (index % 2 ? el("strong", "", {}, part) : part));
}

function hide(bar) {
  bar.laser.hidePopover();
  bar.blank.hidePopover();
}

function leave(bar) {
  removeEventListener("keydown", bar.keyDown);
  removeEventListener("keydown", bar.anyKey, true);
  removeEventListener("keyup", bar.keyUp);
  removeEventListener("pointermove", bar.move);
  if (registry.stage !== bar) return; // another page's bar is here already
  delete registry.stage;
  for (const name of ["data-tour", "data-presenting"]) document.documentElement.removeAttribute(name);
}

/* ---------------------------------------------------------------- what is asked for */

function wish(bar, changes) {
  Object.assign(bar.wish, changes);
  bar.presses += 1;
  draw(bar);
  bar.send("wish", { ...bar.wish, presses: bar.presses });
}

function choose(bar, step) {
  if (step < 0 || step > bar.data.steps.length || step === bar.wish.step) return;
  bar.looked = step;
  wish(bar, { step, build: 0 });
  look(bar);
}

/** Larger or smaller type moves what the step tells of. */
function present(bar, presenting) {
  wish(bar, { presenting });
  look(bar);
}

const turn = (bar, by) => choose(bar, bar.wish.step + by);

function build(bar, by) {
  const count = bar.data.pieces + 1; // none of them hidden, after the last one
  if (count > 2) wish(bar, { build: (bar.wish.build + by + count) % count });
}

const ACTS = {
  next: (bar) => turn(bar, 1),
  previous: (bar) => turn(bar, -1),
  build: (bar) => build(bar, 1),
  unbuild: (bar) => build(bar, -1),
  present: (bar) => present(bar, !bar.wish.presenting),
  end: (bar) => present(bar, false),
  help: (bar) => bar.help.showModal(),
  laser: (bar) => bar.laser.showPopover(),
  blank: (bar) => bar.blank.showPopover(),
};

function listen(bar) {
  bar.anyKey = (event) => {
    if (!bar.blank.matches(":popover-open")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    bar.blank.hidePopover();
  };
  bar.keyDown = (event) => {
    const busy = bar.help.open || document.querySelector('[data-testid="stDialog"]');
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || busy) return;
    const own = event.composedPath().includes(bar.root);
    const focus = own ? "page" : focusOf(event);
    if (own && event.key === " ") return; // presses the button
    const act = meaningOf(event.key, focus, bar.wish);
    if (!act) return;
    event.preventDefault();
    if (!event.repeat) ACTS[act](bar);
  };
  bar.keyUp = ({ key }) => {
    if (key.toLowerCase() === "l") bar.laser.hidePopover();
  };
  bar.move = ({ clientX, clientY }) => {
    bar.laser.style.translate = `${clientX}px ${clientY}px`;
  };
  bar.blank.addEventListener("click", () => bar.blank.hidePopover());
  addEventListener("keydown", bar.anyKey, true);
  addEventListener("keydown", bar.keyDown);
  addEventListener("keyup", bar.keyUp);
  addEventListener("pointermove", bar.move);
}
