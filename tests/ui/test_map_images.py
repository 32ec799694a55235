"""Small maps and pictures as HTML."""

from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explorer.runtime.colormaps import DIVERGING, SEQUENTIAL
from explorer.ui.map_images import BAR_COLOURS, Strip, colour_bar, colour_line, common, html, small_pictures

MAPS = np.array([[[0.0, 1.0], [2.0, 3.0]], [[-4.0, 0.0], [4.0, 2.0]]], dtype=np.float32)


class _Page(HTMLParser):
    """The pictures of a part of a page, by their descriptions, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.pictures: dict[str, np.ndarray] = {}
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "img":
            png = b64decode((found["src"] or "").partition(",")[2])
            self.pictures[found["alt"] or ""] = np.array(Image.open(BytesIO(png)).convert("RGB"))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_each_map_has_its_own_colours_where_there_are_no_limits() -> None:
    page = _Page(html(Strip("Filters", MAPS, ("first", "second"))))
    assert np.array_equal(page.pictures["Filters, first"], SEQUENTIAL[[[0, 85], [170, 255]]])
    assert np.array_equal(page.pictures["Filters, second"], DIVERGING[[[0, 128], [255, 191]]])
    assert {"0 to 3", "-4 to 4"} <= set(page.texts)


def test_common_limits_give_equal_values_equal_colours() -> None:
    assert common(*MAPS) == (-4.0, 4.0)
    page = _Page(html(Strip("Filters", MAPS, ("first", "second"), common(*MAPS))))
    first, second = page.pictures.values()
    assert np.array_equal(first[0, 0], second[0, 1])  # both 0
    assert np.array_equal(first[1, 0], second[1, 1])  # both 2
    assert page.texts[-3:] == ["-4", "0", "4"]


def test_a_map_of_one_value_is_drawn_and_texts_are_escaped() -> None:
    page = _Page(html(Strip("<b>", np.zeros((1, 2, 2), np.float32), ("a & b",), legend=False)))
    assert list(page.pictures) == ["<b>, a & b"]
    assert page.texts == ["<b>", "a & b", "0 to 0"]


def test_small_pictures_keep_their_colours() -> None:
    colours = np.arange(2 * 2 * 2 * 3, dtype=np.uint8).reshape(2, 2, 2, 3)
    page = _Page(small_pictures(colours, ("#0", "#1"), "Kernel", 3))
    assert np.array_equal(np.stack(list(page.pictures.values())), colours)
    assert list(page.pictures) == ["Kernel #0", "Kernel #1"]


@pytest.mark.parametrize(
    "bar", [colour_bar(SEQUENTIAL, ("least", "most"), 12), colour_line(SEQUENTIAL, "least", "most", 12)]
)
def test_a_colour_bar_goes_from_the_first_colour_to_the_last(bar: str) -> None:
    colours = [tuple(map(int, colour)) for colour in re.findall(r"rgb\((\d+),(\d+),(\d+)\)", bar)]
    assert len(colours) == BAR_COLOURS
    assert (colours[0], colours[-1]) == (tuple(SEQUENTIAL[0]), tuple(SEQUENTIAL[-1]))
    assert colours[8] in {tuple(SEQUENTIAL[127]), tuple(SEQUENTIAL[128])}
    assert _Page(bar).texts == ["least", "most"]
