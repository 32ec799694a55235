"""The feature maps: numbers under the pointer, one map enlarged, colours, order and pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.runtime.activations import capture
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import samples
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import load_network
from tests.browser.conftest import OpenPage
from tests.browser.parts import current_map, element, link, maps, node

NODE = "conv3_x.1.add"
COUNT_MESSAGES = """() => {
  const send = WebSocket.prototype.send;
  window.messages = 0;
  WebSocket.prototype.send = function (...data) { window.messages += 1; return send.apply(this, data); };
}"""


@pytest.fixture(scope="module")
def values() -> object:
    """What the network computes for the first sample at NODE, (128, 28, 28)."""
    chosen = variant("resnet18")
    x = model_input(load_image(samples()[0].path).image, preprocessing_for(chosen.input_size)).tensor
    return capture(load_network(chosen), x).maps(NODE).numpy()


def test_hovering_tells_the_numbers_without_asking_the_server(open_page: OpenPage, values) -> None:
    view = open_page(f"/resnet?variant=resnet18&node={NODE}")
    page = view.page
    page.evaluate(COUNT_MESSAGES)
    for channel, x, y in ((0, 3, 20), (9, 14, 14), (12, 27, 0)):
        canvas = page.locator("button.map canvas").nth(channel)
        box = canvas.bounding_box()
        canvas.hover(position={"x": (x + 0.5) * box["width"] / 28, "y": (y + 0.5) * box["height"] / 28})
        status = page.locator(".status").inner_text().replace("−", "-")
        shown = re.fullmatch(rf"#{channel}\s+min (\S+), mean (\S+), max (\S+)\n+x {x}, y {y}: (\S+)", status.strip())
        assert shown, status
        low, mean, high, value = map(float, shown.groups())
        channel_values = values[channel]
        assert low == pytest.approx(channel_values.min(), rel=0.01)
        assert mean == pytest.approx(channel_values.mean(), rel=0.01, abs=0.01)
        assert high == pytest.approx(channel_values.max(), rel=0.01)
        assert value == pytest.approx(channel_values[y, x], abs=1.1 * (high - low) / 255)
    assert page.evaluate("window.messages") == 0


def test_a_map_is_enlarged_with_its_receptive_field(open_page: OpenPage) -> None:
    view = open_page(f"/resnet?variant=resnet18&node={NODE}")
    page = view.page
    large = page.get_by_role("dialog", name="Enlarged map")
    expect(large).to_be_hidden()
    page.locator("button.map").nth(5).click()
    expect(large).to_be_visible()
    expect(large).to_contain_text(f"{NODE} #5")
    assert large.locator("img").get_attribute("src").startswith("blob:")  # the model's input lies under it

    over = large.locator("canvas").first
    box = over.bounding_box()
    over.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    traced = trace_variant(variant("resnet18")).node(NODE)
    field = large.locator("rect.field.light")
    column = round(float(field.get_attribute("x")) + float(field.get_attribute("width")) / 2 - 0.5)
    position = (column - traced.rf_start[1]) / traced.rf_stride[1]
    assert float(field.get_attribute("width")) == traced.receptive_field[1]
    assert position == round(position)
    expect(large).to_contain_text(f"Receptive field {traced.receptive_field[0]} × {traced.receptive_field[1]} px")
    assert re.search(r"x \d+–\d+, y \d+–\d+\.", large.inner_text())
    visible = field.bounding_box()
    figure = large.locator(".figure").bounding_box()
    assert visible["width"] == pytest.approx(figure["width"] * traced.receptive_field[1] / 224, rel=0.05)

    page.keyboard.press("ArrowRight")
    expect(large).to_contain_text(f"{NODE} #6")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(large).to_contain_text(f"{NODE} #4")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert current_map(view) == ["#4"]
    expect(page).to_have_url(re.compile(r"maps\.channel=4"))
    page.keyboard.press("ArrowRight")  # the focus is where it was: on the map
    assert current_map(view) == ["#5"]
    expect(page).to_have_url(re.compile(r"maps\.channel=5"))
    view.settle()


def test_colours_scale_order_and_page(open_page: OpenPage) -> None:
    view = open_page(f"/resnet?variant=resnet18&node={NODE}")
    page = view.page
    signed = maps(view)
    page.get_by_label("Colours", exact=True).select_option("sequential")
    assert maps(view) != signed
    page.get_by_label("Scale", exact=True).select_option("shared")
    shared = maps(view)
    legend = page.locator(".legend .limits").inner_text()
    page.locator("button.map").nth(3).hover()
    assert page.locator(".legend .limits").inner_text() == legend  # the same for all
    view.settle()
    assert {"maps.colouring": "sequential", "maps.scale": "shared"}.items() <= link(view).items()
    page.get_by_role("button", name="Next page").click()
    view.settle()
    assert list(maps(view)) == [f"#{channel}" for channel in range(64, 128)]
    assert link(view)["maps.page"] == "1"
    page.get_by_label("Order", exact=True).select_option("strength")
    view.settle()
    strongest = maps(view)
    assert len(strongest) == 64
    assert list(strongest) != [f"#{channel}" for channel in range(64)]
    assert link(view)["maps.order"] == "strength"
    for caption in strongest.keys() & shared.keys():
        assert strongest[caption] == shared[caption]  # the same picture of the same channel


def test_the_classifiers_bars_are_called_as_its_classes(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&node=head.fc")
    strongest = view.page.locator(".strongest button")
    names = [re.sub(r"#\d+ |:.*", "", text) for text in strongest.all_inner_texts()]
    assert len(names) == 8 and set(names) <= set(manifest()["resnet34"].classes)


def test_a_vector_is_shown_as_bars(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=head.fc")
    page = view.page
    assert node(view) == "head.fc"
    expect(page.get_by_role("group", name="Values as bars")).to_be_visible()
    expect(page.locator("button.map").first).to_be_hidden()
    strongest = page.locator(".strongest button")
    assert strongest.count() == 8
    strongest.first.click()
    channel = strongest.first.inner_text().partition(":")[0].removeprefix("#")
    expect(page).to_have_url(re.compile(rf"maps\.channel={channel}"))
    view.settle()
    assert page.locator(".status").inner_text().startswith(f"#{channel}:")
    element(view, "Operations of", "head.pool").click()
    view.settle()
    assert node(view) == "head.pool"
