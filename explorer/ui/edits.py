"""What is altered in the run that a page shows: one control, which the link carries, and chips that undo it."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.trace import Trace
from explorer.runtime.edits import MOST_EDITS, Edit, channels_text, parse_all, passed_on, text_of, with_silence
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.link import CONTROLS, Control, rerun_page, reset
from explorer.ui.window import BELOW, SCREEN

EDITS = "edits"  # in the session and in the link
STROKES = "paint.strokes"  # in the session: what is painted over the picture
PAINTABLE = "paint-offered"  # in the session: whether this page's picture can be painted over
IN_WORDS = {
    "zero": "{} silenced",
    "keep": "only {}",
    "scale": "{} × {:g}",
    "mean": "{} by its mean",
    "value": "{} = {:g}",
    "shuffle": "{} shuffled ({:g})",
    "invert": "1 − {}",
    "skip": "{} skipped",
}


def edits_control(run: Run) -> Control:
    """The edits of the network that runs; another network has none of them."""
    return Control(
        EDITS, "Edits", lambda text: parse_all(text, cache.running_trace(run)), tuple, text_of, about=run.variant
    )


def current(run: Run) -> Run:
    """The run with the edits that the session holds now: fragments are given that of the last full run."""
    control = st.session_state[CONTROLS].get(EDITS)
    return run if control is None else run.unedited.edited(*control.value)


def words(edit: Edit) -> str:
    """An edit for a person."""
    which = f"{edit.node} #{channels_text(edit.channels)}" if edit.channels else edit.node
    return IN_WORDS[edit.kind].format(which, edit.number)


def altered_elements(run: Run, trace: Trace) -> list[str]:
    """The ids of all elements of diagrams in which something is altered."""
    found: dict[str, None] = {}
    for edit in run.edits:
        output = passed_on(trace, edit.node)[0] if edit.kind == "skip" else edit.node
        node = trace.node(output)
        found |= dict.fromkeys((edit.node, output, node.block, node.stage))
    return list(found)


def apply(run: Run, *edits: Edit) -> None:
    """Apply edits, and undo those of them that are applied; for a callback."""
    now = current(run).edits
    _set((*(e for e in now if e not in edits), *(e for e in edits if e not in now)))


def silence(run: Run, node: str, channel: int) -> None:
    """Silence one channel, together with those of its operation that are; or undo that; for a callback."""
    _set(with_silence(current(run).edits, node, channel))


def _set(edits: tuple[Edit, ...]) -> None:
    if len(edits) > MOST_EDITS:
        st.toast(f"At most {MOST_EDITS} edits at a time: undo one first.")
        return
    st.session_state[EDITS] = edits
    st.rerun([SCREEN, BELOW])


def _clear() -> None:
    reset((STROKES,))
    rerun_page()


def on_whole_page(run: Run, *edits: Edit) -> None:
    """A button of a section that shows what edits do: does them in all that the page shows, or undoes them."""
    done = set(edits) <= set(run.edits)
    st.button(
        "Undo on the whole page" if done else "Do this on the whole page",
        key="on-whole-page",
        help="The maps, the answer and every section then show the altered network.",
        on_click=apply,
        args=(run, *(edits if done else (e for e in edits if e not in run.edits))),
    )


def chips(run: Run) -> None:
    """The edits of a run, each a button that undoes it.

    The container stands there without any, too: what came into its place would move all after it, and the map that has
    the focus would lose it.
    """
    with st.container(key="edits", horizontal=True, vertical_alignment="center", gap="small"):
        for number, edit in enumerate(run.edits):
            st.button(f"{words(edit)} ×", key=f"undo-{number}", help="Undo this edit", on_click=apply, args=(run, edit))
        if st.session_state.get(STROKES) and st.session_state.get(PAINTABLE):
            st.button("picture painted ×", key="undo-strokes", help="Clear the strokes", on_click=_clear)
        if len(run.edits) > 1:
            st.button("Undo all", key="undo-all", type="tertiary", on_click=_set, args=((),))
