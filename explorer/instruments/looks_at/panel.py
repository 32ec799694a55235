"""Where the network looks for a class, or for one value, over the picture: one method, or some side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import streamlit as st

from explorer.analysis.text import pair_text
from explorer.instruments.looks_at import charts
from explorer.instruments.looks_at import wishes_panel as wishes
from explorer.instruments.looks_at.compute import (
    AT_MAPS,
    TOP,
    HeatMap,
    Target,
    Way,
    cam_way,
    concentration,
    number_of,
    stretched,
)
from explorer.instruments.looks_at.wishes_panel import CLASS, TITLES, TOPIC, of_control
from explorer.runtime.activations import none_fits
from explorer.runtime.run import Run
from explorer.runtime.weights.fit import MUST_NAME_ONE
from explorer.ui import cache
from explorer.ui.answer import class_box
from explorer.ui.controls import PERSIST, segments, select, slider
from explorer.ui.link import plain
from explorer.ui.section import OPEN, Section
from explorer.ui.selection import SHOWN_IN, selected
from explorer.ui.slices import in_slices
from explorer.ui.window import BELOW, SCREEN

TESTED = "looks-tested"  # the section's name
TEST_HELP = "Opens its test below: the same map with random weights, and the answer as its pixels go and come."
WHAT = (
    "**A maximum** is the largest value of the selected map, or of all maps; **a value** is the one in Value. Of maps "
    "with a value for each pixel, the colours end where 99.5 % of the pixels lie within."
)
HELP = {
    "gradient": "**Gradient**: how much the score changes with each pixel; of the three colours the largest, without "
    "its sign (Simonyan et al., arXiv 1312.6034).",
    "smooth": "**Smoothed gradient**: the mean of the gradients of copies of the picture with noise over them "
    "(SmoothGrad, Smilkov et al., arXiv 1706.03825).",
    "times": "**Gradient × input**: the gradient times the pixel; blue speaks against it.",
    "integrated": "**Integrated gradients**: the mean gradient on the way from a baseline to the picture, times the "
    "way. The sum of the map is what the score gains on it (Sundararajan et al., arXiv 1703.01365).",
    "grad-cam": "**Grad-CAM**: an operation's maps, each weighted by the mean of its gradient, added up; what is "
    "negative is left out (Selvaraju et al., arXiv 1610.02391). At the last maps of a network with global average "
    "pooling it is the class activation map but for a factor.",
    "layer-cam": "**LayerCAM**: as Grad-CAM, but each value has a weight of its own: its gradient where that is "
    "positive (Jiang et al., IEEE TIP 2021).",
    "cam": "**Class activation map** (CAM): the last maps, each with its weight for the class, added up: the mean of "
    "that is the class's score but for the bias. Only where the scores are made of the maps' means (Zhou et al., "
    "arXiv 1512.04150).",
    "occlusion": "**Occlusion**: what is lost where a grey patch lies: the mean over the patches that cover a pixel "
    "(Zeiler and Fergus, arXiv 1311.2901).",
}


NO_CAM = (
    "No class activation map: it needs a class, and a network that makes its scores of the last maps' means. "
    "Grad-CAM does without."
)


def _redraw() -> None:
    st.rerun(st.session_state[SHOWN_IN])


def _head(run: Run) -> None:
    """What is looked for, the class, and all that is seldom changed."""
    with st.container(key="looks-head", horizontal=True, vertical_alignment="center", gap="xsmall"):
        select(of_control(run), label_visibility="collapsed", on_change=_redraw)
        if of_control(run).value == CLASS:
            class_box(run, cache.activations(run).answer, TOPIC, width="stretch", on_change=_redraw)
        with st.popover("Settings", key="looks-settings", on_change="rerun") as box:
            if box.open:
                _settings(run)


def show(run: Run) -> None:
    """The maps, and beside them what they are of."""
    targets = wishes.targets_of(run)
    ways = list(dict.fromkeys(wishes.way_of(run, method, targets[0]) for method in wishes.METHODS.value))
    wished = list(product(targets, ways))
    with st.container(key="looks", horizontal=True, gap="small"):
        with st.container(key="looks-alone" if len(wished) == 1 else "looks-beside"):
            work, place = st.container(), st.empty()
        with st.container(key="looks-said"):
            said = st.empty()
            _methods()
            with work:
                found = _found(run, wished)
            first = found.get(wished[0])
            facts = _facts(run, targets[0], ways[0], first)
            if facts:
                st.caption(facts)
            st.button("Can it be believed?", key="looks-test", type="tertiary", help=TEST_HELP, on_click=_test)
    with said:
        _say(run, targets[0], first)
    with place:
        _maps(run, found, len(wished), len(ways), len(targets) > 1)


def _test() -> None:
    """Open the section that tests the first method."""
    st.session_state[OPEN] = TESTED
    st.rerun([SCREEN, BELOW])


def _methods() -> None:
    """Which methods: at least one; of more than one, each has its own map."""
    wishes.METHODS.settle()
    st.multiselect(
        wishes.METHODS.label,
        list(TITLES),
        key=wishes.METHODS.name,
        format_func=lambda method: TITLES[method],
        max_selections=wishes.MOST_METHODS,
        label_visibility="collapsed",
        on_change=_redraw,
        persist_state=PERSIST,
    )


def _settings(run: Run) -> None:
    """What is seldom changed: another class beside it, opacity, and what the methods are given."""
    if of_control(run).value == CLASS:
        select(wishes.other_control(run), on_change=_redraw)
    slider(wishes.OPACITY)
    details(run, wishes.METHODS.value)


def details(run: Run, methods: Sequence[str]) -> None:
    """What can be set about these methods."""
    if set(methods) & set(AT_MAPS):
        segments(wishes.AT, on_change=_redraw)
    if "smooth" in methods:
        slider(wishes.SAMPLES, on_change=_redraw)
        slider(wishes.NOISE, on_change=_redraw)
    if "integrated" in methods:
        slider(wishes.STEPS, on_change=_redraw)
        segments(wishes.BASELINE, on_change=_redraw)
    if "occlusion" in methods:
        segments(wishes.PATCH, on_change=_redraw)


Wished = tuple[Target, Way]


def _found(run: Run, wished: Sequence[Wished]) -> dict[Wished, HeatMap]:
    """The maps that are known, or take one pass; for the others, a button that begins, or the progress."""
    slow = [(target, way) for target, way in wished if way.passes > 1]
    needed = [part for target, way in slow for part in wishes.parts(run, target, way)]
    done = not slow
    if slow:
        passes = sum(way.passes for _, way in slow)
        wish = (run.cache_key, tuple(slow))
        done = in_slices("looks-begin", wish, f"Compute, {passes} passes", needed, "batches") is not None
    return {w: wishes.heat(run, *w) for w in wished if done or w not in slow or wishes.heat.has(run, *w)}


def _maps(run: Run, found: dict[Wished, HeatMap], count: int, columns: int, two: bool) -> None:
    """As many columns as methods, if there is room; never wider than the room is high, so that the legend is seen."""
    side, percent = cache.network_input(run).tensor.shape[-1], wishes.OPACITY.value
    across = 2 if count == 2 else max(columns, 2)
    tiles = []
    for (target, way), heat in found.items():
        title, legend = (_title(run, target, way, two, columns), 9.5) if count > 1 else ("", 3 if way.signed else 1.75)
        most = f"calc({100 / across:.1f}% - .75rem)" if count > 1 else "100%"
        width = f"min({most},max(6.5rem,100cqh - {legend}rem))"
        png = wishes.drawn(run, target, way, 0, percent)
        tiles.append(charts.tile(png, side, title, heat, width, count > 1))
    st.html(charts.side_by_side(tiles) if tiles else "<div></div>")


def _title(run: Run, target: Target, way: Way, two: bool, columns: int) -> str:
    """The method, or the class, or both."""
    name = wishes.name_of(run, target)
    if two and columns == 1:
        return name
    return f"{TITLES[way.method]}, {name}" if two else TITLES[way.method]


def _say(run: Run, target: Target, found: HeatMap | None) -> None:
    """What is looked for, and how much of the map lies on how little of the picture."""
    activations = cache.activations(run)
    value, name = number_of(activations, target), plain(wishes.name_of(run, target))
    said = f"**{name} {value:.1%}**" if target.is_class else f"**{name}: {value:.4g}**"
    if found is not None:
        said += f": {_where(found, cache.network_input(run).tensor.shape[-1])}"
    st.markdown(said, help="\n\n".join([*(HELP[method] for method in wishes.METHODS.value), WHAT]))


def _where(found: HeatMap, side: int) -> str:
    share = concentration(stretched(found.values, side))
    if share is None:
        return "nothing in the picture speaks for it." if found.signed else "the map is 0 everywhere."
    what = "of what speaks for it" if found.signed else "of the map"
    return f"**{share:.0%}** {what} lies on {TOP:.0%} of the pixels."


def _facts(run: Run, target: Target, way: Way, found: HeatMap | None) -> str:
    """What has to be known of the class, what the method was given, and how exact it is."""
    activations = cache.activations(run)
    said = [] if found is None else [_given(run, target, way, found)]
    if "cam" in wishes.METHODS.value and cam_way(cache.running_trace(run), target) is None:
        said.append(NO_CAM)
    if not activations.network.trained:
        said.append("Untrained, it knows no class; a value of a map can be explained all the same.")
    elif target.is_class and activations.answer.unlike:
        said.append(f"{none_fits(activations.answer)}. {MUST_NAME_ONE} {plain(activations.answer.first)}.")
    return " ".join(said)


def _given(run: Run, target: Target, way: Way, found: HeatMap) -> str:
    """What the method was given, and how exact it is; nothing of a gradient."""
    if way.method == "cam":
        mean = float(found.values.mean())
        return f"{pair_text(found.values.shape)} values, stretched; their mean, {mean:.4g}, and the bias are the score."
    if way.method in AT_MAPS:
        why = ""
        if not target.is_class:
            why = ", of which it is made"
        elif wishes.AT.value == wishes.SELECTED and way.at != selected(cache.running_trace(run)).name:
            why = ": the selected operation has no maps on which the class depends"
        return f"{pair_text(found.values.shape)} values of {plain(way.at)}, stretched{why}."
    if way.method == "smooth":
        return f"{way.samples} samples, noise of {way.noise} % of the range."
    if way.method == "occlusion":
        assert found.lowest is not None and found.at is not None
        left, unit = (f"{found.lowest:.1%}", "probability") if target.is_class else (f"{found.lowest:.4g}", "value")
        patch = f"the patch of {pair_text((way.patch, way.patch))} pixels {place_said(*found.at)}"
        return f"At the lowest {left}, with {patch}. The legend: how much {unit} is lost."
    if way.method == "integrated":
        error = "" if found.error is None else f", {found.error:.1%} off"
        return (
            f"Baseline {wishes.BASELINES[way.baseline].lower()}, {way.steps} steps: the map's sum is "
            f"{found.total:.4g}, the scores' difference {found.difference:.4g}{error}."
        )
    return ""


def place_said(row: float, column: float) -> str:
    """A place in words; both are shares of the way, from the top and from the left."""
    down = ("at the top", "in the middle", "at the bottom")[min(2, int(3 * row))]
    across = ("left", "", "right")[min(2, int(3 * column))]
    return f"{down} {across}".strip()


LOOKS_AT = Section("looks-at", "Looks at", show, wishes.controls, follows=True, head=_head)
