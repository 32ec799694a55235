/* Painting one quantised map: what the components of the SE laboratory share. */

const decodeTable = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** The values of the first and the last colour; symmetric where 0 has to be neutral. */
function colourLimits(low, high, signed) {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return signed ? [-reach, reach] : [low, high];
}

/** Paint bytes that mean low + byte / 255 * (high - low), each times `factor`. */
function paintMap(canvas, { bytes, height, width, low, high, factor = 1 }, [first, last], table) {
  const place = (value) => (last > first ? clamp(Math.round(((value - first) / (last - first)) * 255), 0, 255) : 0);
  const colours = Uint32Array.from({ length: 256 }, (_, step) => {
    return rgba(table, place(factor * (low + (step / 255) * (high - low))));
  });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[bytes[i]];
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A strip of all colours, painted once for each table. */
function paintStrip(canvas, table) {
  const bytes = Uint8Array.from({ length: 256 }, (_, place) => place);
  paintMap(canvas, { bytes, height: 1, width: 256, low: 0, high: 1 }, [0, 1], table);
}

function sameBytes(one, other) {
  return one?.length === other.length && one.every((value, place) => value === other[place]);
}
