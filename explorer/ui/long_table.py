"""A table of hundreds of rows, in letters of the page's size, which the browser can search and print.

Streamlit's own ones either take ten seconds for a thousand rows (`st.table`) or draw small letters on a canvas
(`st.dataframe`).
"""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st


def long_table(rows: Sequence[dict[str, str]]) -> None:
    """Show rows with equal keys, which are the columns' heads; it scrolls in itself."""
    heads = "".join(f'<th scope="col">{html.escape(head)}</th>' for head in next(iter(rows), {}))
    lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row.values()) for row in rows)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    st.html(f'<div class="long-table" tabindex="0">{table}</div>')
