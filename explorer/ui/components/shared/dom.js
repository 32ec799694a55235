/* What the scripts of the feature maps share. The component's Python module joins these files into one ES module. */

const INPUT_CHANGED = "cnn-explorer:input"; // on window: a model input came or changed

/** Split a message into its JSON header and its bytes (explorer/runtime/maps.py, pack). */
function unpack(data) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  return { header, body: data.slice(4 + length) }; // a copy is aligned, which Float32Array needs
}

/** The URLs of the model inputs by group; an enlarged map is laid over the one of its group. */
function modelInputs() {
  const registry = (window.__cnnExplorer ??= {});
  return (registry["model inputs"] ??= {});
}

/** Streamlit also cleans up runs that a newer one has overtaken: dispose only of what has left the document. */
function whenRemoved(root, dispose) {
  return () => setTimeout(() => root.isConnected || dispose());
}

function el(tag, className, attributes = {}, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function button(className, label, text, clicked) {
  const element = el("button", className, { type: "button", "aria-label": label, title: label }, text);
  element.addEventListener("click", clicked);
  return element;
}

function format(value) {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(+value.toPrecision(3));
  return text.replace("-", "\u2212"); // the minus sign is as wide as a digit
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** One pixel of an ImageData buffer (little-endian ABGR) from a table of 256 RGB colours. */
function rgba(table, place) {
  const [red, green, blue] = table.subarray(3 * place, 3 * place + 3);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
