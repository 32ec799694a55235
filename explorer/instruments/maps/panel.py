"""The feature maps of the selected operation, or the values of a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from explorer.runtime.colormaps import Colouring
from explorer.runtime.maps import Order, channels_per_page, page_count
from explorer.runtime.png import Scale
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.components.feature_maps import MapView, feature_maps
from explorer.ui.controls import reports
from explorer.ui.link import Control, choice, flag, number, revision
from explorer.ui.section import Section
from explorer.ui.selection import selected

HEIGHT_PX = 388  # of the grid: three rows of maps

COLOURING = choice("maps.colouring", "Colours of the maps", get_args(Colouring), "auto")
SCALE = choice("maps.scale", "Scale of the maps", get_args(Scale), "map")
ORDER = choice("maps.order", "Order of the maps", get_args(Order), "index")
ENLARGED = flag("maps.enlarged", "Enlarged map")


def channel_control(run: Run) -> Control:
    """The selected map of the selected operation; none at first."""
    return number("maps.channel", "Map", 0, lambda: _channels(run) - 1, None)


def page_control(run: Run, channel: Control) -> Control:
    """The page of maps that is shown: that of the selected map, unless the viewer turned pages."""

    def pages() -> int:
        return page_count(_channels(run), _per_page(run))

    def default() -> int:
        return channel.value // _per_page(run) if channel.value is not None and ORDER.value == "index" else 0

    return number("maps.page", "Page of maps", 0, lambda: pages() - 1, default)


def controls(run: Run) -> Sequence[Control]:
    """How the maps are looked at."""
    channel = channel_control(run)
    return COLOURING, SCALE, ORDER, ENLARGED, channel, page_control(run, channel)


def show(run: Run) -> None:
    """One page of the maps, on which the browser chooses map, colours, scale and order."""
    channel = channel_control(run)
    page = page_control(run, channel)
    node, key = selected(cache.trace(run.variant)), f"maps-{revision()}"
    view = MapView(channel.value, ENLARGED.value, COLOURING.value, SCALE.value, ORDER.value, page.value)
    feature_maps(
        cache.maps_message(run, node.name, view.order, view.page, HEIGHT_PX),
        key=key,
        view=view,
        on_view_change=reports(
            key, channel=channel, enlarged=ENLARGED, colouring=COLOURING, scale=SCALE, order=ORDER, page=page
        ),
    )


def _channels(run: Run) -> int:
    return selected(cache.running_trace(run)).out_shape[0]


def _per_page(run: Run) -> int:
    height, width = (*selected(cache.running_trace(run)).out_shape[1:], 1, 1)[:2]
    return channels_per_page(height, width)


MAPS = Section("maps", "Maps", show, controls, follows=True)
