"""One residual unit of the network: what is added to what, and what happens without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.analysis.text import pair_text
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Variant
from explorer.demonstrations.gates import charts as gate_charts
from explorer.demonstrations.residual_unit import charts as residual_charts
from explorer.demonstrations.residual_unit import compute as residual
from explorer.demonstrations.residual_unit.compute import Change, Norms, Unit
from explorer.runtime.activations import Prediction
from explorer.runtime.maps import FloatArray
from explorer.runtime.pictures import LoadedImage
from explorer.ui import cache
from explorer.ui.charts import chart, dark
from explorer.ui.link import seed, seed_number
from explorer.ui.sidebar import run_of, settings, weights_for

UNIT, MAP = "unit", "unit-map"  # the controls' keys, and their names in the link
SHORTCUTS: dict[residual.Shortcut, tuple[str, str]] = {
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


def units_of(name: str) -> dict[str, Unit]:
    """The units that can be looked at or removed, by their paths: residual ones, or a plain network's."""
    trace = cache.trace(name)
    found = residual.residual_units(trace) or (residual.plain_units(trace) if name in TWINS else ())
    return {unit.path: unit for unit in found}


def seed_unit(variant: Variant) -> Unit:
    """Give the controls values that exist: the link's, those before, or the first."""
    units = units_of(variant.name)
    seed(UNIT, units, next(iter(units)), "unit")
    return seed_map(variant)


def seed_map(variant: Variant) -> Unit:
    """Give the number of the map a value that exists in the unit that is shown; returns that unit."""
    unit = units_of(variant.name)[st.session_state[UNIT]]
    seed_number(MAP, 0, _channels(variant.name, unit) - 1, 0)
    return unit


# ---- computed once for all viewers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One channel of a unit's three maps, and the norms over all channels."""

    maps: FloatArray  # (3, H, W)
    norms: Norms

    @property
    def nbytes(self) -> int:
        return self.maps.nbytes


@dataclass(frozen=True)
class Lesion:
    """What a picture makes of a network without one of its units."""

    changes: tuple[Change, ...]
    before: FloatArray
    after: FloatArray
    top_before: tuple[Prediction, ...]
    top_after: tuple[Prediction, ...]

    @property
    def nbytes(self) -> int:
        return self.before.nbytes + self.after.nbytes


@dataclass(frozen=True)
class AllNorms:
    """The norms of all units."""

    norms: tuple[Norms, ...]

    @property
    def nbytes(self) -> int:
        return 24 * len(self.norms)


@cache.bounded(16)
def _shown(name: str, weights: str, device: str, image: LoadedImage, path: str, channel: int) -> Shown:
    t = residual.terms(cache.activations(name, weights, device, image), units_of(name)[path])
    parts = (t.shortcut, t.residual, t.sum)
    return Shown(np.stack([p[channel].numpy() for p in parts]), Norms(*(float(p.norm()) for p in parts)))


@cache.bounded(1)
def _norms(name: str, weights: str, device: str, image: LoadedImage) -> AllNorms:
    activations = cache.activations(name, weights, device, image)
    return AllNorms(tuple(residual.norms(activations, tuple(units_of(name).values()))))


@cache.bounded(8)
def _lesion(name: str, weights: str, device: str, image: LoadedImage, path: str) -> Lesion:
    before, unit = cache.activations(name, weights, device, image), units_of(name)[path]
    after = residual.without(before, unit)
    found = residual.changes(before, after, cache.trace(name), unit)
    return Lesion(found, before.logits.numpy(), after.logits.numpy(), before.top(), after.top())


# ---- the panels --------------------------------------------------------------------------------------------


@st.fragment
def one_unit(variant: Variant, keep: Callable[[Variant], None] | None = None) -> None:
    """Both sections about a unit that is chosen here; nothing for a network without such units.

    `keep` writes what is shown into the link.
    """
    if not units_of(variant.name):
        return
    st.header("Identity + residual = sum", anchor=False)
    unit = _unit_box(variant)
    if unit.kind == "none":
        st.markdown("A plain network adds nothing: a unit's output is what its convolutions make of the input, alone.")
    else:
        _sum(variant, unit)
    st.header("Remove this unit", anchor=False)
    _removal(variant, unit)
    if keep is not None:
        keep(variant)


def _unit_box(variant: Variant) -> Unit:
    """The choice of a unit, of which both sections tell, and of one of its maps."""
    units = units_of(variant.name)
    seed_unit(variant)
    with st.container(horizontal=True):
        st.selectbox(
            "Unit",
            units,
            key=UNIT,
            persist_state="session",
            width=420,
            format_func=lambda path: f"{path}, {units[path].kind} shortcut" if units[path].kind != "none" else path,
        )
        unit = seed_unit(variant)  # the map's number has to exist in this unit
        if unit.kind != "none":
            most = _channels(variant.name, unit) - 1
            st.number_input(f"Map, 0 to {most}", 0, most, key=MAP, step=1, width=160, persist_state="session")
    return unit


def _channels(name: str, unit: Unit) -> int:
    """Of the network that runs: it may be narrower than the variant."""
    return cache.ran(name, weights_for(name)).node(unit.sum).out_shape[0]


def _sum(variant: Variant, unit: Unit) -> None:
    """Three maps on one scale, their norms, and the norms of all units."""
    arguments, chosen = run_of(variant.name), settings()
    shown = _shown(*arguments, unit.path, st.session_state[MAP])
    term, sentence = SHORTCUTS[unit.kind]
    names = (term, "+ residual", "= sum")
    titles = [f"{n}<br>‖·‖ = {np.linalg.norm(m):.4g}" for n, m in zip(names, shown.maps, strict=True)]
    chart(
        residual_charts.three_maps(dict(zip(titles, shown.maps, strict=True)), dark()),
        "unit-maps",
        f"Map {st.session_state[MAP]} of {unit.path}: {term.lower()}, residual and their sum",
    )
    st.markdown(
        f"{sentence} All {_channels(variant.name, unit)} maps together: "
        f"‖{term.lower()}‖ = **{shown.norms.shortcut:.4g}**, "
        f"‖residual‖ = **{shown.norms.residual:.4g}**, ‖sum‖ = **{shown.norms.sum:.4g}**."
    )
    st.caption(
        f"{chosen.image_title}; {unit.shortcut} + {unit.residual} = {unit.sum}, maps of "
        f"{pair_text(shown.maps.shape[1:])}, one scale for all three. {_honest(arguments)}"
    )
    st.markdown("**How much each unit adds**, relative to what passes it by (L2 norms over all maps):")
    units = tuple(units_of(variant.name).values())
    chart(
        residual_charts.ratios(units, _norms(*arguments).norms, unit, dark()),
        "unit-ratios",
        "Norm of the residual relative to the shortcut's, unit by unit",
    )
    st.caption("Look for low bars: there the unit changes little of what passes it by. The chosen unit has a frame.")


def _removal(variant: Variant, unit: Unit) -> None:
    """What later maps and the logits become without the unit."""
    arguments = run_of(variant.name)
    lesion = _lesion(*arguments, unit.path)
    lines = {(variant.title, unit.kind != "none"): lesion.changes}
    twin = TWINS.get(variant.name)
    if twin is not None and unit.path in units_of(twin) and weights_for(twin) == arguments[1]:
        title = variant_called(twin).title
        lines[title, unit.kind == "none"] = _lesion(*run_of(twin), unit.path).changes
    st.markdown(_removed(unit))
    said = "; ".join(f"**{title}: {found[-1].relative:.1%}**" for (title, _), found in lines.items())
    st.markdown(f"The logits change by: {said} (L2 norm of the difference, relative to the original's).")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        chart(residual_charts.changes(lines, dark()), "unit-changes", "Change of each block's output without the unit")
        st.caption(
            "Each point is the output of a block, from the removed unit on; at last the logits. 100 %: the difference "
            "is as large as the original."
        )
    classes = cache.network(*arguments[:3]).classes
    with right:
        if classes:
            _top("Whole network", lesion.top_before)
            _top(f"Without {unit.path}", lesion.top_after)
            st.caption(f"Of the {len(classes):,} classes that this network knows, those closest to the picture.")
        else:
            figure = gate_charts.logits(lesion.before, lesion.after, classes, dark())
            chart(figure, "unit-logits", "Logits of all classes, whole network against the altered one")
            st.caption(
                "Untrained network: random weights, seeded. Random layers have learned nothing that removing one could "
                "break: here is how far the change spreads, not what a trained network loses."
            )


def _removed(unit: Unit) -> str:
    if unit.kind == "none":
        return (
            f"In the place of {unit.path}, whose output has the shape of its input, its input goes on: its layers are "
            "left out. Nothing else passes a plain unit by."
        )
    what = "its input goes on" if unit.kind == "identity" else "only its shortcut's output goes on"
    return f"The residual of {unit.path} is set to zero: {what}. All later layers run again, with the same weights."


def _top(title: str, top: tuple[Prediction, ...]) -> None:
    st.markdown(f"**{title}**")
    for p in top:
        st.progress(p.probability, f"{p.label} {p.probability:.1%}")


def _honest(arguments: tuple[str, str, str, LoadedImage]) -> str:
    network = cache.network(*arguments[:3])
    return f"{network.made}." if network.trained else "Untrained network: random weights, seeded."
