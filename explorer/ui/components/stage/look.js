/* Brings into the window what a step tells of, once it has been drawn. */
import { registry } from "../common/registry.js";

const INTERVAL_MS = 100;
const LONGEST_MS = 10_000; // a large network takes seconds
const BY_HAND = ["wheel", "touchmove", "pointerdown", "keydown"]; // whoever scrolls is left alone

let stop = () => {};

/** Scroll to the "screen", and there to the operation called `node`, or to the "section" below it. `frame()` gives the
 * upper and lower border of what the window shows. */
export function lookAt(look, node, frame) {
  stop();
  const started = performance.now();
  const timer = setInterval(aim, INTERVAL_MS);
  stop = () => {
    clearInterval(timer);
    for (const type of BY_HAND) removeEventListener(type, stop, true);
  };
  // The key or click that asked for the step is still on its way.
  setTimeout(() => BY_HAND.forEach((type) => addEventListener(type, stop, { capture: true, passive: true })));

  function aim() {
    const app = document.querySelector('[data-testid="stApp"]');
    const arrived = app?.getAttribute("data-test-script-state") === "notRunning";
    if (look === "section") toSection(frame());
    else if (arrived) toScreen(node, frame());
    if (arrived || performance.now() - started > LONGEST_MS) stop();
  }
}

function toSection([top]) {
  const bar = document.querySelector(".st-key-section-bar");
  if (bar) scrollBy(bar.getBoundingClientRect().top - top);
}

function toScreen(node, [top, bottom]) {
  document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0, behavior: "instant" });
  const box = elementOf(node)?.getBoundingClientRect();
  if (box && (box.top < top || box.bottom > bottom)) scrollBy((box.top + box.bottom - top - bottom) / 2);
}

function scrollBy(pixels) {
  document.querySelector('[data-testid="stMain"]')?.scrollBy({ top: pixels, behavior: "instant" });
}

/** Where the diagrams draw an operation. */
function elementOf(node) {
  const views = Object.values(registry.groups).flatMap((group) => [...group.views]);
  return views.map((view) => view.elements.get(node)).find((element) => element?.isConnected);
}
