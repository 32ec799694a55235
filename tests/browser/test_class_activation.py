"""The section of the class activation map: each control."""

from __future__ import annotations

import re

from tests.browser.conftest import OpenPage
from tests.browser.parts import link, pick, section, switch


def test_the_class_its_number_and_the_interpolation(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&section=class-activation")
    shown = [section(view, "class-activation")]
    classes = re.findall(r"class \d \(untrained\)", shown[0])
    switch(view, "cam.smooth")
    shown.append(section(view, "class-activation"))
    assert link(view)["cam.smooth"] == "yes"
    pick(view, "cam.rank", "By number")
    view.page.get_by_role("spinbutton", name="Number, 0 to 9").fill("7")
    view.page.keyboard.press("Enter")
    view.settle()
    shown.append(section(view, "class-activation"))
    assert link(view)["cam.class"] == "7"
    assert "class 7 (untrained)" in shown[-1]
    assert len(set(shown)) == len(shown) and classes


def test_the_box_names_the_classes_of_the_picture(open_page: OpenPage) -> None:
    view = open_page("/nin?section=class-activation")
    box = view.page.get_by_role("combobox", name="Class")
    before = box.input_value()
    assert before.startswith("1. ")
    pick(view, "sample", "Flower")
    assert box.input_value() != before and box.input_value().startswith("1. ")
