"""How the visitor looks at a component: the browser's own, reported as the state "view", and begun with what is wished.

The first wish is remembered and sent with every message: if each report came back inside the message, each would send
the whole message again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def reported(key: str) -> Mapping[str, Any]:
    """The view that the component `key` reported last; a browser can send anything. Empty before the first report."""
    return (st.session_state.get(key) or {}).get("view") or {}


def initial(key: str, wished: DataclassInstance) -> dict[str, Any]:
    """The view with which the component `key` began: `wished`, until it reports one."""
    remembered = f"{key}-initial"
    if not reported(key) or remembered not in st.session_state:
        st.session_state[remembered] = wished
    return asdict(st.session_state[remembered])
