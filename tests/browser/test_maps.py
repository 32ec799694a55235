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
from tests.browser.parts import current_map, element, link, maps, node, wait_for_link

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
    view = open_page(f"/resnet?variant=resnet18&weights=untrained&node={NODE}")
    page = view.page
    page.evaluate(COUNT_MESSAGES)
    for channel, x, y in ((0, 3, 20), (9, 14, 14), (12, 27, 0)):
        canvas = page.locator("button.map canvas").nth(channel)
        box = canvas.bounding_box()
        canvas.hover(position={"x": (x + 0.5) * box["width"] / 28, "y": (y + 0.5) * box["height"] / 28})
        status = page.locator(".status").inner_text().replace("−", "-")
        at_pointer = page.locator(".maps > .pointer-label").inner_text().replace("−", "-")
        told = f"{' '.join(status.split())} | {at_pointer}"
        shown = re.fullmatch(rf"#{channel} min (\S+), mean (\S+), max (\S+) \| x {x}, y {y}: (\S+)", told)
        assert shown, told
        low, mean, high, value = map(float, shown.groups())
        channel_values = values[channel]
        assert low == pytest.approx(channel_values.min(), rel=0.01)
        assert mean == pytest.approx(channel_values.mean(), rel=0.01, abs=0.01)
        assert high == pytest.approx(channel_values.max(), rel=0.01)
        assert value == pytest.approx(channel_values[y, x], abs=1.1 * (high - low) / 255)
    assert page.evaluate("window.messages") == 0


def test_a_map_is_enlarged_with_its_receptive_field(open_page: OpenPage) -> None:
    view = open_page(f"/resnet?variant=resnet18&weights=untrained&node={NODE}", size=(1280, 720))
    page = view.page
    large = page.get_by_role("dialog", name="Enlarged map")
    expect(large).to_be_hidden()
    page.locator("button.map").nth(5).click()
    expect(large).to_be_visible()
    expect(large).to_contain_text(f"{NODE} #5")
    assert large.locator("img").first.get_attribute("src").startswith("blob:")  # the model's input lies under it

    figure = large.locator(".figure").first
    box = figure.bounding_box()
    figure.hover(position={"x": box["width"] / 2, "y": box["height"] / 2})
    traced = trace_variant(variant("resnet18")).node(NODE)
    field = figure.locator("rect.field.light")
    column = round(float(field.get_attribute("x")) + float(field.get_attribute("width")) / 2 - 0.5)
    position = (column - traced.rf_start[1]) / traced.rf_stride[1]
    assert float(field.get_attribute("width")) == traced.receptive_field[1]
    assert position == round(position)
    expect(large).to_contain_text(f"{traced.receptive_field[0]} × {traced.receptive_field[1]} px")
    label = figure.locator(".pointer-label").inner_text()
    assert re.fullmatch(r"x 1\d, y 1\d: \S+\nsees x \d+–\d+, y \d+–\d+", label)
    visible = field.bounding_box()
    assert visible["width"] == pytest.approx(box["width"] * traced.receptive_field[1] / 224, rel=0.05)
    page.keyboard.press("Enter")
    assert large.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 720}
    page.keyboard.press("Escape")
    assert large.bounding_box()["width"] < 640
    page.get_by_role("slider", name="Opacity of the map").fill("25")
    wait_for_link(view, "maps.opacity", "25")
    assert {"maps.channel": "5", "maps.enlarged": "yes"}.items() <= link(view).items()
    page.reload()
    view.settle()
    expect(large).to_contain_text(f"{NODE} #5")
    assert page.get_by_role("slider", name="Opacity of the map").input_value() == "25"

    large.focus()
    page.keyboard.press("ArrowRight")
    expect(large).to_contain_text(f"{NODE} #6")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(large).to_contain_text(f"{NODE} #4")
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")  # over the page's border
    expect(large).to_contain_text(f"{NODE} #64")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert current_map(view) == ["#64"]
    wait_for_link(view, "maps.channel", "64")
    assert not {"maps.page", "maps.enlarged"} & link(view).keys()
    page.locator('button.map[aria-current="true"]').press("ArrowLeft")
    wait_for_link(view, "maps.channel", "63")
    assert current_map(view) == ["#63"]
    assert page.locator("button.map:focus").inner_text() == "#63"


def test_two_operations_are_compared(open_page: OpenPage) -> None:
    view = open_page(f"/resnet?variant=resnet18&weights=untrained&node={NODE}&maps.channel=2", size=(1280, 720))
    page = view.page
    alone = maps(view)
    page.get_by_label("Compare with").select_option("conv3_x.1.relu2")
    wait_for_link(view, "maps.beside", "conv3_x.1.relu2")
    names = page.locator(".pane-title span")
    assert names.all_inner_texts() == [NODE, "conv3_x.1.relu2"]
    assert page.locator(".pane").nth(1).locator("button.map").count() == len(alone)
    assert current_map(view) == ["#2", "#2"]
    assert page.locator(".maps .legend").inner_text().count("\n") == 1  # one scale, whatever is selected
    page.locator(".pane").nth(1).locator("button.map").nth(1).click()
    large = page.get_by_role("dialog", name="Enlarged map")
    assert large.locator(".pane-title").all_inner_texts() == [NODE, "conv3_x.1.relu2"]
    page.keyboard.press("Escape")
    element(view, "Operations of", "conv3_x.1.bn2").click()  # what stands beside stays
    view.settle()
    assert names.all_inner_texts() == ["conv3_x.1.bn2", "conv3_x.1.relu2"]
    page.get_by_role("button", name="Show one operation").click()
    wait_for_link(view, "maps.beside", None)
    expect(page.locator(".pane").nth(1)).to_be_hidden()


def test_a_switch_shows_what_each_map_looks_for(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=conv3_x.1.relu2", size=(1280, 720))
    switch = view.page.get_by_role("button", name="What each channel looks for")
    before = maps(view)
    switch.click()
    wait_for_link(view, "maps.looks", "yes")
    expect(view.page.locator("button.map.picture")).to_have_count(len(before))
    shown = maps(view)
    assert shown.keys() == before.keys() and not set(shown.values()) & set(before.values())
    view.page.locator("button.map").nth(1).click()
    expect(view.page.get_by_role("dialog", name="Enlarged map")).to_contain_text("#1")
    view.page.keyboard.press("Escape")
    switch.click()
    wait_for_link(view, "maps.looks", None)
    assert maps(view) == before


def test_a_finger_on_a_phone_reads_the_values_of_an_enlarged_map(open_page: OpenPage) -> None:
    view = open_page(f"/resnet?variant=resnet18&weights=untrained&node={NODE}", size=(390, 844), touch=True)
    page = view.page
    page.locator("button.map").nth(5).tap()
    large = page.get_by_role("dialog", name="Enlarged map")
    page.get_by_role("button", name="Fill the screen").tap()
    assert large.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    figure = large.locator(".figure").first
    for x in (0.02, 0.98):
        box = figure.bounding_box()
        figure.tap(position={"x": x * box["width"], "y": 0.05 * box["height"]})
        label = figure.locator(".pointer-label")
        expect(label).to_contain_text("y 1: ")
        told = label.bounding_box()
        assert told["x"] >= 0 and told["x"] + told["width"] <= 390 and told["y"] >= 0
    page.get_by_role("button", name="Close", exact=True).tap()
    view.settle()
    expect(large).to_be_hidden()
    assert current_map(view) == ["#5"]


def test_colours_scale_order_and_page(open_page: OpenPage) -> None:
    view = open_page(f"/resnet?variant=resnet18&weights=untrained&node={NODE}")
    page = view.page
    signed = maps(view)
    page.get_by_label("Colours", exact=True).select_option("sequential")
    assert maps(view) != signed
    page.get_by_label("Scale", exact=True).select_option("shared")
    shared = maps(view)
    legend = page.locator(".maps .legend").inner_text()
    page.locator("button.map").nth(3).hover()
    assert page.locator(".maps .legend").inner_text() == legend  # the same for all
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
    view = open_page("/resnet?variant=resnet18&weights=untrained&node=head.fc")
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
