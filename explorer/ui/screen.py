"""The one screen of every architecture: the strip above, stage and block diagrams left, maps right, one selection.

Everything that a click changes is drawn in one fragment, so that a click runs nothing else again.
"""

from __future__ import annotations

import math
from functools import partial
from typing import get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.analysis.text import pair_text, si
from explorer.analysis.trace import Node, Trace
from explorer.analysis.words import WORDS
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Family, Variant
from explorer.diagrams import Format, Zoom
from explorer.runtime.activations import Activations
from explorer.runtime.device import kind_of
from explorer.runtime.run import Run
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import cache
from explorer.ui.components.diagram import ColourBy, clicked, diagram, link
from explorer.ui.components.feature_maps import model_input
from explorer.ui.controls import segments, select
from explorer.ui.link import Control, choice, link_to, publish, rerun_page
from explorer.ui.section import Section
from explorer.ui.selection import SCREEN, selected
from explorer.ui.selection import select as select_node

COLOURS: dict[ColourBy, str] = {"kind": "Kind", "macs": "MACs", "params": "Parameters", "memory": "Memory"}
COLOUR = choice("colour", "Colour the nodes by", COLOURS)
BLOCKS = "blocks"
OPERATIONS = "operations"
DIAGRAMS = choice("diagrams", "Diagrams", {BLOCKS: "Blocks", OPERATIONS: "All operations"})
DIAGRAMS_HEIGHT_PX = 540
COLUMN_WIDTH_PX = 540  # of a diagram, on a 1440 px screen
GAP_PX = 8  # between the stage's diagram and the block's
METRIC_HEIGHT_PX = 32  # of the scale under a diagram that is coloured by a metric
MIN_SCALE = 0.875  # of a diagram
MIN_SHOWN_PROBABILITY = 0.001  # smaller ones are summed up in words


MAC_HELP = WORDS["MAC"]


def variant_control(family: Family) -> Control:
    """Which of the family's networks is shown."""
    return choice("variant", "Variant", {v.name: v.label for v in family.variants}, family.default)


def instrument_control(instruments: tuple[Section, ...]) -> Control:
    """What stands beside the diagrams."""
    return choice("instrument", "Beside the diagrams", {i.name: i.title for i in instruments})


def header(family: Family, variant: Variant) -> None:
    """Title, idea and key figures of the chosen variant, from the trace, and how its screen is drawn.

    No fragment: no click in a diagram changes it.
    """
    t = cache.trace(variant.name)
    title, controls = st.columns(2, vertical_alignment="bottom", gap="medium")
    with title:
        st.title(f"{variant.title} ({variant.year})" if variant.year else variant.title, anchor=False)
        st.markdown(
            f"{family.idea}  \n**{si(t.inference_params)}** parameters · **{si(t.inference_macs)}** MACs · "
            f"**{t.depth}** weight layers · input {t.input_size[1]} × {t.input_size[2]}",
            help=f"{family.authors}. {MAC_HELP} Weight layers are those on the longest path.",
        )
    with controls:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            select(variant_control(family), label_visibility="collapsed", on_change=rerun_page)
            _download(variant.name)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            segments(COLOUR, label_visibility="collapsed", on_change=_redraw)
            segments(DIAGRAMS, label_visibility="collapsed", on_change=_redraw)


def _redraw() -> None:
    st.rerun(SCREEN)


@st.fragment(key=SCREEN)
def screen(run: Run, instruments: tuple[Section, ...]) -> None:
    """Diagrams and maps of a run: everything that a click changes, in one window."""
    name = run.variant
    trace, variant = cache.trace(name), variant_called(name)
    node = selected(trace)
    diagram(
        cache.diagram(name, "network"),
        group=name,
        key=f"{name}-network",
        label=f"Stages of {variant.title}",
        colour_by=COLOUR.value,
        legend=sorted({n.kind for n in trace.nodes}),
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _diagrams(trace, node)
    with right:
        _beside_diagrams(trace, node, run, instruments)
    key = f"{name}-link"
    link(
        group=name,
        key=key,
        node=node.name,
        block=node.block,
        stage=node.stage,
        on_node_change=partial(_select_clicked, trace, key),
    )
    publish()


def _select_clicked(trace: Trace, key: str) -> None:
    clicked_node = clicked(key)
    if clicked_node in {n.name for n in trace.nodes}:  # a browser can send anything
        select_node(str(clicked_node))


@st.fragment
def _download(name: str) -> None:
    """Files of the diagrams about the selected operation, once they are asked for."""
    with st.popover("Download", key="download", on_change="rerun") as box:
        if not box.open:
            return
        trace = cache.trace(name)
        node = selected(trace)
        zoom = st.selectbox("Diagram", get_args(Zoom), key="download-zoom")
        drawing = cache.diagram(trace.variant, zoom, _part(zoom, node))
        with st.container(horizontal=True):
            for fmt in get_args(Format):
                st.download_button(
                    fmt.upper(),
                    partial(drawing.render, fmt, node.name),
                    f"{trace.variant}-{zoom}.{fmt}",
                    on_click="ignore",
                    key=f"download-{fmt}",
                )


def _part(zoom: str, node: Node) -> str | None:
    """What a diagram at that zoom shows: the node's stage, its block, or everything."""
    return {"stage": node.stage or None, "block": node.block or None}.get(zoom)


def _diagrams(trace: Trace, node: Node) -> None:
    name, colour_by = trace.variant, COLOUR.value
    if DIAGRAMS.value == OPERATIONS:
        diagram(
            cache.diagram(name, "operations"),
            group=name,
            key=f"{name}-operations",
            zoomable=True,
            label=f"All operations of {name}",
            colour_by=colour_by,
            legend=False,
            height=DIAGRAMS_HEIGHT_PX,
        )
        return
    shown = node if node.stage else trace.node(trace.stages[0].output)  # the input belongs to no stage
    stage, block = trace.stage(shown.stage), trace.block(shown.block)
    block_drawing = cache.diagram(name, "block", block.path)
    height = DIAGRAMS_HEIGHT_PX
    if len(stage.blocks) > 1:
        drawing = cache.diagram(name, "stage", stage.path)
        own_width, own_height = drawing.size
        scale_height = METRIC_HEIGHT_PX if colour_by != "kind" else 0
        room = height - GAP_PX - 2 * scale_height - MIN_SCALE * block_drawing.size[1]
        scale = max(MIN_SCALE, min(1, COLUMN_WIDTH_PX / own_width, room / own_height))
        stage_height = math.ceil(own_height * scale) + scale_height
        diagram(
            drawing,
            group=name,
            key=f"{name}-stage",
            colour_by=colour_by,
            label=f"Blocks of {stage.path}",
            legend=False,
            height=stage_height,
        )
        height -= stage_height + GAP_PX
    diagram(
        block_drawing,
        group=name,
        key=f"{name}-block",
        colour_by=colour_by,
        label=f"Operations of {block.path}",
        legend=False,
        height=height,
    )


def _beside_diagrams(trace: Trace, node: Node, run: Run, instruments: tuple[Section, ...]) -> None:
    """An instrument on the selected operation; below it what went in and what came out."""
    published, node = node.out_shape[0], cache.running_trace(run).node(node.name)
    channels = node.out_shape[0]
    what = f"{channels:,} values"
    if node.out_shape[1:] not in ((), (1, 1)):
        what = f"{channels:,} {'map' if channels == 1 else 'maps'} of {pair_text(node.out_shape[1:])}"
    # "relu6 · ReLU6" says nothing twice, and would wrap.
    kind = "" if node.kind == "input" or node.name.endswith(node.type.lower()) else f"{node.type} · "
    title, switch = st.columns([7, 4], vertical_alignment="center", gap=None)
    with title:
        narrow = "" if channels == published else f" (paper: {published:,})"
        st.markdown(f"**{node.name}** · {kind}{what}{narrow}")
    with switch, st.container(horizontal=True, horizontal_alignment="right"):
        chosen = segments(instrument_control(instruments), label_visibility="collapsed")
    next(i for i in instruments if i.name == chosen).show(run)
    with input_and_result(run, group=run.variant, key=f"{run.variant}-input"):
        if node.type == "Conv2d":
            with st.container(key="cost-of-node"):
                st.page_link(
                    "../pages/convolution.py",
                    label="Cost of this convolution →",
                    query_params=link_to(**{"cost.from": f"{run.variant}:{node.name}", "section": "calculator"}),
                )


def input_and_result(run: Run, *, group: str, key: str) -> DeltaGenerator:
    """What went into the network, and beside it what came out; returns the place of the latter, for more."""
    seen, facts = st.columns([1, 4], gap="small", vertical_alignment="center")
    with seen:
        size = pair_text(cache.trace(run.variant).input_size[1:])
        model_input(cache.input_png(run), group=group, caption=f"Input {size}", key=key)
    with facts:
        result(run)
    return facts


def result(run: Run) -> None:
    """Which network ran, where, how long, and what it takes the picture for; an untrained one knows no classes."""
    activations, title = cache.activations(run), run.picture.title
    how = f"{activations.milliseconds:.0f} ms on the {kind_of(activations.device)}. {activations.note or ''}"
    if not activations.network.trained:
        st.markdown(
            f"**Untrained network**: random weights, seeded. {title}, {how}",
            help="The maps show what the wiring does to a picture, not what a trained network sees. "
            "Class probabilities would mean nothing, so none are shown.",
        )
        return
    network = activations.network
    knows = f"Best matches among its {len(network.classes)} classes: " if network.weights == BUNDLED else ""
    st.markdown(f"**{network.description}**. {title}, {how}  \n{knows}{_top(activations)}")


def _top(activations: Activations) -> str:
    shown = [p for p in activations.top() if p.probability >= MIN_SHOWN_PROBABILITY]
    text = " · ".join(f"**{p.label}** {p.probability:.1%}" for p in shown)
    return text if len(shown) > 1 else f"{text} · all others below {MIN_SHOWN_PROBABILITY:.1%}"
