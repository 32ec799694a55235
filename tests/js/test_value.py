"""One value's parts: pointing at its numbers, by pointer and by keys, and what a click triggers."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from explorer.runtime import colormaps
from explorer.runtime.maps import pack
from tests.js.conftest import Modules

PARTS = "instruments/value/parts.js"
STYLE = "instruments/value/parts.css"
FIELD = {"size": [3, 3], "stride": [2, 2], "start": [0.0, 0.0]}


def parts(**more: Any) -> dict[str, Any]:
    """A value whose window of 2 x 2 has a column of padding."""
    places = [[[4, 7, -1], [4, 7, 0]], [[4, 8, -1], [4, 8, 0]]]
    tables = [
        {"caption": "inputs", "values": [[0.0, 1.5], [0.0, -2.0]]},
        {"caption": "× weights", "values": [[0.3, 0.2], [0.1, 0.5]]},
        {"caption": "= −0.7", "values": [[0.0, 0.3], [0.0, -1.0]]},
    ]
    return {
        "node": "conv",
        "place": [2, 1, 3],
        "window": {
            "source": "pool",
            "channel": 4,
            "channels": [3, 4, 5],
            "tables": tables,
            "inside": [[False, True], [False, True]],
            "places": places,
            "marked": None,
        },
        "sums": {"shown": [[4, -0.7], [3, 0.35]], "others": [1, 0.1]},
        "lists": [
            {"title": "Largest of 4, of pool", "chips": [{"text": "a <b>", "node": "pool", "place": [4, 8, 0]}]},
            {"title": "Nothing reads it.", "chips": []},
        ],
        "curve": None,
        "way": [{"text": "fc #3", "title": "head.fc #3"}],
        "colours": colormaps.as_text()["diverging"],
        "picture": {"group": "net", "input_size": [8, 16], "receptive_field": FIELD},
    } | more


def test_pointing_says_a_product_and_a_click_takes_its_input_apart(stage: Modules) -> None:
    stage.mount(PARTS, parts(), STYLE)
    words = stage.locator(".pointed-words")
    stage.locator(".window").nth(2).locator("td").nth(3).hover()
    expect(words).to_have_text("−2 × 0.5 = −1 · #4 at 8, 0")
    expect(stage.locator("td.pointed")).to_have_count(3)
    stage.locator(".window td").nth(2).hover()
    expect(words).to_contain_text("padding")
    assert stage.locator(".window td.padding").count() == 6

    first = stage.locator(".window button").first
    first.focus()
    stage.page.keyboard.press("ArrowRight")
    expect(words).to_have_text("1.5 × 0.2 = 0.3 · #4 at 7, 0")
    stage.page.keyboard.press("Enter")
    first.click()  # padding is nobody's value
    stage.page.get_by_role("button", name="a <b>").click()
    stage.page.get_by_role("button", name="Input channel 3 adds 0.35").click()
    stage.page.get_by_role("spinbutton").fill("5")
    stage.page.keyboard.press("Enter")
    stage.page.get_by_role("spinbutton").fill("9")  # it reads no such channel
    stage.page.keyboard.press("Enter")
    expect(stage.page.get_by_role("spinbutton")).to_have_value("4")
    stage.page.get_by_role("button", name="fc #3").click()
    assert stage.reports == [
        ["picked", {"node": "pool", "channel": 4, "row": 7, "column": 0}],
        ["picked", {"node": "pool", "channel": 4, "row": 8, "column": 0}],
        ["input", 3],
        ["input", 5],
        ["back", 0],
    ]


def test_the_picture_has_the_frame_of_what_the_value_sees(stage: Modules) -> None:
    stage.mount(PARTS, parts(), STYLE)
    picture = stage.locator(".picture")
    expect(picture).to_be_hidden()
    stage.mount("ui/components/feature_maps/model_input.js", pack({"group": "net", "caption": ""}, b""))
    expect(picture).to_be_visible()
    frame = picture.locator(".field.light")
    assert [frame.get_attribute(name) for name in ("x", "y", "width", "height")] == ["5", "1", "3", "3"]
    cell = picture.locator(".cell.light")
    assert [cell.get_attribute(name) for name in ("x", "y", "width", "height")] == ["6", "2.25", "1", "0.5"]


def test_a_large_window_is_colours_and_a_curve_has_its_point(stage: Modules) -> None:
    side = 7
    values = [[float(i * j) for j in range(side)] for i in range(side)]
    window = parts()["window"] | {
        "tables": [{"caption": name, "values": values} for name in ("inputs", "× weights", "= 1")],
        "inside": [[True] * side] * side,
        "places": [[[4, i, j] for j in range(side)] for i in range(side)],
    }
    curve = {"points": [[-2, 0], [0, 0], [2, 2]], "at": [1, 1]}
    stage.mount(PARTS, parts(window=window, curve=curve), STYLE)
    assert stage.locator(".window").first.inner_text().strip() == "inputs, #"
    stage.locator(".window").nth(1).locator("td").nth(side + 2).hover()
    expect(stage.locator(".pointed-words")).to_have_text("2 × 2 = 2 · #4 at 1, 2")
    assert stage.locator(".curve .at").get_attribute("d") == "M 75 23 h 0.001"
    broken = parts()["window"] | {"tables": [{"caption": "inputs", "values": [[0, "nan"], [0, 1]]}]}
    stage.receive(parts(window=broken))
    assert stage.locator(".window td").all_inner_texts() == ["0.0", "nan", "0.0", "1.0"]
