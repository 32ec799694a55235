"""A step of a tour leads the controls: it stands in for their defaults until another one is chosen."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def _page() -> None:
    """A page whose steps lead an animal and, where there is one of that name, its kind."""
    import streamlit as st

    from explorer.ui import tour
    from explorer.ui.link import begin, choice, lead, publish, restore

    kinds = {"cat": ("tabby", "lion"), "dog": ("spaniel", "wolf")}
    led = [{}, {"variant": "dog", "node": "wolf"}, {"variant": "cat", "node": "wolf"}, {"node": "lion"}]
    step = tour.step_control(led[1:])  # only their number matters
    animal = choice("variant", "Animal", ("cat", "dog"))
    kind = choice("node", "Kind", lambda: dict.fromkeys(kinds[animal.value], ""))
    begin("zoo")
    restore((step,))
    lead(led[step.value])
    restore((animal, kind))
    for number in range(len(led)):
        st.button(str(number), key=f"go-{number}", on_click=tour.choose, args=(number,))
    st.text(f"{step.value} {animal.value} {kind.value}")
    publish()


class Session:
    """One viewer of `_page`."""

    def __init__(self, **link: str) -> None:
        self.app = AppTest.from_function(_page)
        self.app.query_params = dict(link)

    def run(self, **state: str) -> str:
        for name, value in state.items():
            self.app.session_state[name] = value
        self.app.run()
        assert not self.app.exception, self.app.exception[0].message
        return str(self.app.text[0].value)

    def choose(self, step: int) -> str:
        self.app.button(key=f"go-{step}").click()
        return self.run()

    @property
    def link(self) -> dict[str, object]:
        return dict(self.app.query_params)


def test_a_step_is_in_the_link_and_what_it_leads_is_not() -> None:
    session = Session()
    assert session.run() == "0 cat tabby" and session.link == {}
    assert session.choose(1) == "1 dog wolf" and session.link == {"step": "1"}
    assert Session(step="1").run() == "1 dog wolf"
    assert session.choose(0) == "0 cat tabby" and session.link == {}


def test_what_a_variant_does_not_have_is_its_own_default() -> None:
    assert Session(step="2").run() == "2 cat tabby"
    assert Session(step="1", variant="cat").run() == "1 cat tabby"


def test_another_step_drops_what_was_changed() -> None:
    session = Session(step="1")
    session.run()
    assert session.run(node="spaniel") == "1 dog spaniel" and session.link == {"step": "1", "node": "spaniel"}
    assert session.choose(3) == "3 cat lion" and session.link == {"step": "3"}
    session = Session(node="lion")
    session.run()
    assert session.choose(1) == "1 dog wolf" and session.link == {"step": "1"}
