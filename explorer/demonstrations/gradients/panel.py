"""The ResNet page's demonstrations: the sum in a unit, a unit removed, and gradients with shortcuts and without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from threading import Condition

import streamlit as st
import torch
from cachetools import LRUCache, cached
from streamlit.delta_generator import DeltaGenerator

from explorer.analysis.trace import Node, Trace
from explorer.architectures.family import Variant
from explorer.demonstrations.gradients.compute import DEPTHS, Initialization, Profile, Recipe, measure
from explorer.demonstrations.residual_unit import charts as residual_charts
from explorer.demonstrations.residual_unit.panel import MAP, UNIT, one_unit, seed_map, units_of
from explorer.runtime.device import resolve
from explorer.runtime.samples import samples
from explorer.ui import cache
from explorer.ui.charts import chart, dark
from explorer.ui.following import Follower, enclosing
from explorer.ui.link import beside, fresh, rewrite, seed
from explorer.ui.sidebar import sample_image, settings

BOX = Follower(UNIT, "unit")
PICTURES_OF = "resnet20_cifar"  # the variant whose input the samples become
SEED = "gradient-seed"
MOST_SEED = 999
NETWORKS = {True: "with shortcuts", False: "plain"}
INITIALIZATIONS: dict[Initialization, str] = {
    "he": "He",
    "torch": "torch's default",
    "xavier": "Xavier",
    "normal": "N(0, 0.01²)",
}
NORMS = {"bn": "with BN", "none": "without BN"}
# Controls of the gradients, with their first values: what differs from these stands in the link.
FIRST = {"depth": "56", "norm": "bn", "init": "he"}
WIDE = 10.0  # ratios between its reciprocal and itself are called level
TINY, HUGE = 1e-6, 1e3  # norms of gradients beyond are said to vanish and to explode


# ---- state -------------------------------------------------------------------------------------------------


def begin(variant: Variant) -> None:
    """Give the controls that the link carries their values, before anything is drawn."""
    state = st.session_state
    if fresh():
        for key in (MAP, *FIRST):
            state.pop(key, None)
    BOX.begin(units_of(variant.name))
    seed_map(variant)
    seed("depth", list(map(str, DEPTHS)), FIRST["depth"], "depth")
    seed("norm", NORMS, FIRST["norm"], "normalization")
    seed("init", INITIALIZATIONS, FIRST["init"], "initialization")


def follow(trace: Trace, node: Node) -> bool:
    """Turn to the selected node's unit, if it lies in one; whether that is another than before."""
    moved = BOX.follow(trace, node, enclosing(units_of(trace.variant), node))
    _into_link(trace)
    return moved


def _into_link(trace: Trace) -> None:
    state = st.session_state
    values = {key: state[key] for key, first in FIRST.items() if state[key] != first}
    values |= BOX.in_link(enclosing(units_of(trace.variant), trace.node(state["node"])))
    if state[MAP]:
        values[MAP] = state[MAP]
    beside(**values)


def _keep(variant: Variant) -> None:
    _into_link(cache.trace(variant.name))
    rewrite()


# ---- the sections ------------------------------------------------------------------------------------------


def demonstration(variant: Variant) -> None:
    """Everything below the screen."""
    one_unit(variant, _keep)
    _gradients()


def _gradients() -> None:
    """Outside of any fragment: only a click that runs the whole page interrupts a run, and "Cancel" has to."""
    state = st.session_state
    st.header("Gradients before training: plain against residual", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Layers", list(map(str, DEPTHS)), key="depth", required=True, persist_state="session")
        st.segmented_control(
            "Normalization", NORMS, key="norm", required=True, format_func=NORMS.__getitem__, persist_state="session"
        )
        st.pills(
            "Initialization",
            INITIALIZATIONS,
            key="init",
            required=True,
            format_func=INITIALIZATIONS.__getitem__,
            persist_state="session",
        )
        shown = st.pills(
            "Networks",
            NETWORKS,
            key="gradient-networks",
            selection_mode="multi",
            default=list(NETWORKS),
            format_func=NETWORKS.__getitem__,
        )
        seed_number = st.number_input("Seed", 0, MOST_SEED, key=SEED, step=1, width=140, persist_state="session")
    recipes = [
        Recipe(int(state["depth"]), skips, state["norm"] == "bn", state["init"], seed_number)
        for skips in NETWORKS
        if skips in shown
    ]
    if not recipes:
        st.markdown("Choose a network.")
        return
    _results(_measured(recipes))


def _measured(recipes: Sequence[Recipe]) -> list[Profile]:
    """What was measured before, for anyone, is there at once."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        st.button("Cancel", key="gradient-cancel")
        bar = st.progress(0.0, "One pass forward, one backward")

    profiles = []
    for number, recipe in enumerate(recipes):
        tell = partial(_tell, bar, NETWORKS[recipe.skips], number, len(recipes))
        profiles.append(_profile(recipe, settings().device, tell))
    place.empty()
    return profiles


def _tell(bar: DeltaGenerator, name: str, number: int, count: int, done: float) -> None:
    bar.progress((number + done) / count, name)


@cached(LRUCache(256), key=lambda recipe, device, tell: (recipe, device), condition=Condition())
def _profile(recipe: Recipe, device: str, tell: Callable[[float], None]) -> Profile:
    profile = None
    for done, found in measure(recipe, _pictures(), resolve(device)):
        tell(done)
        profile = found
    assert profile is not None  # the last step's
    return profile


@cached(LRUCache(1), condition=Condition())
def _pictures() -> torch.Tensor:
    inputs = [cache.network_input(PICTURES_OF, "untrained", sample_image(s.id)).tensor for s in samples()]
    return torch.cat(inputs)


def _results(profiles: Sequence[Profile]) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Gradient of each convolution's weights** (L2 norm)")
        chart(residual_charts.gradients(profiles, dark()), "gradients", "Gradient norms over the depth")
    with right:
        st.markdown("**Maps that leave each unit** (standard deviation)")
        chart(residual_charts.deviations(profiles, dark()), "deviations", "Standard deviations of maps over the depth")
    for profile in profiles:
        st.markdown(_said(profile))
    r = profiles[0].recipe
    st.caption(
        f"CIFAR networks of {r.depth} layers at their initialization. Both have the same parameters, and here the same "
        f"random weights: shortcuts of option A have none. One pass of the {len(samples())} samples at 32×32 in "
        "training mode, their labels drawn at random by the seed. Look at both charts: gradients vanish where the left "
        "curve falls towards the first convolution, or where it lies near zero as a whole because the maps have died "
        "away on the right. He et al. (section 4.1) hold vanishing gradients unlikely as the reason why their plain "
        "networks, all with BN, train worse."
    )


def _said(profile: Profile) -> str:
    gradients = profile.gradients
    name, least, most = NETWORKS[profile.recipe.skips].capitalize(), gradients.min(), gradients.max()
    if zeros := int((gradients == 0).sum()):
        return f"**{name}**: {zeros} of {len(gradients)} gradients are exactly 0, float32 has no smaller number."
    how = "stay within a factor of ten"
    if profile.ratio > WIDE:
        how = "**grow** towards the input"
    elif profile.ratio < 1 / WIDE:
        how = "**shrink** towards the input"
    level = ""
    if most < TINY:
        level = " All of them are next to nothing: they **vanish**."
    elif least > HUGE:
        level = " All of them are huge: they **explode**."
    return (
        f"**{name}**: from the last convolution to the first unit's, the gradients {how} (ratio "
        f"**{profile.ratio:.3g}**); they lie between {least:.3g} and {most:.3g}.{level}"
    )
