"""The one screen of every architecture: the strip above, stage and block diagrams left, maps right, one selection.

Everything that a click changes is drawn in one fragment, so that a click runs nothing else again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.analysis.text import pair_text
from explorer.analysis.trace import Node, Trace, UnknownNode
from explorer.architectures.family import Family, Variant
from explorer.diagrams import Format, Zoom
from explorer.instruments.kernels import panel as kernels
from explorer.runtime.activations import Activations
from explorer.runtime.device import kind_of
from explorer.runtime.maps import channels_per_page
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import below, cache
from explorer.ui.components.diagram import ColourBy, clicked, diagram, link
from explorer.ui.components.feature_maps import MapView, accepted, current_view, feature_maps, model_input
from explorer.ui.link import asked, followed, fresh, keep, seed
from explorer.ui.sidebar import Settings, run_of, settings, weights_box, weights_in_link

COLOUR_BY: dict[ColourBy, str] = {"kind": "Kind", "macs": "MACs", "params": "Parameters", "memory": "Memory"}
PANELS = {"maps": "Maps", "kernels": "Kernels"}
LINKED, OPERATIONS = "Blocks", "All operations"
# Parameter of the link -> field of the maps' view.
LINK_PARAMETERS = {"channel": "channel", "maps": "colouring", "scale": "scale", "order": "order", "page": "page"}
DIAGRAMS_HEIGHT, MAPS_HEIGHT = 540, 388
OPENED = "page-opened"  # in the session: the family whose page was drawn last
# Seconds between the screen and the many charts below it, for the browser to draw the maps: together they took 5.3 s
# until the maps were seen, with the pause 2.4 s.
PAUSE = 0.8
BEHIND = "below-behind"  # in the session: whether what stands below the screen shows another selection
LEAST = 0.001  # a probability that is worth a name
VIEW = "maps-view"  # in the session: the maps' component, and how they were looked at last
GAP, METRIC_HEIGHT = 8, 32  # between the stage's diagram and the block's; of the scale of a metric
COLUMN_WIDTH, LEAST_SCALE = 540, 0.875  # of a diagram, on a 1440 px screen


def current_variant(family: Family) -> Variant:
    """The family's variant that was chosen, or that the link names; a sentence where the link's does not exist."""
    names = [v.name for v in family.variants]
    chosen = family.variant(seed("variant", names, family.default, f"variant of {family.title}"))
    weights_box(chosen.name)
    st.session_state[BEHIND] = False
    return chosen


@st.fragment
def screen(family: Family, variant: Variant, *followers: Callable[[Trace, Node], bool]) -> None:
    """Header, diagrams and maps of a variant: everything that a lecturer points at, in one window.

    Each of the `followers` is told the selection, and says whether what stands below the screen has to be drawn anew
    for it: then a button offers to.
    """
    name = variant.name
    trace = cache.trace(name)
    node = _selected(trace)
    answers = [follow(trace, node) for follow in followers]  # a list: all are told, not only the first that moves
    moved = any(answers)
    title, controls = st.columns(2, vertical_alignment="bottom", gap="medium")
    with title:
        below.header(family, variant)
    with controls:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if _variant_box(family) != name:
                st.rerun()  # the panels below the screen follow
            _download(trace, node)
        zoomed_out = _controls()
    diagram(
        cache.diagram(name, "network"), group=name, key=f"{name}-network", label=f"Stages of {variant.title}",
        colour_by=st.session_state["colour"], legend=sorted({n.kind for n in trace.nodes}),
    )  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        _diagrams(trace, node, zoomed_out)
    with right:
        view = _beside_diagrams(trace, node, settings())
    shown = {"variant": name, "node": node.name, "colour": st.session_state["colour"], "sample": settings().sample}
    if st.session_state["panel"] != "maps":
        shown["panel"] = st.session_state["panel"]
    keep(**shown, weights=weights_in_link(name), **_view_for_link(view))
    link(group=name, key=f"{name}-link", node=node.name, block=node.block, stage=node.stage)
    state = st.session_state
    # Not at once: thirty viewers who click through a diagram would draw thirty whole pages at each click.
    state[BEHIND] = state[BEHIND] or (moved and clicked(f"{name}-link") is not None)
    if state[BEHIND] and st.button("Show the selection below, too", key="show-below"):
        st.rerun()
    if state.get(OPENED) != family.name:
        state[OPENED] = family.name
        time.sleep(PAUSE)


def _variant_box(family: Family) -> str:
    variants = {v.name: v for v in family.variants}
    chosen: str = st.selectbox(
        "Variant", variants, key="variant",
        format_func=lambda n: variants[n].title + (f" ({variants[n].note})" if variants[n].note else ""),
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    return chosen


def _selected(trace: Trace) -> Node:
    """The node of this run: clicked just now, or the link's, or as before; else of the second stage's first block."""
    state, wish = st.session_state, asked("node")
    chosen = clicked(f"{trace.variant}-link") or wish or state.get("node", "")
    try:
        node = trace.resolve(chosen)
    except UnknownNode as error:
        node = trace.node(trace.stages[min(1, len(trace.stages) - 1)].blocks[0].output)
        if chosen == wish:  # not merely a node of the variant that was shown before
            st.warning(f"{error} {node.name} is shown.")
    state["node"] = node.name
    return node


def _controls() -> bool:
    """What colours mean, and linked diagrams or the whole graph; True for the whole graph."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        seed("colour", COLOUR_BY, "kind", "colouring")
        st.segmented_control(
            "Colour the nodes by", COLOUR_BY, key="colour", required=True, format_func=COLOUR_BY.__getitem__,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
        view = st.segmented_control(
            "Diagrams", (LINKED, OPERATIONS), key="view", default=LINKED, required=True, label_visibility="collapsed"
        )
    return view == OPERATIONS


def _download(trace: Trace, node: Node) -> None:
    with st.popover("Download"):
        zoom = st.selectbox("Diagram", get_args(Zoom), key="download-zoom")
        drawing = cache.diagram(trace.variant, zoom, _part(zoom, node))
        with st.container(horizontal=True):
            for fmt in get_args(Format):
                st.download_button(
                    fmt.upper(), partial(drawing.render, fmt, node.name), f"{trace.variant}-{zoom}.{fmt}",
                    on_click="ignore", key=f"download-{fmt}",
                )  # fmt: skip


def _part(zoom: str, node: Node) -> str | None:
    """What a diagram at that zoom shows: the node's stage, its block, or everything."""
    return {"stage": node.stage or None, "block": node.block or None}.get(zoom)


def _diagrams(trace: Trace, node: Node, zoomed_out: bool) -> None:
    name, colour_by = trace.variant, st.session_state["colour"]
    if zoomed_out:
        diagram(
            cache.diagram(name, "operations"), group=name, key=f"{name}-operations", zoomable=True,
            label=f"All operations of {name}", colour_by=colour_by, legend=False, height=DIAGRAMS_HEIGHT,
        )  # fmt: skip
        return
    shown = node if node.stage else trace.node(trace.stages[0].output)  # the input belongs to no stage
    stage, block = trace.stage(shown.stage), trace.block(shown.block)
    block_drawing = cache.diagram(name, "block", block.path)
    height = DIAGRAMS_HEIGHT
    if len(stage.blocks) > 1:
        drawing = cache.diagram(name, "stage", stage.path)
        own_width, own_height = drawing.size
        scale_height = METRIC_HEIGHT if colour_by != "kind" else 0
        room = height - GAP - 2 * scale_height - LEAST_SCALE * block_drawing.size[1]
        scale = max(LEAST_SCALE, min(1, COLUMN_WIDTH / own_width, room / own_height))
        stage_height = math.ceil(own_height * scale) + scale_height
        diagram(
            drawing, group=name, key=f"{name}-stage", colour_by=colour_by,
            label=f"Blocks of {stage.path}", legend=False, height=stage_height,
        )  # fmt: skip
        height -= stage_height + GAP
    diagram(
        block_drawing, group=name, key=f"{name}-block", colour_by=colour_by,
        label=f"Operations of {block.path}", legend=False, height=height,
    )  # fmt: skip


def _beside_diagrams(trace: Trace, node: Node, chosen: Settings) -> MapView:
    """The maps of the selected operation, or its kernels; below them what went in and what came out."""
    name, key, state = trace.variant, f"maps-{followed()}", st.session_state
    arguments = run_of(name)
    published, node = node.out_shape[0], cache.ran(*arguments[:2]).node(node.name)
    channels = node.out_shape[0]
    # While the kernels are shown, the component forgets how the maps were looked at.
    view = current_view(key, state[VIEW][1] if state.get(VIEW, ("",))[0] == key else _view_in_link(node))
    what = f"{channels:,} values"
    if node.out_shape[1:] not in ((), (1, 1)):
        what = f"{channels:,} {'map' if channels == 1 else 'maps'} of {pair_text(node.out_shape[1:])}"
    # "relu6 · ReLU6" says nothing twice, and would wrap.
    kind = "" if node.kind == "input" or node.name.endswith(node.type.lower()) else f"{node.type} · "
    title, switch = st.columns([8, 3], vertical_alignment="center", gap=None)
    with title:
        narrow = "" if channels == published else f" (paper: {published:,})"
        st.markdown(f"**{node.name}** · {kind}{what}{narrow}")
    with switch, st.container(horizontal=True, horizontal_alignment="right"):
        panel = _panel_box()
    if panel == "kernels":
        view = replace(view, channel=kernels.panel(trace, node, view.channel, MAPS_HEIGHT))
    else:
        message = cache.maps_message(*arguments, node.name, view.order, view.page, MAPS_HEIGHT)
        feature_maps(message, key=key, initial=view)
    state[VIEW] = key, view
    with input_and_result(trace, group=name, key=f"{name}-input"):
        if node.type == "Conv2d":
            link_there = {"from": f"{name}:{node.name}"} | ({"sample": chosen.sample} if chosen.sample else {})
            with st.container(key="cost-of-node"):
                st.page_link("../pages/convolution.py", label="Cost of this convolution →", query_params=link_there)
    return view


def _panel_box() -> str:
    if fresh() and not asked("panel"):
        st.session_state["panel"] = "maps"
    seed("panel", PANELS, "maps", "panel")
    st.segmented_control(
        "Beside the diagrams", PANELS, key="panel", required=True, format_func=PANELS.__getitem__,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    return str(st.session_state["panel"])


def input_and_result(trace: Trace, *, group: str, key: str) -> DeltaGenerator:
    """What went into the network, and beside it what came out; returns the place of the latter, for more."""
    arguments, chosen = run_of(trace.variant), settings()
    seen, facts = st.columns([1, 4], gap="small", vertical_alignment="center")
    with seen:
        picture = cache.input_png(*arguments[:2], chosen.image)
        model_input(picture, group=group, caption=f"Input {pair_text(trace.input_size[1:])}", key=key)
    with facts:
        result(cache.activations(*arguments), chosen)
    return facts


def result(activations: Activations, chosen: Settings) -> None:
    """Which network ran, where, how long, and what it takes the picture for; an untrained one knows no classes."""
    ran = f"{activations.milliseconds:.0f} ms on the {kind_of(activations.device)}. {activations.note or ''}"
    if not activations.network.trained:
        st.markdown(
            f"**Untrained network**: random weights, seeded. {chosen.image_title}, {ran}",
            help="The maps show what the wiring does to a picture, not what a trained network sees. "
            "Class probabilities would mean nothing, so none are shown.",
        )
        return
    network = activations.network
    knows = ""
    if network.weights == BUNDLED:
        knows = f"Closest of the {len(network.classes)} classes this network knows: "
    first, *others = (f"**{p.label}** {p.probability:.1%}" for p in activations.top() if p.probability >= LEAST)
    top = " · ".join((first, *others) if others else (first, f"each other below {LEAST:.1%}"))
    st.markdown(f"**{network.made}**. {chosen.image_title}, {ran}  \n{knows}{top}")


def _view_in_link(node: Node) -> MapView:
    """What the link says of the maps; where a person's link asks for what does not exist, a sentence names it."""
    wishes: dict[str, object] = {}
    for parameter, field in LINK_PARAMETERS.items():
        if parameter in st.query_params:
            text = st.query_params[parameter]
            wishes[field] = int(text) if text.isdecimal() and len(text) < 10 else text
    view = accepted(MapView(), wishes)
    channel = view.channel
    if asked("channel") and channel is not None:
        if channel >= node.out_shape[0]:
            view = replace(view, channel=None)
        elif not asked("page") and view.order == "index":  # typed by hand: turn to the page that shows it
            height, width = (*node.out_shape[1:], 1, 1)[:2]
            view = replace(view, page=channel // channels_per_page(height, width))
    for parameter, field in LINK_PARAMETERS.items():
        if asked(parameter) and getattr(view, field) != wishes[field]:
            st.warning(f"The link asks for {parameter} {asked(parameter)}, which does not exist.")
    return view


def _view_for_link(view: MapView) -> dict[str, str | int | None]:
    standard = MapView()
    differing = {p: f for p, f in LINK_PARAMETERS.items() if getattr(view, f) != getattr(standard, f)}
    return {parameter: getattr(view, field) for parameter, field in differing.items()}
