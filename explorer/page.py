"""A page, top to bottom: a file in `pages/` is one call of `page`, or of `tool`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from explorer.architectures import family as family_called
from explorer.instruments.edit.panel import EDIT, silence_reported
from explorer.instruments.kernels.panel import KERNELS
from explorer.instruments.looks_at.panel import LOOKS_AT
from explorer.instruments.looks_at.tested_panel import LOOKS_TESTED
from explorer.instruments.looks_for.panel import LOOKS_FOR
from explorer.instruments.maps.panel import maps
from explorer.instruments.paint.panel import painted_picture
from explorer.instruments.questions.panel import questions_of
from explorer.instruments.value.panel import VALUE, take_apart
from explorer.runtime.pictures import LoadedImage
from explorer.ui.below import SECTIONS
from explorer.ui.build_up import build_control
from explorer.ui.cache import trace
from explorer.ui.edits import current, edits_control
from explorer.ui.followed import follow_tool
from explorer.ui.lesson import hidden, lesson_control, offered
from explorer.ui.link import PAGE, Control, publish, restore
from explorer.ui.screen import COLOUR, DIAGRAMS, header, instrument_control, screen, strip, variant_control
from explorer.ui.section import Section, below, controls_of, open_control
from explorer.ui.selection import node_control
from explorer.ui.sidebar import SAMPLE, device_box, picture_box, run_of, sample_picture, show_picture, sidebar_controls
from explorer.ui.tour import follow, go_on, tool_bar, tour_bar
from explorer.ui.weights_box import weights_box, weights_control
from explorer.ui.window import SIDEBAR, follow_window, place_sidebar

INSTRUMENTS = (maps(on_pick=take_apart, on_silence=silence_reported), KERNELS, VALUE, LOOKS_AT, LOOKS_FOR, EDIT)

# A page's own picture: what can be set about it, and the picture, given the sidebar's.
OwnPicture = tuple[Sequence[Control], Callable[[LoadedImage], LoadedImage]]


def page(name: str, *demonstrations: Section, picture: OwnPicture | None = None) -> None:
    """Draw the page of a family.

    Args:
        name: the family's module in `explorer.architectures`.
        demonstrations: the sections that only this architecture has; the first one is open at first.
        picture: for a page whose networks look at something else than the sidebar's picture.
    """
    family = family_called(name)
    instruments = (*INSTRUMENTS, questions_of(name, "Ask"))
    stops = follow(name)
    all_sections = (*demonstrations, LOOKS_TESTED, *SECTIONS)
    restore((lesson_control(family, [s.name for s in all_sections]),))
    chosen_variant = variant_control(family)
    restore((chosen_variant, SIDEBAR, *sidebar_controls()))
    go_on(name, stops)
    place_sidebar()
    variant = family.variant(chosen_variant.value)
    node = node_control(trace(variant.name))
    restore(
        (
            weights_control(variant.name),
            node,
            build_control(trace(variant.name)),
            COLOUR,
            DIAGRAMS,
            instrument_control(instruments),
        )
    )
    with st.sidebar:
        shown = painted_picture(picture_box(), offered=picture is None)
    if picture is not None:
        own_controls, own_picture = picture
        restore(own_controls)
        shown = own_picture(shown)
    with st.sidebar:
        show_picture(shown)
    run = run_of(variant.name, shown)
    restore((edits_control(run),))
    run = current(run)
    available = tuple(s for s in all_sections if s.available(run))
    shown_names = offered("sections", (s.name for s in available))
    sections = tuple(s for s in available if s.name in shown_names) or available
    restore((open_control(sections), *controls_of((*instruments, *sections), run)))
    with st.sidebar:
        if not hidden("weights"):
            weights_box(variant.name)
        if not hidden("device"):
            device_box()
    tour_bar(family, stops, trace(variant.name), all_sections)
    with st.container(key="one-screen"):
        header(family, variant, run)
        strip(variant.name)
        screen(run, instruments)
    below(sections, run)
    follow_window()
    publish()


def tool(
    top: Section,
    *sections: Section,
    networks: Sequence[Control],
    before: Sequence[Control] = (),
    runs: bool = True,
) -> None:
    """Draw a page that is about no single architecture.

    Args:
        top: what is always shown; its run, and that of the sections, is of the first network.
        sections: below it; the first one is open at first.
        networks: the controls whose values are names of variants.
        before: controls on which those depend.
        runs: whether a network looks at a picture; if not, there is no sidebar.
    """
    name = st.session_state[PAGE]
    stops = follow(name)
    restore((SIDEBAR, *sidebar_controls(), *before, *networks))
    go_on(name, stops)
    place_sidebar()
    names = [control.value for control in networks]
    restore((weights_control(*names),))
    if runs:
        with st.sidebar:
            run = run_of(names[0], picture_box())
            show_picture(run.picture)
            device_box()
    else:
        run = run_of(names[0], sample_picture(SAMPLE.value))
    restore((*top.controls(run), open_control(sections), *controls_of(sections, run)))
    with st.container(key="tool-title"):
        st.title(top.title, anchor=False)
    top.show(run)
    below(sections, run)
    tool_bar(name, stops)
    follow_window()
    publish()
    follow_tool(top.title)
