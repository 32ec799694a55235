"""Ways to a view: a pasted link, back and forward, a reload, the home page, and one's own picture."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import urlparse

import pytest
from PIL import Image
from playwright.sync_api import expect

from explorer.runtime.samples import samples
from explorer.ui.link import WORD_JOINER
from tests.app_server import AppServer
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, current_map, element, link, maps, node, pick, selected
from tests.hall.listener import Listener


def shown(view: AppPage) -> dict[str, Any]:
    """Everything that a link promises."""
    return {
        "title": view.page.locator("h1").inner_text(),
        "node": node(view),
        "selected": selected(view),
        "channel": current_map(view),
        "maps": maps(view),
        "link": link(view),
    }


def test_a_pasted_link_shows_the_same_view(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34_a&weights=untrained&sample=testcard")
    element(view, "Stages of", "conv3_x").click()
    view.settle()
    element(view, "Blocks of", "conv3_x.0").click()
    view.settle()
    view.page.get_by_role("button", name="Next page").click()
    view.settle()
    view.page.get_by_label("Colours", exact=True).select_option("diverging")
    view.page.locator("button.map").nth(7).click()
    view.page.keyboard.press("Escape")
    view.settle()
    pick(view, "colour", "Colour: memory")
    copied = shown(view)
    assert copied["node"] == "conv3_x.0.relu2"
    assert copied["channel"] == ["#71"]
    parts = {"variant", "weights", "node", "sample", "colour", "maps.channel", "maps.colouring"}
    assert copied["link"].keys() == parts
    pasted = open_page(view.page.url.removeprefix("http://").partition("/")[2].join(["/", ""]))
    assert shown(pasted) == copied


def test_back_forward_and_reload(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=conv2_x.0.relu1")
    views = [shown(view)]
    for stage in ("conv3_x", "conv4_x"):
        element(view, "Stages of", stage).click()
        view.settle()
        views.append(shown(view))
    view.page.go_back()
    view.settle()
    assert shown(view) == views[1]
    view.page.go_back()
    view.settle()
    assert shown(view) == views[0]
    view.page.go_forward()
    view.settle()
    assert shown(view) == views[1]
    view.page.reload()
    view.settle()
    assert shown(view) == views[1]


def test_what_does_not_exist_is_said_and_the_page_works(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet19&node=conv9_x&sample=dog&maps.channel=4096")
    warnings = view.page.get_by_test_id("stAlert")
    assert warnings.count() == 4
    for name in ("resnet19", "conv9_x", "dog", "4096"):
        expect(warnings.filter(has_text=name)).to_be_visible()
    element(view, "Stages of", "conv3_x").click()
    view.settle()
    assert node(view) == "conv3_x.1.add"


def test_the_halls_pages_are_none_of_the_apps(server: AppServer) -> None:
    """A browser asks for them as it asks for the app's pages; nothing is put into them."""
    browser = Listener(int(server.url.rpartition(":")[2]), "")
    for path, status in (("/hall", 200), ("/hall/", 200), ("/hall/BBBB", 404)):
        answered, _, body = browser.get(path)
        assert answered == status and b"Enter a room" in body and b"<script" not in body


def test_a_link_shows_nothing_of_another_host(open_page: OpenPage) -> None:
    """The page fails at its end when a request left the machine."""
    view = open_page(
        "/resnet?node=![x](http://host.example/p.png)[log in](http://host.example/)&sample=<b>www.host.example"
    )
    alerts = view.page.get_by_test_id("stAlert")
    assert alerts.count() == 2
    assert alerts.locator("img, a, b").count() == 0
    texts = "".join(alerts.all_inner_texts()).replace(WORD_JOINER, "")
    assert "![x](http://host.example/p.png)[log in](http://host.example/)" in texts and "<b>www.host.example" in texts


@pytest.mark.parametrize("path", ["/resnet?variant=resnet18", "/resnet?node=conv3_x.0.add&section=layers"])
def test_back_is_one_press_after_a_link_is_opened(open_page: OpenPage, path: str) -> None:
    view = open_page("/")
    view.page.evaluate("path => { location.href = path; }", path)
    view.page.wait_for_url(lambda url: urlparse(url).path == "/resnet")
    view.settle()
    view.page.go_back()
    view.settle()
    assert urlparse(view.page.url).path == "/"


def test_home_to_a_network_and_back_is_one_press(open_page: OpenPage) -> None:
    view = open_page("/")
    element(view, "Stages of ResNet-50", "conv4_x").click()
    view.settle()
    assert node(view) == "conv4_x.1.add"
    view.page.go_back()
    view.settle()
    assert urlparse(view.page.url).path == "/"


def test_a_click_runs_the_screen_and_the_open_section_that_follows(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&weights=untrained")
    unit = view.page.locator(".st-key-residual-unit input")
    chart = view.page.locator(".st-key-section-sum .js-plotly-plot").first
    assert unit.input_value() == "As selected: conv2_x.0, identity shortcut"
    before = chart.inner_html()
    view.page.evaluate("document.querySelector('h1').dataset.drawn = 'before'")
    sidebar = view.page.get_by_test_id("stSidebarUserContent").inner_html()
    element(view, "Stages of", "conv3_x").click()
    view.settle()
    assert unit.input_value() == "As selected: conv3_x.1, identity shortcut"
    assert chart.inner_html() != before
    assert view.page.get_by_test_id("stSidebarUserContent").inner_html() == sidebar
    choose(view, "Layers")  # does not show the selection
    table = view.page.locator(".long-table")
    expect(table).to_be_visible()
    element(view, "Stages of", "conv4_x").click()
    view.settle()
    assert node(view) == "conv4_x.1.add"
    assert link(view) == {"variant": "resnet18", "weights": "untrained", "node": node(view), "section": "layers"}
    expect(table).to_be_visible()


def _picture() -> bytes:
    file = BytesIO()
    Image.radial_gradient("L").resize((300, 200)).save(file, "PNG")
    return file.getvalue()


def test_ones_own_picture(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=stem.conv")
    page = view.page
    sample = maps(view)
    choose(view, "Upload")
    chooser = page.get_by_test_id("stFileUploaderDropzoneInput").first
    chooser.set_input_files({"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"})
    view.settle()
    expect(page.get_by_test_id("stAlert")).to_contain_text("not a picture in an accepted format")
    assert maps(view) == sample

    chooser.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": _picture()})
    view.settle()
    expect(page.get_by_test_id("stSidebar").get_by_role("img", name="Your upload")).to_be_visible()
    own = maps(view)
    assert all(own[caption] != sample[caption] for caption in sample)
    assert "sample" not in link(view)

    page.get_by_role("link", name="Home").click()
    view.settle()
    page.get_by_role("link", name="ResNet", exact=True).first.click()
    view.settle()
    assert node(view) == "stem.conv"
    assert maps(view) == own
    choose(view, "Sample")
    assert maps(view) == sample


def test_home_leads_to_a_stage_of_a_network(open_page: OpenPage) -> None:
    view = open_page("/")
    element(view, "Stages of ResNet-50", "conv4_x").click()
    view.settle()
    assert view.page.url.partition("?")[0].endswith("/resnet")
    assert node(view) == "conv4_x.1.add"
    assert selected(view) == {"conv4_x", "conv4_x.1", "conv4_x.1.add"}
    view.page.get_by_role("link", name="Home").click()
    view.settle()
    element(view, "Stages of ResNet-50", "conv2_x").click()
    view.settle()
    assert node(view) == "conv2_x.1.add"


def test_a_picture_is_chosen_among_all(open_page: OpenPage) -> None:
    view = open_page("/lenet?node=c1.conv", size=(390, 844))
    page = view.page
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("button", name="See them all").click()
    view.settle()
    pictures = page.locator(".st-key-gallery-pictures img")
    expect(pictures).to_have_count(len(samples()))
    assert pictures.evaluate_all("all => all.every((i) => i.complete && i.naturalWidth > 0)")
    picture = pictures.nth([s.id for s in samples()].index("gas_pump"))
    picture.scroll_into_view_if_needed()
    tile = picture.bounding_box()
    assert tile is not None
    page.mouse.click(
        tile["x"] + tile["width"] / 2, tile["y"] + tile["height"] / 2
    )  # its button's, whose words are below
    view.settle()
    assert link(view)["sample"] == "gas_pump"
