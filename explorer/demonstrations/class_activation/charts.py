"""The charts of a class activation map."""

from __future__ import annotations

import plotly.graph_objects as go

from explorer.demonstrations.class_activation.compute import ClassActivation
from explorer.ui.charts import Panels, bars_under_bars, shared, styled
from explorer.ui.map_figure import legend, limits, map_figure, over_picture

OVERLAY_HEIGHT_PX = 420
PRODUCTS_HEIGHT_PX = 400


@shared
def overlay(cam: ClassActivation, picture: bytes, smooth: bool, dark: bool) -> go.Figure:
    """The class's map, half transparent, over the network's input."""
    values = cam.map
    height, width = values.shape
    low, high = limits(float(values.min()), float(values.max()))
    figure = map_figure(
        values, (low, high), opacity=0.6, colorbar=legend(low, high), zsmooth="best" if smooth else False
    )
    over_picture(figure, picture, width, height)
    styled(figure, dark, height=OVERLAY_HEIGHT_PX)
    return figure.update_layout(margin={"t": 0, "b": 60})


@shared
def products(cam: ClassActivation, dark: bool) -> go.Figure:
    """Means, weights and products, one bar below the other."""
    rows: Panels = (
        ("Means of the maps", cam.means, "pooling"),
        ("× weights of the class", cam.weights, "linear"),
        ("= products: together the logit − bias", cam.contributions, "merge"),
    )
    return bars_under_bars(rows, "map", dark, height=PRODUCTS_HEIGHT_PX)
