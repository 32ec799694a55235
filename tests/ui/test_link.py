"""Controls, and the link that carries them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from explorer.ui import link
from explorer.ui.link import choice, flag, integer, number, plain


def _page() -> None:
    """Two pages with an animal, legs of which the most depends on it, a colour that is kept, a secret and a switch."""
    import streamlit as st

    from explorer.ui import controls
    from explorer.ui.link import begin, choice, flag, number, publish, restore

    animal = choice("zoo.animal", "Animal", {"cat": "Cat", "dog": "Dog", "bird": "Bird"})
    legs = number(
        "zoo.legs",
        "Legs",
        0,
        lambda: 2 if animal.value == "bird" else 4,
        lambda: 4 - 2 * (animal.value == "bird"),
    )
    colour = choice("colour", "Colour", ("red", "blue"), kept=True)
    secret = number("secret", "Secret", 0, 9, linked=False)
    wild = flag("zoo.wild", "Wild", active=lambda: animal.value != "cat")
    begin(st.session_state.get("at", "zoo"))
    restore((animal, legs))
    age = number("zoo.age", "Age", 0, 99, about=animal.value)
    restore((colour, secret, wild, age))
    controls.select(animal)
    controls.number_box(legs)
    controls.segments(colour)
    controls.number_box(secret)
    controls.toggle(wild)
    st.text(" ".join(str(c.value) for c in (animal, legs, colour, secret, wild)))
    publish()


class Session:
    """One viewer of `_page`."""

    def __init__(self, **values: str) -> None:
        self.app = AppTest.from_function(_page)
        self.follow(**values)

    def run(self, **state: Any) -> str:
        for name, value in state.items():
            self.app.session_state[name.replace("__", ".")] = value
        self.app.run()
        assert not self.app.exception, self.app.exception[0].message
        return str(self.app.text[0].value)

    def follow(self, **values: str) -> str:
        self.app.query_params = {name.replace("__", "."): value for name, value in values.items()}
        return self.run()

    @property
    def link(self) -> dict[str, Any]:
        return dict(self.app.query_params)

    @property
    def warnings(self) -> list[str]:
        return [w.value for w in self.app.warning]


# ---- once a run --------------------------------------------------------------------------------------------


def test_the_link_holds_what_differs_from_its_default() -> None:
    session = Session()
    assert session.run() == "cat 4 red 0 False" and session.link == {}
    assert session.run(zoo__animal="dog", colour="blue", secret=3, zoo__wild=True) == "dog 4 blue 3 True"
    assert session.link == {"zoo.animal": "dog", "colour": "blue", "zoo.wild": "yes"}
    assert session.run(zoo__animal="cat") == "cat 4 blue 3 True"
    assert session.link == {"colour": "blue"}  # a cat's wildness means nothing


def test_a_link_is_followed_once_and_what_it_does_not_name_is_the_default() -> None:
    session = Session(zoo__animal="dog", zoo__legs="3", colour="blue")
    assert session.run() == "dog 3 blue 0 False"
    assert session.run(zoo__animal="bird") == "bird 2 blue 0 False"  # a bird has no third leg
    assert session.link == {"zoo.animal": "bird", "colour": "blue"}
    assert session.follow(zoo__animal="dog") == "dog 4 red 0 False"


def test_what_was_the_default_becomes_the_default_of_another_variant() -> None:
    session = Session()
    assert session.run(zoo__animal="bird") == "bird 2 red 0 False" and session.link == {"zoo.animal": "bird"}
    assert session.run(zoo__animal="dog") == "dog 4 red 0 False" and session.link == {"zoo.animal": "dog"}
    session.run(zoo__legs=1)
    assert session.run(zoo__animal="bird") == "bird 1 red 0 False"  # it was chosen


def test_back_shows_what_the_link_of_before_says() -> None:
    session = Session()
    before = session.run(zoo__animal="dog", zoo__legs=1)
    link_before = session.link
    session.run(zoo__animal="bird", colour="blue")
    assert session.follow(**link_before) == before
    assert session.follow() == "cat 4 red 0 False"


def test_a_value_goes_with_what_it_was_about_unless_it_is_a_new_one() -> None:
    session = Session()
    session.run(zoo__age=7)
    session.run(zoo__legs=3)
    assert session.link == {"zoo.age": "7", "zoo.legs": "3"}
    session.run(zoo__animal="dog")
    assert session.link == {"zoo.animal": "dog", "zoo.legs": "3"}
    session.run(zoo__animal="bird", zoo__age=5)
    assert session.link == {"zoo.animal": "bird", "zoo.age": "5"}
    session.follow(zoo__animal="dog", zoo__age="5")  # the link says so
    assert session.link == {"zoo.animal": "dog", "zoo.age": "5"}


def test_a_run_that_the_page_asks_for_does_not_follow_a_link_of_before() -> None:
    session = Session()
    session.run(zoo__animal="dog")
    session.app.query_params = {}  # what the browser had, when the viewer clicked again
    assert session.run(**{link.OWN_RERUN: True, "zoo.animal": "bird"}) == "bird 2 red 0 False"
    assert session.link == {"zoo.animal": "bird"}
    assert session.follow() == "cat 4 red 0 False"  # Back


def test_another_page_begins_anew_but_for_what_is_kept_and_remembers_what_was_left() -> None:
    session = Session()
    session.run(zoo__animal="dog", colour="blue", secret=5)
    session.app.query_params = {}
    assert session.run(at="farm") == "cat 4 blue 5 False"
    session.app.query_params = {}
    assert session.run(at="zoo") == "dog 4 blue 5 False"
    assert session.link == {"zoo.animal": "dog", "colour": "blue"}


def test_a_link_that_says_the_same_in_other_words_is_not_rewritten() -> None:
    session = Session(zoo__animal="cat", colour="red", zoo__legs="04")
    assert session.link == {"zoo.animal": "cat", "colour": "red", "zoo.legs": "04"}
    assert session.run(zoo__animal="dog") == "dog 4 red 0 False"
    assert session.link == {"zoo.animal": "dog"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zoo.animal", "cow"),
        ("zoo.legs", "5"),
        ("zoo.legs", "-1"),
        ("zoo.legs", "٣"),
        ("zoo.legs", "9" * 5000),
        ("zoo.wild", "perhaps"),
        ("colour", "![x](http://host/p.png)[in](http://host)"),
    ],
)
def test_a_wrong_value_gives_one_sentence_once(name: str, value: str) -> None:
    session = Session(**{name: value})
    (warning,) = session.warnings
    assert plain(value[:20]) in warning
    assert session.run() == "cat 4 red 0 False" and session.link == {} and session.warnings == []


def test_what_no_control_is_called_leaves_the_link() -> None:
    session = Session(zoo__animal="dog", nonsense="1", secret="4")
    assert session.run() == "dog 4 red 0 False"
    assert session.link == {"zoo.animal": "dog"} and session.warnings == []


def test_two_controls_of_one_name_are_refused() -> None:
    app = AppTest.from_function(_twice)
    app.run()
    assert "two controls are called a" in app.exception[0].message


def _twice() -> None:
    from explorer.ui.link import begin, number, restore

    begin("zoo")
    restore((number("a", "A", 0, 1), number("a", "B", 0, 1)))


# ---- values ------------------------------------------------------------------------------------------------


@given(st.one_of(st.integers(), st.text(), st.booleans(), st.none(), st.floats(), st.lists(st.integers())))
def test_a_control_takes_its_own_values_only(value: Any) -> None:
    animal, legs = choice("animal", "Animal", ("cat", "dog")), number("legs", "Legs", 0, 4)
    assert animal.accepts(value) == (value in ("cat", "dog"))
    assert legs.accepts(value) == (type(value) is int and 0 <= value <= 4)
    assert flag("wild", "Wild").accepts(value) == isinstance(value, bool)


@given(st.text())
def test_a_whole_number_is_of_ascii_digits(text: str) -> None:
    value = integer(text)
    assert value is None or (text.isascii() and int(text) == value)


def test_a_choice_may_follow_the_selection() -> None:
    unit = choice("unit", "Unit", ("a", "b"), follows=True)
    assert unit.default() == link.AS_SELECTED
    assert unit.accepts(link.AS_SELECTED) and unit.accepts("a") and not unit.accepts("c")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_text_of_a_person_is_shown_as_it_is(text: str) -> None:
    """Against an independent Markdown parser."""
    tokens = MarkdownIt("commonmark").parse(plain(text))
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special"}
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    shown = "".join(child.content for token in tokens for child in token.children or ())
    assert shown.replace(link.WORD_JOINER, "").split() == text.replace(link.WORD_JOINER, "").split()
