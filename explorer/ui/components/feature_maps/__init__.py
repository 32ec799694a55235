"""The component that shows feature maps, and the one that shows the model input under them.

Maps are large, so they are sent once: colouring, scale, selection and the enlarged map are the browser's and
only reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from explorer.runtime.colormaps import Colouring
from explorer.runtime.maps import Message, Order, pack
from explorer.runtime.png import Scale
from explorer.ui.components import begun_with, component

DEFAULT_OPACITY = 60  # per cent

_FOLDER = Path(__file__).parent
_STYLE = _FOLDER / "feature_maps.css"
_MAPS = component(_FOLDER / "feature_maps.js", _STYLE)
_INPUT = component(_FOLDER / "model_input.js", _STYLE)


@dataclass(frozen=True)
class MapView:
    """How the maps are looked at: reported by the browser, and what a link asks for."""

    channel: int | None = None  # selected
    enlarged: bool = False  # the selected map, over the model input
    opacity: int = DEFAULT_OPACITY  # of the enlarged map
    colouring: Colouring = "auto"
    scale: Scale = "map"
    order: Order = "index"  # wished for; the server sends the channels
    looks: bool = False  # wished for: what each channel looks for, in its map's place
    page: int = 0  # wished for, from 0
    beside: str = ""  # wished for: an operation whose maps stand beside these


def feature_maps(
    message: Message,
    *,
    key: str,
    view: MapView,
    on_view_change: Callable[[], None],
    compare: Mapping[str, str] | None = None,
    on_picked_change: Callable[[], None] | None = None,
    on_silenced_change: Callable[[], None] | None = None,
) -> None:
    """Show the maps or the vector of one message of `encode_page`, or the two of one of `encode_pair`.

    It fills a room of a given height; where there is none, as on a phone, it has a height of its own.

    Args:
        message: with `group` in its header, an enlarged map lies over that group's `model_input`; with `looks`, the
            viewer can see what each channel looks for: none, or the `channels` that have a picture, from the byte `at`
            on a file with squares of `side` pixels, `columns` in a row; `anew` have a star, which `note` explains.
        key: keeps the view while the maps change.
        view: how they are looked at when the component is mounted; later ones are ignored. Order, page and the
            operation beside are those of the message.
        on_view_change: called before the run that a change of view causes; see `explorer.ui.controls.reports`.
        compare: the operations that a viewer can put beside this one, with their words.
        on_picked_change: called after a click on a pixel of an enlarged map, before the run that it causes; read which
            with `picked`. Without it, such a click means nothing.
        on_silenced_change: the same for the key that silences the selected map; read which with `silenced`.
    """
    _MAPS(
        key=key,
        data=message.packed(
            view=begun_with(key, view), compare=dict(compare or {}), picks=on_picked_change is not None
        ),
        on_view_change=on_view_change,
        on_picked_change=on_picked_change or _ignore,
        on_silenced_change=on_silenced_change or _ignore,
        height="stretch",
    )


def picked(key: str) -> object:
    """What was clicked in the maps of that key: node, channel, row and column, if the browser is to be believed."""
    return (st.session_state.get(key) or {}).get("picked")


def silenced(key: str) -> object:
    """The map of that key's maps that was silenced: node and channel, if the browser is to be believed."""
    return (st.session_state.get(key) or {}).get("silenced")


def _ignore() -> None:
    pass


def model_input(png: bytes, *, group: str, caption: str, key: str) -> None:
    """Show the exact model input, and lay it under the enlarged maps of `group`.

    Args:
        png: the picture in the model's resolution.
        group: as in the header of the maps.
        caption: shown below and read aloud, e.g. "Model input, 224 × 224".
        key: identity of this component.
    """
    _INPUT(key=key, data=pack({"group": group, "caption": caption}, png))
