/* Carries one selection between the server and all diagrams of a group. Kept tiny: it is the only component that is sent
 * again at each click. */
import { groupOf } from "../common/registry.js";

export default function ({ data, parentElement, setTriggerValue }) {
  const group = groupOf(data.group);
  // A component without content would still take a row's gap in the page.
  parentElement.host.closest(".stElementContainer")?.style.setProperty("display", "none");

  group.selected = new Set([data.stage, data.block, data.node]);
  group.hidden = new Set(data.hidden);
  group.edited = new Set(data.edited);
  for (const view of group.views) view.highlight();

  // A trigger, not a state value: clicking the same element again must reach the server again.
  const send = (node) => setTriggerValue("node", node);
  group.send = send;
  group.silence = (node) => setTriggerValue("silenced", node);
  return () => {
    // Streamlit may clean up an outdated run after its successor has started.
    if (group.send === send) {
      delete group.send;
      delete group.silence;
    }
  };
}
