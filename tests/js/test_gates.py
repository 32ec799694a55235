"""The demonstrations' components: gates as linked bars, pairs of maps, a sum of maps."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.runtime import colormaps
from explorer.runtime.maps import pack
from tests.js.conftest import Modules

GATES = "demonstrations/gates/gates.js"
PAIRS = "demonstrations/gates/map_pairs.js"
STYLE = "demonstrations/gates/gates.css"
TERMS = "demonstrations/residual_unit/terms.js"
TERMS_STYLE = "demonstrations/residual_unit/terms.css"
AXIS = 68  # CSS pixels, at the left of the bars

GATE = [0.5, 0.8, 0.2, 0.8]
SQUEEZE = [1, 2, 3, 4]
HIDDEN = [0, 0.5]
HIGH = [1, 2, 4, 8]


def block(channel: int = 0, ordered: bool = False, channels: int = 4) -> bytes:
    """A block whose maps are 1 x 2: 0, and the channel's largest value."""
    header = {
        "path": "block.se",
        "shape": (channels, 1, 2),
        "hidden": len(HIDDEN),
        "signed": False,
        "colormap": colormaps.as_text()["sequential"],
        "view": {"channel": channel, "sorted": ordered},
    }
    vectors = [SQUEEZE[:channels], HIDDEN, GATE[:channels], [0] * channels, HIGH[:channels]]
    floats = b"".join(np.array(vector, dtype="<f4").tobytes() for vector in vectors)
    return pack(header, floats + bytes([0, 255] * channels))


def plot(stage: Modules, name: str, bar: float, bars: int) -> dict[str, float]:
    """Where a bar is in its plot, for hover and click."""
    width = stage.locator(f".plot.{name}").evaluate("e => e.clientWidth")
    return {"x": AXIS + (bar + 0.5) * (width - AXIS) / bars, "y": 40}


def words(stage: Modules) -> str:
    return stage.locator(".words").inner_text()


def last_colour(stage: Modules, index: int) -> list[int]:
    """The colour of the last position of the map before (0) or after (1) the gate."""
    canvas = stage.locator("figure canvas").nth(index)
    pixel: list[int] = canvas.evaluate("c => [...c.getContext('2d').getImageData(1, 0, 1, 1).data].slice(0, 3)")
    return pixel


@pytest.mark.parametrize(("ordered", "order"), [(False, [0, 1, 2, 3]), (True, [1, 3, 0, 2])])
def test_channels_by_number_or_by_gate(modules: Modules, ordered: bool, order: list[int]) -> None:
    assert modules.call(GATES, "channelOrder", GATE, ordered) == order


def test_equal_gates_share_a_rank(modules: Modules) -> None:
    assert modules.call(GATES, "ranksOf", GATE) == [3, 1, 4, 1]


def test_pointing_shows_a_channel_and_a_click_chooses_it(clocked: Modules) -> None:
    clocked.mount(GATES, block(channel=2), STYLE)
    assert words(clocked) == "Channel 2: mean 3, gate 0.2, rank 4 of 4"
    table = colormaps.SEQUENTIAL.tolist()
    assert last_colour(clocked, 0) == table[255]
    assert last_colour(clocked, 1) == table[round(0.2 * 255)]
    clocked.locator(".plot.gate").hover(position=plot(clocked, "gate", 1, 4))
    assert words(clocked) == "Channel 1: mean 2, gate 0.8, rank 1 of 4"
    assert last_colour(clocked, 1) == table[round(0.8 * 255)]
    assert clocked.locator(".legend .ends").inner_text().split() == ["0", "2"]
    clocked.locator(".plot.hidden").hover(position=plot(clocked, "hidden", 1, 2))
    assert words(clocked) == "Channel 2: mean 3, gate 0.2, rank 4 of 4. Hidden unit 1: 0.5"
    clocked.locator(".plot.hidden").click(position=plot(clocked, "hidden", 1, 2))
    clocked.page.clock.run_for(300)
    assert clocked.reports == []  # a hidden unit can't be chosen
    clocked.locator(".plot.squeeze").click(position=plot(clocked, "squeeze", 3, 4))
    clocked.page.mouse.move(0, 0)
    assert words(clocked) == "Channel 3: mean 4, gate 0.8, rank 1 of 4"
    clocked.page.clock.run_for(200)
    assert clocked.reports == []
    clocked.page.clock.run_for(100)
    assert clocked.reports == [["view", {"channel": 3, "sorted": False}]]


def test_the_order_and_the_arrow_keys(clocked: Modules) -> None:
    clocked.mount(GATES, block(channel=1), STYLE)
    gates = clocked.locator(".plot.gate")
    gates.focus()
    for key, channel in (("ArrowRight", 2), ("End", 3), ("ArrowRight", 3), ("Home", 0), ("ArrowDown", 0)):
        gates.press(key)
        assert words(clocked).startswith(f"Channel {channel}:")
    clocked.page.get_by_label("Order").select_option("channels by gate")
    clocked.page.clock.run_for(1)
    assert clocked.reports == [["view", {"channel": 0, "sorted": True}]]
    for key, channel in (("ArrowLeft", 3), ("ArrowLeft", 1), ("End", 2)):  # 1 and 3, then 0, then 2
        gates.press(key)
        assert words(clocked).startswith(f"Channel {channel}:")
    gates.hover(position=plot(clocked, "gate", 2, 4))
    assert words(clocked).startswith("Channel 0:")


def test_the_choice_stays_where_another_block_has_the_channel(clocked: Modules) -> None:
    clocked.mount(GATES, block(channel=3), STYLE)
    clocked.receive(block(channel=1))
    assert words(clocked).startswith("Channel 3:")
    clocked.receive(block(channel=3, channels=2))
    assert words(clocked).startswith("Channel 0:")
    clocked.page.clock.run_for(1)
    assert clocked.reports == [["view", {"channel": 0, "sorted": False}]]


def test_the_bars_follow_the_width(stage: Modules) -> None:
    stage.mount(GATES, block(), STYLE)
    canvas = stage.locator(".plot.gate canvas")
    for width in (1000, 700, 900):
        stage.page.set_viewport_size({"width": width, "height": 800})
        room = stage.locator(".plot.gate").evaluate("e => e.clientWidth")
        expect(canvas).to_have_css("width", f"{room}px")
        assert room <= width


def test_pairs_of_maps_share_a_scale(stage: Modules) -> None:
    header = {
        "shape": (2, 1, 2),
        "channels": [7, 3],
        "gates": [[0.5, 1], [1, 0]],
        "low": [-1, 0],
        "high": [2, 1],
        "signed": True,
        "colormap": colormaps.as_text()["diverging"],
    }
    stage.mount(PAIRS, pack(header, bytes([0, 255, 255, 255, 85, 170, 0, 0])), STYLE)
    assert stage.locator(".title").all_inner_texts() == ["Channel 7: −2 to 2", "Channel 3: −1 to 1"]
    captions = stage.locator("figcaption").all_inner_texts()
    assert captions == ["original, gate 0.5", "altered, gate 1", "original, gate 1", "altered, gate 0"]
    table = colormaps.DIVERGING.tolist()
    assert [last_colour(stage, index) for index in range(2)] == [table[255], table[255]]
    assert last_colour(stage, 2) == table[round((170 / 255 + 1) / 2 * 255)]
    stage.receive(pack({**header, "shape": (1, 1, 2)}, bytes(4)))
    assert stage.page.get_by_role("img").count() == 2


def test_a_position_of_three_maps_is_marked_and_its_numbers_add_up(stage: Modules) -> None:
    table = colormaps.as_text()["diverging"]
    header = {"titles": ["Identity", "+ residual", "= sum"], "shape": (1, 2), "limits": (-2, 2), "colormap": table}
    maps = np.array([1, 0, -3, 0.5, -2, 0.5], dtype="<f4")
    stage.mount(TERMS, pack(header, maps.tobytes()), TERMS_STYLE)
    assert stage.locator("figcaption").all_inner_texts() == header["titles"]
    assert stage.locator(".mark:visible").count() == 0
    over = stage.locator("figure canvas").first
    box = over.bounding_box()
    assert box is not None
    over.hover(position={"x": box["width"] * 0.25, "y": box["height"] / 2})
    assert words(stage) == "Row 0, column 0: 1 + (\N{MINUS SIGN}3) = \N{MINUS SIGN}2"
    assert stage.locator(".mark:visible").count() == 3
    stage.locator(".row").press("ArrowRight")
    assert words(stage) == "Row 0, column 1: 0 + 0.5 = 0.5"
    stage.locator(".row").press("ArrowRight")  # there is no more
    assert words(stage) == "Row 0, column 1: 0 + 0.5 = 0.5"
    assert last_colour(stage, 1) == colormaps.DIVERGING.tolist()[round(2.5 / 4 * 255)]
