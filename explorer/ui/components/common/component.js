/* The life of a component: Streamlit calls its default export again after each message and each change of theme. */

/** How long a view that changed waits before it is reported: whoever holds an arrow key down asks the server once. */
const REPORT_DELAY_MS = 250;

/** A function that returns the state of a mounted component by its root, made with `create` at the first call. */
export function perRoot(create) {
  const states = new WeakMap();
  return (root) => {
    if (!states.has(root)) states.set(root, create(root));
    return states.get(root);
  };
}

/** Streamlit also cleans up runs that a newer one has overtaken: dispose only of what has left the document. */
export function whenRemoved(root, dispose) {
  return () => setTimeout(() => root.isConnected || dispose());
}

/** Split a message into its JSON header and its bytes (explorer/runtime/maps.py, pack). */
export function unpack(data) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  return { header, body: data.slice(4 + length) }; // a copy is aligned, which Float32Array needs
}

/** Whether a message is the one that was received last. */
export function sameBytes(last, data) {
  return last?.length === data.length && last.every((value, index) => value === data[index]);
}

/** Report the panel's view as the state "view": the last of several, and at once unless `delayed`. */
export function reportView(panel, { delayed = false } = {}) {
  clearTimeout(panel.timer);
  panel.timer = setTimeout(() => panel.setStateValue("view", { ...panel.view }), delayed ? REPORT_DELAY_MS : 0);
}
