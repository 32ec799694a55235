"""The component that shows feature maps, and the one that shows the model input under them.

Maps are large, so they are sent once: colouring, scale, selection and the enlarged map are the browser's and
only reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from explorer.runtime.colormaps import Colouring
from explorer.runtime.maps import Message, Order, pack
from explorer.runtime.png import Scale
from explorer.ui.components import component, view

_FOLDER = Path(__file__).parent
_STYLE = _FOLDER / "feature_maps.css"
_MAPS = component(_FOLDER / "feature_maps.js", _STYLE)
_INPUT = component(_FOLDER / "model_input.js", _STYLE)


@dataclass(frozen=True)
class MapView:
    """How the maps are looked at: reported by the browser, and what a link asks for."""

    channel: int | None = None  # selected
    enlarged: bool = False  # the selected map, over the model input
    colouring: Colouring = "auto"
    scale: Scale = "map"
    order: Order = "index"  # wished for; the server sends the channels
    page: int = 0  # wished for, from 0


def feature_maps(message: Message, *, key: str, initial: MapView | None = None) -> MapView:
    """Show the maps or the vector of one message of `explorer.runtime.maps.encode_page`; return the view.

    Args:
        message: with `group` in its header, an enlarged map lies over that group's `model_input`.
        key: keeps the view while the maps change.
        initial: the view to begin with, e.g. from the link. Later ones are ignored until the component is
            mounted anew. Order and page are those of the message.
    """
    current = current_view(key, initial)
    data = message.packed(view=view.initial(key, current))
    # The callback declares the state; without one Streamlit would not report it.
    _MAPS(key=key, data=data, on_view_change=lambda: None)
    return current


def current_view(key: str, initial: MapView | None = None) -> MapView:
    """The view that the component `key` reported last; before it is mounted, `initial`.

    Read order and page from it before encoding the maps. A test without a browser clicks by setting
    `session_state[key] = {"view": {"channel": 3}}`. What has the wrong type or value is ignored.
    """
    return accepted(initial or MapView(), view.reported(key))


def accepted(before: MapView, wishes: Mapping[str, Any]) -> MapView:
    """`before` with those of the wishes that have the right type and value, from the browser or a link."""
    known = {name: wishes[name] for name in _VALID if name in wishes}
    return replace(before, **{name: value for name, value in known.items() if _VALID[name](value)})


def model_input(png: bytes, *, group: str, caption: str, key: str) -> None:
    """Show the exact model input, and lay it under the enlarged maps of `group`.

    Args:
        png: the picture in the model's resolution.
        group: as in the header of the maps.
        caption: shown below and read aloud, e.g. "Model input, 224 × 224".
        key: identity of this component.
    """
    _INPUT(key=key, data=pack({"group": group, "caption": caption}, png))


def _is_index(value: object) -> bool:
    return type(value) is int and value >= 0  # a bool is an int, but no index


# What the browser may report: it can send anything.
_VALID: dict[str, Callable[[object], bool]] = {
    "channel": lambda value: value is None or _is_index(value),
    "enlarged": lambda value: isinstance(value, bool),
    "colouring": lambda value: value in get_args(Colouring),
    "scale": lambda value: value in get_args(Scale),
    "order": lambda value: value in get_args(Order),
    "page": _is_index,
}
