"""AlexNet's sections: each control and button changes what is shown, and the link."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import Act, check_controls, link, press, section, step, switch, type_number


def draw_masks(view: AppPage, control: str) -> None:
    view.page.get_by_role("button", name="Draw new masks").click()
    view.settle()


CONTROLS: dict[str, dict[str, Act]] = {
    "lrn": {"lrn.map": partial(type_number, number=5), "lrn.gain": partial(press, option="100×")},
    "dropout": {"dropout.seed": draw_masks},
    "overfitting": {
        "overfitting.measure": partial(press, option="Loss"),
    },
    "hundred": {
        "overfitting.seed": partial(type_number, number=5),
        "overfitting.noise": partial(press, option="±128"),
    },
    "augmentation": {
        "augmentation.left": step,
        "augmentation.top": step,
        "augmentation.area": partial(step, key="PageDown"),
        "augmentation.aspect": partial(step, key="PageDown"),
        "augmentation.degrees": partial(step, key="PageDown"),
        "augmentation.brightness": partial(step, key="PageDown"),
        "augmentation.contrast": partial(step, key="PageDown"),
        "augmentation.mirrored": switch,
        "augmentation.components": partial(press, option="Picture"),
        "augmentation.alpha1": partial(step, key="PageDown"),
        "augmentation.alpha2": partial(step, key="PageDown"),
        "augmentation.alpha3": partial(step, key="PageDown"),
    },
}


@pytest.mark.parametrize("name", CONTROLS)
def test_each_control_changes_the_section_and_the_link(open_page: OpenPage, name: str) -> None:
    view = open_page(f"/alexnet?section={name}")
    check_controls(view, name, CONTROLS[name])
    if name == "augmentation":
        shown = section(view, name)
        press(view, "augmentation.manner", "GoogLeNet")
        view.page.get_by_role("button", name="Draw", exact=True).click()
        view.settle()
        assert section(view, name) != shown
        view.page.get_by_role("button", name="Back to the middle").click()
        view.settle()
        kept = {"augmentation.components": "own", "augmentation.manner": "googlenet"}
        assert link(view) == {"section": name, **kept}
    if name == "hundred":
        shown = section(view, name)
        view.page.get_by_role("button", name="Draw another hundred").click()
        view.settle()
        assert section(view, name) != shown and link(view)["overfitting.seed"] == "6"


def test_first_kernels_and_ten_crops_are_pictures(open_page: OpenPage) -> None:
    view = open_page("/alexnet")
    expect(view.page.locator(".st-key-section-conv1 img")).to_have_count(2)
    press(view, "section", "Ten crops")
    view.page.locator(".st-key-section-crops img").nth(9).wait_for()
    assert link(view) == {"section": "crops"}
