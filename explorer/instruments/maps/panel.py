"""The feature maps of the selected operation, or the values of a vector."""

from __future__ import annotations

from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.components.feature_maps import feature_maps
from explorer.ui.controls import reports
from explorer.ui.link import Control, revision
from explorer.ui.map_controls import MapControls, map_controls
from explorer.ui.section import Section
from explorer.ui.selection import selected

HEIGHT_PX = 388  # of the grid: three rows of maps


def controls(run: Run) -> MapControls:
    """How the maps are looked at."""
    return map_controls("maps", lambda: selected(cache.running_trace(run)).out_shape)


def channel_control(run: Run) -> Control:
    """The selected map of the selected operation; none at first."""
    return controls(run).channel


def show(run: Run) -> None:
    """One page of the maps, on which the browser chooses map, colours, scale and order."""
    node, key = selected(cache.trace(run.variant)), f"maps-{revision()}"
    looked_at = controls(run)
    view = looked_at.view
    feature_maps(
        cache.maps_message(run, node.name, view.order, view.page, HEIGHT_PX),
        key=key,
        view=view,
        on_view_change=reports(key, **looked_at.by_field),
    )


MAPS = Section("maps", "Maps", show, lambda run: tuple(controls(run).by_field.values()), follows=True)
