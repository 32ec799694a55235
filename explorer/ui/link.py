"""What a viewer can set, declared once, and the link that carries it.

A `Control` names a value. `restore` gives each control its value once a full run, before anything is drawn: from the
link where a person opened, pasted, reloaded it or went back to it, else as it was. `publish` writes into the link what
differs from its default, at the end of the page and of each fragment. No other code touches the link.

Streamlit's own binding writes a select box's labels into the address, replaces the browser's history, so that Back does
not step through views, and drops wrong values without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

NODE = "node"  # in the session and in the link: the selected operation
PAGE = "page"  # in the session: the page that was drawn last
LEFT = "links-left"  # the link of each page when it was left
KEPT = "link-kept"  # what a link says of the kept controls that this page does not have
CONTROLS = "controls"  # all controls of the page that is shown, by name
DEFAULTS = "defaults"  # of all controls, as the last run had them
ABOUT = "controls-about"  # of all controls, what their values were about in the last run, and the values
WRITTEN = "link-written"  # the link as the last run left it
SOURCE = "link-source"  # where this run's values come from: "link", "left" or "session"
LED = "link-led"  # of controls by name: what stands in for their defaults while a step of the tour is chosen
OWN_RERUN = "link-own-rerun"  # whether the page itself asked for this run
REVISION = "link-revision"  # how many times values came from elsewhere than the session
AS_SELECTED = ""  # the value of a choice that follows the selection in the diagrams
MAX_INTEGER_DIGITS = 9
MAX_QUOTED = 60  # characters of a wrong value that are repeated

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")  # of ASCII: what a backslash can escape
_ADDRESS = re.compile(r"([:@]|www)", re.IGNORECASE)  # begins what becomes a link without any punctuation of Markdown
WORD_JOINER = "\u2060"  # cannot be seen


@dataclass(frozen=True)
class Control:
    """A value that the session holds under `name`, and the link carries unless it is the default.

    `parse` reads the link's text: None, or a ValueError with a sentence, where there is no such value. It may depend on
    controls that were restored earlier.
    """

    name: str  # its section's name, a dot, its own: "gates.channel"
    label: str  # at its widget, and in sentences
    parse: Callable[[str], Any]
    default: Callable[[], Any] = lambda: None
    text: Callable[[Any], str] = str  # the inverse of `parse`
    options: Callable[[], Mapping[Any, str]] = dict  # a choice's values, with what people read
    limits: Callable[[], tuple[int, int]] = lambda: (0, 0)  # a number's least and largest value
    kept: bool = False  # whether it outlives a change of page by the navigation, as the picture does
    linked: bool = True  # whether a link can carry it; what none can carry stays in the session
    about: str = ""  # where this changes, as with another network, a value goes unless it is a new one
    active: Callable[[], bool] = lambda: True  # whether it means anything at present; if not, the link is silent

    @property
    def value(self) -> Any:
        """What the session holds, if there is such a value now; else the default."""
        value = st.session_state.get(self.name)
        return value if value is not None and self.accepts(value) else self.initial()

    def initial(self) -> Any:
        """The default: what leads gives the control, if there is such a value, else its own."""
        return self.led_by(st.session_state.get(LED, {}))

    def led_by(self, values: Mapping[str, Any]) -> Any:
        """The default where these values of controls lead."""
        led = values.get(self.name)
        return led if led is not None and self._is_value(led) else self.default()

    def accepts(self, value: object) -> bool:
        """Whether this is a value of the control, of the right type; a browser can send anything."""
        if value is None:
            return self.default() is None
        return _same(value, self.default()) or self._is_value(value)

    def _is_value(self, value: object) -> bool:
        try:
            return _same(value, self.parse(self.text(value)))
        except (ValueError, TypeError, AttributeError):
            return False

    def set(self, value: object) -> None:
        """Put a value into the session, if it is one; before the control's widget is drawn."""
        if self.accepts(value):
            st.session_state[self.name] = value

    def settle(self) -> None:
        """Put a value that exists now into the session, before the widget is drawn: options can change."""
        value = self.value
        if st.session_state.get(self.name) != value:
            st.session_state[self.name] = value


def _same(value: object, other: object) -> bool:
    """True is no 1, and no text is a number."""
    return type(value) is type(other) and value == other


def choice(
    name: str,
    label: str,
    options: Mapping[Any, str] | Iterable[Any] | Callable[[], Mapping[Any, str]],
    default: Any | Callable[[], Any] = None,
    *,
    follows: bool = False,
    **more: Any,
) -> Control:
    """One of some values; the first is the default. One that `follows` is `AS_SELECTED` unless the viewer chose."""
    fixed = {} if callable(options) else options if isinstance(options, Mapping) else {o: str(o) for o in options}
    offered: Callable[[], Mapping[Any, str]] = options if callable(options) else lambda: fixed

    def parse(text: str) -> Any:
        return next((value for value in offered() if text_of(value) == text), None)

    def first() -> Any:
        if follows:
            return AS_SELECTED
        if default is not None:
            return default() if callable(default) else default
        return next(iter(offered()), None)

    return Control(name, label, parse, first, text_of, options=offered, **more)


def number(
    name: str,
    label: str,
    low: int,
    high: int | Callable[[], int],
    default: int | Callable[[], int | None] | None = 0,
    **more: Any,
) -> Control:
    """A whole number from `low` to `high`."""

    def limits() -> tuple[int, int]:
        return low, high() if callable(high) else high

    def parse(text: str) -> int | None:
        value = integer(text)
        least, largest = limits()
        return value if value is not None and least <= value <= largest else None

    return Control(name, label, parse, default if callable(default) else lambda: default, limits=limits, **more)


def flag(name: str, label: str, default: bool = False, **more: Any) -> Control:
    """Yes or no; a person may also write 1 or 0."""
    meanings = {"yes": True, "1": True, "no": False, "0": False}
    return Control(name, label, meanings.get, lambda: default, text_of, **more)


def integer(text: str) -> int | None:
    """The whole number that ASCII digits say, with a sign or without; None for anything else."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= MAX_INTEGER_DIGITS else None


def text_of(value: Any) -> str:
    """A control's value as a link says it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


# ---- once a run --------------------------------------------------------------------------------------------


def begin(page: str) -> None:
    """Find out where this run's values come from; once a full run, before `restore`.

    Not in the run of a fragment: of two quick clicks, the second may carry the link from before the first.
    """
    state, link = st.session_state, st.query_params.to_dict()
    source = "session"
    if page != state.get(PAGE):
        source = "link" if link else "left"
        if PAGE in state:
            state[LEFT] = {**state.get(LEFT, {}), state[PAGE]: state.get(WRITTEN, {})}
            state[KEPT] = _kept()
        state[PAGE] = page
    elif link != state.get(WRITTEN) and not state.get(OWN_RERUN):
        source = "link"
    state[OWN_RERUN] = False
    state[SOURCE], state[CONTROLS], state[LED] = source, {}, {}
    state.setdefault(DEFAULTS, {})
    state[REVISION] = revision() + (source != "session")


def lead(values: Mapping[str, Any]) -> None:
    """In this run, and in those of its fragments, these values of controls stand in for their defaults.

    Call it before the controls are restored. So a link is silent about them, and they follow what leads.
    """
    st.session_state[LED] = values


def is_led(value: object) -> bool:
    """Whether what leads in this run gives some control this value."""
    return value in st.session_state.get(LED, {}).values()


def restore(controls: Iterable[Control]) -> None:
    """Give each control its value, in their order; a sentence on the page for each wrong one in the link."""
    state = st.session_state
    source = state[SOURCE]
    link = st.query_params.to_dict() if source == "link" else state.get(LEFT, {}).get(state[PAGE], {})
    for c in controls:
        if c.name in state[CONTROLS]:
            raise ValueError(f"two controls are called {c.name}")
        state[CONTROLS][c.name] = c
        if c.linked and (source == "link" or (source == "left" and not c.kept)):
            state[c.name] = _from_link(c, link.get(c.name))
        elif c.name in state[DEFAULTS] and state.get(c.name) == state[DEFAULTS][c.name]:
            state[c.name] = c.initial()  # another variant's default may be another one
        elif _left_behind(c):
            state[c.name] = c.initial()
        else:
            state[c.name] = c.value


def _left_behind(c: Control) -> bool:
    """Whether the value is the former one, and was about something else."""
    about, value = st.session_state.get(ABOUT, {}).get(c.name, (c.about, None))
    return bool(about != c.about and value == st.session_state.get(c.name))


def _from_link(c: Control, text: str | None) -> Any:
    if text is None:
        return c.initial()
    reason = f"there is no “{text[:MAX_QUOTED]}”"
    try:
        value = c.parse(text)
    except ValueError as error:
        value, reason = None, str(error)
    if value is not None:
        return value
    st.warning(plain(f"{c.label}: {reason.rstrip('.')}. The default is shown."))
    return c.initial()


def publish() -> None:
    """Write into the link what differs from its default: each change is a step for the browser's Back.

    A link that says the same in other words stays as it is: to rewrite it would be a step that Back cannot pass.
    """
    state, link = st.session_state, st.query_params.to_dict()
    controls, led = state[CONTROLS].values(), state.get(LED, {})
    held = {c.name: state.get(c.name) for c in controls}  # once: each question to the session costs
    state[DEFAULTS] = initial = {c.name: c.led_by(led) for c in controls}
    state[ABOUT] = {c.name: (c.about, held[c.name]) for c in controls}
    shown = {c.name: c.text(c.value) for c in controls if _tells(c, held[c.name], initial[c.name])}
    if link != shown and _meaning(link) != shown:
        st.query_params.from_dict(shown)
        link = shown
    state[WRITTEN] = link


def _tells(c: Control, held: Any, initial: Any) -> bool:
    """Whether the link names the control that holds this. Most hold their default: a click asks no more of those."""
    return c.linked and not _same(held, initial) and c.value != initial and c.active()


def _meaning(link: Mapping[str, str]) -> dict[str, str] | None:
    """What a link says that is not the default; None where some of it means nothing."""
    controls, says = st.session_state[CONTROLS], {}
    for name, text in link.items():
        c = controls.get(name)
        try:
            value = c.parse(text) if c is not None and c.linked else None
        except ValueError:
            value = None
        if value is None:
            return None
        if value != c.initial():
            says[name] = c.text(value)
    return says


def rerun_page() -> None:
    """Run the whole page again, with what the session holds; for the callback of a widget in a fragment.

    What the browser sent may carry the link from before the last run: it is not followed.
    """
    st.session_state[OWN_RERUN] = True
    st.rerun()


def reset(names: Iterable[str]) -> None:
    """Let these controls have their defaults in the next run; before their widgets are drawn."""
    for name in names:
        st.session_state[name] = None


def followed(name: str) -> bool:
    """Whether this run follows a link that names the control."""
    return st.session_state[SOURCE] == "link" and name in st.query_params


def revision() -> int:
    """Part of the key of a component that has to begin anew when values came from a link."""
    count: int = st.session_state.get(REVISION, 0)
    return count


def link_to(**values: str) -> dict[str, str]:
    """The link to another page with these values, and what outlives a change of page: picture and weights."""
    said = {name: text for name, text in _kept().items() if text is not None}
    return said | values


def link_here() -> dict[str, str]:
    """The link of the view as it is."""
    return dict(st.session_state[WRITTEN])


def link_back_to(page: str) -> dict[str, str]:
    """The link to a page as it was left: what its controls held, and what outlives a change of page."""
    left = st.session_state.get(LEFT, {}).get(page, {})
    return link_to(**{name: text for name, text in left.items() if name not in _kept()})


def _kept() -> dict[str, str | None]:
    """What a link says of each control that outlives a change of page; None where it has to be silent."""
    here = {
        c.name: c.text(c.value) if _tells(c, st.session_state.get(c.name), c.initial()) else None
        for c in st.session_state[CONTROLS].values()
        if c.kept
    }
    return st.session_state.get(KEPT, {}) | here


def plain(text: str) -> str:
    """As Markdown that shows the text as it is: no picture, link, formula or icon comes of it."""
    apart = _ADDRESS.sub(rf"\1{WORD_JOINER}", " ".join(text.split()))
    return _PUNCTUATION.sub(r"\\\1", apart)
