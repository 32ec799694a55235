"""VGG's sections: each control changes what is shown, and the link."""

from __future__ import annotations

from functools import partial

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.parts import Act, check_controls, pick, press, step, switch

CONTROLS: dict[str, dict[str, Act]] = {
    "field": {
        "field.layer": partial(pick, option="conv2.conv1"),
        "field.row": partial(step, key="PageDown"),
        "field.column": partial(step, key="PageDown"),
        "field.zoomed": switch,
    },
    "stack": {
        "stack.kernel": partial(press, option="Three 3×3 for one 7×7"),
        "stack.channels": step,
        "stack.side": step,
    },
    "shares": {"shares.quantity": partial(press, option="MACs")},
}


@pytest.mark.parametrize("name", CONTROLS)
def test_each_control_changes_the_section_and_the_link(open_page: OpenPage, name: str) -> None:
    check_controls(open_page(f"/vgg?section={name}"), name, CONTROLS[name])
