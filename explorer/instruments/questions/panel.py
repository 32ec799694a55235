"""Predict first, then see: a question about what is on the screen, for one person or for a hall that votes.

The answer is not told, it is shown: the reveal selects, colours or alters what the question was about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from explorer.hall.rooms import Asked, Shown, Ticket, rooms
from explorer.runtime.run import Run
from explorer.teaching import about
from explorer.teaching.question import Option, Posed, Question, Subject
from explorer.teaching.step import View
from explorer.ui import cache, room
from explorer.ui.controls import select
from explorer.ui.link import Control, choice, plain, rerun_page, reset
from explorer.ui.section import OPEN, Section
from explorer.ui.stops import SHOWN_BY, values

QUESTIONS = "questions"  # the section's name
NAME = "questions.name"
# What was predicted, and what has been shown: each begins with what it is about, so that another question has none.
PREDICTED = Control("questions.predicted", "Prediction", str, str, linked=False)
SEEN = Control("questions.seen", "Answer shown", str, str, linked=False)
OWN = Control("questions.own", "Own question", lambda text: text[:2000], str, linked=False)
COUNT_EVERY_S = 1.0
MOST_OWN_OPTIONS = 6
NONE = -1  # of a presenter's own question no option is right
Put = dict[str, Any]  # a question as the hall has it

Runs = Callable[[Run], tuple[Run, ...]]  # what a page's questions are about: one run, or the two that are compared


def questions_of(page: str, title: str = "Questions", runs: Runs = lambda run: (run,)) -> Section:
    """The instrument of an architecture's page, or a section of another page, with the questions of that page."""
    asked = about.questions(page)
    titles = {q.name: f"{number}. {q.name.replace('-', ' ')}" for number, q in enumerate(asked, 1)}
    control = choice(NAME, "Question", titles)
    return Section(
        QUESTIONS,
        title,
        partial(_show, asked, control, runs),
        lambda run: (control, PREDICTED, SEEN, OWN),
        follows=True,
        head=partial(_head, asked, control, runs),
    )


@cache.kept()
def _posed(question: Question, *runs: Run) -> tuple[Posed | None]:
    subject = Subject(runs[0], cache.trace, cache.activations, *runs[1:])
    return (question.pose(subject),)


def _put(asked: Sequence[Question], chosen: str, runs: Sequence[Run]) -> tuple[Question, Posed] | None:
    """The chosen question, or the next one that makes sense here."""
    start = next((i for i, q in enumerate(asked) if q.name == chosen), 0)
    for question in (*asked[start:], *asked[:start]):
        (posed,) = _posed(question, *runs)
        if posed is not None:
            return question, posed
    return None


def _head(asked: Sequence[Question], control: Control, runs: Runs, run: Run) -> None:
    """Which question it is, and the way to the others."""
    found = _put(asked, control.value, runs(run.unedited))
    with st.container(key="question-turn", horizontal=True, vertical_alignment="center", gap="small"):
        if found is None:
            return
        number = [q.name for q in asked].index(found[0].name)
        control.set(found[0].name)
        turn = partial(_turn, asked, control, number, runs(run.unedited))
        st.button("‹", key="question-before", help="Question before", on_click=partial(turn, -1))
        select(control, label_visibility="collapsed", on_change=_turned)
        st.button("›", key="question-next", help="Next question", on_click=partial(turn, 1))


def _turn(asked: Sequence[Question], control: Control, number: int, runs: Sequence[Run], by: int) -> None:
    """To the next question that makes sense here; what the last one's answer changed is undone."""
    others = [asked[(number + by * i) % len(asked)] for i in range(1, len(asked) + 1)]
    name = next((q.name for q in others if _posed(q, *runs)[0] is not None), control.value)
    control.set(name)
    _turned()


def _turned() -> None:
    """Undo what the last question's answer changed."""
    if SEEN.value:
        reset((*SHOWN_BY, SEEN.name))
        rerun_page()


def _show(asked: Sequence[Question], control: Control, runs: Runs, run: Run) -> None:
    found = _put(asked, control.value, runs(run.unedited))
    hall = _hall()
    if _is_section():  # an instrument has it in its head
        _head(asked, control, runs, run)
    with st.container(key="question"):
        if hall is not None and (found is None or not _is(hall, found[1])):
            _question("", _as_posed(hall), hall)
        elif found is None:
            st.markdown("There is no question about this network yet.")
        else:
            question, posed = found
            _question(f"{run.variant} {question.name}", posed, hall)
        if (held := room.ticket()) is not None:
            _room(held)
    room.door()


def _question(place: str, posed: Posed, hall: Put | None) -> None:
    """The question with its options; who is alone predicts, a hall votes. `hall`: the question as the hall has it."""
    held = room.ticket()
    st.header(plain(posed.text), anchor=False)
    seen = (bool(place) and SEEN.value == place) or bool(hall and hall["phase"] == "revealed")
    predicted = _predicted(place)
    if posed.right != NONE and seen:
        verdict = "" if predicted is None else "**Right.** " if predicted == posed.right else "**Not quite.** "
        st.markdown(f"{verdict}**{plain(posed.options[posed.right].text)}.** {plain(posed.why)}")
        if posed.shows.value or posed.shows.beside or (_is_section() and posed.shows.section):
            st.button("Look at it", key="question-look", on_click=_look, args=(posed.shows,))
    _options(place, posed, predicted, seen, hall)
    with st.container(key="question-actions", horizontal=True, vertical_alignment="center", gap="small"):
        if held is not None:
            _steps(held, place, posed, hall)
            return
        if not seen:
            st.button(
                "Show the answer",
                key="question-show",
                type="primary" if predicted is not None else "secondary",
                on_click=_reveal,
                args=(place, posed.shows),
            )
        st.button("Open a room", key="room-open", help="The hall votes on its phones", on_click=room.begin)


def _predicted(place: str) -> int | None:
    said, _, index = str(PREDICTED.value).rpartition(" ")
    return int(index) if said == place and index.isdecimal() else None


def _predict(place: str, index: int) -> None:
    PREDICTED.set(f"{place} {index}")


def _reveal(place: str, view: View) -> None:
    """Show the answer where it is to be seen."""
    SEEN.set(place)
    for name, value in values(replace(view, section="") if _is_section() else view).items():
        st.session_state[name] = value
    rerun_page()


def _is_section() -> bool:
    """Whether the question stands in a section, in whose place no other can be opened with the answer."""
    return bool(st.session_state.get(OPEN) == QUESTIONS)


def _look(view: View) -> None:
    """At what the answer is seen in: a section, a value taken apart, or two operations' maps."""
    if _is_section():
        st.session_state[OPEN] = view.section
        rerun_page()
    st.session_state["instrument"] = "value" if view.value else "maps"
    if view.value:
        for name, value in zip(("maps.channel", "value.row", "value.column"), view.value, strict=True):
            st.session_state[name] = value
    rerun_page()


# ---- options, and what the hall has voted -----------------------------------------------------------------


def _options(place: str, posed: Posed, predicted: int | None, seen: bool, hall: Put | None) -> None:
    """A button for each option: a press predicts; then marks, and the hall's votes where they are shown."""
    counts, before = (hall["counts"], hall["before"]) if hall else (None, None)
    with st.container(key="question-options", horizontal=True, gap="small"):
        for index, option in enumerate(posed.options):
            with st.container(key=f"question-option-{index}", gap="xsmall"):
                if option.picture:
                    st.image(option.picture, width="stretch", alt=f"Map {option.text}")
                st.button(
                    plain(option.text),
                    key=f"question-predict-{index}",
                    type="primary" if index == predicted else "secondary",
                    icon=_mark(index, posed, predicted) if seen else None,
                    width="stretch",
                    on_click=None if seen or not place else _predict,
                    args=(place, index),
                )
                if counts:
                    _votes(counts, before, index)


def _mark(index: int, posed: Posed, predicted: int | None) -> str | None:
    if index == posed.right:
        return ":material/check_circle:"
    return ":material/cancel:" if index == predicted else None


def _votes(counts: Sequence[int], before: Sequence[int] | None, index: int) -> None:
    """The share of an option as a bar, and in words; of the first vote, too, where there have been two."""
    total = sum(counts)
    share = counts[index] / total if total else 0.0
    words = f"{share:.0%} ({counts[index]:,} of {total:,})"
    if before and sum(before):
        words += f", {before[index] / sum(before):.0%} before"
    bar = f'<span style="width: {share:.1%}"></span>'
    st.html(f'<div class="votes" role="meter" aria-valuenow="{share:.3f}">{bar}<b>{words}</b></div>')


def _hall() -> Put | None:
    """What this session's hall is asked at present."""
    now = room.state()
    return now["question"] if now else None


def _is(hall: Put, posed: Posed) -> bool:
    """Whether the hall is asked just this."""
    return hall["text"] == posed.text and [o["text"] for o in hall["options"]] == [o.text for o in posed.options]


def _as_posed(hall: Put) -> Posed:
    """What the hall is asked, where this is no question of what is on the screen: the presenter's own, or another's."""
    options = tuple(Option(option["text"]) for option in hall["options"])
    return Posed(hall["text"], options, NONE if hall["right"] is None else hall["right"], hall["why"])


def _steps(held: Ticket, place: str, posed: Posed, hall: Put | None) -> None:
    """Ask, close, show the votes, then by another press the answer."""
    if hall is None:
        st.button("Ask the hall", key="hall-ask", type="primary", on_click=_ask, args=(held, posed))
        return
    phase = hall["phase"]
    if phase == "open":
        _count_votes(held.code)
        st.button("Close the vote", key="hall-close", type="primary", on_click=room.tried, args=(rooms().close, held))
    if phase in ("open", "closed"):
        st.button("Show the votes", key="hall-count", on_click=room.tried, args=(rooms().count, held))
    if phase in ("closed", "counted") and hall["round"] == 1:
        st.button("Vote again", key="hall-again", on_click=room.tried, args=(rooms().again, held))
    if phase == "counted":
        shown = (held, place, posed.shows)
        st.button("Show the answer", key="hall-reveal", type="primary", on_click=_answer, args=shown)
    if phase in ("counted", "revealed"):
        st.button("Done", key="hall-done", on_click=room.tried, args=(rooms().clear, held))


@st.fragment(run_every=COUNT_EVERY_S)
def _count_votes(code: str) -> None:
    """How many have voted, not what; it alone runs again."""
    votes, listeners = room.tried(rooms().votes, code), room.tried(rooms().listeners, code)
    if votes is not None and listeners is not None:
        st.markdown(f"**{votes:,}** of {max(listeners, votes):,} have voted")


def _ask(held: Ticket, posed: Posed) -> None:
    def ask() -> None:
        options = tuple(map(_for_hall, posed.options))
        rooms().ask(held, Asked(posed.text, options, posed.right, posed.why))

    room.tried(ask)


def _for_hall(option: Option) -> Shown:
    digest = rooms().keep(option.picture, "image/png") if option.picture else ""
    return Shown(option.text, digest, f"Map {option.text}" if digest else "")


def _answer(held: Ticket, place: str, view: View) -> None:
    room.tried(rooms().reveal, held)
    if place:
        _reveal(place, view)


# ---- the room ---------------------------------------------------------------------------------------------


def _room(held: Ticket) -> None:
    """How to get into the room, and what else can be done there."""
    now = room.state()
    with st.container(key="question-room", horizontal=True, vertical_alignment="center", gap="small"):
        if now is None or now["ended"]:
            st.markdown("The room has ended.")
            st.button("Open another", key="room-again", on_click=room.begin)
            return
        st.markdown(f"Room **{held.code}** `{room.address(held.code)}`")
        st.button("Join", key="room-door", help="Code and address for all to see", on_click=room.ask_for_door)
        with st.popover("Own question", key="room-own"):
            _own_question(held)


def _own_question(held: Ticket) -> None:
    """A question that the presenter writes; it has no right answer."""
    text = st.text_area(
        "A line for the question, then one for each option",
        key=OWN.name,
        placeholder="What would you drop first?\nThe shortcut\nThe normalization",
    )
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    st.button(
        "Ask the hall",
        key="hall-ask-own",
        disabled=not 3 <= len(lines) <= 1 + MOST_OWN_OPTIONS,
        help=f"Two to {MOST_OWN_OPTIONS} options",
        on_click=_ask_own,
        args=(held, lines),
    )


def _ask_own(held: Ticket, lines: Sequence[str]) -> None:
    room.tried(rooms().ask, held, Asked(lines[0], tuple(map(Shown, lines[1:]))))
