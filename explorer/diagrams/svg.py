"""Graphviz: a layout of DOT text, and its SVG as a page can use it."""

from __future__ import annotations

import threading
from xml.etree import ElementTree

import pygraphviz

_GRAPHVIZ = threading.Lock()  # the C library keeps global state
SHAPE_OF = "shape of "  # begins the id of a text that is shown with an element: the rest is the element's
SVG = "{http://www.w3.org/2000/svg}"
ElementTree.register_namespace("", SVG.strip("{}"))


def laid_out(dot: str, fmt: str) -> bytes:
    """The file that Graphviz' dot makes of DOT text, in its format `fmt`: svg, png, pdf."""
    with _GRAPHVIZ:
        graph = pygraphviz.AGraph(string=dot)
        try:
            return graph.draw(prog="dot", format=fmt)
        finally:
            graph.close()


def readable_svg(svg: bytes, classes: dict[str, str], coloured: bool) -> str:
    """Graphviz' SVG in pixels, without links, titles and comments, with the ids and `classes` of the elements.

    Without colours, lines and texts take the page's colour, and the elements are left to its style sheet.
    """
    root = ElementTree.fromstring(svg)
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib |= {"width": width, "height": height}
    for group in list(root.iter(f"{SVG}g")):
        for title in group.findall(f"{SVG}title"):
            group.remove(title)
        link = group.find(f"{SVG}a")
        if link is not None:
            group[:] = link[:]
            _tidy_cell(group)
            group.attrib |= {"id": group.attrib["id"].removeprefix("a_"), "class": "node cell"}
        name, (sort, *more) = group.attrib.pop("id"), group.attrib["class"].split()
        if name in classes:
            group.attrib |= {"id": name, "class": " ".join([sort, *more, classes[name]])}
        elif sort == "edge" and not coloured:
            group.attrib["data-edge"] = name  # the page shows it with the piece of the block that it belongs to
        elif sort == "node":
            group.attrib["class"] = " ".join(more)
            if name.startswith(SHAPE_OF) and not coloured:
                group.attrib["data-of"] = name.removeprefix(SHAPE_OF)
    if not coloured:
        _remove_colours(root)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy_cell(cell: ElementTree.Element) -> None:
    """One shape instead of a fill and a border, and text that stays centred in any font."""
    background, border, text = cell
    border.attrib["fill"] = background.attrib["fill"]
    cell.remove(background)
    xs = [float(point.split(",")[0]) for point in border.attrib["points"].split()]
    text.attrib |= {"text-anchor": "middle", "x": f"{(min(xs) + max(xs)) / 2:.2f}"}


def _remove_colours(root: ElementTree.Element) -> None:
    for group in root.findall(f"{SVG}g"):
        group[:] = [child for child in group if child.tag != f"{SVG}polygon"]  # the page's background
    for shape in root.iter():
        for name in ("font-family", "font-size"):
            shape.attrib.pop(name, None)
        for name in ("fill", "stroke"):
            if shape.get(name, "none") != "none":
                shape.attrib[name] = "currentColor"
