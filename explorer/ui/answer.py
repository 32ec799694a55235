"""What a section says first: the result in one line, before the figures that lead to it."""

from __future__ import annotations

import streamlit as st


def answer(text: str, help: str | None = None) -> None:
    """The result of an experiment, as Markdown, large enough for the last row; `help` explains its words."""
    st.subheader(text, anchor=False, help=help)
