"""LeNet-5's sections: the table of connections as the network has it, and each control."""

from __future__ import annotations

from functools import partial

from playwright.sync_api import expect

from explorer.architectures.lenet import C3_TABLE
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import check_controls, press


def lit(view: AppPage, name: str) -> set[int]:
    """The numbers of the maps "S2" or "C3" that are lit up."""
    buttons = view.page.locator(f'.connections button.lit[aria-label^="{name} map "]')
    return set(buttons.evaluate_all("all => all.map((b) => Number(b.getAttribute('aria-label').split(' ').pop()))"))


def test_pointing_focus_and_a_click_light_up_the_links(open_page: OpenPage) -> None:
    view = open_page("/lenet?section=connections&digit.sample=8")
    button = view.page.get_by_role("button", name="C3 map 4", exact=True)
    button.scroll_into_view_if_needed()
    button.hover()
    assert lit(view, "S2") == set(C3_TABLE[4]) and lit(view, "C3") == {4}
    read = ", ".join(map(str, C3_TABLE[4]))
    expect(view.page.locator(".connections .words")).to_have_text(
        f"C3 map 4 reads {len(C3_TABLE[4])} maps of S2: {read}."
    )

    view.page.get_by_role("button", name="S2 map 0", exact=True).focus()
    readers = {target for target, sources in enumerate(C3_TABLE) if 0 in sources}
    assert lit(view, "C3") == readers and lit(view, "S2") == {0}

    button.click()
    view.page.mouse.move(0, 0)  # the click keeps it lit
    assert lit(view, "S2") == set(C3_TABLE[4])
    button.click()
    view.page.mouse.move(0, 0)
    assert lit(view, "C3") == set()


def test_the_other_connections_and_each_digits_distance(open_page: OpenPage) -> None:
    view = open_page("/lenet?section=connections")
    check_controls(view, "connections", {"connections.of": partial(press, option="Full: every map")})
    button = view.page.get_by_role("button", name="C3 map 4", exact=True)
    button.scroll_into_view_if_needed()
    button.hover()
    assert lit(view, "S2") == set(range(6))
    press(view, "section", "Output")
    check_controls(view, "output", {"output.digit": partial(press, option="3")})
