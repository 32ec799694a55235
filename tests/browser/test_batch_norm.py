"""The section of batch normalization: each control is pressed, and a click in the diagram is followed."""

from __future__ import annotations

from functools import partial

from tests.browser.conftest import OpenPage
from tests.browser.parts import check_controls, element, link, pick, press, section, type_number


def test_its_controls_and_the_selection(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&section=batchnorm")
    before = section(view, "batchnorm")
    element(view, "Stages of", "conv3_x").click()
    view.settle()
    assert "conv3_x.1.bn2" in section(view, "batchnorm") != before
    assert "batchnorm.layer" not in link(view)
    check_controls(
        view,
        "batchnorm",
        {
            "batchnorm.scope": partial(press, option="All layers"),
            "batchnorm.channel": partial(type_number, number=3),
            "batchnorm.layer": partial(pick, option="conv4_x.0.bn1: 64 channels, 8×8"),
        },
    )
