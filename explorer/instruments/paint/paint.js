/* The picture that the network sees, and a brush to paint over it, with mouse, finger, pen or keyboard.
 *
 * A message is a header and two pictures: the painted one as the network sees it, and what the brush shows where it goes.
 * Strokes that the painted one does not have yet are drawn over it here. After each stroke all of them are reported as
 * the state "drawing"; a new number begins with the strokes of the message.
 */
import { perRoot, sameBytes, unpack } from "../../ui/components/common/component.js";
import { ARROWS, el } from "../../ui/components/common/dom.js";
import { clamp } from "../../ui/components/common/numbers.js";
import { drawnOn } from "../../ui/components/common/pen.js";
import { missing, radiusOnCanvas, toCanvas, toPicture } from "./brush.js";

const KEYS = "Keys: arrows move the brush, Space or Enter dabs, U undoes.";
const MIN_STEP = 0.25; // radii between two points of a stroke

const boardOf = perRoot(createBoard);

export default function ({ data, parentElement, setStateValue }) {
  const board = boardOf(parentElement);
  board.setStateValue = setStateValue;
  if (!sameBytes(board.message, data)) take(board, data);
}

function createBoard(root) {
  const canvas = el("canvas", "board", { tabindex: "0", role: "application" });
  const cursor = el("span", "cursor", { hidden: "" });
  const undo = tool("Undo", () => undoLast(board));
  const clear = tool("Clear", () => clearAll(board));
  const board = { canvas, cursor, undo, clear, strokes: [], stroke: null, place: [0.5, 0.5], layers: new Map(), order: 0 };
  root.append(
    el("section", "paint", {}, el("div", "easel", {}, canvas, cursor), el("div", "tools", {}, undo, clear)),
  );
  listen(board);
  return board;
}

function tool(name, onClick) {
  const element = el("button", "", { type: "button" }, name);
  element.addEventListener("click", onClick);
  return element;
}

/** Show a message, once its pictures are decoded; a later one overtakes it. */
async function take(board, data) {
  board.message = data;
  const order = (board.order += 1);
  const { header, body } = unpack(data);
  const [picture, layer] = await Promise.all(
    [body.subarray(0, header.split), body.subarray(header.split)].map((bytes) => createImageBitmap(new Blob([bytes]))),
  );
  if (order !== board.order) return;
  if (header.number !== board.header?.number) {
    Object.assign(board, { strokes: header.strokes, stroke: null });
    board.layers.clear();
  }
  board.layers.set(layerOf(header), layer);
  Object.assign(board, { header, picture });
  board.canvas.setAttribute("aria-label", `${header.label} ${KEYS}`);
  moveCursor(board, board.place);
  draw(board);
}

const layerOf = ({ brush, sample }) => `${brush} ${sample}`;

/* ---------------------------------------------------------------- painting */

function listen(board) {
  const { canvas, cursor } = board;
  drawnOn(canvas, {
    down: (place) => brushDown(board, place),
    to: (place) => {
      moveCursor(board, place);
      if (board.stroke) brushTo(board, place);
    },
    up: () => brushUp(board),
  });
  canvas.addEventListener("keydown", (event) => keyDown(board, event));
  for (const name of ["pointerenter", "focus"]) canvas.addEventListener(name, () => (cursor.hidden = false));
  for (const name of ["pointerleave", "blur"]) canvas.addEventListener(name, () => (cursor.hidden = true));
}

function keyDown(board, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !board.header) return;
  const arrow = ARROWS[event.key];
  if (arrow) {
    const step = reach(board);
    moveCursor(board, board.place.map((c, i) => clamp(c + arrow[i] * step, 0, 1)));
  } else if (event.key === " " || event.key === "Enter") {
    brushDown(board, board.place);
    brushUp(board);
  } else if (event.key === "u" || event.key === "U") undoLast(board);
  else return;
  board.cursor.hidden = false;
  event.preventDefault();
}

/** The brush's radius in widths of the canvas. */
const reach = ({ header }) => radiusOnCanvas(header.radius, header.frame, header.size);

function moveCursor(board, place) {
  board.place = place;
  if (!board.header) return;
  const width = `${200 * reach(board)}%`;
  Object.assign(board.cursor.style, { left: `${100 * place[0]}%`, top: `${100 * place[1]}%`, width, height: width });
}

function brushDown(board, place) {
  const { header, strokes } = board;
  if (!header || strokes.length >= header.most[0] || room(board) < 1) return;
  const { brush, sample } = header;
  board.stroke = { brush, sample, radius: header.radius, points: toPicture(place, header.frame, header.size) };
  board.last = place;
  board.strokes = [...strokes, board.stroke];
  moveCursor(board, place);
  draw(board);
}

function brushTo(board, place) {
  const { header, last } = board;
  const far = Math.hypot(place[0] - last[0], place[1] - last[1]) >= MIN_STEP * reach(board);
  if (!far || room(board) < 1) return;
  board.stroke.points.push(...toPicture(place, header.frame, header.size));
  board.last = place;
  draw(board);
}

/** How many points more there may be. */
const room = ({ header, strokes }) => header.most[1] - strokes.reduce((sum, s) => sum + s.points.length / 2, 0);

function brushUp(board) {
  if (!board.stroke) return;
  board.stroke = null;
  report(board);
}

function undoLast(board) {
  if (!board.strokes.length) return;
  Object.assign(board, { strokes: board.strokes.slice(0, -1), stroke: null });
  draw(board);
  report(board);
}

function clearAll(board) {
  Object.assign(board, { strokes: [], stroke: null });
  draw(board);
  report(board);
}

function report({ setStateValue, header, strokes }) {
  setStateValue("drawing", { number: header.number, strokes });
}

/* ---------------------------------------------------------------- drawing */

/** The painted picture, and over it the strokes that it lacks; after an undo it stays until the next one comes. */
function draw(board) {
  const { canvas, header, picture, strokes } = board;
  board.undo.disabled = board.clear.disabled = !strokes.length;
  if (canvas.width !== picture.width) canvas.width = canvas.height = picture.width;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  Object.assign(context, { lineCap: "round", lineJoin: "round" });
  for (const stroke of missing(strokes, header.strokes)) drawStroke(context, board, stroke);
}

function drawStroke(context, { canvas, header, layers }, stroke) {
  const { frame, size } = header;
  const layer = layers.get(layerOf(stroke));
  const radius = radiusOnCanvas(stroke.radius, frame, size) * canvas.width;
  context.fillStyle = context.strokeStyle = layer ? context.createPattern(layer, "no-repeat") : "#888";
  context.lineWidth = 2 * radius;
  const places = [];
  for (let i = 0; i < stroke.points.length; i += 2) {
    places.push(toCanvas(stroke.points.slice(i, i + 2), frame, size).map((c) => c * canvas.width));
  }
  context.beginPath();
  context.arc(...places[0], radius, 0, 2 * Math.PI); // a line without length shows no pattern
  context.fill();
  context.beginPath();
  for (const place of places) context.lineTo(...place);
  context.stroke();
}
