"""Handouts: a view, or a lesson, as one HTML file that needs nothing else, to be printed on A4 or read on a phone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import segno
from PIL import Image

from explorer.analysis.cost import convolution_of
from explorer.analysis.text import pair_text, shape_text, si, thousands
from explorer.analysis.trace import Node, Trace
from explorer.architectures import variant
from explorer.architectures.family import Family
from explorer.diagrams import Diagram, diagram_for
from explorer.diagrams.labels import element_for
from explorer.diagrams.scale import ColourBy
from explorer.diagrams.svg import SVG
from explorer.runtime.activations import distance_text, none_fits
from explorer.runtime.maps import FloatArray, IntArray, MapStatistics, VectorValues, quantize, show, statistics
from explorer.runtime.pictures import png_bytes
from explorer.runtime.png import colour as coloured
from explorer.runtime.preprocessing import model_input
from explorer.runtime.weights.fit import MUST_NAME_ONE
from explorer.runtime.weights.network import preprocessing_of
from explorer.teaching import about
from explorer.teaching.lesson import Item, Lesson
from explorer.teaching.markup import Html, bold, document, items, joined, table, tag
from explorer.teaching.question import Posed, Subject
from explorer.teaching.step import Step

STYLE = Path(__file__).with_name("handout.css")
ROW = 6  # maps beside each other on paper
MAPS_OF_VIEW = 4 * ROW
MAPS_OF_STEP = ROW
MAP_SIDE = 112  # pixels at most: larger maps are averaged, smaller ones enlarged by a whole factor
THUMBNAIL_SIDE = 112
NARROW_DRAWING = 350  # pixels: what is narrower has room for words beside it
BARS = (600, 120)  # width and height of a vector's bars, in units of their drawing
STRONGEST = 8  # values of a vector that are named
CLASSES = 5
MOST_QR_BYTES = 1_000  # a longer address is printed only: its squares would be too fine for a phone
PRINTED_COLOURS: tuple[ColourBy, ...] = ("kind", "params", "macs", "memory")


def of_view(subject: Subject, node: str, *, colour: str = "kind", beside: str = "", link: str = "") -> str:
    """What is on the screen, with the questions of its page.

    Args:
        subject: network, picture and edits.
        node: the selected operation; a block or a stage stands for its output.
        colour: what colours the drawings.
        beside: an operation whose maps stand beside.
        link: the address of the view; printed, and as a QR code.

    Raises UnknownNode for an operation that the network does not have.
    """
    trace, family = subject.trace, subject.family
    selected = trace.resolve(node)
    asked = [q for q in (question.pose(subject) for question in about.questions(family.name)) if q is not None]
    title = _title(subject)
    is_input = selected.name == trace.nodes[0].name
    inside = (
        _head(
            title,
            link,
            tag("p", family.idea),
            tag("p", subject.variant.note) if subject.variant.note else "",
            _figures(trace),
            _running(subject),
        ),
        _drawing(diagram_for(trace, "network", None, _colour(colour)), selected, f"Stages of {title}", legend=True),
        "" if is_input else _shown(subject, selected, beside, colour, MAPS_OF_VIEW, stage=True),
        _costs(selected),
        tag("h2", "Input and answer"),
        _input_and_answer(subject),
        tag("h2", "Questions") if asked else "",
        *(_question(tag("h3", f"{number}. {posed.text}"), posed) for number, posed in enumerate(asked, 1)),
        _answers(enumerate(asked, 1)),
        _sources([family]),
    )
    return document(f"{title}: {selected.name}", STYLE.read_text(encoding="utf-8"), *inside)


def of_lesson(lesson: Lesson, subject_of: Callable[[Item], Subject], *, presenter: bool = False, link: str = "") -> str:
    """A lesson, item by item; `subject_of` gives what an item is about.

    With `presenter`, what may be said stands with each item. `link`: the address of the lesson.
    """
    parts, start = [], 0
    for number, item in enumerate(lesson.items, 1):
        subject = subject_of(item)
        posed = item.question.pose(subject) if item.question else None
        parts.append(_Part(number, start, item, subject, posed))
        start += item.minutes
    length = ", ".join(filter(None, (f"{lesson.minutes} minutes", lesson.audience)))
    version = "The presenter’s version. " if presenter else ""
    first: dict[Hashable, int] = {}  # the number of the item that shows something first
    inside = (
        _head(lesson.title, link, tag("p", f"{version}{length}.")),
        table(("Minutes", "", "What", "Where"), (part.row for part in parts), class_="timings"),
        *(_section(part, presenter, first) for part in parts),
        _answers((part.number, part.posed) for part in parts if part.posed),
        _sources(dict.fromkeys(part.subject.family for part in parts)),
    )
    return document(lesson.title, STYLE.read_text(encoding="utf-8"), *inside)


@dataclass(frozen=True)
class _Part:
    """An item of a lesson with its number, the minute in which it starts, and its question as it is put."""

    number: int
    start: int
    item: Item
    subject: Subject
    posed: Posed | None

    @property
    def title(self) -> str:
        if self.item.step:
            return self.item.step.title
        return self.posed.text if self.posed else "Here the question makes no sense."

    @property
    def where(self) -> str:
        """The networks and the picture."""
        titles = [self.subject.variant.title]
        if self.subject.beside is not None:
            titles.append(variant(self.subject.beside.variant).title)
        return f"{' and '.join(titles)} · {_picture(self.subject)}"

    @property
    def row(self) -> tuple[str, ...]:
        """In the table of timings."""
        return f"{self.start}–{self.start + self.item.minutes}", str(self.number), self.title, self.where


def _section(part: _Part, presenter: bool, first: dict[Hashable, int]) -> Html:
    """A step, or a question, with what may be said."""
    heading = tag("h2", f"{part.number}. {part.title}")
    below = (
        tag("p", f"{part.item.minutes} min · {part.where}", class_="where"),
        items("ul", part.item.say, class_="say") if presenter and part.item.say else "",
    )
    if part.posed is not None:
        return tag("section", _question(heading, part.posed, *below))
    step = _step(part, part.item.step, first) if part.item.step else ""
    return tag("section", heading, *below, step, class_="step")


def _step(part: _Part, step: Step, first: dict[Hashable, int]) -> Html:
    """What to see; what an earlier item shows is not shown again."""
    subject, colour = part.subject, step.colour or "kind"
    node = subject.trace.resolve(step.node)
    number = first.setdefault((subject.run, node.name, step.beside, colour), part.number)
    edited = _input_and_answer(subject) if subject.run.edits else ""
    if number < part.number:
        shown = tag("p", f"The drawing and the maps of {node.name} stand at {number}.")
    else:
        shown = _shown(subject, node, step.beside, colour, MAPS_OF_STEP)
    return joined((tag("p", bold(step.text)), shown, edited))


# ---- the parts of a page -----------------------------------------------------------------------------------


def _title(subject: Subject) -> str:
    of = subject.variant
    return f"{of.title} ({of.year})" if of.year else of.title


def _head(title: str, link: str, *lines: str) -> Html:
    """Title, what is said below it, and the way to the app."""
    return tag("header", tag("div", tag("h1", title), *lines), _link(link))


def _link(link: str) -> Html:
    if not link:
        return Html()
    code, link = "", link.encode(errors="replace").decode()
    if len(link.encode()) <= MOST_QR_BYTES:
        made = segno.make(link, micro=False, error="m")
        side = made.symbol_size(border=2)[0]
        drawn = made.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
        code = tag("div", Html(drawn), class_="qr", role="img", aria_label=f"QR code, {side} squares wide")
    return tag("div", code, tag("p", link, class_="address"), class_="link")


def _figures(trace: Trace) -> Html:
    return tag(
        "p",
        bold(
            f"**{si(trace.inference_params)}** parameters · **{si(trace.inference_macs)}** MACs · **{trace.depth}** "
            f"weight layers · input {shape_text(trace.input_size)}"
        ),
    )


def _running(subject: Subject) -> Html:
    """What the maps and the answer are of."""
    network = subject.activations(subject.run).network
    edits = f" Altered: {_edits(subject)}." if subject.run.edits else ""
    return tag("p", f"{network.caption} Picture: ", tag("bdi", _picture(subject)), f".{edits}")


def _picture(subject: Subject) -> str:
    return subject.run.picture.title or "a picture of your own"


def _edits(subject: Subject) -> str:
    return ", ".join(map(str, subject.run.edits))


def _colour(name: str) -> ColourBy:
    return next((colour for colour in PRINTED_COLOURS if colour == name), "kind")


def _shown(subject: Subject, node: Node, beside: str, colour: str, most: int, *, stage: bool = False) -> Html:
    """The selected operation: where it stands, its figures, its maps."""
    trace, by = subject.trace, _colour(colour)
    if node.name == trace.nodes[0].name:
        drawn = diagram_for(trace, "network", None, by)
        strip = _drawing(drawn, node, f"Stages of {subject.variant.title}", legend=by != "kind")
        return joined((strip, _input_and_answer(subject)))
    parts = []
    if stage and len(trace.stage(node.stage).blocks) > 1:
        parts.append(_drawing(diagram_for(trace, "stage", node.stage, by), node, f"Blocks of {node.stage}"))
    block = diagram_for(trace, "block", node.block, by)
    drawing = _drawing(block, node, f"Operations of {node.block}", legend=by != "kind" and not stage)
    kind = "pair" if block.size[0] <= NARROW_DRAWING else "stack"
    parts.append(tag("div", drawing, _line(trace, node), class_=kind))
    parts.append(_maps(subject, node, beside, most))
    return joined(parts)


def _drawing(diagram: Diagram, selected: Node, label: str, *, legend: bool = False) -> Html:
    """A diagram in light colours, with the selection outlined. Its ids are left out: a page has several diagrams."""
    root = ElementTree.fromstring(diagram.render("svg", selected.name, legend=legend))
    for part in root.iter():
        part.attrib.pop("id", None)
    root.attrib |= {"role": "img", "aria-label": label}
    assert root.tag == f"{SVG}svg"
    svg = Html(ElementTree.tostring(root, encoding="unicode"))
    return tag("figure", tag("div", svg, class_="scroll"), tag("figcaption", label), class_="drawing")


def _line(trace: Trace, node: Node) -> Html:
    """The operation's figures, of the published network."""
    return tag("p", tag("strong", node.name), " · ", " · ".join(element_for(trace, node).lines), class_="node-line")


def _costs(node: Node) -> Html:
    """What a convolution costs, as formulae with its numbers."""
    if node.type != "Conv2d":
        return Html()
    c = convolution_of(node)
    (channels, *size), (out, *out_size) = c.in_shape, c.out_shape
    reads = f"{channels} / {c.groups}" if c.groups > 1 else str(channels)
    window = f"{c.kernel[0]} × {c.kernel[1]} × {reads}"
    sides = [
        f"⌊({side} + {sum(margin)} − {k}) / {s}⌋ + 1 = {result}"
        for side, margin, k, s, result in zip(size, c.margins, c.kernel, c.stride, out_size, strict=True)
    ]
    bias = (" + C", f" + {out}") if c.bias else ("", "")
    rows = (
        ("Side of the maps", "⌊(side + padding − kernel) / stride⌋ + 1", joined(_lines(dict.fromkeys(sides)))),
        (
            "Weights of a filter",
            "kernel × kernel × input maps" + (" / groups" if c.groups > 1 else ""),
            f"{window} = {thousands(c.products)}",
        ),
        (
            "Parameters",
            f"C × weights of a filter{bias[0]}, C filters",
            f"{out} × {thousands(c.products)}{bias[1]} = {thousands(c.params)}",
        ),
        (
            "MACs",
            "positions × C × weights of a filter",
            f"{' × '.join(map(str, out_size))} × {out} × {thousands(c.products)} = {thousands(c.macs)}",
        ),
    )
    return joined((tag("h2", f"What {node.name} costs"), table(("", "Formula", "Here"), rows, class_="costs")))


def _lines(texts: Iterable[str]) -> Iterable[str]:
    for place, text in enumerate(texts):
        yield from ([tag("br"), text] if place else [text])


# ---- maps --------------------------------------------------------------------------------------------------


def _maps(subject: Subject, node: Node, beside: str, most: int) -> Html:
    """The strongest maps of an operation; beside them the same channels of another, on one scale."""
    pass_ = subject.activations(subject.run)
    values = pass_.maps(node.name).numpy()
    stats = statistics(values)
    published = (
        f" The published network has {thousands(node.out_shape[0])}." if stats.shape[0] != node.out_shape[0] else ""
    )
    shown = show(values, stats, stats.order())
    if isinstance(shown, VectorValues):
        return _bars(shown, published)
    channels = np.sort(stats.order("strength")[: max(ROW, most // 2) if beside else most])
    size = f"{thousands(stats.shape[0])} maps of {pair_text(stats.shape[1:])}"
    said = f"All {size}." if len(channels) == stats.shape[0] else f"The {len(channels)} strongest of {size}."
    if not beside:
        return _grid(values, stats, channels, f"{said}{published} Each has its own scale.")
    others = pass_.maps(subject.trace.resolve(beside).name).numpy()
    others_stats = statistics(others)
    scale = replace(
        stats,
        minimum=np.minimum(stats.minimum, others_stats.minimum.min()),
        maximum=np.maximum(stats.maximum, others_stats.maximum.max()),
    )
    there = channels[channels < others_stats.shape[0]]
    return joined(
        (
            _grid(values, stats, channels, f"{node.name}. {said}{published}", scale),
            _grid(others, others_stats, there, f"{beside}, the same channels on the same scale.", scale),
        )
    )


def _grid(
    values: FloatArray, stats: MapStatistics, channels: IntArray, caption: str, scale: MapStatistics | None = None
) -> Html:
    """Maps as pictures, each with its channel and its limits; of a common `scale`, where there is one."""
    shown = quantize(values, stats, channels)
    levels = np.broadcast_to(np.arange(256, dtype=np.uint8), (len(channels), 1, 256))
    palettes = coloured(replace(shown, statistics=scale or stats, values=levels), scale="shared" if scale else "map")
    pixels = _sized(shown.values)
    figures = []
    for place, channel in enumerate(channels.tolist()):
        image = Image.fromarray(pixels[place])
        image.putpalette(palettes[place].tobytes())
        limits = f"{shown.low[place]:.3g} to {shown.high[place]:.3g}"
        figures.append(_captioned(png_bytes(image), f"Map {channel}", f"#{channel}", limits))
    return tag("figure", tag("figcaption", caption), tag("div", *figures, class_="grid"), class_="maps")


def _captioned(png: bytes, alt: str, *lines: str) -> Html:
    return tag("figure", _png(png, alt), tag("figcaption", *_lines(lines)))


def _sized(maps: np.ndarray) -> np.ndarray:
    """(K, H, W) values of 8 bits, averaged or enlarged to about a map's side on paper."""
    _, height, width = maps.shape
    factor = -(-max(height, width) // MAP_SIDE)
    if factor > 1:
        cut = maps[:, : height - height % factor, : width - width % factor]
        means = cut.reshape(len(cut), height // factor, factor, width // factor, factor).mean((2, 4))
        return np.rint(means).astype(np.uint8)
    factor = MAP_SIDE // max(height, width)
    return maps.repeat(factor, axis=1).repeat(factor, axis=2)


def _bars(shown: VectorValues, published: str) -> Html:
    """A vector's values as bars, and the strongest in numbers."""
    width, height = BARS
    low, high = min(0.0, float(shown.values.min())), max(0.0, float(shown.values.max()))
    step, span = width / len(shown.values), (high - low) or 1.0
    zero = high / span * height
    path = "".join(
        f"M{place * step:.2f} {zero:.1f}V{(high - value) / span * height:.1f}h{0.8 * step:.2f}V{zero:.1f}z"
        for place, value in enumerate(shown.values.tolist())
    )
    drawn = tag(
        "svg",
        tag("path", d=path, fill="#2a788e"),
        tag("path", d=f"M0 {zero:.1f}H{width}", stroke="#5f646d", fill="none"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label="The values as bars",
    )
    values = dict(zip(shown.channels.tolist(), shown.values.tolist(), strict=True))
    strongest = ", ".join(f"#{c}: {values[c]:.3g}" for c in shown.strongest(STRONGEST).tolist())
    said = f"{thousands(len(values))} values, {min(values.values()):.3g} to {max(values.values()):.3g}.{published}"
    return tag("figure", drawn, tag("figcaption", f"{said} The strongest: {strongest}."), class_="bars")


# ---- the picture and the answer ----------------------------------------------------------------------------


def _png(png: bytes, alt: str) -> Html:
    return tag("img", src=f"data:image/png;base64,{base64.b64encode(png).decode()}", alt=alt)


def _input_and_answer(subject: Subject) -> Html:
    """What goes into the network, and its answer: before and after the edits, if there are any."""
    run = subject.run
    seen = model_input(run.picture.image, preprocessing_of(subject.variant, run.weights)).picture
    caption = f"Input {pair_text(seen.size[::-1])}: "
    factor = max(1, THUMBNAIL_SIDE // max(seen.size))
    image = seen.resize((seen.width * factor, seen.height * factor), Image.Resampling.NEAREST) if factor > 1 else seen
    picture = tag(
        "figure", _png(png_bytes(image), _picture(subject)), tag("figcaption", caption, tag("bdi", _picture(subject)))
    )
    return tag("div", picture, tag("div", _answer(subject)), class_="input")


def _answer(subject: Subject) -> Html:
    run = subject.run
    found = subject.activations(run)
    answer = found.answer
    if not found.network.trained:
        return tag("p", f"{found.network.caption} Class probabilities would mean nothing, so none are shown.")
    before = subject.activations(run.unedited).answer
    best = answer.probabilities.topk(min(CLASSES, len(answer.classes))).indices.tolist()
    was = int(before.probabilities.argmax())
    best[-1:] = [was] if was not in best else best[-1:]
    head = ("Class", *(("Before", "After") if run.edits else ("Probability",)))
    rows = [
        (answer.classes[i], *(f"{a.probabilities[i]:.1%}" for a in ((before, answer) if run.edits else (answer,))))
        for i in best
    ]
    unlike = tag("p", f"{none_fits(before)}. {distance_text(before)} {MUST_NAME_ONE}") if before.unlike else ""
    edits = tag("p", f"Altered: {_edits(subject)}.") if run.edits else ""
    return joined((unlike, edits, table(head, rows, class_="classes"), tag("p", f"{found.network.description}.")))


# ---- questions ---------------------------------------------------------------------------------------------


def _question(heading: str, posed: Posed, *below: str) -> Html:
    """A question with room for the answer and its reason, under its `heading`."""
    options = [joined((tag("span", class_="box"), option.text, _option(option.picture))) for option in posed.options]
    kind = "options pictures" if posed.options[0].picture else "options"
    room = tag("p", "Because", class_="room")
    return tag("div", heading, *below, items("ul", options, class_=kind), room, class_="ask")


def _option(picture: bytes) -> str:
    return _png(picture, "") if picture else ""


def _answers(asked: Iterable[tuple[int, Posed]]) -> Html:
    """The right options, by the numbers of the questions, and why."""
    lines = [
        tag("p", f"{number}. ", tag("strong", posed.options[posed.right].text), f". {posed.why}")
        for number, posed in asked
    ]
    return tag("section", tag("h2", "Answers"), *lines, class_="answers") if lines else Html()


def _sources(families: Iterable[Family]) -> Html:
    """Where it was published; plain text, since a handout leads nowhere."""
    lines = dict.fromkeys(f"{source.title}. {source.where}" for family in families for source in family.sources)
    return tag("section", tag("h2", "Sources"), items("ul", lines, class_="sources")) if lines else Html()
