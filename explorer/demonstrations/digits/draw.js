/* A canvas to draw a digit on, with mouse, finger, pen or keyboard: white ink on black, as in MNIST.
 *
 * Strokes are kept as points on a canvas of 1000 x 1000 units and reported as the state "drawing", while drawing at
 * most every 200 ms. A new number begins a new drawing. The first stroke on a sample clears it.
 */
import { perRoot, whenRemoved } from "../../ui/components/common/component.js";
import { ARROWS, el } from "../../ui/components/common/dom.js";
import { clamp } from "../../ui/components/common/numbers.js";
import { drawnOn } from "../../ui/components/common/pen.js";

const REPORT_INTERVAL_MS = 200;
const MIN_POINT_DISTANCE = 6; // units, between the points of a stroke
const KEY_STEP = 40; // units
const CURSOR_COLOUR = "#f59e0b";
const CURSOR_LINE = 8; // units

const boardOf = perRoot(createBoard);

export default function ({ data, parentElement, setStateValue }) {
  const board = boardOf(parentElement);
  board.setStateValue = setStateValue;
  if (board.number !== data.number) begin(board, data);
  return whenRemoved(parentElement, () => {
    clearTimeout(board.timer);
    board.resized.disconnect();
  });
}

function createBoard(root) {
  const board = { number: null, strokes: [], before: [], erasing: false, stroke: null, cursor: null, timer: null };
  const canvas = el("canvas", "board", {
    tabindex: "0",
    role: "application",
    "aria-label": "Draw a digit here. Keys: arrows move, Space puts the pen down or lifts it, E erases, Backspace undoes.",
  });
  const eraser = tool("Eraser", () => toggleEraser(board));
  eraser.setAttribute("aria-pressed", "false");
  const undo = tool("Undo", () => undoLast(board));
  const clear = tool("Clear", () => clearAll(board));
  Object.assign(board, { canvas, eraser, undo, clear });
  listen(board);
  root.append(el("section", "drawing", {}, canvas, el("div", "tools", {}, eraser, undo, clear)));
  board.resized = new ResizeObserver(() => paint(board));
  board.resized.observe(canvas);
  return board;
}

function tool(name, onClick) {
  const element = el("button", "", { type: "button" }, name);
  element.addEventListener("click", onClick);
  return element;
}

function begin(board, { number, strokes, sample, canvas, widths, most }) {
  clearTimeout(board.timer);
  Object.assign(board, { number, strokes, sample: sample ? strokes : null, side: canvas, widths, most, before: [], stroke: null, timer: null });
  paint(board);
}

/* ---------------------------------------------------------------- drawing */

function listen(board) {
  const { canvas } = board;
  drawnOn(canvas, {
    down: (place, isEraser) => {
      board.cursor = null;
      penDown(board, pointAt(board, place), board.erasing || isEraser);
    },
    to: (place) => board.stroke && penTo(board, pointAt(board, place)),
    up: () => penUp(board),
  });
  canvas.addEventListener("keydown", (event) => keyDown(board, event));
  canvas.addEventListener("blur", () => {
    board.cursor = null;
    penUp(board);
    paint(board);
  });
}

const pointAt = (board, place) => place.map((share) => onBoard(board, share * board.side));

const onBoard = (board, value) => clamp(Math.round(value), 0, board.side);

function keyDown(board, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (arrow) {
    board.cursor = (board.cursor ?? [board.side / 2, board.side / 4]).map((c, i) => onBoard(board, c + arrow[i] * KEY_STEP));
    if (board.stroke) penTo(board, board.cursor);
  } else if (event.key === " ") {
    board.cursor ??= [board.side / 2, board.side / 4];
    if (board.stroke) penUp(board);
    else penDown(board, board.cursor, board.erasing);
  } else if (event.key === "Backspace" || event.key === "Delete") undoLast(board);
  else if (event.key === "e" || event.key === "E") toggleEraser(board);
  else return;
  event.preventDefault();
  paint(board);
}

function penDown(board, point, erases) {
  const points = board.strokes.reduce((sum, stroke) => sum + (stroke.length - 1) / 2, 0);
  if (board.strokes.length >= board.most[0] || points >= board.most[1]) return;
  board.before.push(board.strokes);
  if (board.strokes === board.sample && !erases) board.strokes = [];
  board.room = board.most[1] - points - 1;
  board.stroke = [Number(erases), ...point];
  board.strokes = [...board.strokes, board.stroke];
  paint(board);
  report(board, false);
}

function penTo(board, [x, y]) {
  const [lastX, lastY] = board.stroke.slice(-2);
  if (Math.hypot(x - lastX, y - lastY) < MIN_POINT_DISTANCE || board.room <= 0) return;
  board.room -= 1;
  board.stroke.push(x, y);
  paint(board);
  report(board, false);
}

function penUp(board) {
  if (!board.stroke) return;
  board.stroke = null;
  report(board, true);
}

function toggleEraser(board) {
  board.erasing = !board.erasing;
  board.eraser.setAttribute("aria-pressed", String(board.erasing));
}

function undoLast(board) {
  if (!board.before.length) return;
  board.stroke = null;
  board.strokes = board.before.pop();
  paint(board);
  report(board, true);
}

function clearAll(board) {
  if (!board.strokes.length) return;
  board.before.push(board.strokes);
  Object.assign(board, { strokes: [], stroke: null });
  paint(board);
  report(board, true);
}

/** Report the drawing: at once when the pen is up, else at most every REPORT_INTERVAL_MS. */
function report(board, done) {
  const send = () => {
    board.timer = null;
    board.setStateValue("drawing", { number: board.number, strokes: board.strokes.map((s) => [...s]), done });
  };
  if (done) {
    clearTimeout(board.timer);
    send();
  } else board.timer ??= setTimeout(send, REPORT_INTERVAL_MS);
}

/* ---------------------------------------------------------------- painting */

function paint(board) {
  const { canvas, side, widths } = board;
  board.undo.disabled = !board.before.length;
  board.clear.disabled = !board.strokes.length;
  if (!side || !canvas.clientWidth) return;
  canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio);
  const context = canvas.getContext("2d");
  context.scale(canvas.width / side, canvas.width / side);
  context.fillRect(0, 0, side, side); // black
  Object.assign(context, { lineCap: "round", lineJoin: "round" });
  for (const [erases, x, y, ...points] of board.strokes) {
    context.strokeStyle = erases ? "#000" : "#fff";
    context.lineWidth = widths[erases];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x, y); // a dot is a stroke, too
    for (let i = 0; i < points.length; i += 2) context.lineTo(points[i], points[i + 1]);
    context.stroke();
  }
  if (board.cursor) paintCursor(context, board);
}

function paintCursor(context, { cursor: [x, y], widths, erasing, stroke }) {
  Object.assign(context, { lineWidth: CURSOR_LINE, strokeStyle: CURSOR_COLOUR });
  context.setLineDash(stroke ? [] : [20, 14]); // a dashed ring: the pen is up
  context.beginPath();
  context.arc(x, y, widths[Number(erasing)] / 2, 0, 2 * Math.PI);
  context.stroke();
}
