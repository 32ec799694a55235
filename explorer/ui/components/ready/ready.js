/* Tells the server once that what was sent before it has been painted. */
import { perRoot } from "../common/component.js";

const tellOnce = perRoot(() => ({ told: false }));

export default function ({ parentElement, setTriggerValue }) {
  const state = tellOnce(parentElement);
  if (state.told) return;
  state.told = true;
  // The first frame paints what has been mounted by now, the second comes after it.
  requestAnimationFrame(() => requestAnimationFrame(() => setTriggerValue("ready", true)));
}
