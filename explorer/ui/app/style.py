"""The CSS that Streamlit's theme cannot express: `style.css` beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st


def apply() -> None:
    """Put the CSS on the page."""
    st.html(f"<style>{_css()}</style>")


@cache
def _css() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")
