"""The grid, the bars and the enlarged map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from explorer.instruments.looks_for.sprites import sent
from explorer.runtime.maps import GridHeader, Message, Order, encode_page, encode_pair, pack, statistics
from tests.js.conftest import Modules

FOLDER = "ui/components/feature_maps"
MAPS = f"{FOLDER}/feature_maps.js"
STYLE = f"{FOLDER}/feature_maps.css"
VIEW = {
    "channel": None,
    "enlarged": False,
    "opacity": 60,
    "colouring": "auto",
    "scale": "map",
    "order": "index",
    "page": 0,
    "beside": "",
    "looks": False,
}


def message(
    values: np.ndarray, header: GridHeader | None = None, order: Order = "index", page: int = 0, **view: Any
) -> bytes:
    own: GridHeader = {"node": "conv", **(header or {})}
    return encode_page(values, statistics(values), own, order, page).packed(view={**VIEW, **view})


def pair(first: np.ndarray, second: np.ndarray, page: int = 0, **view: Any) -> bytes:
    """Maps of "add", and beside them those of "relu"."""
    layers = [
        (values, statistics(values), GridHeader(node=node)) for values, node in ((first, "add"), (second, "relu"))
    ]
    return encode_pair(*layers, page=page).packed(view={**VIEW, **view}, compare={"relu": "relu", "bn": "bn"})


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
        (64, 1, (584, 230), 6, 89),  # two rows of the smallest would fit, and two of these do
        (64, 1, (280, 218), 3, 83),  # as large as two whole rows allow, though the width has room for more
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
    found = modules.call(f"{FOLDER}/geometry.js", "geometry", {"shape": [1, 2, 4], **header})
    boxes = {name: (box["left"], box["top"], box["width"], box["height"]) for name, box in found.items()}
    assert boxes == expected


@pytest.mark.parametrize(
    ("position", "expected"), [((0, 0), (0, 0, 3, 3)), ((1, 1), (0, 0, 7, 7)), ((3, 1), (8, 0, 7, 7))]
)
def test_a_receptive_field_ends_at_the_inputs_border(modules: Modules, position: Any, expected: Any) -> None:
    field = {"size": [7, 7], "stride": [4, 4], "start": [-1, -1]}
    header = {"input_size": [8, 16], "receptive_field": field}
    found = modules.call(f"{FOLDER}/geometry.js", "receptiveField", header, *position)
    assert (found["left"], found["top"], found["width"], found["height"]) == expected
    assert modules.call(f"{FOLDER}/geometry.js", "receptiveField", {"input_size": [8, 16]}, *position) is None


def test_arrow_keys_move_in_the_grid_and_the_server_hears_of_the_last(clocked: Modules) -> None:
    clocked.mount(MAPS, message(maps(), channel=2), STYLE)
    assert current(clocked) == ["#2"]
    columns = len(
        clocked.locator(".cells").first.evaluate("grid => getComputedStyle(grid).gridTemplateColumns").split()
    )
    assert 1 < columns < 10
    clocked.locator(".map").nth(2).focus()
    for key in ("ArrowRight", "ArrowRight", "Home", "ArrowDown"):
        clocked.page.keyboard.press(key)
        clocked.page.clock.run_for(200)
    assert current(clocked) == [f"#{columns}"]
    assert clocked.reports == []
    clocked.page.clock.run_for(100)
    assert [(name, view["channel"]) for name, view in clocked.reports] == [("view", columns)]
    clocked.receive(message(maps(), channel=2))  # what the link asked for is the first view alone
    assert current(clocked) == [f"#{columns}"]


def test_one_map_enlarged_over_the_input(stage: Modules) -> None:
    field = {"size": (3, 3), "stride": (1, 1), "start": (0.0, 0.0)}
    header: GridHeader = {"group": "net", "input_size": (4, 4), "receptive_field": field}
    stage.mount(MAPS, message(maps(), header), STYLE)
    picture = stage.locator(".figure img").first
    stage.locator(".map").nth(5).click()
    large = stage.page.get_by_role("dialog", name="Enlarged map")
    expect(large).to_contain_text("conv #5")
    expect(picture).to_be_hidden()
    stage.mount(f"{FOLDER}/model_input.js", pack({"group": "net", "caption": "Model input"}, b""), STYLE)
    assert picture.get_attribute("src").startswith("blob:")  # the input came later
    stage.page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("conv #6")
    figure = stage.locator(".figure").first
    figure.hover(position={"x": 2, "y": 2})
    marks = figure.locator(".field.light")
    assert [marks.get_attribute(name) for name in ("x", "y", "width", "height")] == ["0", "0", "2", "2"]
    label = figure.locator(".pointer-label")
    assert label.inner_text().splitlines() == ["x 0, y 0: 96", "sees x 0–1, y 0–1"]
    expect(large).to_contain_text("Receptive field 3 × 3 px")
    stage.page.mouse.move(0, 0)
    expect(label).to_be_hidden()
    expect(marks).to_have_count(0)
    slider = stage.page.get_by_role("slider", name="Opacity of the map")
    assert slider.input_value() == "60"
    slider.press("ArrowLeft")  # it is not the map that moves
    expect(large).to_contain_text("conv #6")
    assert figure.locator("canvas").evaluate("c => c.style.opacity") == "0.55"
    stage.page.wait_for_function("window.reports.at(-1)?.[1].opacity === 55")
    large.focus()
    stage.page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert stage.locator(".map:focus").inner_text() == "#6"
    expect(stage.locator(".maps > .footer")).to_be_visible()


def test_a_cross_moved_by_keys_takes_a_pixel_apart(stage: Modules) -> None:
    data = encode_page(maps(), statistics(maps()), {"node": "conv"}).packed(view=VIEW, picks=True)
    stage.mount(MAPS, data, STYLE)
    stage.locator(".map").nth(5).click()
    large = stage.page.get_by_role("dialog", name="Enlarged map")
    label = stage.locator(".figure .pointer-label").first
    for key, words in (("ArrowLeft", "x 2, y 2: 90"), ("ArrowRight", "x 3, y 2: 91"), ("ArrowRight", "x 3, y 2: 91")):
        stage.page.keyboard.press(f"Shift+{key}")
        expect(label).to_have_text(words)
    stage.page.keyboard.press("Shift+ArrowUp")
    stage.page.keyboard.press("Enter")
    picked = [value for name, value in stage.reports if name == "picked"]
    assert picked == [{"node": "conv", "channel": 5, "row": 1, "column": 3}]
    stage.page.keyboard.press("ArrowRight")  # another map has no cross yet: Enter fills the screen
    expect(large).to_contain_text("conv #6")
    expect(label).to_be_hidden()
    stage.page.keyboard.press("Enter")
    assert large.evaluate("e => e.matches(':modal')")


def test_a_bar_is_taken_apart_by_a_click_and_by_enter(stage: Modules) -> None:
    values = np.array([0, -3, 2, 1], dtype=np.float32)
    data = encode_page(values, statistics(values), {"node": "fc"}).packed(view=VIEW, picks=True)
    stage.mount(MAPS, data, STYLE)
    bars = stage.page.get_by_role("group", name="Values as bars")
    pitch = min(80, bars.evaluate("e => e.clientWidth") / 4)
    bars.click(position={"x": 2.5 * pitch, "y": 100})
    bars.press("ArrowRight")
    bars.press("Enter")
    bars.tap(position={"x": 0.5 * pitch, "y": 100})  # a finger reads first
    bars.tap(position={"x": 0.5 * pitch, "y": 100})
    assert [value["channel"] for name, value in stage.reports if name == "picked"] == [2, 3, 0]


INSIDE = """([inner, outer]) => {
  const [a, b] = [inner, outer].map((e) => e.getBoundingClientRect());
  return a.width > 0 && a.left >= Math.max(b.left, 0) - 0.5 && a.top >= Math.max(b.top, 0) - 0.5
    && a.right <= Math.min(b.right, innerWidth) + 0.5 && a.bottom <= Math.min(b.bottom, innerHeight) + 0.5;
}"""


def inside(stage: Modules, inner: Locator, outer: Locator) -> bool:
    """Whether an element lies in another and in the window."""
    return bool(stage.page.evaluate(INSIDE, [inner.element_handle(), outer.element_handle()]))


def overlap(a: Any, b: Any) -> bool:
    return bool(
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    )


def give_room(stage: Modules, width: int, height: int) -> None:
    """As one screen does: a room of a given size, in CSS pixels."""
    stage.page.add_style_tag(content=f"body > div {{ width: {width}px; height: {height}px }}")


@pytest.mark.parametrize(("width", "height"), [(590, 310), (484, 310), (484, 200), (484, 160)])
def test_all_stands_in_the_room_that_one_screen_has(stage: Modules, width: int, height: int) -> None:
    give_room(stage, width, height)
    stage.mount(MAPS, message(maps(100)), STYLE)
    section = stage.locator(".maps")
    assert section.bounding_box() == {"x": 0, "y": 0, "width": width, "height": height}
    for part in (".controls", ".grid", ".footer"):
        assert inside(stage, stage.locator(part), section)
    seen = [cell.bounding_box() for cell in stage.locator(".map").all() if inside(stage, cell, stage.locator(".grid"))]
    assert len({box["y"] for box in seen}) == 2
    middles = [box["y"] + box["height"] / 2 for box in map(Locator.bounding_box, stage.locator(".controls > *").all())]
    assert max(middles) - min(middles) < 1  # one line
    assert inside(stage, stage.locator(".legend"), section)
    assert not overlap(stage.locator(".legend").bounding_box(), stage.locator(".grid").bounding_box())
    sizes = stage.locator(".maps *").evaluate_all("all => all.map((e) => parseFloat(getComputedStyle(e).fontSize))")
    assert min(sizes) >= 16


@pytest.mark.parametrize(("width", "height"), [(590, 310), (484, 200)])
def test_the_value_is_told_at_the_pointer_and_never_cut_off(stage: Modules, width: int, height: int) -> None:
    give_room(stage, width, height)
    stage.mount(f"{FOLDER}/model_input.js", pack({"group": "net", "caption": "Model input"}, b""), STYLE)
    stage.locator(".model-input").evaluate("figure => figure.hidden = true")
    field = {"size": (3, 3), "stride": (1, 1), "start": (0.0, 0.0)}
    header: GridHeader = {
        "node": "stage4.module12.branch",
        "group": "net",
        "input_size": (4, 4),
        "receptive_field": field,
    }
    stage.mount(MAPS, message(maps(), header, channel=5, enlarged=True), STYLE)
    figure, large = stage.locator(".figure").first, stage.page.get_by_role("dialog")
    label = figure.locator(".pointer-label")

    def check_label_at_all_edges() -> float:
        box = figure.bounding_box()
        assert inside(stage, figure, large)
        for x, y in ((0.01, 0.01), (0.99, 0.01), (0.01, 0.99), (0.99, 0.99), (0.5, 0.5)):
            figure.hover(position={"x": x * box["width"], "y": y * box["height"]})
            assert inside(stage, label, figure)
        return box["height"]

    small = check_label_at_all_edges()
    for part in (".status", ".legend", ".mix input", ".title"):
        assert inside(stage, large.locator(part), large)
    large.focus()
    stage.page.keyboard.press("Enter")
    assert large.bounding_box() == {"x": 0, "y": 0, **stage.page.viewport_size}
    assert check_label_at_all_edges() > 2 * small
    stage.page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("#6")
    stage.page.keyboard.press("Escape")  # one level
    expect(large).to_be_visible()
    assert figure.bounding_box()["height"] == small
    stage.page.keyboard.press("f")
    stage.page.get_by_role("button", name="Leave the full screen").click()
    assert figure.bounding_box()["height"] == small
    stage.page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert stage.locator(".map:focus").inner_text() == "#6"


def test_a_finger_reads_the_enlarged_map(stage: Modules) -> None:
    stage.page.set_viewport_size({"width": 390, "height": 844})
    stage.mount(MAPS, message(maps()), STYLE)
    grid = stage.locator(".grid")
    assert grid.evaluate("g => g.scrollHeight - g.clientHeight") == 0  # as high as its maps
    stage.locator(".map").nth(5).tap()
    figure, large = stage.locator(".figure").first, stage.page.get_by_role("dialog")
    label = figure.locator(".pointer-label")
    for _ in range(2):  # in its place, and over the whole screen
        box = figure.bounding_box()
        figure.tap(position={"x": 0.9 * box["width"], "y": 0.1 * box["height"]})
        assert label.inner_text() == "x 3, y 0: 83"
        assert inside(stage, label, figure)
        assert inside(stage, large.locator(".status"), large)
        stage.page.get_by_role("button", name="Fill the screen").or_(
            stage.page.get_by_role("button", name="Leave the full screen")
        ).tap()
    stage.page.get_by_role("button", name="Close").tap()
    expect(grid).to_be_visible()


def test_keys_walk_over_the_borders_of_pages(clocked: Modules) -> None:
    values = maps(130)
    clocked.mount(MAPS, message(values, channel=63), STYLE)

    def last_report() -> tuple[int, int]:
        clocked.page.clock.run_for(300)
        view = clocked.reports[-1][1]
        return view["page"], view["channel"]

    clocked.locator(".map").nth(63).focus()
    clocked.page.keyboard.press("ArrowRight")
    clocked.page.keyboard.press("ArrowRight")  # the page is on its way
    assert last_report() == (1, 64)
    clocked.receive(message(values, page=1))
    assert current(clocked) == ["#64"]
    assert clocked.locator(".map:focus").inner_text() == "#64"
    clocked.page.keyboard.press("End")
    clocked.page.keyboard.press("Enter")
    large = clocked.page.get_by_role("dialog", name="Enlarged map")
    expect(large).to_contain_text("#127")
    clocked.page.keyboard.press("ArrowRight")
    clocked.receive(message(values, page=2))
    expect(large).to_contain_text("#128")
    following = clocked.page.get_by_role("button", name="Next channel")
    following.click()
    expect(large).to_contain_text("#129")
    assert following.get_attribute("aria-disabled") == "true"
    before = last_report()
    clocked.page.keyboard.press("ArrowRight")
    assert last_report() == before == (2, 129)
    clocked.page.keyboard.press("Home")
    clocked.page.keyboard.press("ArrowLeft")
    assert last_report() == (1, 127)
    clocked.receive(message(values, page=1))
    expect(large).to_contain_text("#127")


def test_by_strength_the_next_page_says_which_channel_comes_next(stage: Modules) -> None:
    values = maps(70)  # the last ones are the strongest
    stage.mount(MAPS, message(values, order="strength", channel=6), STYLE)
    stage.locator('.map[aria-current="true"]').focus()
    stage.page.keyboard.press("ArrowRight")
    stage.receive(message(values, order="strength", page=1))
    assert current(stage) == ["#5"]
    stage.page.wait_for_function("window.reports.at(-1)?.[1].channel === 5")


def test_two_operations_stand_side_by_side_on_one_scale(clocked: Modules) -> None:
    first = maps(12) - 100
    second = np.maximum(first, 0)[:10, ::2, ::2]  # of another size, and without the last two channels
    clocked.mount(MAPS, pair(first, second, channel=3), STYLE)
    panes = clocked.locator(".pane")
    assert [pane.locator(".pane-title span").inner_text() for pane in panes.all()] == ["add", "relu"]
    assert current(clocked) == ["#3", "#3"]
    expect(panes.nth(1).locator(".map").nth(9)).to_be_visible()
    expect(panes.nth(1).locator(".map").nth(10)).to_be_hidden()
    tops = [[cell.bounding_box()["y"] for cell in pane.locator(".map").all()] for pane in panes.all()]
    assert tops[0] == tops[1]
    assert clocked.locator(".legend").inner_text().split() == ["−100", "100"]
    expect(clocked.page.get_by_label("Scale", exact=True)).to_have_count(0)
    pixel = "(c) => [...c.getContext('2d').getImageData(0, 0, 1, 1).data]"
    zero, below = (panes.nth(n).locator("canvas").first.evaluate(pixel) for n in (1, 0))
    assert max(zero[:3]) - min(zero[:3]) <= 6  # 0 is neutral, though these maps have no negative value
    assert below[2] > below[0] + 50  # blue: −100
    panes.nth(1).locator(".map").nth(5).click()
    figures = clocked.locator(".figure")
    figures.nth(1).hover(position={"x": 2, "y": 2})
    assert [f.locator(".pointer-label").inner_text() for f in figures.all()] == ["x 0, y 0: −20", "x 0, y 0: 0"]
    clocked.page.keyboard.press("Escape")
    clocked.page.get_by_role("button", name="Show one operation").click()
    clocked.page.clock.run_for(1)
    assert clocked.reports[-1][1]["beside"] == ""
    clocked.receive(message(first))
    expect(panes.nth(1)).to_be_hidden()
    expect(clocked.page.get_by_label("Scale", exact=True)).to_be_visible()
    clocked.receive(pair(first, second))
    clocked.page.get_by_label("Compare with").select_option("bn")
    clocked.page.clock.run_for(1)
    assert clocked.reports[-1][1]["beside"] == "bn"


def test_a_vector_beside_maps_is_a_colour_for_each_channel(stage: Modules) -> None:
    gate = np.linspace(0, 1, 12, dtype=np.float32)
    stage.mount(MAPS, pair(maps(12), gate), STYLE)
    cells = stage.locator(".pane").nth(1).locator(".map")
    assert cells.count() == 12
    cells.nth(11).hover()
    assert stage.locator(".maps > .pointer-label").inner_text().split() == ["#11", "x", "0,", "y", "0:", "1"]


@pytest.mark.parametrize(
    ("point", "expected"),
    [((100, 100), (110, 70)), ((280, 100), (230, 70)), ((100, 10), (110, 20)), ((299, 10), (249, 20))],
)
def test_a_label_stands_beside_its_point(modules: Modules, point: Any, expected: Any) -> None:
    room = {"left": 0, "top": 0, "right": 300, "bottom": 200}
    assert modules.call(f"{FOLDER}/label.js", "besidePoint", list(point), [40, 20], room, 10) == list(expected)
    narrow = {"left": 0, "top": 0, "right": 30, "bottom": 200}
    assert modules.call(f"{FOLDER}/label.js", "besidePoint", [15, 100], [40, 20], narrow, 10)[0] == 0


def test_colours_need_no_server_and_pages_do(clocked: Modules) -> None:
    values = maps(70) - 100
    clocked.mount(MAPS, message(values), STYLE)
    pixels = "all => all.map((canvas) => canvas.toDataURL())"
    canvases = clocked.locator(".map canvas")
    signed = canvases.evaluate_all(pixels)
    clocked.page.get_by_label("Colours", exact=True).select_option("sequential")
    own = canvases.evaluate_all(pixels)
    assert own != signed
    assert len(set(own)) == 1  # the same ramp in each
    scale = clocked.page.get_by_label("Scale", exact=True)
    scale.focus()
    scale.select_option("shared")
    assert len(set(canvases.evaluate_all(pixels))) == len(own)
    assert clocked.locator(".legend").inner_text().split() == ["−100", "1020"]
    expect(scale).to_be_focused()  # though the controls were drawn anew
    clocked.page.clock.run_for(1)
    wished = {**VIEW, "colouring": "sequential", "scale": "shared"}
    assert clocked.reports[-1] == ["view", wished]
    previous, following = (clocked.page.get_by_role("button", name=f"{name} page") for name in ("Previous", "Next"))
    assert previous.get_attribute("aria-disabled") == "true"
    before = len(clocked.reports)
    previous.press("Enter")
    clocked.page.clock.run_for(1)
    assert len(clocked.reports) == before
    following.click()
    clocked.page.clock.run_for(1)
    assert clocked.reports[-1] == ["view", {**wished, "page": 1}]
    assert clocked.locator(".map").count() == 64
    clocked.receive(message(values, page=1))
    assert clocked.locator(".map").all_inner_texts() == [f"#{channel}" for channel in range(64, 70)]
    assert following.get_attribute("aria-disabled") == "true"


def test_what_channels_look_for_stands_in_their_maps_places(clocked: Modules) -> None:
    pixels = "all => all.map((canvas) => canvas.toDataURL())"
    shown = clocked.locator(".map canvas")
    switch = clocked.page.get_by_role("button", name="What each channel looks for")
    clocked.mount(MAPS, message(maps(3)), STYLE)
    expect(switch).to_have_count(0)  # nothing came with the app
    own = encode_page(maps(3), statistics(maps(3)), {"node": "conv"})
    clocked.receive(Message({**own.header, "looks": None}, own.body).packed(view=VIEW))
    before = shown.evaluate_all(pixels)
    switch.click()
    clocked.page.clock.run_for(1)
    assert clocked.reports[-1] == ["view", {**VIEW, "looks": True}]
    tiles = np.full((2, 16, 16, 3), (0, 255, 0), np.uint8)
    tiles[1] = 255, 0, 0
    sheet, columns = sent(tiles)
    looks = {"channels": [2, 0], "side": 16, "columns": columns, "at": len(own.body)}
    clocked.receive(Message({**own.header, "looks": looks}, own.body + sheet).packed(view=VIEW))
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(clocked.locator(".map.picture")).to_have_count(2)
    middle = "all => all.map((canvas) => [...canvas.getContext('2d').getImageData(2, 2, 1, 1).data])"
    red, _, green, *_ = ((*map(round, np.array(rgb) / 255), 0) for rgb in shown.evaluate_all(middle))
    assert (red[:3], green[:3]) == ((1, 0, 0), (0, 1, 0))
    assert shown.evaluate_all(pixels)[1] == before[1]  # of that channel there is none: its map
    expect(clocked.locator(".legend")).to_be_visible()  # of the map that is left
    sheet, columns = sent(tiles[[0, 0, 1]])
    all_three = {
        "channels": [0, 1, 2],
        "side": 16,
        "columns": columns,
        "at": len(own.body),
        "anew": [1],
        "note": "Why.",
    }
    clocked.receive(Message({**own.header, "looks": all_three}, own.body + sheet).packed(view=VIEW))
    expect(clocked.locator(".map.picture")).to_have_count(3)
    expect(clocked.locator(".legend")).to_be_hidden()
    assert clocked.locator(".map").all_inner_texts() == ["#0", "#1 *", "#2"]
    assert clocked.locator(".map").nth(1).get_attribute("title") == "Why."
    clocked.locator(".map").first.click()
    expect(clocked.locator(".legend")).to_be_visible()  # of the enlarged map
    clocked.page.keyboard.press("Escape")
    clocked.receive(Message({**own.header, "looks": None}, own.body).packed(view=VIEW))
    assert shown.evaluate_all(pixels) == before


def test_values_that_are_not_finite_are_marked(stage: Modules) -> None:
    values = maps(3)
    values[1, 0, 0] = np.nan
    stage.mount(MAPS, message(values), STYLE)
    assert stage.locator(".map").all_inner_texts() == ["#0", "#1 ⚠", "#2"]
    expect(stage.locator(".status")).to_contain_text("⚠ 1 value")
    stage.locator(".map").nth(1).hover()
    expect(stage.locator(".status")).to_contain_text("#1  min 17, mean 24, max 31, 1 not finite")


def test_a_vector_has_bars_with_their_labels(clocked: Modules) -> None:
    values = np.array([0, -3, 2, 1], dtype=np.float32)
    labels = ["cat", "dog", "<b>bird</b>", "fish"]
    clocked.mount(MAPS, message(values, {"labels": labels}), STYLE)
    expect(clocked.locator(".map")).to_have_count(0)
    chips = clocked.locator(".strongest button")
    assert chips.all_inner_texts() == ["#1 dog: −3", "#2 <b>bird</b>: 2", "#3 fish: 1", "#0 cat: 0"]
    assert clocked.locator(".axis").inner_text().split() == ["2", "0", "−3"]
    bars = clocked.page.get_by_role("group", name="Values as bars")
    width = bars.evaluate("e => e.clientWidth")
    pitch = min(80, width / 4)
    bars.hover(position={"x": 2.5 * pitch, "y": 100})
    expect(clocked.locator(".status")).to_contain_text("#2 <b>bird</b>: 2")
    chips.first.click()
    clocked.page.mouse.move(0, 0)
    expect(clocked.locator(".status")).to_contain_text("#1 dog: −3")
    bars.focus()
    for key, channel in (("ArrowRight", 2), ("End", 3), ("ArrowUp", 0)):
        bars.press(key)
        expect(clocked.locator(".status")).to_contain_text(f"#{channel} ")
    clocked.page.clock.run_for(300)
    assert clocked.reports[-1][1]["channel"] == 0
    clocked.receive(message(values))
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
