"""The Python side of the feature maps; what the browser does with it is tested in tests/js and tests/browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from explorer.runtime.maps import unpack


def page() -> None:
    import numpy as np
    import streamlit as st

    from explorer.runtime import maps
    from explorer.ui.components.feature_maps import feature_maps, model_input
    from explorer.ui.controls import reports
    from explorer.ui.link import begin, restore
    from explorer.ui.map_controls import map_controls

    activation = np.arange(70 * 9, dtype=np.float32).reshape(70, 3, 3)
    controls = map_controls("maps", lambda: activation.shape, scale="shared")
    begin("page")
    restore(controls.by_field.values())
    take = reports("grid", **controls.by_field)
    take()  # without a browser nothing calls it before the run
    view = controls.view
    message = maps.encode_page(
        activation, maps.statistics(activation), {"node": "conv1", "group": "g"}, view.order, view.page
    )
    model_input(b"png", group="g", caption="Model input, 3 × 3", key="input")
    feature_maps(message, key="grid", view=view, on_view_change=take)
    st.session_state["view"] = view


def start(**link: str) -> AppTest:
    app = AppTest.from_function(page)
    app.query_params = link
    return ran(app)


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def sent(app: AppTest) -> bytes:
    return app.get("bidi_component")[1].proto.bytes


def test_the_view_of_the_link_is_sent_with_the_maps():
    app = start(**{"maps.channel": "3"})
    header, body = unpack(sent(app))
    assert header["view"]["channel"] == 3
    assert header["view"]["scale"] == "shared"
    assert (header["node"], header["channels"][:2], len(body)) == ("conv1", [0, 1], 64 * 9)


def test_a_click_is_reported_and_sends_no_map_again():
    app = start()
    before = sent(app)
    app.session_state["grid"] = {"view": {"channel": 5, "enlarged": True, "colouring": "diverging"}}
    ran(app)
    view = app.session_state["view"]
    assert (view.channel, view.enlarged, view.colouring, view.scale) == (5, True, "diverging", "shared")
    assert sent(app) == before


def test_turning_the_page_sends_other_channels():
    app = start()
    app.session_state["grid"] = {"view": {"page": 1, "order": "strength"}}
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
    app.session_state["grid"] = {"view": report}
    assert ran(app).session_state["view"] == before


def test_the_model_input_is_sent_with_its_caption():
    header, body = unpack(start().get("bidi_component")[0].proto.bytes)
    assert header == {"group": "g", "caption": "Model input, 3 × 3"}
    assert body == b"png"
