"""How a grid of maps is looked at: the controls of one `feature_maps` component."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from explorer.analysis.types import Shape
from explorer.runtime.colormaps import Colouring
from explorer.runtime.maps import Order, channels_per_page, page_count
from explorer.runtime.png import Scale
from explorer.ui.components.feature_maps import MapView
from explorer.ui.link import Control, choice, flag, number


@dataclass(frozen=True)
class MapControls:
    """A control for each field of `MapView`."""

    channel: Control
    enlarged: Control
    colouring: Control
    scale: Control
    order: Control
    page: Control

    @property
    def by_field(self) -> dict[str, Control]:
        """As `restore` needs them: the page depends on those before it."""
        return dict(vars(self))

    @property
    def view(self) -> MapView:
        """What they hold."""
        return MapView(**{field: control.value for field, control in self.by_field.items()})


def map_controls(topic: str, shape: Callable[[], Shape], scale: Scale = "map") -> MapControls:
    """The controls for maps of the `shape` that they have at present; names begin with the topic.

    No map is selected at first. The page is that of the selected map, unless the viewer turned pages.
    """

    def per_page() -> int:
        height, width = (*shape()[1:], 1, 1)[:2]
        return channels_per_page(height, width)

    def last_page() -> int:
        return page_count(shape()[0], per_page()) - 1

    def default_page() -> int:
        return channel.value // per_page() if channel.value is not None and order.value == "index" else 0

    channel = number(f"{topic}.channel", "Map", 0, lambda: shape()[0] - 1, None)
    order = choice(f"{topic}.order", "Order of the maps", get_args(Order))
    return MapControls(
        channel,
        flag(f"{topic}.enlarged", "Enlarged map"),
        choice(f"{topic}.colouring", "Colours of the maps", get_args(Colouring)),
        choice(f"{topic}.scale", "Scale of the maps", get_args(Scale), scale),
        order,
        number(f"{topic}.page", "Page of maps", 0, last_page, default_page),
    )
