/* Brings into the window what a step tells of, once it has been drawn. */
import { registry } from "../common/registry.js";

const INTERVAL_MS = 100;
const LONGEST_MS = 10_000; // a large network takes seconds
const CALM_TICKS = 6; // charts and pictures still push what is below them, once the run has ended
const BY_HAND = ["wheel", "touchmove", "pointerdown", "keydown"]; // whoever scrolls is left alone

let aiming = new AbortController();

/** Scroll to the "screen", and there to the operation called `node`, or to the "section" below it. `frame()` gives the
 * upper and lower border of what the window shows. */
export function lookAt(look, node, frame) {
  aiming.abort();
  const { signal } = (aiming = new AbortController());
  const stop = () => aiming.abort();
  const started = performance.now();
  let [calm, last] = [0, null];
  const timer = setInterval(aim, INTERVAL_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  // The key or click that asked for the step is still on its way.
  setTimeout(() => BY_HAND.forEach((type) => addEventListener(type, stop, { capture: true, passive: true, signal })));

  function aim() {
    const app = document.querySelector('[data-testid="stApp"]');
    const arrived = app?.getAttribute("data-test-script-state") === "notRunning";
    const main = document.querySelector('[data-testid="stMain"]');
    const target = main && (look === "section" ? sectionAt(main, frame()) : screenAt(main, node, frame()));
    calm = target === last ? calm + 1 : 0;
    last = target;
    if (target !== null) main.scrollTo({ top: target, behavior: "instant" });
    if ((arrived && calm >= CALM_TICKS) || performance.now() - started > LONGEST_MS) stop();
  }
}

/** How far to scroll so that the sections begin at the frame's top. */
function sectionAt(main, [top]) {
  const bar = document.querySelector(".st-key-section-bar");
  return bar && Math.round(main.scrollTop + bar.getBoundingClientRect().top - top);
}

/** The page's top, unless the operation is not seen there: then half of the frame is above it. */
function screenAt(main, node, [top, bottom]) {
  const box = elementOf(node)?.getBoundingClientRect();
  if (!box) return 0;
  const [first, last] = [box.top + main.scrollTop, box.bottom + main.scrollTop];
  return first >= top && last <= bottom ? 0 : Math.round((first + last - top - bottom) / 2);
}

/** Where the diagrams draw an operation. */
function elementOf(node) {
  const views = Object.values(registry.groups).flatMap((group) => [...group.views]);
  return views.map((view) => view.elements.get(node)).find((element) => element?.isConnected);
}
