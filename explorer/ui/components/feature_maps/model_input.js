/* The picture that went into the network. It is sent once an image and registered for the enlarged maps of its group. */
import { unpack, whenRemoved } from "../common/component.js";
import { el } from "../common/dom.js";
import { INPUT_CHANGED, inputs } from "../common/registry.js";

export default function ({ data, parentElement }) {
  const { header, body } = unpack(data);
  const figure = parentElement.querySelector("figure") ?? createFigure(parentElement);
  const [image, caption] = figure.children;
  URL.revokeObjectURL(image.src);
  Object.assign(image, { src: URL.createObjectURL(new Blob([body], { type: "image/png" })), alt: header.caption });
  caption.textContent = header.caption;
  inputs[header.group] = image.src;
  window.dispatchEvent(new CustomEvent(INPUT_CHANGED));
  return whenRemoved(parentElement, () => {
    URL.revokeObjectURL(image.src);
    if (inputs[header.group] === image.src) delete inputs[header.group];
  });
}

function createFigure(root) {
  const figure = el("figure", "model-input", {}, el("img", ""), el("figcaption", ""));
  root.append(figure);
  return figure;
}
