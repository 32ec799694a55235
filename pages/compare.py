"""Compare: any two networks on the same picture, and accuracy against operations."""

from __future__ import annotations

import streamlit as st

from explorer.ui import accuracy, compare

st.title("Compare", anchor=False)
st.markdown(
    "Two networks on the same picture: what leaves each resolution, and what it costs. Below, what the networks of "
    "this app were published to reach, against the operations that they need."
)
compare.pair()
st.header("Accuracy against operations", anchor=False)
accuracy.figures()
