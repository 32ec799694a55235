"""The grid, the bars and the enlarged map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from explorer.runtime.maps import GridHeader, Order, encode_page, pack, statistics
from tests.js.conftest import Modules

FOLDER = "ui/components/feature_maps"
MAPS = f"{FOLDER}/feature_maps.js"
STYLE = f"{FOLDER}/feature_maps.css"
VIEW = {"channel": None, "enlarged": False, "colouring": "auto", "scale": "map", "order": "index", "page": 0}


def message(
    values: np.ndarray, header: GridHeader | None = None, order: Order = "index", page: int = 0, **view: Any
) -> bytes:
    own: GridHeader = {"node": "conv", "height": 500, **(header or {})}
    return encode_page(values, statistics(values), own, order, page).packed(view={**VIEW, **view})


def maps(channels: int = 12) -> np.ndarray:
    return np.arange(channels * 16, dtype=np.float32).reshape(channels, 4, 4)


def current(stage: Modules) -> list[str]:
    return stage.locator('.map[aria-current="true"]').all_inner_texts()


@pytest.mark.parametrize(
    ("count", "ratio", "room", "columns", "side"),
    [
        (1, 1, (600, 400), 1, 200),  # no map is larger than that
        (4, 1, (420, 230), 4, 99),  # one row; two columns would need 2 x (200 + 22) + 3 x 8
        (4, 1, (420, 500), 2, 200),
        (64, 1, (600, 400), 8, 68),  # they fit nowhere: the smallest, and the grid scrolls
        (6, 4, (300, 250), 3, 94),  # four times as high as wide: the longer side
        (8, 0.25, (432, 320), 2, 200),  # flat: four rows fit
        (1, 1, (30, 30), 1, 30),  # narrower than any map
    ],
)
def test_cells_are_as_large_as_fits(
    modules: Modules, count: int, ratio: float, room: tuple[int, int], columns: int, side: int
) -> None:
    fitted = modules.call(f"{FOLDER}/grid.js", "fitCells", count, ratio, list(room))
    assert fitted == {"columns": columns, "side": side}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, {"input": (0, 0, 4, 2), "map": (0, 0, 4, 2), "frame": (0, 0, 4, 2)}),
        ({"input_size": [8, 8]}, {"input": (0, 0, 8, 8), "map": (0, 0, 8, 8), "frame": (0, 0, 8, 8)}),
        (  # positions are 4 apart, the first one's centre is the edge of the input's first pixel
            {"input_size": [8, 16], "receptive_field": {"size": [7, 7], "stride": [4, 4], "start": [-0.5, -0.5]}},
            {"input": (0, 0, 16, 8), "map": (-2, -2, 16, 8), "frame": (-2, -2, 18, 10)},
        ),
    ],
)
def test_where_a_map_lies_on_the_input(modules: Modules, header: Any, expected: Any) -> None:
    found = modules.call(f"{FOLDER}/enlarged.js", "geometry", {"shape": [1, 2, 4], **header})
    boxes = {name: (box["left"], box["top"], box["width"], box["height"]) for name, box in found.items()}
    assert boxes == expected


@pytest.mark.parametrize(
    ("position", "expected"), [((0, 0), (0, 0, 3, 3)), ((1, 1), (0, 0, 7, 7)), ((3, 1), (8, 0, 7, 7))]
)
def test_a_receptive_field_ends_at_the_inputs_border(modules: Modules, position: Any, expected: Any) -> None:
    field = {"size": [7, 7], "stride": [4, 4], "start": [-1, -1]}
    header = {"input_size": [8, 16], "receptive_field": field}
    found = modules.call(f"{FOLDER}/enlarged.js", "receptiveField", header, *position)
    assert (found["left"], found["top"], found["width"], found["height"]) == expected
    assert modules.call(f"{FOLDER}/enlarged.js", "receptiveField", {"input_size": [8, 16]}, *position) is None


def test_arrow_keys_move_in_the_grid_and_the_server_hears_of_the_last(stage: Modules) -> None:
    stage.page.clock.install()
    stage.mount(MAPS, message(maps(), channel=2), STYLE)
    assert current(stage) == ["#2"]
    columns = len(stage.locator(".grid").evaluate("grid => getComputedStyle(grid).gridTemplateColumns").split())
    assert 1 < columns < 10
    stage.locator(".map").nth(2).focus()
    for key in ("ArrowRight", "ArrowRight", "Home", "ArrowDown"):
        stage.page.keyboard.press(key)
        stage.page.clock.run_for(200)
    assert current(stage) == [f"#{columns}"]
    assert stage.reports == []
    stage.page.clock.run_for(100)
    assert [(name, view["channel"]) for name, view in stage.reports] == [("view", columns)]
    stage.receive(message(maps(), channel=2))  # what the link asked for is the first view alone
    assert current(stage) == [f"#{columns}"]


def test_one_map_enlarged_over_the_input(stage: Modules) -> None:
    field = {"size": (3, 3), "stride": (1, 1), "start": (0.0, 0.0)}
    header: GridHeader = {"group": "net", "input_size": (4, 4), "receptive_field": field}
    stage.mount(MAPS, message(maps(), header), STYLE)
    picture = stage.locator(".figure img")
    stage.locator(".map").nth(5).click()
    large = stage.page.get_by_role("dialog", name="Enlarged map")
    expect(large).to_contain_text("conv #5")
    expect(picture).to_be_hidden()
    stage.mount(f"{FOLDER}/model_input.js", pack({"group": "net", "caption": "Model input"}, b""), STYLE)
    assert picture.get_attribute("src").startswith("blob:")  # the input came later
    stage.page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("conv #6")
    stage.locator(".figure canvas").hover(position={"x": 2, "y": 2})
    marks = stage.locator(".field.light")
    assert [marks.get_attribute(name) for name in ("x", "y", "width", "height")] == ["0", "0", "2", "2"]
    expect(large).to_contain_text("x 0–1, y 0–1")
    expect(large).to_contain_text("x 0, y 0: 96")
    stage.page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert stage.locator(".map:focus").inner_text() == "#6"
    expect(stage.locator(".maps > .footer")).to_be_visible()


def test_colours_need_no_server_and_pages_do(stage: Modules) -> None:
    stage.page.clock.install()
    values = maps(70) - 100
    stage.mount(MAPS, message(values), STYLE)
    pixels = "all => all.map((canvas) => canvas.toDataURL())"
    canvases = stage.locator(".map canvas")
    signed = canvases.evaluate_all(pixels)
    stage.page.get_by_label("Colours", exact=True).select_option("sequential")
    own = canvases.evaluate_all(pixels)
    assert own != signed
    assert len(set(own)) == 1  # the same ramp in each
    scale = stage.page.get_by_label("Scale", exact=True)
    scale.focus()
    scale.select_option("shared")
    assert len(set(canvases.evaluate_all(pixels))) == len(own)
    assert stage.locator(".limits").inner_text().split() == ["−100", "1020"]
    expect(scale).to_be_focused()  # though the controls were drawn anew
    stage.page.clock.run_for(1)
    wished = {**VIEW, "colouring": "sequential", "scale": "shared"}
    assert stage.reports[-1] == ["view", wished]
    previous, following = (stage.page.get_by_role("button", name=f"{name} page") for name in ("Previous", "Next"))
    assert previous.get_attribute("aria-disabled") == "true"
    before = len(stage.reports)
    previous.press("Enter")
    stage.page.clock.run_for(1)
    assert len(stage.reports) == before
    following.click()
    stage.page.clock.run_for(1)
    assert stage.reports[-1] == ["view", {**wished, "page": 1}]
    assert stage.locator(".map").count() == 64
    stage.receive(message(values, page=1))
    assert stage.locator(".map").all_inner_texts() == [f"#{channel}" for channel in range(64, 70)]
    assert following.get_attribute("aria-disabled") == "true"


def test_values_that_are_not_finite_are_marked(stage: Modules) -> None:
    values = maps(3)
    values[1, 0, 0] = np.nan
    stage.mount(MAPS, message(values), STYLE)
    assert stage.locator(".map").all_inner_texts() == ["#0", "#1 ⚠", "#2"]
    expect(stage.locator(".status")).to_contain_text("⚠ 1 value")
    stage.locator(".map").nth(1).hover()
    expect(stage.locator(".status")).to_contain_text("#1  min 17, mean 24, max 31, 1 not finite")


def test_a_vector_has_bars_with_their_labels(stage: Modules) -> None:
    stage.page.clock.install()
    values = np.array([0, -3, 2, 1], dtype=np.float32)
    labels = ["cat", "dog", "<b>bird</b>", "fish"]
    stage.mount(MAPS, message(values, {"labels": labels}), STYLE)
    expect(stage.locator(".map")).to_have_count(0)
    chips = stage.locator(".strongest button")
    assert chips.all_inner_texts() == ["#1 dog: −3", "#2 <b>bird</b>: 2", "#3 fish: 1", "#0 cat: 0"]
    assert stage.locator(".axis").inner_text().split() == ["2", "0", "−3"]
    bars = stage.page.get_by_role("group", name="Values as bars")
    width = bars.evaluate("e => e.clientWidth")
    pitch = min(80, width / 4)
    bars.hover(position={"x": 2.5 * pitch, "y": 100})
    expect(stage.locator(".status")).to_contain_text("#2 <b>bird</b>: 2")
    chips.first.click()
    stage.page.mouse.move(0, 0)
    expect(stage.locator(".status")).to_contain_text("#1 dog: −3")
    bars.focus()
    for key, channel in (("ArrowRight", 2), ("End", 3), ("ArrowUp", 0)):
        bars.press(key)
        expect(stage.locator(".status")).to_contain_text(f"#{channel} ")
    stage.page.clock.run_for(300)
    assert stage.reports[-1][1]["channel"] == 0
    stage.receive(message(values))
    assert chips.all_inner_texts() == ["#1: −3", "#2: 2", "#3: 1", "#0: 0"]


def test_thousands_of_bars_scroll_to_the_chosen_one(stage: Modules) -> None:
    values = np.zeros(2048, dtype=np.float32)
    values[1500] = 9
    stage.mount(MAPS, message(values), STYLE)
    scroller = stage.locator(".scroller")
    assert scroller.evaluate("e => [e.scrollWidth, e.scrollLeft]") == [2048 * 5, 0]
    stage.locator(".strongest button").first.click()
    left, width = scroller.evaluate("e => [e.scrollLeft, e.clientWidth]")
    assert left == pytest.approx(1500.5 * 5 - width / 2, abs=1)
    bar = stage.locator(".scroller canvas").evaluate(
        """(canvas, x) => {
          const box = canvas.getBoundingClientRect();
          const y = canvas.height / 2;
          return [...canvas.getContext("2d").getImageData(x * canvas.width / box.width, y, 1, 1).data];
        }""",
        1500.5 * 5 - left - 1,
    )
    assert bar[3] == 255
