/* Pairs of maps on one scale each: original above altered. */
import { unpack } from "../../ui/components/common/component.js";
import { el } from "../../ui/components/common/dom.js";
import { format } from "../../ui/components/common/numbers.js";
import { colourLimits, decodeTable, paintMap } from "../../ui/components/common/paint.js";

export default function ({ data, parentElement }) {
  const { header, body } = unpack(data);
  const [count, height, width] = header.shape;
  const table = decodeTable(header.colormap);
  const pairs = Array.from({ length: count }, (_, index) => {
    const [low, high] = [header.low[index], header.high[index]];
    const limits = colourLimits(low, high, header.signed);
    const maps = ["original", "altered"].map((name, part) => {
      const canvas = el("canvas", "", { role: "img", "aria-label": `Channel ${header.channels[index]}, ${name}` });
      const start = (2 * index + part) * height * width;
      paintMap(canvas, { bytes: body.subarray(start, start + height * width), height, width, low, high }, limits, table);
      return el("figure", "", {}, canvas, el("figcaption", "", {}, `${name}, gate ${format(header.gates[part][index])}`));
    });
    const title = el("div", "title", {}, `Channel ${header.channels[index]}: ${limits.map(format).join(" to ")}`);
    return el("div", "pair", {}, title, el("div", "both", {}, ...maps));
  });
  const root = parentElement.querySelector(".pairs") ?? el("section", "pairs");
  root.replaceChildren(...pairs);
  parentElement.append(root);
}
