"""The page "Units": a network's depth as a ladder, what a few channels of each stage look for, up to its classes."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.analysis.text import pair_text, thousands
from explorer.analysis.trace import Node, Trace
from explorer.architectures import catalogue, family_of
from explorer.instruments.looks_for.component import ANEW, ANEW_MARK, Row, message, picked, tile, units
from explorer.instruments.looks_for.compute import FURTHER_STEPS, MIDDLE_STEPS, STEPS, STILL_STEPS
from explorer.instruments.looks_for.panel import HONEST, LOOKS_FOR
from explorer.instruments.looks_for.sprites import Drawn, channels_of, counts, index
from explorer.runtime.maps import Message
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import cache
from explorer.ui.components.navigation import go_to
from explorer.ui.controls import select
from explorer.ui.link import Control, choice, link_to, publish, rerun_page
from explorer.ui.screen import INSTRUMENT
from explorer.ui.section import Section
from explorer.ui.weights_box import weights_for
from explorer.ui.window import SCREEN

SHOWN = 10  # channels of a stage: as many as there are classes
KEY = "units-ladder"
FIRST = "resnet34"


def _networks() -> dict[str, str]:
    """The bundled networks whose pictures came with the app."""
    return {name: catalogue()[name].title for name in catalogue() if name in manifest() and index(name)}


def _first() -> str:
    names = _networks()
    return FIRST if FIRST in names else next(iter(names))


NETWORK: Control = choice("units.network", "Network", _networks, _first)


def _run(run: Run) -> Run:
    return replace(run, weights=BUNDLED)


def steps(trace: Trace, drawn: dict[str, Drawn]) -> list[Node]:
    """The outputs of the stages, and the classes: those with pictures, from the first to the last."""
    ends = [trace.node(stage.output).name for stage in trace.stages] + [trace.output.name]
    return [trace.node(name) for name in dict.fromkeys(ends) if name in drawn]


def _row(run: Run, node: Node, drawn: Drawn) -> Row:
    channels = channels_of(drawn, SHOWN)
    names = cache.class_names(run, node.name)
    tiles = [tile(names[c] if names else f"#{c}", f" of {node.name}", drawn, c) for c in channels]
    title, note = _said(run, node, drawn)
    if set(channels) & set(drawn.anew):
        note = f"{note};{ANEW_MARK} {ANEW}"
    return Row(node.name, f"Channels of {node.name}", tiles, drawn.tiles()[channels], title, note)


def _said(run: Run, node: Node, drawn: Drawn) -> tuple[str, str]:
    """A row's title, and what stands beside it."""
    if node is cache.running_trace(run).output:
        return "Classes", node.name
    size = cache.running_trace(run).input_size[1:]
    sees = (
        "the whole picture" if min(node.receptive_field) >= max(size) else f"{pair_text(node.receptive_field)} pixels"
    )
    those = "them" if drawn.count == drawn.channels else f"the first {drawn.count}"
    dead = f", {len(drawn.dead)} of {those} dead" if drawn.dead else ""
    return node.stage, f"{node.name}: {thousands(drawn.channels)} channels{dead}; each sees {sees}"


@cache.kept(key=lambda run: (run.variant,))
def _message(run: Run) -> Message:
    drawn = dict(index(run.variant))
    return message([_row(run, node, drawn[node.name]) for node in steps(cache.running_trace(run), drawn)])


@st.fragment(key=SCREEN)
def _show(run: Run) -> None:
    """The ladder; a fragment, so that a click runs nothing else while the browser leaves."""
    run = _run(run)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        select(NETWORK, label_visibility="collapsed", width=260, on_change=rerun_page)
        st.markdown("From edges to parts to classes: pictures that excite a channel. Click one.", help=HONEST)
    units(_message(run), key=KEY, on_picked_change=lambda: None)  # the run that it causes reads it
    found = picked(KEY)
    drawn = index(run.variant)
    if found is not None and found[0] in drawn:
        channels = channels_of(drawn[found[0]], SHOWN)
        if found[1] < len(channels):
            go_to(family_of(run.variant).name, link_of(run.variant, found[0], channels[found[1]]))
    publish()


def link_of(variant: str, node: str, channel: int) -> dict[str, str]:
    """The link to a channel on its network's page."""
    weights = {} if weights_for(variant) == BUNDLED else {"weights": BUNDLED}
    own = {"variant": variant, "node": node, "maps.channel": str(channel), INSTRUMENT: LOOKS_FOR.name}
    return link_to(**own, **weights)


# ---- how they are made -------------------------------------------------------------------------------------


def _made(run: Run) -> None:
    drawn = index(run.variant).values()
    pictures, dead, stronger = counts(list(drawn))
    anew = sum(len(d.anew) for d in drawn)
    st.markdown(
        f"**{stronger:,} of {pictures - dead:,}** living channels get no more from any picture that comes with the app "
        f"than from their own, as it is stored. {dead:,} of {pictures:,} are dead: they give the same for all."
    )
    st.markdown(
        f"Each picture began as noise and climbed {STEPS} steps of gradient ascent, described by its frequencies and "
        "by colours that vary independently in photographs, while it was shifted, turned and scaled a little at each "
        "step ([Olah, Mordvintsev, Schubert 2017](https://distill.pub/2017/feature-visualization)). "
        f"First the mean of the channel's map grew, in the last {MIDDLE_STEPS} steps the value in its middle; in the "
        f"last {STILL_STEPS} the picture stood still. Where some picture that comes with the app gave more, it climbed "
        f"{FURTHER_STEPS} steps further; where that did not do ({anew:,} of {pictures:,}), it began anew as what the "
        "channel sees of that picture, and the map's largest value grew. At each channel the page says so."
    )
    st.markdown(
        f"{HONEST} The channels of a row are spread evenly over those with pictures, not chosen for their looks."
    )


TOP = Section("units", "Units", _show)
MADE = Section("made", "How they are made", _made)
