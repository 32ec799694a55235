"""Global average pooling and the class activation map that follows from it, on every page whose network has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from explorer.analysis.text import pair_text, thousands
from explorer.demonstrations.class_activation import charts
from explorer.demonstrations.class_activation.compute import ClassActivation, PooledHead, class_activation, pooled_head
from explorer.runtime.activations import Activations
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, select, toggle
from explorer.ui.link import Control, choice, flag, number, plain
from explorer.ui.map_figure import limits, tiles
from explorer.ui.section import Section

RANKS = 5
BY_NUMBER = "number"
TILES = 6
TILES_PER_ROW = 3
TILES_HEIGHT_PX = 420

SMOOTH = flag("cam.smooth", "Interpolate between positions")


def _rank_control(run: Run) -> Control:
    """A place among the most probable classes, from 1, or a class of any number."""
    ranks = [str(rank + 1) for rank in range(min(RANKS, _class_count(run)))]
    return choice("cam.rank", "Class", (*ranks, BY_NUMBER))


def _number_control(run: Run) -> Control:
    last = _class_count(run) - 1
    return number("cam.class", f"Number, 0 to {last}", 0, last, active=lambda: _rank_control(run).value == BY_NUMBER)


def _class_count(run: Run) -> int:
    return cache.running_trace(run).output.out_shape[0]


def _head(run: Run) -> PooledHead | None:
    return pooled_head(cache.trace(run.variant))


def _show(run: Run) -> None:
    """Where the score of a class comes from."""
    head = _head(run)
    assert head is not None  # else the section is not available
    activations = cache.activations(run)
    class_number, smooth = _choose(run, activations)
    cam = class_activation(activations, head, class_number)
    title = _class_title(activations, class_number)
    if activations.network.trained:
        answer(f"{plain(title)}, {activations.answer.probabilities[class_number]:.1%}: where its score comes from")
    _explain(head, activations.network.trained)
    left, right = st.columns(2, gap="medium")
    with left:
        figure = charts.overlay(cam, cache.input_png(run), smooth, dark())
        chart(figure, "cam-overlay", f"Class activation map of {title} over the picture")
        st.caption(
            f"{run.picture.title}, {title}: {pair_text(cam.map.shape)} values, stretched over the network's input "
            "(Zhou et al., arXiv 1512.04150)."
        )
    with right:
        _sum(cam, head, title)
        _strongest(cam, head, activations)
    if head.linear is not None:
        count = thousands(len(cam.weights))
        st.markdown(f"**All {count} maps: their means, the weights of {title}, and the products**")
        chart(charts.products(cam, dark()), "cam-products", "Means, weights and products of all maps")


def _explain(head: PooledHead, trained: bool) -> None:
    if not trained:
        st.markdown(
            "**Untrained network**: random weights, seeded. It shows how the map is computed, not what the network "
            "recognizes."
        )
    if head.linear is None:
        st.markdown(
            "There is one map for each class, and its mean is the class's score: the map itself shows where the score "
            "comes from. **What to look for:** the positions with high values: are they on the object?"
        )
        return
    st.markdown(
        "Each of the last maps becomes its mean, and one linear layer adds the means up with the weights of a class. "
        "Weight the maps first and average afterwards: the logit is the same, and before the averaging it is a map. "
        "The mean forgets the place; a label does not need it, a box around the object would. "
        "**What to look for:** the positions that speak for the class, and those against it."
    )


def _choose(run: Run, activations: Activations) -> tuple[int, bool]:
    """The class, by its place among the most probable or by its number, and whether the map is interpolated."""
    best = activations.logits.topk(min(RANKS, len(activations.logits))).indices.tolist()
    titles = {str(i): f"{i}. {_class_title(activations, c)}" for i, c in enumerate(best, 1)} | {BY_NUMBER: "By number"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rank = select(replace(_rank_control(run), options=lambda: titles), width=420)
        by_number = number_box(_number_control(run), width=220) if rank == BY_NUMBER else None
        smooth = toggle(SMOOTH)
    return int(best[int(rank) - 1] if by_number is None else by_number), smooth


def _class_title(activations: Activations, class_number: int) -> str:
    classes = activations.network.classes
    return classes[class_number] if classes else f"class {class_number} (untrained)"


def _sum(cam: ClassActivation, head: PooledHead, title: str) -> None:
    """The mean of the map, the bias where there is one, and the network's own logit."""
    mean, own = float(cam.map.mean()), f"the network's own score of {title}: **{cam.logit:.4g}**."
    if head.linear is None:
        st.latex(r"M_c(x, y) = f_c(x, y)")
        st.markdown(f"Mean of the map **{mean:.4g}**; {own}")
        return
    st.latex(r"M_c(x, y) = \sum_k w_{ck} \, f_k(x, y)")
    st.markdown(f"Mean of the map **{mean:.4g}** + bias **{cam.bias:.4g}** = **{mean + cam.bias:.4g}**; {own}")


def _strongest(cam: ClassActivation, head: PooledHead, activations: Activations) -> None:
    """The maps that add most; for a network with one map a class, those of the best classes."""
    titles: Sequence[str]
    if head.linear is None:
        picked = activations.logits.topk(min(TILES, len(cam.maps))).indices.numpy()
        classes = activations.network.classes
        titles = [f"<b>#{k}</b> mean {cam.means[k]:.3g}" + (f"<br>{classes[k]}" if classes else "") for k in picked]
        st.markdown("**The maps of the classes with the highest scores**")
    else:
        picked = cam.strongest(TILES)
        titles = [f"<b>#{k}</b><br>{cam.means[k]:.2g} · {cam.weights[k]:+.2g}" for k in picked]
        st.markdown("**The maps that add or subtract most** (mean · weight)")
    if not len(picked):
        st.markdown("No map adds anything.")
        return
    shown = cam.maps[picked]
    scale = limits(float(shown.min()), float(shown.max()))
    figure = tiles(shown, titles, dark(), TILES_PER_ROW, scale, TILES_HEIGHT_PX)
    chart(figure, "cam-maps", f"Maps of {head.maps}, each with its mean")
    st.caption(f"{head.maps}, all on one scale.")


CLASS_ACTIVATION = Section(
    "class-activation",
    "Class activation",
    _show,
    lambda run: (_rank_control(run), _number_control(run), SMOOTH),
    available=lambda run: _head(run) is not None,
)
