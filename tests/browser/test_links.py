"""Ways to a view: a pasted link, back and forward, a reload, the home page, and one's own picture."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, current_map, element, link, maps, node, selected


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
    view = open_page("/resnet?variant=resnet34_a&sample=testcard")
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
    choose(view, "Memory")
    copied = shown(view)
    assert copied["node"] == "conv3_x.0.relu2"
    assert copied["channel"] == ["#71"]
    # unit: what the panel below shows, until it is asked to follow the selection
    assert copied["link"].keys() == {"variant", "node", "sample", "colour", "channel", "maps", "page", "unit"}
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
    view = open_page("/resnet?variant=resnet19&node=conv9_x&sample=dog&channel=4096")
    warnings = view.page.get_by_test_id("stAlert")
    assert warnings.count() == 4
    for name in ("resnet19", "conv9_x", "dog", "4096"):
        expect(warnings.filter(has_text=name)).to_be_visible()
    element(view, "Stages of", "conv3_x").click()
    view.settle()
    assert node(view) == "conv3_x.3.relu3"
    for name in ("conv9_x", "4096"):  # the others' sentences stay until the whole page runs again
        expect(warnings.filter(has_text=name)).to_have_count(0)


def _picture() -> bytes:
    file = BytesIO()
    Image.radial_gradient("L").resize((300, 200)).save(file, "PNG")
    return file.getvalue()


def test_ones_own_picture(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=stem.conv")
    page = view.page
    sample = maps(view)
    choose(view, "Upload")
    chooser = page.get_by_test_id("stFileUploaderDropzoneInput")
    chooser.set_input_files({"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"})
    view.settle()
    expect(page.get_by_test_id("stAlert")).to_contain_text("not a picture in an accepted format")
    assert maps(view) == sample

    chooser.set_input_files({"name": "mine.png", "mimeType": "image/png", "buffer": _picture()})
    view.settle()
    ran = page.get_by_test_id("stMarkdownContainer").filter(has_text="Untrained network").first
    expect(ran).to_contain_text("Your upload")
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
    assert node(view) == "conv4_x.5.relu3"
    assert selected(view) == {"conv4_x", "conv4_x.5", "conv4_x.5.relu3"}
    view.page.get_by_role("link", name="Home").click()
    view.settle()
    element(view, "Stages of ResNet-50", "conv2_x").click()
    view.settle()
    assert node(view) == "conv2_x.2.relu3"
