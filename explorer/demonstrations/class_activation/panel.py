"""Global average pooling and the class activation map that follows from it, on every page whose network has them."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.text import pair_text, thousands
from explorer.architectures.family import Variant
from explorer.demonstrations.class_activation.compute import ClassActivation, PooledHead, class_activation, pooled_head
from explorer.runtime.activations import Activations
from explorer.ui import cache
from explorer.ui.charts import Panels, bars_under_bars, chart, dark, shared, styled
from explorer.ui.link import beside, fresh, rewrite, seed, seed_number
from explorer.ui.map_charts import colour_scale
from explorer.ui.map_figure import legend, limits, tiles
from explorer.ui.pictures import data_uri
from explorer.ui.sidebar import run_of, settings, weights_for

RANKS = 5
CLASS, NUMBER = "cam-class", "cam-number"  # in the session and in the link
FIRST, BY_NUMBER = "0", "number"
TILES = 6
HEIGHT = 420


def begin(variant: Variant) -> None:
    """Give the choice of a class its value, before the screen: the link's, or as before, or the most probable."""
    state = st.session_state
    if fresh():
        for key in (CLASS, NUMBER):
            state.pop(key, None)
    classes = _classes(variant)
    seed(CLASS, (*map(str, range(min(RANKS, classes))), BY_NUMBER), FIRST, "class")
    seed_number(NUMBER, 0, classes - 1, 0)
    _into_link()


def _classes(variant: Variant) -> int:
    ran = cache.ran(variant.name, weights_for(variant.name))
    return ran.node(ran.classifier).out_shape[0]


def _into_link() -> None:
    """What differs from a fresh page."""
    chosen, number = st.session_state[CLASS], st.session_state[NUMBER]
    shown = {CLASS: None if chosen == FIRST else chosen, NUMBER: number or None if chosen == BY_NUMBER else None}
    beside("class", **shown)


def panel(variant: Variant) -> None:
    """Where the score of a class comes from; one sentence for a network in which that cannot be read off."""
    st.header("Global average pooling and the class activation map", anchor=False)
    network = cache.network(variant.name, weights_for(variant.name), settings().device)
    if (head := pooled_head(network)) is None:
        st.markdown("This network has none: it takes global average pooling and, behind it, at most one linear layer.")
        return
    _panel(variant, head)


@st.fragment
def _panel(variant: Variant, head: PooledHead) -> None:
    name, chosen = variant.name, settings()
    activations = cache.activations(*run_of(name))
    _explain(head, activations.network.trained)
    number = _class_number(activations)
    cam = class_activation(activations, head, number)
    title = _title(activations, number)
    left, right = st.columns(2, gap="medium")
    with left:
        smooth = st.toggle("Interpolate between positions", key="cam-smooth")
        picture = cache.input_png(name, weights_for(name), chosen.image)
        chart(overlay(cam, picture, smooth, dark()), "cam-overlay", f"Class activation map of {title} over the picture")
        st.caption(
            f"{chosen.image_title}, {title}: {pair_text(cam.map.shape)} values, stretched over the network's input "
            "(Zhou et al., arXiv 1512.04150)."
        )
    with right:
        _sum(cam, head, title)
        _strongest(cam, head, activations)
    if head.linear is not None:
        st.markdown(
            f"**All {thousands(len(cam.weights))} maps: their means, the weights of {title}, and the products**"
        )
        chart(_products(cam, dark()), "cam-products", "Means, weights and products of all maps")


def _explain(head: PooledHead, trained: bool) -> None:
    if not trained:
        st.markdown(
            "**Untrained network**: random weights, seeded. The map shows how it comes about, not what was seen."
        )
    if head.linear is None:
        st.markdown(
            "There is one map for each class, and its mean is the class's score: the map itself shows where the score "
            "comes from. **Look for** the positions with high values: are they on the object?"
        )
        return
    st.markdown(
        "Each of the last maps becomes its mean, and one linear layer adds the means up with the weights of a class. "
        "Weigh the maps first and average afterwards: the same logit, and before the averaging it is a map. "
        "**Look for** the positions that speak for the class, and those against it."
    )


def _class_number(activations: Activations) -> int:
    """The class that was chosen: by its place among the most probable, or by its number."""
    logits, state = activations.logits, st.session_state
    best = logits.topk(min(RANKS, len(logits))).indices.tolist()
    offered = {str(i): f"{i + 1}. {_title(activations, c)}" for i, c in enumerate(best)} | {BY_NUMBER: "By number"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rank: str = st.selectbox(
            "Class", offered, key=CLASS, format_func=offered.__getitem__, persist_state="session", width=420
        )
        if rank == BY_NUMBER:
            last = len(logits) - 1
            st.number_input(f"Number, 0 to {last}", 0, last, key=NUMBER, step=1, width=220, persist_state="session")
    _into_link()
    rewrite()
    return int(state[NUMBER]) if rank == BY_NUMBER else int(best[int(rank)])


def _title(activations: Activations, number: int) -> str:
    classes = activations.network.classes
    return classes[number] if classes else f"class {number} (untrained)"


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
    """The maps that add most; of a network with one map for each class, those of the best classes."""
    if head.linear is None:
        picked = activations.logits.topk(min(TILES, len(cam.maps))).indices.numpy()
        classes = activations.network.classes
        titles = [f"<b>#{k}</b> mean {cam.means[k]:.3g}" + (f"<br>{classes[k]}" if classes else "") for k in picked]
        st.markdown("**The maps of the classes with the highest scores**")
    else:
        picked = cam.strongest(TILES)
        titles = [f"<b>#{k}</b><br>{cam.means[k]:.2g} · {cam.weights[k]:+.2g}" for k in picked]
        st.markdown("**The maps that add or take most** (mean · weight)")
    if not len(picked):
        st.markdown("No map adds anything.")
        return
    shown = cam.maps[picked]
    scale = limits(float(shown.min()), float(shown.max()))
    chart(tiles(shown, titles, dark(), 3, scale, 420), "cam-maps", f"Maps of {head.maps}, each with its mean")
    st.caption(f"{head.maps}, all on one scale.")


@shared
def overlay(cam: ClassActivation, picture: bytes, smooth: bool, dark: bool) -> go.Figure:
    """The class's map, half transparent, over the network's input."""
    values = cam.map
    height, width = values.shape
    low, high = limits(float(values.min()), float(values.max()))
    figure = go.Figure()
    figure.add_layout_image(
        source=data_uri(picture),
        xref="x",
        yref="y",
        x=-0.5,
        y=-0.5,
        sizex=width,
        sizey=height,
        sizing="stretch",
        layer="below",
    )
    figure.add_heatmap(
        z=values,
        zmin=low,
        zmax=high,
        colorscale=colour_scale(low < 0),
        opacity=0.6,
        colorbar=legend(low, high),
        zsmooth="best" if smooth else False,
        hovertemplate="row %{y}, column %{x}: %{z:.4g}<extra></extra>",
    )
    figure.update_xaxes(visible=False, constrain="domain", range=[-0.5, width - 0.5])
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain", range=[height - 0.5, -0.5])
    styled(figure, dark, height=HEIGHT)
    return figure.update_layout(dragmode=False, margin={"t": 0, "b": 60})


@shared
def _products(cam: ClassActivation, dark: bool) -> go.Figure:
    """Means, weights and products, map under map."""
    rows: Panels = (
        ("Means of the maps", cam.means, "pooling"),
        ("× weights of the class", cam.weights, "linear"),
        ("= products: together the logit − bias", cam.contributions, "merge"),
    )
    return bars_under_bars(rows, "map", dark, height=400)
