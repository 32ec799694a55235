"""Gradients and signals in networks that nobody has trained yet: with shortcuts and without."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
import torch

from explorer.demonstrations.gradients import charts
from explorer.demonstrations.gradients.compute import DEPTHS, Initialization, Profile, Recipe
from explorer.demonstrations.gradients.jobs import Measurement, measurement, wait
from explorer.runtime.device import resolve
from explorer.runtime.run import Run
from explorer.runtime.samples import samples
from explorer.ui import cache
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, pills, segments
from explorer.ui.link import choice, number
from explorer.ui.section import Section
from explorer.ui.sidebar import sample_picture
from explorer.ui.window import BELOW

PICTURES_OF = "resnet20_cifar"  # the variant whose input the samples become
NETWORKS = {True: "With shortcuts", False: "Plain"}
BOTH = "both"
SHOWN = {BOTH: (True, False), "shortcuts": (True,), "plain": (False,)}
BATCH_NORM = "bn"
INITIALIZATIONS: dict[Initialization, str] = {
    "he": "He",
    "torch": "torch's default",
    "xavier": "Xavier",
    "normal": "N(0, 0.01²)",
}

DEPTH = choice("gradients.depth", "Layers", DEPTHS, 56)
NORM = choice("gradients.norm", "Normalization", {BATCH_NORM: "with BN", "none": "without BN"})
INITIALIZATION = choice("gradients.init", "Initialization", INITIALIZATIONS)
SHOWN_NETWORKS = choice(
    "gradients.networks", "Networks", {BOTH: "Both", "shortcuts": NETWORKS[True], "plain": NETWORKS[False]}
)
SEED = number("gradients.seed", "Seed", 0, 999)

CANCELLED = "gradients-cancelled"  # in the session: the recipes that the viewer does not wait for
PROMPT_S = 0.3  # a measurement that is this quick shows no progress
LOOK_INTERVAL_S = 0.5  # between two looks at a measurement under way
RESULTS_HEIGHT_PX = 460  # kept free while they are measured, so that nothing jumps when they arrive


def _show(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        segments(DEPTH)
        segments(NORM)
        pills(INITIALIZATION)
        segments(SHOWN_NETWORKS)
        number_box(SEED, width=140)
    recipes = [
        Recipe(DEPTH.value, skips, NORM.value == BATCH_NORM, INITIALIZATION.value, SEED.value)
        for skips in SHOWN[SHOWN_NETWORKS.value]
    ]
    if st.session_state.get(CANCELLED) == recipes:
        st.button("Measure", key="gradients-measure", on_click=_cancel, args=([],))
        return
    measurements = _measurements(recipes, run.device)
    if wait(measurements, PROMPT_S):
        _results([m.profile for m in measurements if m.profile is not None])
    else:
        with st.container(height=RESULTS_HEIGHT_PX, border=False):
            _progress(recipes, run.device)


def _measurements(recipes: Sequence[Recipe], device: str) -> list[Measurement]:
    return [measurement(recipe, _pictures(), resolve(device)) for recipe in recipes]


@cache.kept()
def _pictures() -> torch.Tensor:
    runs = [Run(PICTURES_OF, "untrained", "cpu", sample_picture(s.id)) for s in samples()]
    return torch.cat([cache.network_input(run).tensor for run in runs])


@st.fragment(run_every=LOOK_INTERVAL_S)
def _progress(recipes: Sequence[Recipe], device: str) -> None:
    measurements = _measurements(recipes, device)
    if wait(measurements, 0):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Cancel", key="gradients-cancel", on_click=_cancel, args=(recipes,))
        fraction = sum(m.fraction for m in measurements) / len(measurements)
        st.progress(fraction, "One pass forward, one backward")


def _cancel(recipes: Sequence[Recipe]) -> None:
    """Wait for these no longer: a measurement ends when nobody does."""
    st.session_state[CANCELLED] = recipes
    st.rerun(BELOW)


def _results(profiles: Sequence[Profile]) -> None:
    for profile in profiles:
        st.markdown(_summary(profile))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(
            "**Gradient of each convolution's weights** (L2 norm)",
            help="How much the loss changes with the weights, one length a convolution: the root of the sum of all "
            "squares. It is what a step of training would be proportional to.",
        )
        chart(charts.gradients(profiles, dark()), "gradients", "Gradient norms over the depth")
    with right:
        st.markdown(
            "**Maps that leave each unit** (standard deviation)",
            help="How far the values of the maps spread around their mean: near 0, nothing of the picture is left.",
        )
        chart(charts.deviations(profiles, dark()), "deviations", "Standard deviations of maps over the depth")
    r = profiles[0].recipe
    st.caption(
        f"CIFAR networks of {r.depth} layers at their initialization. Both have the same parameters, and here the same "
        f"random weights: shortcuts of option A have none. One pass of the {len(samples())} samples at 32×32 in "
        "training mode, their labels drawn at random by the seed. What to look for, in both charts: gradients vanish "
        "where the left curve falls towards the first convolution, or where it lies near zero as a whole because the "
        "maps have died away on the right. He et al. (section 4.1) consider vanishing gradients unlikely as the reason "
        "why their plain networks, all with BN, train worse."
    )


def _summary(profile: Profile) -> str:
    name, gradients = NETWORKS[profile.recipe.skips], profile.gradients
    if profile.zeros:
        return f"**{name}**: {profile.zeros} of {len(gradients)} gradients are exactly 0: they underflow float32."
    how = {
        "grow": "**grow** towards the input",
        "shrink": "**shrink** towards the input",
        "level": "stay within a factor of ten",
    }[profile.trend]
    level = ""
    if profile.vanishes:
        level = " All of them are next to nothing: they **vanish**."
    elif profile.explodes:
        level = " All of them are huge: they **explode**."
    return (
        f"**{name}**: from the last convolution to the first unit's, the gradients {how} (ratio "
        f"**{profile.ratio:.3g}**); they lie between {gradients.min():.3g} and {gradients.max():.3g}.{level}"
    )


GRADIENTS = Section("gradients", "Gradients", _show, lambda run: (DEPTH, NORM, INITIALIZATION, SHOWN_NETWORKS, SEED))
