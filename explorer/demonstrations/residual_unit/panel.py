"""One residual unit of the network: what is added to what, and what happens without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

import numpy as np
import streamlit as st

from explorer.analysis.text import pair_text
from explorer.analysis.units import Shortcut, Unit, plain_units, residual_units
from explorer.architectures import variant as variant_called
from explorer.demonstrations.residual_unit import charts, compute
from explorer.demonstrations.residual_unit.component import terms
from explorer.demonstrations.residual_unit.compute import Change, Norms, Without
from explorer.runtime.activations import Answer
from explorer.runtime.edits import Edit
from explorer.runtime.maps import FloatArray
from explorer.runtime.run import Run
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP, NORM_HELP, answer, answers, change_of
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, select
from explorer.ui.edits import on_whole_page
from explorer.ui.link import Control, choice, number
from explorer.ui.section import Section
from explorer.ui.selection import enclosing, selected
from explorer.ui.weights_box import weights_for

UNITS_AT_ONCE = 16  # removed in one pass
SHORTCUTS: dict[Shortcut, tuple[str, str]] = {
    "identity": (
        "Identity",
        "h(x) = F(x) + x: the shortcut is the **identity**, x untouched; the layers learn F. Where nothing need be "
        "changed, F = 0 is enough, and is easier to learn than to rebuild x: so the paper argues (1512.03385, section "
        "3.1).",
    ),
    "padding": (
        "Shortcut",
        "The shapes differ here. By **option A** the shortcut takes every second position and appends channels of "
        "zeros: not the identity, and no parameters.",
    ),
    "projection": (
        "Shortcut",
        "The shortcut is a projection, a convolution of its own: not the identity. **Option B** projects where the "
        "shapes differ, **option C** everywhere.",
    ),
    "none": ("Input", ""),
}
# With shortcuts and without, otherwise the same layers, for a comparison.
TWINS = {"plain18": "resnet18", "plain34": "resnet34", "resnet18": "plain18"} | dict.fromkeys(
    ("resnet34", "resnet34_a", "resnet34_c"), "plain34"
)
PAIR = ("plain34", "resnet34")  # trained alike


@cache.kept()
def units_of(name: str) -> dict[str, Unit]:
    """The units that can be looked at or removed, by their paths: residual ones, or a plain network's."""
    trace = cache.trace(name)
    found = residual_units(trace) or (plain_units(trace) if name in TWINS else ())
    return {unit.path: unit for unit in found}


def unit_control(run: Run) -> Control:
    """The unit that both sections are about: the selected operation's, unless the viewer chose one."""
    return choice("residual.unit", "Unit", lambda: _titles(run.variant), follows=True)


def map_control(run: Run) -> Control:
    """The map of which the sum is shown."""
    return number("residual.map", "Map", 0, lambda: _channels(run, unit_shown(run)) - 1)


def unit_shown(run: Run) -> Unit:
    """The chosen unit, else the selected operation's."""
    units = units_of(run.variant)
    chosen = unit_control(run).value or _as_selected(run)
    return units[chosen]


def _as_selected(run: Run) -> str:
    """The unit of the selected operation; where it lies in none, the first one with an identity shortcut."""
    units = units_of(run.variant)
    first = next((path for path, unit in units.items() if unit.kind == "identity"), next(iter(units)))
    return enclosing(units, selected(cache.trace(run.variant))) or first


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
    before: Answer
    after: Answer


@cache.kept()
def _shown(run: Run, path: str, channel: int) -> Shown:
    t = compute.terms(cache.activations(run), units_of(run.variant)[path])
    parts = (t.shortcut, t.residual, t.sum)
    return Shown(np.stack([p[channel].numpy() for p in parts]), Norms(*(float(p.norm()) for p in parts)))


@cache.kept()
def _norms(run: Run) -> tuple[Norms, ...]:
    return tuple(compute.norms(cache.activations(run), tuple(units_of(run.variant).values())))


@cache.kept()
def _removed_alone(run: Run, paths: tuple[str, ...]) -> tuple[Without, ...]:
    units = units_of(run.variant)
    return compute.without_each(cache.activations(run), [units[path] for path in paths])


@cache.kept()
def _lesion(run: Run, path: str) -> Lesion:
    before, unit = cache.activations(run), units_of(run.variant)[path]
    after = cache.activations(run.edited(Edit(unit.path, "skip")))
    found = compute.changes(before, after, cache.trace(run.variant), unit)
    return Lesion(found, before.answer, after.answer)


# ---- the sections ------------------------------------------------------------------------------------------


def _show_sum(run: Run) -> None:
    """How much the unit adds, its three maps on one scale, and the same for all units."""
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
    answer(f"What {unit.path} adds is {shown.norms.ratio:.0%} as large as what passes it by", help=NORM_HELP)
    terms(compute.maps_message(shown.maps, (term, "+ residual", "= sum")), key="unit-maps")
    st.markdown(
        f"{sentence} All {_channels(run, unit)} maps together have the sizes {term.lower()} "
        f"**{shown.norms.shortcut:.4g}**, residual **{shown.norms.residual:.4g}**, sum **{shown.norms.sum:.4g}**.",
        help=NORM_HELP,
    )
    st.caption(
        f"{run.picture.title}; map {channel} of {unit.shortcut} + {unit.residual} = {unit.sum}, "
        f"{pair_text(shown.maps.shape[1:])}, one scale for all three. {cache.network(run).caption}"
    )
    st.markdown("**How much each unit adds**, relative to what passes it by:", help=NORM_HELP)
    units = tuple(units_of(run.variant).values())
    chart(
        charts.ratios(units, _norms(run), unit, dark()),
        "unit-ratios",
        "Size of the residual relative to the shortcut's, unit by unit",
    )
    st.caption("Low bars: the unit changes little. The selected unit is outlined.")


def _show_removal(run: Run) -> None:
    """What the answer becomes without the unit; the same for all units; and how the change spreads."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        select(unit_control(run), as_selected=_titles(run.variant)[_as_selected(run)], width=420)
        unit = unit_shown(run)
        edit = Edit(unit.path, "skip")
        on_whole_page(run, edit)
    run = run.undone(edit)  # the whole one is compared with, whatever the page shows
    lesions = {run: _lesion(run, unit.path)}
    twin = TWINS.get(run.variant)
    if twin is not None and unit.path in units_of(twin) and weights_for(twin) == run.weights:
        other = replace(run.unedited, variant=twin)
        lesions[other] = _lesion(other, unit.path)
    _say(unit, lesions)
    bars, classes = st.columns([3, 2], gap="medium")
    with bars:
        _show_all_removals(run, unit)
    with classes:
        st.markdown(f"**Answer of {_line(run)[0]}**")
        answers("unit-classes", {"whole": lesions[run].before, f"without {unit.path}": lesions[run].after})
        if not cache.network(run).trained:
            st.caption(
                "Untrained network: random weights, seeded. Random layers have learned nothing that removing one could "
                "break: here is how far the change spreads, not what a trained network loses."
            )
    st.markdown(f"**How the change spreads**, from {unit.path} on", help=CHANGE_HELP)
    lines = {_line(r): lesion.changes for r, lesion in lesions.items()}
    chart(charts.changes(lines, dark()), "unit-changes", "Change of each block's output without the unit")
    st.caption("Each point is the output of a block; the last are the logits.")


def _line(run: Run) -> charts.Line:
    return variant_called(run.variant).title, all(unit.kind != "none" for unit in units_of(run.variant).values())


def _say(unit: Unit, lesions: Mapping[Run, Lesion]) -> None:
    """What each network takes the picture for, before and after; an untrained one knows no classes."""
    shown = {_line(run)[0]: lesion for run, lesion in lesions.items()}
    becomes = [f"{title}: {change_of(lesion.before, lesion.after)}" for title, lesion in shown.items()]
    moved = [f"{title} **{lesion.changes[-1].relative:.0%}**" for title, lesion in shown.items()]
    if all(cache.network(run).trained for run in lesions):
        answer(f"Without {unit.path}, {'; '.join(becomes)}")
    st.markdown(f"Without {unit.path} the logits change by: {', '.join(moved)}. {_removed(unit)}", help=CHANGE_HELP)


def _show_all_removals(run: Run, unit: Unit) -> None:
    """Every unit removed alone: of the network that is shown, and of the two that were trained for the comparison."""
    pair = [replace(run.unedited, variant=name, weights=BUNDLED) for name in PAIR]
    if run not in pair and cache.network(run).trained:
        _show_removals([run], tuple(units_of(run.variant)), run, unit)
    both = tuple(path for path in units_of(PAIR[0]) if units_of(PAIR[1])[path].kind == "identity")
    _show_removals(pair, both, run, unit)


def _show_removals(runs: Sequence[Run], paths: tuple[str, ...], shown: Run, unit: Unit) -> None:
    """Bars of some networks, and in a sentence what they come to; a click on one of the shown network chooses it."""
    found = {run: _each_removed(run, paths) for run in runs}
    names = [_line(run)[0] for run in runs]
    st.markdown(f"**Every unit removed alone: {' and '.join(names)}**", help=CHANGE_HELP)
    own, key = shown in runs, f"removals-{runs[0].variant}"
    figure = charts.removals({_line(run): each for run, each in found.items()}, unit.path if own else "", dark())
    clicks = {"on_select": partial(_choose_clicked, key, shown), "selection_mode": "points"} if own else {}
    chart(figure, key, f"Change of the logits without each unit of {' and '.join(names)}", **clicks)
    said = [
        f"{name}: the answer stays in **{sum(w.same_class for w in each)} of {len(each)}** cases; the logits change by "
        f"**{median(w.relative for w in each):.0%}** (median)."
        for name, each in zip(names, found.values(), strict=True)
    ]
    st.markdown("  \n".join(said))


def _choose_clicked(key: str, run: Run) -> None:
    for point in st.session_state[key]["selection"]["points"]:
        unit_control(run).set(point["x"])


def _each_removed(run: Run, paths: tuple[str, ...]) -> tuple[Without, ...]:
    """Some units at a time: many of a wide network take seconds."""
    found: list[Without] = []
    place = st.empty()
    for first in range(0, len(paths), UNITS_AT_ONCE):
        if first:
            place.progress(first / len(paths), f"{first} of {len(paths)} units")
        found += _removed_alone(run, paths[first : first + UNITS_AT_ONCE])
    place.empty()
    return tuple(found)


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
