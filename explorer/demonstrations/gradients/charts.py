"""The charts of gradients and signals over the depth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.types import Kind
from explorer.demonstrations.gradients.compute import Profile
from explorer.runtime.maps import DoubleArray
from explorer.ui.charts import LEGEND, shared, stroke, styled

# A line's colour and dash, by whether its network has shortcuts.
STYLES: dict[bool, tuple[Kind, str]] = {True: ("merge", "solid"), False: ("convolution", "dash")}


@shared
def gradients(profiles: Sequence[Profile], dark: bool) -> go.Figure:
    """The norm of each convolution's gradient, on a log axis."""
    figure = _over_depth([(p, p.convolutions, p.gradients) for p in profiles], dark)
    return figure.update_xaxes(title_text="convolution, first to last").update_yaxes(title_text="‖∂L/∂W‖")


@shared
def deviations(profiles: Sequence[Profile], dark: bool) -> go.Figure:
    """The standard deviation of the maps that leave each unit, on a log axis."""
    figure = _over_depth([(p, p.units, p.deviations) for p in profiles], dark)
    return figure.update_xaxes(title_text="unit, first to last").update_yaxes(title_text="standard deviation")


def _over_depth(lines: Sequence[tuple[Profile, Sequence[str], DoubleArray]], dark: bool) -> go.Figure:
    figure = go.Figure()
    decades = [0.0, 0.0]
    for profile, names, values in lines:
        kind, dash = STYLES[profile.recipe.skips]
        shown = np.where(values > 0, values, np.nan)  # zeros have no place on a log axis
        figure.add_scatter(
            x=np.arange(1, len(values) + 1),
            y=shown,
            mode="lines+markers",
            name="with shortcuts" if profile.recipe.skips else "plain",
            customdata=names,
            showlegend=True,
            line={"color": stroke(kind, dark), "width": 2, "dash": dash},
            marker_size=5,
            hovertemplate="%{x}: %{customdata}, %{y:.3g}<extra></extra>",
        )
        decades += [float(d) for d in np.log10(shown[values > 0])]
    # Whole powers of ten, at least one above and one below.
    low, high = np.floor(min(decades) - 0.1), np.ceil(max(decades) + 0.1)
    figure.update_xaxes(nticks=8)
    figure.update_yaxes(
        type="log", exponentformat="power", range=[low, high], tick0=0, dtick=int(np.ceil((high - low) / 6))
    )
    return styled(figure, dark, height=380).update_layout(legend=LEGEND)
