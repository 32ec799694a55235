/* Tells the server what only the browser knows: that it has painted, how large its type is, whether the sidebar shows;
   and keeps for it a text over a reload. */
import { perRoot, whenRemoved } from "../common/component.js";

const SIDEBAR = '[data-testid="stSidebar"]';
const EXPAND = '[data-testid="stExpandSidebarButton"]'; // in the header, while the sidebar is hidden
const NARROW = "(max-width: 768px)"; // where Streamlit hides the sidebar by itself
const KEPT = "cnn-explorer-kept";
const REPORT_DELAY_MS = 200; // whoever drags the window's edge asks the server once

const watcherOf = perRoot(createWatcher);

export default function ({ data, parentElement, setTriggerValue }) {
  const watcher = watcherOf(parentElement);
  watcher.setTriggerValue = setTriggerValue;
  const isNew = watcher.session !== data.session;
  if (isNew) Object.assign(watcher, { session: data.session, reported: "", kept: "" });
  keep(watcher, data.kept);
  if (!watcher.started) start(watcher);
  else if (isNew) watcher.later(); // the server was lost, and another knows nothing of this tab
  return whenRemoved(parentElement, () => stop(watcher));
}

function createWatcher() {
  return { started: false, session: "", reported: "", timer: 0, kept: "" };
}

function start(watcher) {
  watcher.started = true;
  watcher.later = () => {
    clearTimeout(watcher.timer);
    watcher.timer = setTimeout(() => report(watcher), REPORT_DELAY_MS);
  };
  watcher.sidebar = new MutationObserver(watcher.later);
  const header = document.querySelector('[data-testid="stHeader"]') ?? document.body;
  watcher.sidebar.observe(header, { subtree: true, childList: true });
  window.addEventListener("resize", watcher.later);
  // The first frame paints what has been mounted by now, the second comes after it.
  requestAnimationFrame(() => requestAnimationFrame(() => report(watcher)));
}

function report(watcher) {
  const kept = watcher.kept ? "" : sessionStorage.getItem(KEPT) ?? ""; // after a reload the server does not have it
  const seen = { ...whatIsSeen(document), kept };
  const text = JSON.stringify(seen);
  if (text === watcher.reported) return;
  watcher.reported = text;
  watcher.setTriggerValue("seen", seen);
}

/** The size of the root's type in CSS pixels, and whether the viewer hid the sidebar; empty where that says nothing. */
export function whatIsSeen(page) {
  const rem = parseFloat(getComputedStyle(page.documentElement).fontSize);
  const hasSidebar = page.querySelector(SIDEBAR) && !matchMedia(NARROW).matches;
  return { rem, sidebar: !hasSidebar ? "" : page.querySelector(EXPAND) ? "hidden" : "shown" };
}

/** A text of the server's that outlives a reload of this tab. */
function keep(watcher, text) {
  if (text) sessionStorage.setItem(KEPT, text);
  else if (watcher.kept) sessionStorage.removeItem(KEPT);
  watcher.kept = text;
}

function stop(watcher) {
  clearTimeout(watcher.timer);
  watcher.sidebar.disconnect();
  window.removeEventListener("resize", watcher.later);
}
