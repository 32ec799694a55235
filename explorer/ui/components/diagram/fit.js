/* How large a drawing is: its type as large as the page's, smaller where it would not fit, larger where there is room. */
import { clamp } from "../common/numbers.js";

const UNITS_A_REM = 16; // of a drawing: the height of its type
const SMALLEST = 0.8; // of that size; a drawing that would have to be smaller is scrolled
const LARGEST = 1.25; // of a drawing that fills its place
const SMALLEST_ON_A_PHONE = 0.7;
const PHONE = "(max-width: 640px)";

/** CSS pixels per unit of a drawing whose type is as large as the page's. */
export function naturalScale() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / UNITS_A_REM;
}

/** Whether parts of the page stand one below the other, each as high as it is. */
const isPhone = () => matchMedia(PHONE).matches;

/** CSS pixels per unit of a drawing in its viewport; with `fill` it has to fit its height, too. */
export function fitScale(svg, viewport, fill) {
  const { width, height } = svg.viewBox.baseVal;
  const natural = naturalScale();
  const phone = isPhone();
  const fitted = Math.min(viewport.clientWidth / width, fill && !phone ? viewport.clientHeight / height : Infinity);
  const smallest = natural * (phone ? SMALLEST_ON_A_PHONE : SMALLEST);
  if (fitted < smallest && !fill) return natural; // scrolled to the side: then in letters that can be read
  return clamp(fitted, smallest, natural * (fill && !phone ? LARGEST : 1));
}
