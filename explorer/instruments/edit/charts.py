"""What each channel or block is worth, as bars."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.instruments.edit.compute import Loss
from explorer.runtime.edits import Edit, channels_text
from explorer.ui.charts import quick_figure, shared, stroke

HEIGHT = 115  # pixels, with short names under the bars
NAMES_HEIGHT = 90  # more, for names that stand upright


def name_of(edit: Edit) -> str:
    """What is silenced, under its bar."""
    return f"#{channels_text(edit.channels)}" if edit.channels else edit.node


@shared
def losses(found: Sequence[Loss], applied: Sequence[bool], dark: bool) -> go.Figure:
    """A bar for each edit, in the order given: points of probability that the class loses, or the logits' change.

    Those that are `applied` have a frame.
    """
    frame = {"width": [4 if is_applied else 0 for is_applied in applied], "color": stroke("merge", dark)}
    named = found[0].probability is not None
    bar = {
        "type": "bar",
        "x": [name_of(loss.edit) for loss in found],
        "y": [100 * loss.size for loss in found],
        "marker": {"color": stroke("convolution", dark), "line": frame},
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": "without %{x}: " + ("%{y:.1f} points less" if named else "%{y:.0f} %") + "<extra></extra>",
    }
    return quick_figure(
        [bar],
        dark,
        HEIGHT if found[0].edit.channels else HEIGHT + NAMES_HEIGHT,
        xaxis={"type": "category", "fixedrange": True, "automargin": True},
        yaxis={"nticks": 4, "fixedrange": True, "ticksuffix": "" if named else " %"},
    ).update_layout(margin_t=4)  # a room on the screen is low
