"""The Python side of the feature maps; what the browser does with it is tested in tests/js and tests/browser."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.runtime.maps import unpack


def page() -> None:
    import numpy as np
    import streamlit as st

    from explorer.runtime import maps
    from explorer.ui.components.feature_maps import MapView, current_view, feature_maps, model_input

    asked = MapView(channel=st.session_state.get("asked"), scale="shared")
    view = current_view("maps", asked)
    activation = np.arange(70 * 9, dtype=np.float32).reshape(70, 3, 3)
    stats = maps.statistics(activation)
    message = maps.encode_page(activation, stats, {"node": "conv1", "group": "g"}, view.order, view.page)
    model_input(b"png", group="g", caption="Model input, 3 × 3", key="input")
    st.session_state["view"] = feature_maps(message, key="maps", initial=view)


def start(**state: Any) -> AppTest:
    app = AppTest.from_function(page)
    for name, value in state.items():
        app.session_state[name] = value
    return ran(app)


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def sent(app: AppTest) -> bytes:
    return app.get("bidi_component")[1].proto.bytes


def test_the_view_of_the_link_is_sent_with_the_maps():
    app = start(asked=3)
    header, body = unpack(sent(app))
    assert header["view"]["channel"] == 3
    assert header["view"]["scale"] == "shared"
    assert (header["node"], header["channels"][:2], len(body)) == ("conv1", [0, 1], 64 * 9)


def test_a_click_is_reported_and_sends_no_map_again():
    app = start()
    before = sent(app)
    app.session_state["maps"] = {"view": {"channel": 5, "enlarged": True, "colouring": "diverging"}}
    app.session_state["asked"] = 5  # as a page that keeps the channel in its link asks for it from now on
    ran(app)
    view = app.session_state["view"]
    assert (view.channel, view.enlarged, view.colouring, view.scale) == (5, True, "diverging", "shared")
    assert sent(app) == before


def test_turning_the_page_sends_other_channels():
    app = start()
    app.session_state["maps"] = {"view": {"page": 1, "order": "strength"}}
    header, _ = unpack(sent(ran(app)))
    assert header["channels"] == [5, 4, 3, 2, 1, 0]
    assert (header["page"], header["pages"], header["order"]) == (1, 2, "strength")


@pytest.mark.parametrize(
    "report",
    [
        {"channel": "5"},
        {"channel": -1},
        {"channel": True},
        {"enlarged": 1},
        {"colouring": "rainbow"},
        {"scale": ["map"]},
        {"order": None},
        {"page": 1.5},
        {"unknown": 1},
    ],
)
def test_what_a_browser_must_not_report_is_ignored(report):
    app = start()
    before = app.session_state["view"]
    app.session_state["maps"] = {"view": report}
    assert ran(app).session_state["view"] == before


def test_the_model_input_is_sent_with_its_caption():
    header, body = unpack(start().get("bidi_component")[0].proto.bytes)
    assert header == {"group": "g", "caption": "Model input, 3 × 3"}
    assert body == b"png"
