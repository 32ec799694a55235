"""How a grid of maps is looked at: the controls of one `feature_maps` component."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from explorer.analysis.types import Shape
from explorer.runtime.colormaps import Colouring
from explorer.runtime.maps import Order, channels_per_page, channels_per_pair, page_count, size_of
from explorer.runtime.png import Scale
from explorer.ui.components.feature_maps import DEFAULT_OPACITY, MapView
from explorer.ui.link import Control, choice, flag, number


@dataclass(frozen=True)
class MapControls:
    """A control for each field of `MapView`, but for what cannot be there."""

    channel: Control
    enlarged: Control
    opacity: Control
    colouring: Control
    scale: Control
    order: Control
    beside: Control | None
    looks: Control | None
    page: Control

    @property
    def by_field(self) -> dict[str, Control]:
        """As `restore` needs them: the page depends on those before it."""
        return {field: control for field, control in vars(self).items() if control is not None}

    @property
    def view(self) -> MapView:
        """What they hold."""
        return MapView(**{field: control.value for field, control in self.by_field.items()})


def map_controls(
    topic: str,
    shape: Callable[[], Shape],
    scale: Scale = "map",
    *,
    about: str = "",
    beside: Control | None = None,
    beside_shape: Callable[[], Shape | None] = lambda: None,
    looks: bool = False,
) -> MapControls:
    """The controls for maps of the `shape` that they have at present; names begin with the topic.

    No map is selected at first. The page is that of the selected map, unless the viewer turned pages.

    Args:
        topic: the section's name.
        shape: of the activation.
        scale: at first.
        about: the network: the selected map of another one is none of this one's.
        beside: names the operation whose maps stand beside these.
        beside_shape: of that operation's activation, if there is one.
        looks: whether what the channels look for can stand in their maps' places.
    """

    def per_page() -> int:
        second = beside_shape()
        return channels_per_page(*size_of(shape())) if second is None else channels_per_pair(shape(), second)

    def last_page() -> int:
        return page_count(shape()[0], per_page()) - 1

    def default_page() -> int:
        return channel.value // per_page() if channel.value is not None and order.value == "index" else 0

    channel = number(f"{topic}.channel", "Map", 0, lambda: shape()[0] - 1, None, about=about)
    order = choice(f"{topic}.order", "Order of the maps", get_args(Order))
    return MapControls(
        channel,
        flag(f"{topic}.enlarged", "Enlarged map", about=about, active=lambda: channel.value is not None),
        number(f"{topic}.opacity", "Opacity of the enlarged map", 0, 100, DEFAULT_OPACITY),
        choice(f"{topic}.colouring", "Colours of the maps", get_args(Colouring)),
        choice(f"{topic}.scale", "Scale of the maps", get_args(Scale), scale),
        order,
        beside,
        flag(f"{topic}.looks", "What each channel looks for") if looks else None,
        number(f"{topic}.page", "Page of maps", 0, last_page, default_page, about=about),
    )
