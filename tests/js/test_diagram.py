"""The diagram: log scale, the nearest element, selection, and panning and zooming with all that can do it."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.js.conftest import Modules

DIAGRAM = "ui/components/diagram/diagram.js"
LINK = "ui/components/diagram/link.js"
STYLE = "ui/components/diagram/diagram.css"
SIZE = (2000, 1000)  # of the drawing, in its units
# Two rows of three, and one far to the right below: id -> left upper corner of a box of 100 x 60.
BOXES = {"a.0": (0, 0), "a.1": (200, 0), "a.2": (400, 0), "b.0": (0, 200), "b.1": (230, 200), "c": (1900, 940)}


def svg() -> str:
    boxes = [
        f'<g id="{name}"><title>{name}</title><path d="M{x},{y} h100 v60 h-100 z"/></g>'
        for name, (x, y) in BOXES.items()
    ]
    width, height = SIZE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<g class="graph">{"".join(boxes)}</g></svg>'
    )


def data(**changes: Any) -> dict[str, Any]:
    elements = {
        name: {
            "target": name,
            "title": name,
            "lines": [f"line of {name}"],
            "kind": "convolution",
        }
        for name in BOXES
    }
    return {
        "svg": svg(),
        "elements": elements,
        "kinds": {"Convolution": "convolution"},
        "group": "net",
        "label": "Net",
        "scale": None,
        "zoomable": False,
        "fill": False,
        "marked": [],
        **changes,
    }


def select(stage: Modules, node: str) -> None:
    """Mount the link of the group, with a selection."""
    stage.mount(LINK, {"group": "net", "node": node, "block": "-", "stage": node.partition(".")[0]})


def selected(stage: Modules) -> set[str]:
    pressed = stage.locator('.element[aria-pressed="true"]')
    return set(pressed.evaluate_all("all => all.map((element) => element.dataset.element)"))


def focused(stage: Modules) -> str:
    return stage.locator(".element:focus").get_attribute("data-element")


def test_the_legend_names_the_kinds_or_the_scale_and_is_gone_with_them(stage: Modules) -> None:
    stage.mount(DIAGRAM, data(), STYLE)
    legend = stage.locator(".legend")
    assert legend.inner_text() == "Convolution"
    stage.receive(data(kinds={}, scale={"label": "MACs", "low": "≤ 1 k", "high": "5 M", "steps": 7}))
    assert legend.inner_text().split("\n") == ["MACs, log scale:", "none", "≤ 1 k", "5 M"]
    assert legend.locator(".ramp .swatch").count() == 7
    stage.receive(data(kinds={}))
    assert not legend.is_visible()


def place(stage: Modules, width: int, height: int) -> None:
    """The size of the diagram's place on the page."""
    stage.locator("body > div").first.evaluate(
        "(host, [width, height]) => { host.style = `width: ${width}px; height: ${height}px`; }", [width, height]
    )
    stage.page.wait_for_timeout(100)  # the observer reports in the next frame


def drawn_size(stage: Modules) -> list[float]:
    box = stage.locator(".viewport > svg").bounding_box()
    return [box["width"], box["height"]]


def test_a_drawing_has_type_as_large_as_the_pages_or_as_its_place_asks_for(stage: Modules) -> None:
    small = svg().replace(f"{SIZE[0]} {SIZE[1]}", "400 300")
    stage.mount(DIAGRAM, data(svg=small, kinds={}, fill=True), STYLE)
    for size, scale in (((900, 700), 1.25), ((440, 700), 1.1), ((900, 270), 0.9), ((360, 700), 0.9), ((100, 100), 0.8)):
        place(stage, *size)
        assert drawn_size(stage) == pytest.approx([400 * scale, 300 * scale], abs=1)
    stage.page.evaluate("document.documentElement.style.fontSize = '24px'")
    place(stage, 900, 700)
    assert drawn_size(stage) == pytest.approx([750, 562.5], abs=1)  # a larger screen
    stage.receive(data(svg=small, kinds={}))  # as high as it is
    place(stage, 900, 100)
    assert drawn_size(stage) == pytest.approx([600, 450], abs=1)


def test_larger_type_alone_draws_anew(stage: Modules) -> None:
    stage.mount(DIAGRAM, data(svg=svg().replace(f"{SIZE[0]} {SIZE[1]}", "400 300")), STYLE)
    assert drawn_size(stage) == pytest.approx([400, 300], abs=1)
    stage.page.evaluate("document.documentElement.style.fontSize = '20px'")  # presenting: the window stays
    stage.page.wait_for_timeout(100)
    assert drawn_size(stage) == pytest.approx([500, 375], abs=1)


def test_a_drawing_that_goes_on_to_the_right_says_so(stage: Modules) -> None:
    stage.mount(DIAGRAM, data(), STYLE)
    cut = lambda: stage.locator(".root").get_attribute("class").split()[1:]  # noqa: E731
    assert cut() == ["cut-right"]
    scroll = "(e, x) => { e.style.scrollBehavior = 'auto'; e.scrollLeft = x; }"
    for x, expected in ((300, {"cut-left", "cut-right"}), (9999, {"cut-left"}), (0, {"cut-right"})):
        stage.locator(".viewport").evaluate(scroll, x)
        stage.page.wait_for_timeout(100)
        assert set(cut()) == expected
    stage.receive(data(svg=svg().replace("2000 1000", "400 300")))
    stage.page.wait_for_timeout(100)
    assert cut() == []


def test_a_tooltip_does_not_cover_what_a_click_has_opened(stage: Modules) -> None:
    stage.mount(DIAGRAM, data(), STYLE)
    tooltip = stage.locator(".tooltip")
    box = stage.locator('[data-element="a.0"]').bounding_box()
    mouse, x, y = stage.page.mouse, box["x"] + 20, box["y"] + 20
    mouse.move(x, y)
    expect(tooltip).to_be_visible()
    mouse.click(x, y)
    expect(tooltip).to_be_hidden()
    mouse.move(x + 10, y + 5)  # still over the same element
    mouse.move(x + 10, box["y"] + box["height"] + 20)  # over none
    mouse.move(x, y)
    expect(tooltip).to_be_hidden()
    stage.locator('[data-element="a.1"]').hover()
    expect(tooltip).to_be_visible()
    assert "line of a.1" in tooltip.inner_text()
    mouse.click(*[box["x"] + 220, y])
    # Another drawing under a pointer that rests.
    stage.receive(data(svg=svg().replace("a.1", "b.9"), elements=data()["elements"] | {"b.9": data()["elements"]["c"]}))
    stage.page.wait_for_timeout(200)
    expect(tooltip).to_be_hidden()


def test_fingers_get_no_tooltip(stage: Modules) -> None:
    stage.mount(DIAGRAM, data(), STYLE)
    select(stage, "a.1")
    stage.locator('[data-element="a.0"]').tap()
    assert stage.reports == [["node", "a.0"]]
    expect(stage.locator(".tooltip")).to_be_hidden()


def test_a_tooltip_lies_below_or_beside_its_element(stage: Modules) -> None:
    stage.mount(DIAGRAM, data(), STYLE)
    tooltip, first = stage.locator(".tooltip"), stage.locator('[data-element="a.0"]')
    first.hover()
    below, over = tooltip.bounding_box(), first.bounding_box()
    assert below["y"] >= over["y"] + over["height"]
    stage.page.set_viewport_size({"width": 1000, "height": 110})
    stage.locator('[data-element="a.1"]').hover()
    beside, over = tooltip.bounding_box(), stage.locator('[data-element="a.1"]').bounding_box()
    assert beside["x"] >= over["x"] + over["width"]
    assert beside["y"] + beside["height"] <= 110


def test_a_shape_is_shown_with_its_element(stage: Modules) -> None:
    text = '<g class="label" data-of="a.1"><text x="300" y="30">56×56×64</text></g></g></svg>'
    stage.mount(DIAGRAM, data(svg=svg().replace("</g></svg>", text)), STYLE)
    link = {"group": "net", "node": "a.0", "block": "-", "stage": "a"}
    label = stage.locator(".label")
    for hidden in (["a.1"], []):
        stage.mount(LINK, link | {"hidden": hidden})
        assert label.is_visible() == (hidden == [])


def test_marked_elements_have_a_frame(stage: Modules) -> None:
    stage.mount(DIAGRAM, data(marked=["a.1", "c"]), STYLE)
    select(stage, "a.0")
    assert stage.locator(".marks > *").count() == 2
    assert stage.locator(".selection > path:not(.badge)").count() == 1


@pytest.mark.parametrize(
    ("start", "key", "end"),
    [
        ("a.0", "ArrowRight", "a.1"),
        ("a.1", "ArrowDown", "b.1"),
        ("b.1", "ArrowLeft", "b.0"),
        ("b.0", "ArrowUp", "a.0"),
        ("a.2", "ArrowDown", "b.1"),  # off its line, but nearer than the one far below
        ("a.2", "ArrowUp", "a.1"),  # nothing in that direction: the one before
        ("a.0", "ArrowUp", "a.0"),  # neither
    ],
)
def test_arrow_keys_go_to_the_nearest_element(stage: Modules, start: str, key: str, end: str) -> None:
    stage.mount(DIAGRAM, data())
    element = stage.locator(f'[data-element="{start}"]')
    element.focus()
    element.press(key)
    assert focused(stage) == end
    stops = stage.locator('.element[tabindex="0"]')
    assert stops.evaluate_all("all => all.map((e) => e.dataset.element)") == [end if end != start else "a.0"]


def test_a_selection_is_shared_by_the_diagrams_of_a_group_and_reported_once(stage: Modules) -> None:
    stage.mount(DIAGRAM, data())
    stage.mount(DIAGRAM, data(group="other"))
    stage.mount(DIAGRAM, data())
    select(stage, "a.1")
    assert selected(stage) == {"a.1"}
    first = stage.locator('[data-element="b.0"]').first
    first.click()
    assert stage.reports == [["node", "b.0"]]
    assert stage.locator('[data-element="b.0"][aria-pressed="true"]').count() == 2  # not in the other group
    first.focus()
    first.press("Enter")  # the same again
    assert stage.reports == [["node", "b.0"], ["node", "b.0"]]
    registry = stage.page.evaluate("[Object.keys(__cnnExplorer), Object.keys(__cnnExplorer.groups)]")
    assert registry == [["groups", "inputs"], ["net", "other"]]


def test_what_is_active_in_a_drawing_is_removed(stage: Modules) -> None:
    active = svg().replace("</g></svg>", '<script>window.ran = 1</script></g><a href="#x" onclick="run()"/></svg>')
    stage.mount(DIAGRAM, data(svg=active))
    assert stage.locator("svg :is(script, title, [onclick], [href])").count() == 0
    assert stage.page.evaluate("window.ran") is None


# ---- pan and zoom --------------------------------------------------------------------------------------------------


@pytest.fixture
def zoomable(stage: Modules) -> Modules:
    stage.mount(DIAGRAM, data(zoomable=True), STYLE)
    return stage


def view(stage: Modules) -> list[float]:
    """The drawing's part that is seen: x, y, width, height in its units."""
    return [float(number) for number in stage.locator(".viewport > svg").get_attribute("viewBox").split()]


def under(stage: Modules, x: float, y: float) -> tuple[float, float]:
    """The point of the drawing at a point of the window."""
    left, top, width, _ = view(stage)
    box = stage.locator(".viewport").evaluate(
        "e => { const { left, top } = e.getBoundingClientRect(); "
        "return [left + e.clientLeft, top + e.clientTop, e.clientWidth]; }"
    )
    scale = width / box[2]
    return left + (x - box[0]) * scale, top + (y - box[1]) * scale


POINT = (400, 300)  # of the window, in the viewport


def near(point: tuple[float, float]) -> Any:
    return pytest.approx(point, abs=4)  # the border is 1 px wide


def test_the_wheel_belongs_to_the_page_until_ctrl_or_a_click(zoomable: Modules) -> None:
    mouse, drawing = zoomable.page.mouse, zoomable.locator(".viewport > svg")
    before, point, unmoved = view(zoomable), under(zoomable, *POINT), drawing.get_attribute("viewBox")
    mouse.move(*POINT)
    mouse.wheel(0, -10)
    zoomable.page.wait_for_timeout(50)
    assert view(zoomable) == before
    zoomable.page.keyboard.down("Control")
    mouse.wheel(0, -10)
    zoomable.page.keyboard.up("Control")
    expect(drawing).not_to_have_attribute("viewBox", unmoved)
    with_ctrl = view(zoomable)
    assert with_ctrl[2] == pytest.approx(before[2] / exp(0.008 * 10))
    assert under(zoomable, *POINT) == near(point)  # it zooms about the pointer
    mouse.click(*POINT)
    zoomed = drawing.get_attribute("viewBox")
    mouse.wheel(0, -1000)  # a fast wheel is limited
    expect(drawing).not_to_have_attribute("viewBox", zoomed)
    assert view(zoomable)[2] == pytest.approx(with_ctrl[2] / exp(0.008 * 40))
    zoomable.page.keyboard.press("Escape")
    assert zoomable.locator(".viewport:focus-within").count() == 0


def test_a_double_click_zooms_about_the_pointer_and_selects_once(zoomable: Modules) -> None:
    select(zoomable, "a.0")
    before, point = view(zoomable), under(zoomable, *POINT)
    zoomable.page.mouse.dblclick(*POINT)
    assert view(zoomable)[2] == pytest.approx(before[2] / 1.7)
    assert under(zoomable, *POINT) == near(point)
    zoomable.page.keyboard.down("Shift")
    zoomable.page.mouse.dblclick(*POINT)
    zoomable.page.keyboard.up("Shift")
    assert view(zoomable)[2] == pytest.approx(before[2] / 1.7 / 0.6)
    assert zoomable.reports == []
    zoomable.locator('[data-element="a.1"]').dblclick()
    assert zoomable.reports == [["node", "a.1"]]


def test_keys_pan_and_zoom(zoomable: Modules) -> None:
    element = zoomable.locator('[data-element="a.0"]')
    element.focus()
    x, y, width, height = view(zoomable)
    scale = zoomable.locator(".viewport").evaluate("e => e.clientWidth") / width
    element.press("Shift+ArrowRight")
    element.press("Shift+ArrowDown")
    assert view(zoomable) == pytest.approx([x + 60 / scale, y + 60 / scale, width, height])
    element.press("Shift+ArrowLeft")
    element.press("Shift+ArrowUp")
    element.press("Shift+ArrowUp")  # not beyond the border
    assert view(zoomable) == pytest.approx([x, y, width, height])
    assert focused(zoomable) == "a.0"
    element.press("+")
    assert view(zoomable)[2] == pytest.approx(width / 1.4)
    element.press("-")
    assert view(zoomable)[2] == pytest.approx(width)
    element.press("0")
    left, top, whole, tall = view(zoomable)
    assert left <= 0 and top <= 0 and left + whole >= SIZE[0] and top + tall >= SIZE[1]
    for _ in range(20):
        element.press("+")
    assert zoomable.locator(".viewport").evaluate("e => e.clientWidth") / view(zoomable)[2] == pytest.approx(4)


def test_a_drag_pans_and_selects_nothing(zoomable: Modules) -> None:
    select(zoomable, "a.0")
    box = zoomable.locator('[data-element="b.1"]').bounding_box()
    x, y = box["x"] + 20, box["y"] + 20
    point = under(zoomable, x, y)
    mouse = zoomable.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 2, y + 2)  # too short for a drag
    assert under(zoomable, x, y) == point
    mouse.move(x - 100, y - 60, steps=3)
    mouse.up()
    assert under(zoomable, x - 100, y - 60) == near(point)
    assert zoomable.reports == []
    mouse.click(x - 100, y - 60)
    assert zoomable.reports == [["node", "b.1"]]


def test_two_fingers_zoom_about_their_middle(zoomable: Modules) -> None:
    zoomable.page.mouse.click(*POINT)  # the focus gives the fingers to the diagram
    before, point = view(zoomable), under(zoomable, *POINT)
    touch = zoomable.page.context.new_cdp_session(zoomable.page)

    def fingers(kind: str, spread: float | None = None) -> None:
        x, y = POINT
        points = [] if spread is None else [{"x": x + s * spread, "y": y, "id": i} for i, s in enumerate((-1, 1))]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 50)
    for spread in range(60, 151, 10):
        fingers("touchMove", spread)
    fingers("touchEnd")
    assert view(zoomable)[2] == pytest.approx(before[2] / 3, rel=0.15)  # the first pixels only begin the gesture
    x, y = under(zoomable, *POINT)
    assert (x, y) == pytest.approx(point, abs=25)
    closer = view(zoomable)
    fingers("touchStart", 150)
    for spread in range(140, 49, -10):
        fingers("touchMove", spread)
    fingers("touchEnd")
    assert view(zoomable)[2] > 2 * closer[2]


def test_another_drawing_of_the_same_size_is_seen_as_before(zoomable: Modules) -> None:
    zoomable.page.mouse.dblclick(*POINT)
    before = view(zoomable)
    zoomable.receive(data(zoomable=True, svg=svg().replace("a.0", "a.9")))
    assert view(zoomable) == pytest.approx(before)
    zoomable.receive(data(zoomable=True, svg=svg().replace("2000 1000", "1000 1000")))
    assert view(zoomable)[2] > before[2]
