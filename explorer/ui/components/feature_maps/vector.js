/* A vector as bars from a zero line. Thousands of bars scroll, so only those in the window are drawn. */

const NARROWEST_BAR = 5, WIDEST_BAR = 80, LABEL_ROOM = 22, LABEL_WIDTH = 48; // CSS pixels
const NEGATIVE = 52, POSITIVE = 192; // places in the diverging table, both legible on light and dark

function createBars(panel) {
  const bars = { canvas: el("canvas", ""), room: el("div", "room"), strongest: el("div", "strongest"), pitch: 1 };
  bars.scroller = el("div", "scroller", { tabindex: "0", role: "group", "aria-label": "Values as bars" });
  bars.scroller.append(bars.canvas, bars.room);
  bars.axis = { high: el("span", ""), zero: el("span", ""), low: el("span", "") };
  const axis = el("div", "axis", {}, ...Object.values(bars.axis));
  bars.box = el("div", "bars", {}, axis, bars.scroller, bars.strongest);
  const indexOf = (event) => {
    const x = event.clientX - bars.scroller.getBoundingClientRect().left + bars.scroller.scrollLeft;
    return x < bars.pitch * panel.values.length ? Math.floor(x / bars.pitch) : -1;
  };
  bars.scroller.addEventListener("scroll", () => drawBars(panel));
  bars.scroller.addEventListener("pointermove", (event) => hoverBar(panel, indexOf(event)));
  bars.scroller.addEventListener("pointerleave", () => hoverBar(panel, -1));
  bars.scroller.addEventListener("click", (event) => select(panel, indexOf(event)));
  bars.scroller.addEventListener("keydown", (event) => {
    const target = arrowTarget(event.key, shownIndex(panel), 10, panel.values.length);
    if (target === null) return;
    event.preventDefault();
    select(panel, target);
    revealBar(panel, target);
  });
  return bars;
}

function receiveVector(panel) {
  const { header, bars } = panel;
  panel.values = new Float32Array(panel.body.buffer);
  const low = panel.values.reduce((least, value) => Math.min(least, value), 0);
  const high = panel.values.reduce((most, value) => Math.max(most, value), 0);
  bars.range = [low, high > low ? high : low + 1];
  const chips = header.strongest.map((channel) => {
    const index = header.channels.indexOf(channel);
    return button("", `Go to #${channel}`, barSummary(panel, index), () => {
      select(panel, index);
      revealBar(panel, index);
    });
  });
  bars.strongest.replaceChildren("Strongest", ...chips);
}

function barSummary({ header, values }, index) {
  const label = header.labels?.[header.channels[index]];
  return `#${header.channels[index]}${label ? ` ${label}` : ""}: ${format(values[index])}`;
}

function hoverBar(panel, index) {
  if (index === panel.hovered) return;
  panel.hovered = index;
  drawBars(panel);
  describe(panel);
}

function revealBar({ bars }, index) {
  bars.scroller.scrollLeft = (index + 0.5) * bars.pitch - bars.scroller.clientWidth / 2;
}

/* ---------------------------------------------------------------- drawing */

function drawBars(panel) {
  const { bars, values } = panel;
  const { clientWidth: width, clientHeight: height, scrollLeft } = bars.scroller;
  bars.pitch = clamp(width / values.length, NARROWEST_BAR, WIDEST_BAR);
  bars.room.style.width = `${bars.pitch * values.length}px`;
  const context = prepare(bars.canvas, width, height);
  const [low, high] = bars.range;
  const y = (value) => LABEL_ROOM + ((high - value) / (high - low)) * (height - 2 * LABEL_ROOM);
  const ink = getComputedStyle(panel.section).color;
  const first = Math.floor(scrollLeft / bars.pitch);
  const last = Math.min(values.length, Math.ceil((scrollLeft + width) / bars.pitch));
  for (let index = first; index < last; index++) drawBar(panel, context, index, y, ink);
  context.fillStyle = ink;
  context.fillRect(0, y(0), width, 1);
  labelStrongest(panel, context, y, ink);
  showAxis(bars.axis, low, high, y);
}

function prepare(canvas, width, height) {
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  return context;
}

function drawBar(panel, context, index, y, ink) {
  const { bars, values } = panel;
  const x = index * bars.pitch - bars.scroller.scrollLeft;
  const [top, bottom] = [y(Math.max(values[index], 0)), y(Math.min(values[index], 0))];
  if (index === panel.hovered || index === shownIndex(panel)) {
    context.globalAlpha = index === panel.hovered ? 0.15 : 0.3;
    context.fillStyle = ink;
    context.fillRect(x, 0, bars.pitch, y(bars.range[0]) + LABEL_ROOM);
    context.globalAlpha = 1;
  }
  const place = 3 * (values[index] < 0 ? NEGATIVE : POSITIVE);
  context.fillStyle = `rgb(${panel.tables.diverging.subarray(place, place + 3).join()})`;
  context.fillRect(x, top, Math.max(1, bars.pitch - 1), Math.max(1, bottom - top));
}

/** The numbers of the strongest at the ends of their bars, strongest first; one that would overlap is left out. */
function labelStrongest({ header, bars, values }, context, y, ink) {
  context.font = `14px ${getComputedStyle(bars.box).fontFamily}`;
  context.textAlign = "center";
  context.fillStyle = ink;
  const width = bars.scroller.clientWidth;
  const taken = [];
  for (const channel of header.strongest) {
    const index = header.channels.indexOf(channel);
    const middle = (index + 0.5) * bars.pitch - bars.scroller.scrollLeft;
    const x = clamp(middle, LABEL_WIDTH / 2, width - LABEL_WIDTH / 2); // whole at the edges, too
    const hidden = middle < 0 || middle > width;
    if (hidden || taken.some((other) => Math.abs(other - x) < LABEL_WIDTH)) continue;
    taken.push(x);
    context.fillText(`#${channel}`, x, y(values[index]) + (values[index] < 0 ? 17 : -5));
  }
}

function showAxis(axis, low, high, y) {
  const values = { high, zero: 0, low };
  for (const [name, label] of Object.entries(axis)) {
    label.textContent = name !== "zero" && values[name] === 0 ? "" : format(values[name]);
    label.style.top = `${y(values[name])}px`;
  }
}
