"""How the bundled weights were made: curves, confusion matrix, and the experiment that they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.text import percent_text
from explorer.analysis.types import Kind
from explorer.architectures import variant as variant_called
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import Bundled, manifest
from explorer.ui.charts import LEGEND, chart, dark, shared, stroke, styled

# The networks that were trained with one recipe and differ in one thing only; of ResNet-34 and plain-34, a section of
# their own tells.
EXPERIMENTS = {
    ("resnet50", "se_resnet50"): "the same network without and with squeeze-and-excitation",
    ("lenet5", "lenet5_modern"): "the network of 1998 and the one of the tutorials",
}
COLOURS: tuple[Kind, ...] = ("convolution", "gate")
HEIGHT = 380
ONE_RUN = "One run each: a difference of a percent can be chance."


def available(run: Run) -> bool:
    """Whether the variant has bundled weights with a record."""
    entry = manifest().get(run.variant)
    return entry is not None and entry.images > 0  # images == 0: evaluation still running


def show(run: Run) -> None:
    """The record of the variant's bundled weights, and of the network that it is compared with."""
    entry = manifest()[run.variant]
    st.markdown(
        f"**{percent_text(entry.top1)}** of the {entry.images:,} validation pictures of {entry.data_title} are "
        f"recognized, measured with the stored file: {entry.width_title}, {len(entry.classes)} classes, "
        f"{entry.epochs} epochs, {entry.bytes / 1e6:.1f} MB.",
        help=f"One run with seed 0. To repeat it: python -m explorer train {run.variant} --data DIR --download",
    )
    compared, why = _compared(entry)
    left, right = st.columns(2, gap="medium")
    with left:
        curves = {variant_called(b.variant).title: b.record()["epochs"] for b in compared}
        chart(curve_chart(curves, dark()), f"training-{run.variant}", "Loss and accuracy by epoch")
        if why:
            against = " · ".join(f"{variant_called(b.variant).title} **{percent_text(b.top1)}**" for b in compared)
            st.markdown(f"{against}: {why}. {ONE_RUN}")
        record = entry.record()
        if leaps := " ".join(_leaps(record["recipe"]["phases"])):
            st.caption(leaps)
    with right:
        chart(confusion_chart(entry, record["confusion"], dark()), f"confusion-{run.variant}", "Confusion matrix")
    with st.expander("Record"):
        shown = {key: value for key, value in record.items() if key not in ("epochs", "confusion", "fit")}
        st.json(shown)


def _compared(entry: Bundled) -> tuple[list[Bundled], str]:
    """The entry, or the pair of its experiment, and what the pair shows."""
    for names, why in EXPERIMENTS.items():
        both = [manifest()[name] for name in names if name in manifest() and manifest()[name].images]
        if entry.variant in names and len(both) == len(names):
            return both, why
    return [entry], ""


def _leaps(phases: list[dict[str, Any]]) -> Iterator[str]:
    """What else than learning moves the training loss."""
    if len({phase["build"].get("aux", True) for phase in phases}) > 1:
        yield "The loss leaps where the auxiliary heads train: theirs are added."
    ends = [0, *accumulate(phase["epochs"] for phase in phases)]
    for phase, (before, last) in zip(phases, pairwise(ends), strict=True):
        if phase.get("altered"):
            yield f"In epochs {before + 1} to {last} the training pictures are altered more, and the loss is higher."


@shared
def curve_chart(curves: dict[str, list[dict[str, Any]]], dark: bool) -> go.Figure:
    """Training loss, and accuracy on the validation pictures at the training's size, by epoch, of each network."""
    figure = go.Figure()
    for (title, epochs), kind in zip(curves.items(), COLOURS, strict=False):
        measured = [e for e in epochs if e["top1"] is not None]
        colour = stroke(kind, dark)
        figure.add_scatter(
            x=[e["number"] for e in epochs],
            y=[e["loss"] for e in epochs],
            name=f"{title}: loss",
            line={"color": colour, "dash": "dot"},
            hovertemplate="epoch %{x}: loss %{y:.3f}",
        )
        figure.add_scatter(
            x=[e["number"] for e in measured],
            y=[e["top1"] for e in measured],
            name=f"{title}: accuracy",
            yaxis="y2",
            line={"color": colour},
            hovertemplate="epoch %{x}: %{y:.1f} %",
        )
    figure.update_layout(
        xaxis_title="Epoch",
        yaxis={"title": "Training loss", "nticks": 6},
        yaxis2={
            "title": "Accuracy (%)",
            "overlaying": "y",
            "side": "right",
            "range": [0, 100],
            "showgrid": False,
            "tickmode": "linear",
            "tick0": 0,
            "dtick": 20,
        },
    )
    margin = {"l": 64, "r": 64, "t": 26, "b": 56}
    return styled(figure, dark, HEIGHT, legend=LEGEND).update_layout(margin=margin)


@shared
def confusion_chart(entry: Bundled, confusion: Sequence[Sequence[int]], dark: bool) -> go.Figure:
    """Pictures by class (rows) and what they were taken for (columns), in percent of the row."""
    shares = [[100 * count / sum(row) for count in row] for row in confusion]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=entry.classes,
            y=entry.classes,
            colorscale="Cividis",
            zmin=0,
            zmax=100,
            customdata=confusion,
            colorbar={"title": "%"},
            hovertemplate="%{y} taken for %{x}: %{customdata} pictures, %{z:.1f} %<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", title="Is")
    figure.update_xaxes(title="Taken for")
    return styled(figure, dark, HEIGHT + 120)
