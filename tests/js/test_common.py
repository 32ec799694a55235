"""explorer/ui/components/common: numbers, keys, colours, bars, and the life of a component."""

from __future__ import annotations

import pytest

from explorer.runtime.maps import pack
from tests.js.conftest import Modules

COMMON = "ui/components/common"
TABLE = [channel for grey in range(256) for channel in (grey, 0, 255 - grey)]  # RGB


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12.345, "12.3"),
        (-0.5, "\N{MINUS SIGN}0.5"),
        (99999, "100000"),
        (123456, "1.23e+5"),
        (-0.000123, "\N{MINUS SIGN}1.23e\N{HYPHEN-MINUS}4"),
    ],
)
def test_numbers_have_three_digits(modules: Modules, value: float, text: str) -> None:
    assert modules.call(f"{COMMON}/numbers.js", "format", value) == text


@pytest.mark.parametrize(
    ("key", "index", "columns", "target"),
    [
        ("ArrowRight", 3, 4, 4),
        ("ArrowRight", 9, 4, 9),
        ("ArrowLeft", 0, 4, 0),
        ("ArrowUp", 6, 4, 2),
        ("ArrowDown", 7, 4, 9),
        ("Home", 6, 4, 0),
        ("End", 6, 4, 9),
        ("ArrowRight", -1, 4, 0),  # nothing was selected
        ("ArrowDown", 3, None, None),  # no rows
        ("toString", 3, 4, None),
        ("a", 3, 4, None),
    ],
)
def test_arrow_keys_move_in_rows(
    modules: Modules, key: str, index: int, columns: int | None, target: int | None
) -> None:
    assert modules.call(f"{COMMON}/dom.js", "arrowTarget", key, index, 10, columns) == target


@pytest.mark.parametrize(
    ("low", "high", "signed", "limits"),
    [(-1, 3, True, [-3, 3]), (-4, 3, True, [-4, 4]), (2, 3, True, [-3, 3]), (-1, 3, False, [-1, 3])],
)
def test_colour_limits_are_symmetric_where_0_is_neutral(
    modules: Modules, low: float, high: float, signed: bool, limits: list[float]
) -> None:
    assert modules.call(f"{COMMON}/paint.js", "colourLimits", low, high, signed) == limits


@pytest.mark.parametrize(
    ("low", "high", "factor", "limits", "colours"),
    [
        (0, 255, 1, [0, 255], [0, 100, 255]),
        (0, 255, 0.5, [0, 255], [0, 50, 128]),
        (0, 255, -1, [-255, 255], [128, 78, 0]),
        (0, 510, 1, [0, 255], [0, 200, 255]),  # outside the limits: the last colour
        (5, 5, 1, [5, 5], [0, 0, 0]),  # constant
    ],
)
def test_bytes_are_painted_by_their_values(
    modules: Modules, low: float, high: float, factor: float, limits: list[float], colours: list[int]
) -> None:
    code = f"""async ([low, high, factor, limits, table]) => {{
      const {{ paintMap }} = await import("/{COMMON}/paint.js");
      const canvas = document.createElement("canvas");
      const bytes = Uint8Array.of(0, 100, 255);
      paintMap(canvas, {{ bytes, height: 1, width: 3, low, high, factor }}, limits, Uint8Array.from(table));
      return [...canvas.getContext("2d").getImageData(0, 0, 3, 1).data];
    }}"""
    pixels = modules.page.evaluate(code, [low, high, factor, limits, TABLE])
    assert pixels == [channel for index in colours for channel in (*TABLE[3 * index : 3 * index + 3], 255)]


@pytest.mark.parametrize(
    ("values", "limits"), [([3, -1, 2], [-1, 3]), ([2, 1], [0, 2]), ([-2], [-2, 0]), ([0, 0], [0, 1])]
)
def test_bars_stand_on_0(modules: Modules, values: list[float], limits: list[float]) -> None:
    assert modules.call(f"{COMMON}/bars.js", "rangeWithZero", values) == limits
    code = f"""async (limits) => {{
      const {{ verticalAxis }} = await import("/{COMMON}/bars.js");
      return limits.map(verticalAxis(limits, 100, 8));
    }}"""
    assert modules.page.evaluate(code, limits) == [92, 8]


def test_bars_and_marks_are_painted_where_they_belong(modules: Modules) -> None:
    code = f"""async () => {{
      const {{ paintBars, prepare, verticalAxis }} = await import("/{COMMON}/bars.js");
      const context = prepare(document.createElement("canvas"), 50, 40);
      const values = [1, -1, 0.5, 1];
      paintBars(context, {{
        y: verticalAxis([-1, 1], 40, 0), height: 40, left: 10, right: 50, start: 10, pitch: 10, from: 0, to: 3,
        valueAt: (bar) => values[bar], colourOf: (value) => (value < 0 ? "#00f" : "#f00"),
        marks: [[2, 0.5], [-1, 1]], ink: "#000",
      }});
      const at = (x, y) => [...context.getImageData(x, y, 1, 1).data].join();
      return [at(14, 5), at(14, 30), at(24, 30), at(34, 5), at(34, 15), at(44, 5), at(14, 20), at(5, 20)];
    }}"""
    red, blue, ink, half, nothing = "255,0,0,255", "0,0,255,255", "0,0,0,255", "0,0,0,128", "0,0,0,0"
    assert modules.page.evaluate(code) == [red, nothing, blue, half, red, nothing, ink, nothing]


def test_a_message_is_unpacked_as_it_was_packed(modules: Modules) -> None:
    code = f"""async (bytes) => {{
      const {{ sameBytes, unpack }} = await import("/{COMMON}/component.js");
      const data = Uint8Array.from(bytes);
      const {{ header, body }} = unpack(data);
      const changed = Uint8Array.from(bytes);
      changed[bytes.length - 1] += 1;
      const same = [data.slice(), changed, data.slice(1)].map((other) => sameBytes(data, other));
      return [header, [...body], [...same, sameBytes(null, data)]];
    }}"""
    message = pack({"node": "stufe.α"}, bytes(range(8)))
    assert modules.page.evaluate(code, list(message)) == [
        {"node": "stufe.α"},
        list(range(8)),
        [True, False, False, False],
    ]


def test_only_the_last_of_several_views_is_reported(clocked: Modules) -> None:
    code = f"""async () => {{
      const {{ reportView }} = await import("/{COMMON}/component.js");
      window.panel = {{ view: {{ channel: 0 }}, setStateValue: (name, view) => window.sent.push([name, view]) }};
      window.sent = [];
      window.choose = (channel, delayed) => {{ panel.view.channel = channel; reportView(panel, {{ delayed }}); }};
    }}"""
    clocked.page.evaluate(code)

    def choose(channel: int, delayed: bool) -> None:
        clocked.page.evaluate("([channel, delayed]) => choose(channel, delayed)", [channel, delayed])

    def sent() -> list[int]:
        return [view["channel"] for _, view in clocked.page.evaluate("sent")]

    for channel in (1, 2, 3):
        choose(channel, True)
        clocked.page.clock.run_for(200)
    assert sent() == []
    clocked.page.clock.run_for(100)
    assert sent() == [3]
    choose(4, True)
    choose(5, False)
    clocked.page.clock.run_for(1)
    assert sent() == [3, 5]
    clocked.page.clock.run_for(1000)
    assert sent() == [3, 5]


def test_a_component_is_disposed_of_only_after_it_has_left_the_page(stage: Modules) -> None:
    code = f"""async () => {{
      const {{ perRoot, whenRemoved }} = await import("/{COMMON}/component.js");
      const [root, other] = [document.createElement("p"), document.createElement("p")];
      document.body.append(root);
      const stateOf = perRoot(() => ({{}}));
      let disposed = 0;
      const clean = whenRemoved(root, () => (disposed += 1));
      const later = () => new Promise((done) => setTimeout(done, 1));
      clean();
      await later();
      const before = disposed;
      clean();
      root.remove();
      await later();
      return [before, disposed, stateOf(root) === stateOf(root), stateOf(root) === stateOf(other)];
    }}"""
    assert stage.page.evaluate(code) == [0, 1, True, False]
