"""Two networks on the same picture: what they differ in, and their maps at a chosen resolution."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.analysis.compare import Difference, Level, differences, levels
from explorer.analysis.text import bytes_text, pair_text, shape_text, thousands
from explorer.analysis.trace import Trace
from explorer.architectures import catalogue, family_of
from explorer.runtime.maps import GridHeader, Message, Order, encode_page, statistics
from explorer.runtime.pictures import LoadedImage
from explorer.ui import cache
from explorer.ui.components.feature_maps import MapView, current_view, feature_maps
from explorer.ui.link import followed, keep, seed
from explorer.ui.screen import input_and_result
from explorer.ui.sidebar import run_of, settings

SIDES = {"a": "First network", "b": "Second network"}
FIRST, SECOND = "mobilenet_v2", "resnet50"
MAPS_HEIGHT = 388  # three rows of maps, and no half one


@st.fragment
def pair() -> None:
    """Everything that depends on the two networks."""
    for side, usual, place in zip(SIDES, (FIRST, SECOND), st.columns(2, gap="medium"), strict=True):
        seed(side, catalogue(), usual, "variant")
        with place:
            _choose(side)
    a, b = (cache.trace(st.session_state[side]) for side in SIDES)
    st.header("The same picture, the same resolution", anchor=False)
    _maps(a, b)
    st.header("What they differ in", anchor=False)
    st.table([_row(a, b, d) for d in differences(a, b)])
    st.caption(
        "Counted from the code, for one picture, without heads that only serve training. Depth is the number of weight "
        "layers on the longest path. A pixel of the receptive field is one of the network's own input."
    )
    st.header("Stage by stage", anchor=False)
    st.markdown(
        "Stages are aligned by the resolution of their output: how many times smaller than the input. **Look for** the "
        "resolution at which each network spends its multiplications, and the one that holds its parameters."
    )
    st.table(_stages(a, b))
    keep(a=a.variant, b=b.variant, stage=st.session_state["stage"], sample=settings().sample)


def _choose(side: str) -> None:
    variants = catalogue()
    chosen = st.selectbox(
        SIDES[side],
        variants,
        key=side,
        persist_state="session",
        format_func=lambda n: variants[n].title + (f" ({variants[n].note})" if variants[n].note else ""),
    )
    with st.container(key=f"cost-{side}"):
        st.page_link(
            f"../pages/{family_of(chosen).name}.py",
            label=f"Open {variants[chosen].title} →",
            query_params={"variant": chosen},
        )


# ---- maps --------------------------------------------------------------------------------------------------


def _maps(a: Trace, b: Trace) -> None:
    both = levels(a), levels(b)
    shared = [str(reduction) for reduction in both[0] if reduction in both[1]]
    usual = "8" if "8" in shared else shared[-1]
    seed("stage", shared, usual, "resolution that both have")
    st.segmented_control(
        "Side of the maps, as a part of the input's",
        shared,
        key="stage",
        required=True,
        persist_state="session",
        format_func=lambda reduction: f"1/{reduction}",
    )
    chosen = [found[int(st.session_state["stage"])] for found in both]
    limits = _limits(*(a.variant, chosen[0].node.name), *(b.variant, chosen[1].node.name))
    for side, trace, level, place in zip(SIDES, (a, b), chosen, st.columns(2, gap="medium"), strict=True):
        with place:
            _side(side, trace, level, limits)
    st.caption(
        "Both share one scale of colours. **Look for** how many maps there are, how strong they are, and how much of "
        "the picture is still to be seen in them."
    )


def _side(side: str, trace: Trace, level: Level, limits: tuple[float, float]) -> None:
    node, name = level.node, trace.variant
    arguments = run_of(name)
    maps = cache.activations(*arguments).maps(node.name)
    st.markdown(f"**{node.name}** · {maps.shape[0]} maps of {pair_text(maps.shape[1:])}")
    key = f"compare-{side}-{followed()}"
    view = current_view(key, MapView(scale="shared"))
    feature_maps(_message(*arguments, side, node.name, limits, view.order, view.page), key=key, initial=view)
    input_and_result(trace, group=side, key=f"compare-{side}-input")


def _limits(first: str, first_node: str, second: str, second_node: str) -> tuple[float, float]:
    """The least and the largest value of both networks' maps."""
    lows, highs = [], []
    for name, node in ((first, first_node), (second, second_node)):
        stats = statistics(cache.activations(*run_of(name)).maps(node).numpy())
        lows.append(float(stats.minimum.min()))
        highs.append(float(stats.maximum.max()))
    return min(lows), max(highs)


@cache.bounded(64)
def _message(
    name: str,
    weights: str,
    device: str,
    image: LoadedImage,
    side: str,
    node: str,
    limits: tuple[float, float],
    order: Order,
    page: int,
) -> Message:
    values = cache.activations(name, weights, device, image).maps(node).numpy()
    n, (low, high) = cache.trace(name).node(node), limits
    header = GridHeader(
        group=side,
        node=node,
        height=MAPS_HEIGHT,
        minimum=low,
        maximum=high,
        signed=low < 0,
        input_size=cache.trace(name).input_size[1:],
        receptive_field={"size": n.receptive_field, "stride": n.rf_stride, "start": n.rf_start},
    )
    return encode_page(values, statistics(values), header, order, page)


# ---- tables ------------------------------------------------------------------------------------------------


def _text(unit: str, value: int) -> str:
    return {"bytes": bytes_text(value), "pixels": f"{thousands(value)} px"}.get(unit, thousands(value))


def _row(a: Trace, b: Trace, d: Difference) -> dict[str, str]:
    names = _titles(a, b)
    return {
        "": d.label,
        names[0]: _text(d.unit, d.first),
        names[1]: _text(d.unit, d.second),
        "second ÷ first": f"{d.ratio:.3g}",
    }


def _titles(a: Trace, b: Trace) -> tuple[str, str]:
    """As heads of columns, which must differ."""
    first, second = catalogue()[a.variant].title, catalogue()[b.variant].title
    return first, second if second != first else f"{second} (the same)"


def _stages(a: Trace, b: Trace) -> list[dict[str, Any]]:
    """For each resolution at which either has a stage's output, a row for each of the two."""
    both = levels(a), levels(b)
    rows = []
    for reduction in sorted({r for found in both for r, level in found.items() if level.stages}):
        for title, found in zip(_titles(a, b), both, strict=True):
            level = found.get(reduction)
            row: dict[str, Any] = {"side": f"1/{reduction}", "network": title, "stages": "none"}
            if level is not None and level.stages:
                row |= {
                    "stages": ", ".join(s.path for s in level.stages),
                    "output": shape_text(level.stages[-1].out_shape),
                    "parameters": thousands(level.params),
                    "MACs": thousands(level.macs),
                    "activations": bytes_text(level.activation_bytes),
                    "receptive field": f"{level.node.receptive_field[0]} px",
                }
            rows.append(row)
    return rows
