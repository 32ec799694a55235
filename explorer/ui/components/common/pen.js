/* What a mouse, a finger or a pen draws on a canvas. */

const ERASER_BUTTON = 5; // the button of a pen's other end

/**
 * Follow the primary pointer on a canvas, where it can be focused and has `touch-action: none`.
 *
 * Places are [x, y] in widths of the canvas. `down(place, isEraser)` begins a line; `to(place)` is called for each move,
 * also with nothing pressed; `up()` ends it.
 */
export function drawnOn(canvas, { down, to, up }) {
  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || (event.button !== 0 && event.button !== ERASER_BUTTON)) return;
    event.preventDefault(); // no selection of text, no long press
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    down(placeOn(canvas, event), event.button === ERASER_BUTTON);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!event.isPrimary) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length ? steps : [event]) to(placeOn(canvas, step));
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, up);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
}

function placeOn(canvas, { clientX, clientY }) {
  const { left, top, width } = canvas.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / width];
}
