"""The widget of a `Control`: it shows the control's value, and the next run finds what was chosen there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from explorer.ui.link import AS_SELECTED, Control
from explorer.ui.window import type_scale

PERSIST: Any = "session"  # a closed section keeps its values


def _grown(more: Mapping[str, Any]) -> dict[str, Any]:
    """A widget's settings, with a width in pixels as much larger as the page's type is."""
    width = more.get("width")
    return {**more, "width": round(width * type_scale())} if isinstance(width, int) else dict(more)


def select(
    control: Control,
    *,
    as_selected: str | None = None,
    unless_chosen: str | None = None,
    label: str | None = None,
    **more: Any,
) -> Any:
    """A box with the control's options.

    Of one that follows something, the first entry: `as_selected` names what follows the selection, `unless_chosen` is
    that entry's words where something else is followed.
    """
    control.settle()
    options = control.options()
    followed = unless_chosen if as_selected is None else f"As selected: {as_selected}"
    if followed is not None:
        options = {AS_SELECTED: followed, **options}
    entry, shown = options.get(control.value), f"{control.name}-shown"
    if st.session_state.get(shown) != entry:  # the browser keeps an entry's former words unless it is told
        st.session_state[shown] = entry
        st.session_state[control.name] = control.value
    st.selectbox(
        label or control.label,
        options,
        key=control.name,
        format_func=_labels(options),
        persist_state=PERSIST,
        **_grown(more),
    )
    return control.value


def segments(control: Control, **more: Any) -> Any:
    """A row of buttons, one for each option, for a few short ones."""
    return _buttons(st.segmented_control, control, **more)


def pills(control: Control, **more: Any) -> Any:
    """A row of buttons that breaks into lines."""
    return _buttons(st.pills, control, **more)


def _buttons(widget: Callable[..., Any], control: Control, *, label: str | None = None, **more: Any) -> Any:
    control.settle()
    options = control.options()
    widget(
        label or control.label,
        options,
        key=control.name,
        required=True,
        format_func=_labels(options),
        persist_state=PERSIST,
        **_grown(more),
    )
    return control.value


def number_box(control: Control, *, label: str | None = None, **more: Any) -> Any:
    """A box for a whole number within the control's limits."""
    control.settle()
    low, high = control.limits()
    st.number_input(label or control.label, low, high, key=control.name, step=1, persist_state=PERSIST, **_grown(more))
    return control.value


def text_box(control: Control, *, label: str | None = None, **more: Any) -> str:
    """A line of text."""
    control.settle()
    st.text_input(label or control.label, key=control.name, persist_state=PERSIST, **_grown(more))
    return str(control.value)


def slider(control: Control, *, label: str | None = None, **more: Any) -> Any:
    """A slider over a number's limits, or over a choice's options."""
    control.settle()
    options = control.options()
    if options:
        st.select_slider(
            label or control.label,
            options,
            key=control.name,
            format_func=_labels(options),
            persist_state=PERSIST,
            **_grown(more),
        )
    else:
        low, high = control.limits()
        st.slider(label or control.label, low, high, key=control.name, persist_state=PERSIST, **_grown(more))
    return control.value


def toggle(control: Control, *, label: str | None = None, **more: Any) -> bool:
    """A switch."""
    control.settle()
    st.toggle(label or control.label, key=control.name, persist_state=PERSIST, **_grown(more))
    return bool(control.value)


def reports(key: str, **controls: Control) -> Any:
    """A callback that takes what the component `key` reports as its view, by field, into these controls.

    What has the wrong type or value is ignored: a browser can send anything.
    """

    def take() -> None:
        reported = st.session_state.get(key) or {}
        view = reported.get("view") if isinstance(reported, Mapping) else None
        for field, control in controls.items():
            if isinstance(view, Mapping) and field in view:
                control.set(view[field])

    return take


def _labels(options: Mapping[Any, str]) -> Any:
    return lambda value: options.get(value, str(value))
