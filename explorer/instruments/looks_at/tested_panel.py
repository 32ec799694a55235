"""The section that tests a heat map: does it change with the weights, and the answer with its pixels?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache as once

import numpy as np
import streamlit as st

from explorer.instruments.looks_at import charts, check, compute, panel
from explorer.instruments.looks_at import wishes_panel as wishes
from explorer.instruments.looks_at.check import LIMIT, SQUARES, Check
from explorer.instruments.looks_at.compute import Baseline, HeatMap, Method, Target, Way
from explorer.instruments.looks_at.wishes_panel import ALL_TITLES, BASELINES, TESTED, TOPIC
from explorer.runtime.activations import in_batches
from explorer.runtime.maps import FloatArray, IntArray
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments, select, slider
from explorer.ui.link import Control, choice, plain
from explorer.ui.section import Section
from explorer.ui.slices import Part, in_slices

MAP, RANDOM, EDGES = "map", "random", "edges"  # whose order it is in which pixels go
TILE_WIDTH = "min(13rem,calc(50% - .5rem))"
WAY_OF_CHECK = (
    "After Adebayo et al., arXiv 1810.03292: layer after layer, from the one that gives the answer down to the first, "
    "the weights are drawn at random, seeded, with the statistics of batch normalization. A map that shows what the "
    "network learned has to change. Its likeness is Spearman's rank correlation: 1 for the same order of all places, "
    f"0 for no relation. A method fails here where that is {LIMIT:g} or more on average, while the upper half of the "
    "layers is made random: this limit is ours."
)
WAY_OF_FADING = (
    "After Petsiuk et al., arXiv 1806.07421, who let pixels go to grey, and come into a blurred picture. The random "
    f"order goes by squares, {SQUARES} along the side. Where the map is right, the probability falls early as its "
    "first pixels go, and rises early as they come. A picture with grey in it is unlike all that the network learned "
    "from: the curves compare maps of one network, not networks."
)
GONE = choice(f"{TOPIC}.gone", "Pixels that are gone are", {n: BASELINES[n] for n in ("grey", "blurred")})


ALL = -1  # random layers: however many there are, which the selection can decide


def _depths(run: Run, node: str) -> tuple[int, ...]:
    return check.depths(len(check.layers(cache.running_trace(run), node)))


def depth_control(run: Run) -> Control:
    """How many layers are random in the map that is shown: at first, all."""

    def counts() -> tuple[int, ...]:
        return _depths(run, wishes.node_of(run))

    return choice(
        f"{TOPIC}.depth",
        "Random layers, from the top",
        lambda: {ALL if count == counts()[-1] else count: str(count) for count in counts()},
        ALL,
        about=run.variant,
    )


def controls(run: Run) -> Sequence[Control]:
    """The instrument's, and how many layers are random, and what is gone."""
    return (*wishes.controls(run), depth_control(run), GONE)


def show(run: Run) -> None:
    """The verdict, the maps, and the two sorts of curves."""
    target = wishes.target_of(run)
    place = st.empty()
    with st.container(key="looks-wish", horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen: Method = select(TESTED, width=260)
        panel.details(run, [chosen])
    way = wishes.way_of(run, chosen, target)
    method = way.method
    if method != chosen:
        st.caption(panel.NO_CAM)
    with place:
        answer(f"{plain(wishes.name_of(run, target))}: does {ALL_TITLES[method]} show what was learned?")
    found = _maps_at(run, target, way)
    if found is not None:
        result = _check(run, target, way)
        with place:
            answer(_verdict(method, result), WAY_OF_CHECK)
        depth: int = slider(depth_control(run), width=420)
        if depth == ALL:
            depth = _depths(run, target.node)[-1]
        _shown(run, target, way, found, depth)
        chart(charts.correlations(result, depth, dark()), "looks-check", "Likeness over the number of random layers")
        st.caption(_what_it_means(run, method, result))
    _fading(run, target, way)


# ---- random weights ----------------------------------------------------------------------------------------


def _maps_at(run: Run, target: Target, way: Way) -> dict[int, HeatMap] | None:
    """The maps by the number of random layers, once they are computed."""
    counts = _depths(run, target.node)
    parts = [part for count in counts for part in wishes.parts(run, target, way, count)]
    passes = way.passes * len(counts)
    wish = (run.cache_key, target, way)
    if in_slices("looks-check-begin", wish, f"Test it: {passes} passes", parts, "parts") is None:
        return None
    return {count: wishes.heat(run, target, way, count) for count in counts}


@cache.kept()
def _check(run: Run, target: Target, way: Way) -> Check:
    counts = _depths(run, target.node)
    maps = [wishes.heat(run, target, way, count).values for count in counts]
    return check.check(maps, counts, way.signed, _edges(run))


@cache.kept()
def _edges(run: Run) -> FloatArray:
    return check.edges(cache.activations(run).maps(compute.INPUT))


def _verdict(method: Method, found: Check) -> str:
    """Whether it passes, and by what."""
    name = ALL_TITLES[method]
    if found.passes is None:
        return f"{name}: with random weights above, its map is the same everywhere, and nothing can be compared"
    how = f"as the upper layers become random, its likeness is {found.alike:.2f}"
    if found.passes:
        return f"{name} passes here: {how}, below {LIMIT:g}"
    return f"{name} fails here: {how}, not below {LIMIT:g}. It shows the picture more than what was learned"


def _what_it_means(run: Run, method: Method, found: Check) -> str:
    """The likeness with edges and with all layers random; what the paper found."""
    last = found.sizes[-1]
    end = "the map is the same everywhere" if np.isnan(last) else f"{last:.2f}"
    said = [f"With all {found.random[-1]} layers random: {end}. With the picture's edges: {found.edges:.2f}."]
    if not cache.network(run).trained:
        said.append("This network is untrained: random weights in place of other random weights.")
    said += [FINDINGS[method]] if method in FINDINGS else []
    return " ".join(said)


FINDINGS: dict[Method, str] = {
    "gradient": "In the paper it passes.",
    "grad-cam": "In the paper it passes.",
    "guided": "In the paper it fails, as Guided Grad-CAM does: each ReLU lets only what is positive back, which "
    "partly restores the picture (arXiv 1412.6806, 1810.03292).",
    "integrated": "In the paper the object stays visible to the eye while the correlation with signs falls.",
}


def _shown(run: Run, target: Target, way: Way, found: dict[int, HeatMap], depth: int) -> None:
    """The trained network's map, the one at the slider's place, the one without anything learned, and edges."""
    side, percent = cache.network_input(run).tensor.shape[-1], wishes.OPACITY.value
    first = "Its own weights" if not cache.network(run).trained else "As trained"
    last = max(found)
    titles = {0: first, depth: f"{depth} of {last} random", last: f"All {last} random"}
    tiles = [
        charts.tile(wishes.drawn(run, target, way, count, percent), side, titles[count], found[count], TILE_WIDTH)
        for count in sorted(titles)
    ]
    tiles.append(charts.framed(charts.grey_picture(_edges(run)), "Edges (Sobel): no network", TILE_WIDTH))
    st.html(charts.side_by_side(tiles))


# ---- pixels that go and come -------------------------------------------------------------------------------


@cache.kept()
def _faded(
    run: Run, target: Target, way: Way, order: str, gone: Baseline, coming: bool, steps: Sequence[int]
) -> FloatArray:
    return check.faded(cache.activations(run), target, _order(run, target, way, order), steps, gone, coming)


def _order(run: Run, target: Target, way: Way, order: str) -> IntArray:
    side = cache.network_input(run).tensor.shape[-1]
    if order == RANDOM:
        return _random_order(side)
    values = _edges(run) if order == EDGES else wishes.heat(run, target, way).values
    return check.order_of(compute.stretched(values, side))


@once
def _random_order(side: int) -> IntArray:
    return check.random_order(side)


def _fading(run: Run, target: Target, way: Way) -> None:
    """The curves as pixels go and come, by the map's order, at random, and by edges."""
    st.markdown("**Does the answer hang on the pixels that it shows?**", help=WAY_OF_FADING)
    gone: Baseline = segments(GONE)
    macs = cache.running_trace(run).inference_macs
    steps = in_batches(range(check.STEPS + 1), macs)
    parts = {
        (coming, order): [Part(_faded, (run, target, way, order, gone, coming, some)) for some in steps]
        for coming in (False, True)
        for order in (MAP, RANDOM, EDGES)
    }
    needed = [*wishes.parts(run, target, way), *(part for some in parts.values() for part in some)]
    begin = f"Let pixels go and come: {6 * (check.STEPS + 1)} passes"
    if in_slices("looks-fade-begin", (run.cache_key, target, way, gone), begin, needed, "parts") is None:
        return
    curves = {key: np.concatenate([part() for part in some]) for key, some in parts.items()}
    names = {MAP: ALL_TITLES[way.method], RANDOM: "Random squares", EDGES: "Edges"}
    areas = {key: check.area(values) for key, values in curves.items()}
    st.markdown(_areas_said(areas, names))
    what = "probability" if target.is_class else "value"
    for column, coming in zip(st.columns(2, gap="medium"), (False, True), strict=True):
        with column:
            shown = {name: curves[coming, order] for order, name in names.items()}
            key = f"looks-{'insertion' if coming else 'deletion'}"
            title = "Insertion" if coming else "Deletion"
            chart(charts.fading(shown, what, coming, dark()), key, f"{title}: {what} as the pixels go or come")
            listed = ", ".join(f"{name} {areas[coming, order]:.3g}" for order, name in names.items())
            st.caption(f"{title}; area under the curve: {listed}.")


def _areas_said(areas: dict[tuple[bool, str], float], names: dict[str, str]) -> str:
    """Whether the map's order is better than a random one, by the areas."""
    down, up = areas[False, MAP] < areas[False, RANDOM], areas[True, MAP] > areas[True, RANDOM]
    how = {
        (True, True): "better than a random order, going and coming",
        (True, False): "better than a random order as pixels go, not as they come",
        (False, True): "better than a random order as pixels come, not as they go",
        (False, False): "no better than a random order",
    }[down, up]
    return f"**{names[MAP]} orders the pixels {how}.**"


LOOKS_TESTED = Section(panel.TESTED, "Sanity check", show, controls, follows=True)
