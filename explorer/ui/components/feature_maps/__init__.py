"""The component that shows feature maps, and the one that shows the model input under them.

Maps are large, so they are sent once: colouring, scale, selection and the enlarged map are the browser's and
only reported. What a link asks for is part of a message, hence remembered when the component is mounted: if
each report came back inside the message, each would send all maps again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import streamlit as st

from explorer.runtime.colormaps import Colouring
from explorer.runtime.maps import Order, pack, unpack
from explorer.runtime.png import Scale
from explorer.ui.components import source

_CSS = source("feature_maps.css")
_MAPS = st.components.v2.component(
    "cnn_explorer.feature_maps",
    css=_CSS,
    js=source("maps_common.js", "feature_maps.js", "feature_maps_enlarged.js", "feature_maps_bars.js"),
)
_INPUT = st.components.v2.component("cnn_explorer.model_input", css=_CSS, js=source("maps_common.js", "model_input.js"))


@dataclass(frozen=True)
class MapView:
    """How the maps are looked at: reported by the browser, and what a link asks for."""

    channel: int | None = None  # selected
    enlarged: bool = False  # the selected map, over the model input
    colouring: Colouring = "auto"
    scale: Scale = "map"
    order: Order = "index"  # wished for; the server sends the channels
    page: int = 0  # wished for, from 0


def feature_maps(payload: bytes, *, key: str, view: MapView, on_view_change: Callable[[], None]) -> None:
    """Show the maps or the vector of one message of `explorer.runtime.maps.encode_page`.

    Args:
        payload: with `group` in its header, an enlarged map lies over that group's `model_input`.
        key: keeps the view while the maps change.
        view: how they are looked at when the component is mounted. Later ones are ignored: a report that came back
            would send all maps again. Order and page are those of the payload.
        on_view_change: called before the run that a change of view causes; `st.session_state[key]["view"]` then
            holds fields of `MapView`, of any type and value.
    """
    state = st.session_state
    mounted = f"{key}-initial"
    if not (state.get(key) or {}).get("view"):
        state[mounted] = view
    header, body = unpack(payload)
    message = pack({**header, "view": asdict(state.get(mounted, view))}, body)
    _MAPS(key=key, data=message, on_view_change=on_view_change)


def model_input(png: bytes, *, group: str, caption: str, key: str) -> None:
    """Show the exact model input, and lay it under the enlarged maps of `group`.

    Args:
        png: the picture in the model's resolution.
        group: as in the header of the maps.
        caption: shown below and read aloud, e.g. "Model input, 224 × 224".
        key: identity of this component.
    """
    _INPUT(key=key, data=pack({"group": group, "caption": caption}, png))
