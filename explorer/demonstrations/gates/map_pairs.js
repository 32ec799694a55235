/* Pairs of maps on one scale each: original above altered. */

export default function ({ data, parentElement }) {
  const { header, body } = unpack(data);
  const [count, height, width] = header.shape;
  const table = decodeTable(header.colormap);
  const pairs = Array.from({ length: count }, (_, index) => {
    const limits = colourLimits(header.low[index], header.high[index], header.signed);
    const maps = ["original", "altered"].map((name, part) => {
      const canvas = el("canvas", "", { role: "img", "aria-label": `Channel ${header.channels[index]}, ${name}` });
      const start = (2 * index + part) * height * width;
      const bytes = body.subarray(start, start + height * width);
      paintMap(canvas, { bytes, height, width, low: header.low[index], high: header.high[index] }, limits, table);
      return el("figure", "", {}, canvas, el("figcaption", "", {}, `${name}, gate ${format(header.gates[part][index])}`));
    });
    const title = el("div", "title", {}, `Channel ${header.channels[index]}: ${limits.map(format).join(" to ")}`);
    return el("div", "pair", {}, title, el("div", "both", {}, ...maps));
  });
  const root = parentElement.querySelector(".pairs") ?? el("section", "pairs");
  root.replaceChildren(...pairs);
  parentElement.append(root);
}
