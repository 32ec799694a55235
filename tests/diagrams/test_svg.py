"""Graphviz' SVG: for the browser, for a file, in several threads, in time."""

from __future__ import annotations

import re
import threading
import time
from xml.etree import ElementTree

import pytest

from explorer.analysis.palette import INK, KINDS
from explorer.diagrams import block_diagram, diagram_for, operations_diagram, stage_diagram
from tests.diagrams.parsed import SVG, groups
from tests.diagrams.toys import DenseBlock, toy
from tests.traces import traced


def test_the_browser_gets_no_colours_fonts_links_or_titles_but_a_file_does() -> None:
    diagram = stage_diagram(traced("resnet50"), "conv4_x")
    browser, file = diagram.svg(), diagram.render("svg").decode()
    assert not re.search(r"#[0-9a-f]{6}|font-|<title|<a |href|<\?xml", browser)
    assert re.search(r'fill="#[0-9a-f]{6}"', file)
    assert 'font-size="16.00"' in file
    assert not re.search(r"<title|<a |href", file)


def test_shapes_beside_rows_know_their_element() -> None:
    diagram = block_diagram(traced("resnet50"), "conv4_x.1")
    beside = {
        g.attrib["data-of"]: "".join(g.itertext()).strip() for g in groups(diagram.svg()) if "data-of" in g.attrib
    }
    assert beside == {
        "conv4_x.0.relu3": "14×14×1024",
        "conv4_x.1.relu1": "14×14×256",
        "conv4_x.1.bn3": "14×14×1024",
    }


def test_layouts_in_several_threads_do_not_disturb_each_other() -> None:
    t = traced("resnet50")
    expected = block_diagram(t, "conv4_x.0").svg()
    drawn: list[str] = []
    threads = [threading.Thread(target=lambda: drawn.append(block_diagram(t, "conv4_x.0").svg())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 8


def test_a_dense_network_of_200_concats_is_laid_out_in_seconds() -> None:
    t = toy(DenseBlock(64, 200))
    started = time.process_time()  # what other processes do meanwhile does not count
    assert len(groups(operations_diagram(t).svg())) > 800
    assert time.process_time() - started < 3


@pytest.mark.parametrize("zoom", ["network", "stage", "block", "operations"])
def test_a_notebook_shows_every_element_in_colours_of_its_own(zoom: str) -> None:
    diagram = diagram_for(traced("resnet18"), zoom)
    root = ElementTree.fromstring(diagram._repr_svg_())
    drawn = {g.attrib["id"]: g for g in root.iter(f"{SVG}g") if "id" in g.attrib}
    assert drawn.keys() == diagram.elements.keys()
    for name, element in diagram.elements.items():
        fills = {shape.get("fill") for shape in drawn[name]}
        assert KINDS[element.kind].light_fill in fills
        assert INK in fills  # of the text
    values = [value for shape in root.iter() for value in shape.attrib.values()]
    assert "currentColor" not in values
    assert not any(value.startswith(("url(", "http")) for value in values)
    assert root.tag == f"{SVG}svg"
    assert float(root.attrib["width"]) > 0
