"""What moves while a network learns, as HTML: it is drawn anew twice a second, for which Plotly's charts are too slow.

Lines are stretched to the room that there is; words are not, so that they stay as large as all others.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Sequence
from html import escape

from explorer.analysis.palette import SERIES
from explorer.demonstrations.learning.compute import Point, Rates, Score, Size

TRAINING, FRESH, UNSEEN = "training", "held out", "other handwriting"  # the lines
HEIGHT_REM = 10.5
LEAST_STEPS = 100  # on the axis of steps
MOST_TICKS = 5
GRID = "rgba(128,128,128,.35)"
# What the ends of a bar stand for, as powers of ten.
GRADIENT_DECADES = (-5, 2)
UPDATE_DECADES = (-4, 2)  # in percent
Changes = Sequence[tuple[int, Rates]]


def accuracies(points: Sequence[Point], changes: Changes, dark: bool) -> str:
    """The percentage of drawings that are read right, over the steps."""
    return _curves("Right", points, changes, lambda score: score.accuracy, lambda v: f"{v:.1f} %", 100.0, dark)


def losses(points: Sequence[Point], changes: Changes, dark: bool) -> str:
    """The mean loss over the steps."""
    return _curves("Loss", points, changes, lambda score: score.loss, lambda v: f"{v:.3g}", None, dark)


def _curves(
    title: str,
    points: Sequence[Point],
    changes: Changes,
    value: Callable[[Score], float],
    text: Callable[[float], str],
    top: float | None,
    dark: bool,
) -> str:
    """A line for each kind of drawings, with its last value; an upright one where the rates changed."""
    scores: dict[str, list[tuple[int, Score | None]]] = {
        TRAINING: [(p.step, p.training) for p in points],
        FRESH: [(p.step, p.fresh) for p in points],
        UNSEEN: [(p.step, p.unseen) for p in points],
    }
    lines = {name: [(x, value(s)) for x, s in line if s and math.isfinite(value(s))] for name, line in scores.items()}
    last = max(LEAST_STEPS, points[-1].step)
    y_ticks = ticks(max((y for line in lines.values() for _, y in line), default=1.0) if top is None else top)
    high = y_ticks[-1]
    drawn = [f'<line x1="0" x2="100" y1="{_y(t, high)}" y2="{_y(t, high)}" stroke="{GRID}" {_THIN}/>' for t in y_ticks]
    drawn += [
        f'<line x1="{_x(step, last)}" x2="{_x(step, last)}" y1="0" y2="100" stroke="{SERIES[-1][dark]}" {_THIN}/>'
        for step, _ in changes[1:]
    ]
    said = []
    for (name, line), colours in zip(lines.items(), SERIES, strict=False):
        if not line:
            continue
        path = " ".join(f"{_x(x, last)},{_y(y, high)}" for x, y in line)
        dash = ' stroke-dasharray="3 4"' if name == TRAINING else ""
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colours[dark]}"{dash} {_THICK}/>')
        mark = "┅" if name == TRAINING else "━"
        said.append(
            f'<span style="white-space:nowrap"><span style="color:{colours[dark]}">{mark}</span> {name} '
            f"<b>{text(line[-1][1])}</b></span>"
        )
    x_ticks = [t for t in ticks(float(last)) if t <= last]
    labels = [_label(f"right:100%;bottom:{100 * t / high:.2f}%;transform:translateY(50%)", t) for t in y_ticks]
    labels += [_label(f"top:100%;left:{_x(t, last)}%;transform:translateX(-50%)", t) for t in x_ticks]
    alt = f"{title} over {points[-1].step} steps"
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:0 1rem"><b>{title}</b>{"".join(said)}</div>'
        f'<div role="img" aria-label="{escape(alt)}" style="position:relative;height:{HEIGHT_REM}rem;'
        'margin:.75rem .75rem 2.75rem 3.25rem">'
        f'<img src="{_picture(drawn)}" alt="" style="display:block;width:100%;height:100%">{"".join(labels)}'
        '<span style="position:absolute;top:calc(100% + 1.3rem);left:50%;transform:translateX(-50%)">step</span></div>'
    )


def _picture(drawn: Sequence[str]) -> str:
    """As an address: a page's HTML may hold no SVG."""
    start = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" preserveAspectRatio="none">'
    svg = f"{start}{''.join(drawn)}</svg>"
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


_THIN = 'style="vector-effect:non-scaling-stroke;stroke-width:1px"'
_THICK = 'style="vector-effect:non-scaling-stroke;stroke-width:2.5px;stroke-linejoin:round"'


def _x(step: float, last: float) -> str:
    return f"{100 * step / last:.2f}"


def _y(value: float, high: float) -> str:
    return f"{100 - 100 * value / high:.2f}"


def _label(place: str, tick: float) -> str:
    return f'<span style="position:absolute;padding:.1rem .4rem;line-height:1.2;{place}">{tick:g}</span>'


def ticks(high: float) -> list[float]:
    """Round numbers from 0 up to the first that is not below `high`, at most six."""
    if high <= 0:
        return [0.0, 1.0]
    power = 10 ** math.floor(math.log10(high / MOST_TICKS))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * MOST_TICKS >= high * (1 - 1e-9))
    count = math.ceil(high / step - 1e-9)
    return [round(step * i, 12) for i in range(count + 1)]


# ---- by layer ----------------------------------------------------------------------------------------------


def sizes(shown: Sequence[Size], dark: bool) -> str:
    """A row for each layer: the norm of its gradient, and of its update in percent of its weights', as bars."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;padding-right:1rem">{escape(size.layer.upper())}</th>'
        f"{_bar(size.gradient, '', GRADIENT_DECADES, SERIES[0][dark])}"
        f"{_bar(None if size.relative is None else 100 * size.relative, ' %', UPDATE_DECADES, SERIES[1][dark])}</tr>"
        for size in shown
    )
    return (
        '<table style="width:100%;max-width:64rem;border-collapse:collapse"><tr><td></td>'
        f'<th style="text-align:left">gradient (L2 norm){_ends(GRADIENT_DECADES, "")}</th>'
        f'<th style="text-align:left">update, of the weights’ norm{_ends(UPDATE_DECADES, " %")}</th></tr>{rows}</table>'
    )


def _ends(decades: tuple[int, int], unit: str) -> str:
    low, high = decades
    return f'<br><span style="font-weight:400">logarithmic, {10.0**low:.{-low}f} to {10**high}{unit}</span>'


def _bar(value: float | None, unit: str, decades: tuple[int, int], colour: str) -> str:
    """A value, and a bar whose length is its logarithm's place between the decades."""
    if value is None or not math.isfinite(value):
        return "<td>–</td>"
    low, high = decades
    share = min(1.0, max(0.0, (math.log10(value) - low) / (high - low))) if value else 0.0
    said = f"{value:.3g}{unit}"
    return (
        '<td style="padding:.15rem 1rem .15rem 0;width:45%"><div style="display:flex;align-items:center;gap:.5rem">'
        f'<div style="flex:1;min-width:2rem;height:.9rem;border-left:1px solid {GRID}"><div style="height:100%;'
        f'width:{100 * share:.1f}%;background:{colour}"></div></div>'
        f'<span style="min-width:4.5rem">{said}</span></div></td>'
    )
