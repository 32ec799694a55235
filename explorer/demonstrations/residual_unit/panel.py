"""One residual unit of the network: what is added to what, and what happens without it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from explorer.analysis.text import pair_text
from explorer.architectures import variant as variant_called
from explorer.demonstrations.residual_unit import charts, compute
from explorer.demonstrations.residual_unit.compute import Change, Norms, Unit
from explorer.runtime.activations import Prediction
from explorer.runtime.maps import FloatArray
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.charts import chart, dark, logits, top_classes
from explorer.ui.controls import number_box, select
from explorer.ui.link import Control, choice, number
from explorer.ui.map_figure import tiles
from explorer.ui.section import Section
from explorer.ui.selection import enclosing, selected
from explorer.ui.weights_box import weights_for

MAPS_HEIGHT_PX = 350
SHORTCUTS: dict[compute.Shortcut, tuple[str, str]] = {
    "identity": ("Identity", "The shortcut is the **identity**: the unit's input, untouched."),
    "padding": (
        "Shortcut",
        "The shapes differ here. By **option A** the shortcut takes every second position and appends channels of "
        "zeros: not the identity, and no parameters.",
    ),
    "projection": (
        "Shortcut",
        "The shapes differ here. The shortcut is a projection, a convolution of its own, as in **option B**: not the "
        "identity.",
    ),
    "none": ("Input", ""),
}
# The same layers with shortcuts and without, for a comparison.
TWINS = {"plain18": "resnet18", "plain34": "resnet34", "resnet18": "plain18", "resnet34": "plain34"} | {
    "resnet34_a": "plain34"
}


@cache.few(128)
def units_of(name: str) -> dict[str, Unit]:
    """The units that can be looked at or removed, by their paths: residual ones, or a plain network's."""
    trace = cache.trace(name)
    found = compute.residual_units(trace) or (compute.plain_units(trace) if name in TWINS else ())
    return {unit.path: unit for unit in found}


def unit_control(run: Run) -> Control:
    """The unit that both sections are about: the selected operation's, unless the viewer chose one."""
    return choice("residual.unit", "Unit", lambda: _titles(run.variant), follows=True)


def map_control(run: Run) -> Control:
    """The map of which the sum is shown."""
    return number("residual.map", "Map", 0, lambda: _channels(run, unit_shown(run)) - 1)


def unit_shown(run: Run) -> Unit:
    """The chosen unit, else the selected operation's, else the first one."""
    units = units_of(run.variant)
    chosen = unit_control(run).value or _as_selected(run)
    return units[chosen]


def _as_selected(run: Run) -> str:
    units = units_of(run.variant)
    return enclosing(units, selected(cache.trace(run.variant))) or next(iter(units))


def _titles(name: str) -> dict[str, str]:
    kinds = {path: unit.kind for path, unit in units_of(name).items()}
    return {path: path if kind == "none" else f"{path}, {kind} shortcut" for path, kind in kinds.items()}


def _channels(run: Run, unit: Unit) -> int:
    """Of the network that runs: it may be narrower than the variant."""
    return cache.running_trace(run).node(unit.sum).out_shape[0]


# ---- computed once for all viewers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One channel of a unit's three maps, and the norms over all channels."""

    maps: FloatArray  # (3, H, W)
    norms: Norms


@dataclass(frozen=True)
class Lesion:
    """What a picture makes of a network without one of its units."""

    changes: tuple[Change, ...]
    before: FloatArray
    after: FloatArray
    top_before: tuple[Prediction, ...]
    top_after: tuple[Prediction, ...]


@cache.bounded(16)
def _shown(run: Run, path: str, channel: int) -> Shown:
    t = compute.terms(cache.activations(run), units_of(run.variant)[path])
    parts = (t.shortcut, t.residual, t.sum)
    return Shown(np.stack([p[channel].numpy() for p in parts]), Norms(*(float(p.norm()) for p in parts)))


@cache.bounded(1)
def _norms(run: Run) -> tuple[Norms, ...]:
    return tuple(compute.norms(cache.activations(run), tuple(units_of(run.variant).values())))


@cache.bounded(8)
def _lesion(run: Run, path: str) -> Lesion:
    before, unit = cache.activations(run), units_of(run.variant)[path]
    after = compute.without(before, unit)
    found = compute.changes(before, after, cache.trace(run.variant), unit)
    return Lesion(found, before.logits.numpy(), after.logits.numpy(), before.top(), after.top())


# ---- the sections ------------------------------------------------------------------------------------------


def _show_sum(run: Run) -> None:
    """Three maps on one scale, their norms, and the norms of all units."""
    with st.container(horizontal=True):
        select(unit_control(run), as_selected=_titles(run.variant)[_as_selected(run)], width=420)
        unit = unit_shown(run)
        if unit.kind != "none":
            last = _channels(run, unit) - 1
            channel = number_box(map_control(run), label=f"Map, 0 to {last}", width=160)
    if unit.kind == "none":
        st.markdown("A plain network adds nothing: a unit's output is what its convolutions make of the input, alone.")
        return
    shown = _shown(run, unit.path, channel)
    term, sentence = SHORTCUTS[unit.kind]
    names = (term, "+ residual", "= sum")
    titles = [f"{n}<br>‖·‖ = {np.linalg.norm(m):.4g}" for n, m in zip(names, shown.maps, strict=True)]
    reach = float(np.abs(shown.maps).max()) or 1.0
    chart(
        tiles(shown.maps, titles, dark(), len(titles), (-reach, reach), MAPS_HEIGHT_PX),
        "unit-maps",
        f"Map {channel} of {unit.path}: {term.lower()}, residual and their sum",
    )
    st.markdown(
        f"{sentence} All {_channels(run, unit)} maps together: "
        f"‖{term.lower()}‖ = **{shown.norms.shortcut:.4g}**, "
        f"‖residual‖ = **{shown.norms.residual:.4g}**, ‖sum‖ = **{shown.norms.sum:.4g}**."
    )
    st.caption(
        f"{run.picture.title}; {unit.shortcut} + {unit.residual} = {unit.sum}, maps of "
        f"{pair_text(shown.maps.shape[1:])}, one scale for all three. {cache.network(run).caption}"
    )
    st.markdown("**How much each unit adds**, relative to its shortcut's output (L2 norms over all maps):")
    units = tuple(units_of(run.variant).values())
    chart(
        charts.ratios(units, _norms(run), unit, dark()),
        "unit-ratios",
        "Norm of the residual relative to the shortcut's, unit by unit",
    )
    st.caption("Low bars: the unit changes little. The selected unit is outlined.")


def _show_removal(run: Run) -> None:
    """What later maps and the logits become without the unit."""
    select(unit_control(run), as_selected=_titles(run.variant)[_as_selected(run)], width=420)
    unit = unit_shown(run)
    lesion = _lesion(run, unit.path)
    lines = {(variant_called(run.variant).title, unit.kind != "none"): lesion.changes}
    twin = TWINS.get(run.variant)
    if twin is not None and unit.path in units_of(twin) and weights_for(twin) == run.weights:
        lines[variant_called(twin).title, unit.kind == "none"] = _lesion(replace(run, variant=twin), unit.path).changes
    st.markdown(_removed(unit))
    changes = "; ".join(f"**{title}: {found[-1].relative:.1%}**" for (title, _), found in lines.items())
    st.markdown(f"The logits change by: {changes} (L2 norm of the difference, relative to the original's).")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        chart(charts.changes(lines, dark()), "unit-changes", "Change of each block's output without the unit")
        st.caption(
            "Each point is the output of a block, from the removed unit on; at last the logits. 100 %: the difference "
            "is as large as the original."
        )
    classes = cache.network(run).classes
    with right:
        if classes:
            top_classes("Whole network", lesion.top_before)
            top_classes(f"Without {unit.path}", lesion.top_after)
            st.caption(f"The best matches among the network's {len(classes):,} classes.")
        else:
            figure = logits(lesion.before, lesion.after, classes, dark())
            chart(figure, "unit-logits", "Logits of all classes, whole network against the altered one")
            st.caption(
                "Untrained network: random weights, seeded. Random layers have learned nothing that removing one could "
                "break: here is how far the change spreads, not what a trained network loses."
            )


def _removed(unit: Unit) -> str:
    if unit.kind == "none":
        return (
            f"{unit.path} is skipped: its input is passed on unchanged (same shape in and out). A plain unit has no "
            "other path."
        )
    what = "its input goes on" if unit.kind == "identity" else "only its shortcut's output goes on"
    return f"The residual of {unit.path} is set to zero: {what}. All later layers run again, with the same weights."


def _available(run: Run) -> bool:
    return bool(units_of(run.variant))


SUM = Section(
    "sum",
    "Identity + residual",
    _show_sum,
    lambda run: (unit_control(run), map_control(run)),
    follows=True,
    available=_available,
)
REMOVAL = Section(
    "removal", "Remove a unit", _show_removal, lambda run: (unit_control(run),), follows=True, available=_available
)
