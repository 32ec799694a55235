"""The sections of a residual unit: each control, and a click in the diagram that both follow."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element, link, pick, section


def test_the_sum_its_controls_and_the_selection(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&section=sum")
    shown = [section(view, "sum")]
    view.page.get_by_role("spinbutton", name="Map, 0 to 15").fill("3")
    view.page.keyboard.press("Enter")
    view.settle()
    shown.append(section(view, "sum"))
    assert link(view)["residual.map"] == "3"
    element(view, "Stages of", "conv3_x").click()
    view.settle()
    shown.append(section(view, "sum"))
    assert "conv3_x.2.add" in shown[-1] and "residual.unit" not in link(view)
    pick(view, "residual.unit", "conv3_x.0, padding shortcut")
    shown.append(section(view, "sum"))
    assert "conv3_x.0.add" in shown[-1]
    assert link(view)["residual.unit"] == "conv3_x.0"
    assert len(set(shown)) == len(shown)


def test_the_removal_follows_the_selection_and_keeps_the_unit_that_was_chosen(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&section=removal")
    shown = [section(view, "removal")]
    element(view, "Stages of", "conv4_x").click()
    view.settle()
    shown.append(section(view, "removal"))
    assert "conv4_x.2" in shown[-1] and "residual.unit" not in link(view)
    pick(view, "residual.unit", "conv2_x.2, identity shortcut")
    shown.append(section(view, "removal"))
    assert link(view)["residual.unit"] == "conv2_x.2"
    element(view, "Stages of", "conv2_x").click()
    view.settle()
    assert section(view, "removal") == shown[-1]
    assert len(set(shown)) == len(shown)
    choose(view, "Identity + residual")
    assert "conv2_x.2.add" in section(view, "sum")
