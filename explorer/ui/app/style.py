"""The CSS that Streamlit's theme cannot express: the style sheets beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

SHEETS = ("style.css", "tools.css", "print.css")  # the later ones win


def apply() -> None:
    """Put the CSS on the page."""
    st.html(f"<style>{_css()}</style>")


@cache
def _css() -> str:
    folder = Path(__file__).parent
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in SHEETS)
