"""The kernels of the selected operation, beside the diagrams in place of its maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from explorer.analysis.text import pair_text, thousands
from explorer.analysis.trace import Node, Trace
from explorer.architectures import family_of
from explorer.instruments.kernels.compute import TYPES, Kernels, feeding, kernels, matrix_png, message, rgb_kernels
from explorer.runtime import colormaps
from explorer.runtime.colormaps import ByteArray
from explorer.runtime.maps import Order
from explorer.ui import cache
from explorer.ui.components.feature_maps import MapView, current_view, feature_maps
from explorer.ui.link import followed
from explorer.ui.pictures import colour_bar, data_uri, figure, wrapped
from explorer.ui.sidebar import settings, weights_for, weights_in_link

ALL, ONE = "All kernels", "One kernel"
WAYS_BACK = 4  # to the operations that feed one without kernels
CONTROLS, TEXT, LEGEND = 48, 56, 60  # heights in pixels, as the pictures leave them
TILE = 52  # pixels of a small picture's side: room for a number of three digits under it
LEAST_SIDE = 24  # pixels of a matrix with few rows or columns
SHARED = MapView(colouring="diverging", scale="shared")
UNTRAINED = "**Untrained: random.**"
BAR = 260  # pixels: of a legend
GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def panel(trace: Trace, node: Node, channel: int | None, height: int) -> int | None:
    """Draw the kernels of `node` in about `height` pixels.

    Returns the output channel: `channel`, which is that of the chosen map, or another that was chosen here.
    """
    if node.type not in TYPES:
        _ways_back(trace, node)
        return channel
    arguments = (trace.variant, weights_for(trace.variant), settings().device)
    network = cache.network(*arguments)
    k = kernels(network, node.name)
    output = None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not _all_of(k):
            channel = _output(k, f"{trace.variant}-{node.name}", channel)
            output = channel or 0
    st.markdown(_meaning(k, output) + ("" if network.trained else f" {UNTRAINED}"))
    room = height - TEXT - (CONTROLS if k.overview != "filters" else 0)
    if output is None and k.overview == "rgb":
        colours, reach = rgb_kernels(np.stack(k.filters))
        tiles(colours, [f"#{number}" for number in range(len(colours))], room - LEGEND)
        grey_legend(reach)
    elif output is None and k.overview == "matrix":
        _matrix(k, room - LEGEND)
    else:
        key = f"kernels-{followed()}"
        view = current_view(key, SHARED)
        feature_maps(_message(*arguments, node.name, output, room, view.order, view.page), key=key, initial=view)
    return channel


def _all_of(k: Kernels) -> bool:
    """Whether all kernels are shown in one picture, as far as that is possible."""
    if k.overview in (None, "filters"):
        return k.overview is not None
    shown = st.segmented_control(
        "Which kernels", (ALL, ONE), key="kernels-shown", default=ALL, required=True, label_visibility="collapsed",
        persist_state="session",
    )  # fmt: skip
    return shown == ALL


def _output(k: Kernels, key: str, channel: int | None) -> int | None:
    """The output channel whose kernel is shown: first that of the chosen map."""
    before = channel if channel is not None and channel < k.outputs else 0
    last = k.outputs - 1
    chosen = st.number_input(
        f"Output channel, 0 to {last}", 0, last, before, key=f"kernel-{key}-{followed()}", width=140,
        label_visibility="collapsed",
    )  # fmt: skip
    st.markdown(f"Output channel, 0 to {last}")
    return channel if chosen == before else chosen


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


def _ways_back(trace: Trace, node: Node) -> None:
    """That an operation has no kernels, and which ones feed it."""
    name = "The input" if node.kind == "input" else node.type
    before = feeding(trace, node)
    came = "It works on what these compute:" if before else "Select a convolution or a linear layer."
    st.markdown(f"{name} has no kernels. {came}")
    family, name = family_of(trace.variant), trace.variant
    # As complete as the page writes it: a link that it has to complete would be a step that Back cannot pass.
    now = {"variant": name, "colour": st.session_state["colour"], "panel": "kernels"}
    now |= {"sample": sample} if (sample := settings().sample) else {}
    now |= {"weights": weights} if (weights := weights_in_link(name)) else {}
    with st.container(key="cost-kernels"):
        for found in before[:WAYS_BACK]:
            st.page_link(
                f"../pages/{family.name}.py", label=f"Kernels of {found.name}", query_params={**now, "node": found.name}
            )
    if len(before) > WAYS_BACK:
        st.markdown(f"and {len(before) - WAYS_BACK} more.")


# ---- pictures ----------------------------------------------------------------------------------------------


@cache.bounded(16)
def _message(
    name: str, weights: str, device: str, node: str, output: int | None, height: int, order: Order, page: int
) -> bytes:
    return message(kernels(cache.network(name, weights, device), node), output, node, height, order, page)


def tiles(pictures: ByteArray, captions: Sequence[str], height: int) -> None:
    """Small colour pictures, (K, H, W, 3), enlarged to squares with a caption each; what is higher scrolls."""
    figures = [
        figure(Image.fromarray(picture), TILE, f"Kernel {caption}", caption)
        for picture, caption in zip(pictures, captions, strict=True)
    ]
    st.html(wrapped(figures, "6px 8px", f"max-height:{height}px;overflow-y:auto"))


def grey_legend(reach: float) -> None:
    """What the colours of `rgb_kernels` mean: grey where the three weights are equal."""
    st.html(colour_bar(GREYS, _ends(reach), BAR))
    st.caption("The red of a pixel is its weight for red, and so on: black where all three are least, grey for 0.")


def _ends(reach: float) -> tuple[str, str, str]:
    return f"−{reach:.3g}", "0", f"{reach:.3g}"


def _matrix(k: Kernels, height: int) -> None:
    """Outputs down, inputs across."""
    matrix = k.matrix()
    picture, block = matrix_png(matrix, k.reach)
    outputs, inputs = matrix.shape
    width = max(2 * LEAST_SIDE, height * inputs // outputs)
    style = f"display:block;width:{width}px;max-width:100%;min-height:{LEAST_SIDE}px;max-height:{height}px"
    drawn = "pixelated" if inputs <= width and outputs <= height else "auto"
    st.html(
        f'<img src="{data_uri(picture)}" alt="Weights, {outputs} outputs by {inputs} inputs" '
        f'style="{style};image-rendering:{drawn}">'
    )
    st.html(colour_bar(colormaps.DIVERGING, _ends(k.reach), BAR))
    if max(block) > 1:
        st.caption(f"A pixel shows the strongest of {pair_text(block)} weights.")
