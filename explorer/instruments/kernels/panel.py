"""The kernels of the selected operation, beside the diagrams in place of its maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
import streamlit as st

from explorer.analysis.text import pair_text, thousands
from explorer.analysis.trace import Node, Trace
from explorer.instruments.kernels.compute import TYPES, Kernels, feeding, kernels, matrix_png, message, rgb_kernels
from explorer.instruments.maps.panel import channel_control
from explorer.runtime import colormaps
from explorer.runtime.colormaps import ByteArray
from explorer.runtime.maps import Message, Order
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.components.feature_maps import MapView, feature_maps
from explorer.ui.controls import number_box, reports, segments
from explorer.ui.edits import silence
from explorer.ui.link import Control, choice, number, revision
from explorer.ui.map_images import colour_line, data_uri, small_pictures
from explorer.ui.section import Section
from explorer.ui.selection import select, selected

ALL = "all"
ONE = "one"
MAX_SOURCES = 4  # buttons to the operations that feed one without kernels
MAX_PAGE = 999  # larger than any kernel has
MATRIX_REM = 12  # a matrix' height where the room has none, as on a phone
TILE_REM = 3.25  # a small picture's side: room for a number of three digits under it
MOST_DRAWN_SQUARE = 160  # rows or columns of a matrix: more would lose some in the smallest room, and are blended
SHARED = MapView(colouring="diverging", scale="shared")
UNTRAINED = "**Untrained: random.**"
LEGEND_WIDTH_REM = 18
RGB_HELP = "The red of a pixel is its weight for red, and so on: black where all three are least, grey for 0."
GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


SHOWN = choice("kernels.shown", "Which kernels", {ALL: "All kernels", ONE: "One kernel"})
ORDER = choice("kernels.order", "Order of the inputs", get_args(Order), "index")


def page_control() -> Control:
    """The page of inputs that is shown."""
    return number("kernels.page", "Page of inputs", 0, MAX_PAGE, 0)


def controls(run: Run) -> Sequence[Control]:
    """Which kernels are shown, and in which order; the output channel is that of the selected map."""
    return SHOWN, ORDER, page_control()


def show(run: Run) -> None:
    """The kernels of the selected operation."""
    trace = cache.trace(run.variant)
    node = selected(trace)
    if node.type not in TYPES:
        _kernels_before(trace, node)
        return
    network = cache.network(run)
    k = kernels(network, node.name)
    output = None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not _all_of(k):
            channel = channel_control(run)
            output = number_box(
                channel, label=f"Output channel, 0 to {k.outputs - 1}", width=140, label_visibility="collapsed"
            )
            output = output or 0
            st.markdown(f"Output channel, 0 to {k.outputs - 1}")
            st.button("Silence it", key="kernels-silence", on_click=silence, args=(run, node.name, output))
    meaning = _meaning(k, output) + ("" if network.trained else f" {UNTRAINED}")
    if output is None and k.overview == "rgb":
        st.markdown(meaning, help=RGB_HELP)
        _small_kernels(k)
    elif output is None and k.overview == "matrix":
        _matrix(k, meaning)
    else:
        st.markdown(meaning)
        key, page = f"kernels-{revision()}", page_control()
        feature_maps(
            _message(run, node.name, output, ORDER.value, page.value),
            key=key,
            view=replace(SHARED, order=ORDER.value, page=page.value),
            on_view_change=reports(key, order=ORDER, page=page),
        )


def _all_of(k: Kernels) -> bool:
    """Whether all kernels are shown in one picture, as far as that is possible."""
    if k.overview in (None, "filters"):
        return k.overview is not None
    return bool(segments(SHOWN, label_visibility="collapsed") == ALL)


def _meaning(k: Kernels, output: int | None) -> str:
    size, inputs = pair_text(k.size), thousands(k.inputs)
    total = f"{thousands(k.count)} weights."
    if output is None:
        if k.overview == "matrix":
            return f"A row for each of {thousands(k.outputs)} outputs, a column for each input: {total}"
        if k.overview == "rgb":
            return f"{k.outputs} kernels of {size}, each over red, green and blue: {total}"
        if k.inputs == 1:
            return f"{k.outputs} kernels of {size} over the one input channel: {total}"
        return f"One {size} kernel a channel, which sees no other: {total}"
    read = k.sources[output]
    which = f"all {inputs} inputs" if len(read) == k.inputs else f"{len(read)} of {inputs} inputs"
    each = "a weight" if k.size == (1, 1) else f"{size} weights"
    return f"The kernel of output {output}: {each} for each input. It reads {which}."


def _kernels_before(trace: Trace, node: Node) -> None:
    """That an operation has no kernels, and a button for each of those whose outputs it reads."""
    name = "The input" if node.kind == "input" else node.type
    before = feeding(trace, node)
    hint = "Its input comes from:" if before else "Select a convolution or a linear layer."
    st.markdown(f"{name} has no kernels. {hint}")
    for found in before[:MAX_SOURCES]:
        st.button(
            f"Kernels of {found.name}",
            key=f"kernels-of-{found.name}",
            type="tertiary",
            on_click=select,
            args=(found.name,),
        )
    if len(before) > MAX_SOURCES:
        st.markdown(f"and {len(before) - MAX_SOURCES} more.")


# ---- pictures ----------------------------------------------------------------------------------------------


@cache.kept(key=lambda run, *more: (run.variant, run.weights, run.device, *more))
def _message(run: Run, node: str, output: int | None, order: Order, page: int) -> Message:
    return message(kernels(cache.network(run), node), output, node, order, page)


def _small_kernels(k: Kernels) -> None:
    """A small colour picture of each; grey is where the three weights are equal."""
    colours, reach = rgb_kernels(np.stack(k.filters))
    pictures = small_pictures(colours, [f"#{number}" for number in range(len(colours))], "Kernel", TILE_REM)
    _fill(f'<div style="min-height:0;overflow-y:auto">{pictures}</div>', GREYS, reach)


def _matrix(k: Kernels, meaning: str) -> None:
    """Outputs down, inputs across."""
    picture, block = matrix_png(k.matrix(), k.reach)
    blended = f" A pixel shows the strongest of {pair_text(block)}." if max(block) > 1 else ""
    st.markdown(meaning + blended)
    drawn = "pixelated" if max(k.outputs, k.inputs) <= MOST_DRAWN_SQUARE else "auto"
    _fill(
        f'<div style="position:relative;flex:1 1 {MATRIX_REM}rem;min-height:0">'
        f'<img src="{data_uri(picture)}" alt="Weights, {k.outputs} outputs by {k.inputs} inputs" style="position:'
        "absolute;width:100%;height:100%;object-fit:contain;object-position:left top;"
        f'image-rendering:{drawn}"></div>',
        colormaps.DIVERGING,
        k.reach,
    )


def _fill(pictures: str, colours: ByteArray, reach: float) -> None:
    """Pictures with their legend, in the room that there is."""
    legend = colour_line(colours, f"−{reach:.3g}", f"{reach:.3g}", LEGEND_WIDTH_REM)
    st.html(f'<div style="display:flex;flex-direction:column;gap:.375rem;height:100%">{pictures}{legend}</div>')


KERNELS = Section("kernels", "Kernels", show, controls, follows=True)
