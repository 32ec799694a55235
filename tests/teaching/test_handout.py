"""Handouts: a whole page that needs nothing else, with what is on the screen and the answers at its end."""

from __future__ import annotations

import base64
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from explorer.analysis.cost import convolution_of
from explorer.runtime.edits import Edit
from explorer.runtime.maps import quantize, statistics
from explorer.runtime.pictures import load_image
from explorer.runtime.png import colour
from explorer.runtime.run import Run
from explorer.runtime.samples import sample
from explorer.teaching.about import questions, tour
from explorer.teaching.handout import MAPS_OF_STEP, MAPS_OF_VIEW, of_lesson, of_view
from explorer.teaching.lesson import Item, Lesson, lessons, parse
from explorer.teaching.markup import bold, tag
from explorer.teaching.passes import activations, subject_of, trace_of
from explorer.teaching.question import Subject

VOID = {"br", "img", "meta", "!doctype"}
MOST_BYTES_OF_VIEW = 1_500_000
MOST_BYTES_OF_LESSON = 8_000_000
HOSTILE = "</title><script>alert(1)</script><img src=//evil.example/x onerror='alert(2)'>\"&\udcff\u202e"
LINK = "https://hall.example/resnet?node=conv2_x.1.add&edit=<b>"


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and their text; tags must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source, self.elements, self.open, self.words = text, [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len({key for key, _ in attributes}) == len(attributes)
        self.elements.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_startendtag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert {"svg", "g"} & {*self.open} or name in VOID  # as in XML
        self.elements.append((name, dict(attributes)))

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def called(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for element, attributes in self.elements if element == name]

    def classed(self, css_class: str) -> int:
        return sum(css_class in (attributes.get("class") or "").split() for _, attributes in self.elements)

    @property
    def pictures(self) -> list[Image.Image]:
        found = [str(a["src"]).removeprefix("data:image/png;base64,") for a in self.called("img")]
        return [Image.open(BytesIO(base64.b64decode(data, validate=True))) for data in found]

    @property
    def drawings(self) -> list[ElementTree.Element]:
        return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", self.source, re.DOTALL)]


def checked(text: str, most: int) -> Page:
    """The page, which stands alone and is well made."""
    page = Page(text)
    text.encode()
    assert len(text) <= most
    assert text.startswith("<!DOCTYPE html>")
    names = {name for name, _ in page.elements}
    assert not names & {"script", "iframe", "object", "embed", "link", "base", "form", "a", "foreignobject"}
    assert names >= {"html", "head", "title", "style", "main", "h1"}
    for _, attributes in page.elements:
        for key, value in attributes.items():
            assert not key.startswith("on")
            assert "href" not in key
            if key in ("src", "srcset", "poster", "data", "action", "background"):
                assert str(value).startswith("data:image/png;base64,")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    ids = Counter(a["id"] for _, a in page.elements if "id" in a)
    assert not ids or max(ids.values()) == 1
    assert len(page.drawings) == len(page.called("svg"))
    assert all(picture.width and picture.height for picture in page.pictures)
    return page


def subject(name: str, weights: str, *edits: Edit, title: str = "Coffee") -> Subject:
    picture = replace(load_image(sample("coffee").path), title=title)
    return subject_of(Run(name, weights, "cpu", picture, edits))


def test_a_view_shows_what_the_screen_shows() -> None:
    of = subject("resnet34", "bundled")
    page = checked(of_view(of, "conv3_x.1.conv1", link=LINK), MOST_BYTES_OF_VIEW)
    trace, answer = trace_of("resnet34"), activations(of.run).answer
    node = trace.node("conv3_x.1.conv1")
    assert "21.8 M parameters · 3.66 G MACs · 34 weight layers" in page.text
    assert LINK in page.text and page.classed("qr") == 1
    assert page.classed("drawing") == 3  # strip, stage, block
    selected = [s for s in page.drawings if any(e.get("stroke-width") == "4" for e in s.iter())]
    assert len(selected) == 3
    for best in answer.top():
        assert best.label in page.text and f"{best.probability:.1%}" in page.text
    c = convolution_of(node)
    assert f"128 × 1,152 = {c.params:,}" in page.text
    assert f"28 × 28 × 128 × 1,152 = {c.macs:,}" in page.text
    assert (c.params, c.macs) == (node.params, node.macs)
    assert "⌊(28 + 2 − 3) / 1⌋ + 1 = 28" in page.text
    assert all(source.title in page.text for source in of.family.sources)
    posed = [q for q in (question.pose(of) for question in questions("resnet")) if q]
    assert page.classed("ask") == len(posed) > 4
    end = page.text[page.text.index("Answers") :]
    assert all(q.text in page.text and q.why in end for q in posed)
    assert page.text.count(posed[0].why) == 1  # nowhere before the end


def test_the_maps_are_those_of_the_grid() -> None:
    of = subject("resnet34", "bundled")
    page = checked(of_view(of, "conv3_x.1.conv1"), MOST_BYTES_OF_VIEW)
    values = activations(of.run).maps("conv3_x.1.conv1").numpy()
    stats = statistics(values)
    channels = np.sort(stats.order("strength")[:MAPS_OF_VIEW])
    maps = [p for p in page.pictures if p.mode == "P"]
    assert len(maps) == len(channels)

    expected = colour(quantize(values, stats, channels))
    for shown, pixels in zip(maps, expected, strict=True):
        factor = shown.width // 28
        assert shown.size == (28 * factor, 28 * factor) and factor == 4
        assert np.array_equal(np.asarray(shown.convert("RGB"))[::factor, ::factor], pixels)
    assert page.classed("qr") == 0


def test_large_maps_are_averaged_and_pairs_have_one_scale() -> None:
    of = subject("vgg16", "bundled")
    page = checked(of_view(of, "conv1.relu1", beside="conv1.conv1"), MOST_BYTES_OF_VIEW)
    count = activations(of.run).maps("conv1.relu1").shape[0]
    maps = [p for p in page.pictures if p.mode == "P"]
    assert len(maps) == 2 * min(count, MAPS_OF_VIEW // 2)
    assert {p.size for p in maps} == {(112, 112)}
    assert "same scale" in page.text


def test_edits_are_named_and_the_answer_stands_beside_the_one_before() -> None:
    edit = Edit("conv2_x.1", "skip")
    of = subject("resnet34", "bundled", edit)
    page = checked(of_view(of, "conv2_x.1.add"), MOST_BYTES_OF_VIEW)
    assert str(edit) in page.text
    first = activations(of.run.unedited).answer.top(1)[0]
    after = activations(of.run).answer
    now = after.probabilities[after.classes.index(first.label)]
    assert f"{first.label}{first.probability:.1%}{now:.1%}" in page.text


def test_an_untrained_network_names_no_class_and_a_vector_has_bars() -> None:
    of = subject("mobilenet_v3_small", "narrow")
    page = checked(of_view(of, of.trace.classifier), MOST_BYTES_OF_VIEW)
    answer = page.text.partition("Input and answer")[2].partition("Sources")[0].partition("Questions")[0]
    assert "Untrained" in answer and "%" not in answer
    assert page.classed("bars") == 1 and page.classed("grid") == 0


def test_a_hostile_title_is_text() -> None:
    of = subject("lenet5", "bundled", title=HOSTILE)
    page = checked(of_view(of, "c3.conv", link=f"javascript:{HOSTILE}"), MOST_BYTES_OF_VIEW)
    assert "<script>alert(1)</script>" in page.text
    assert all(a["alt"] is not None for a in page.called("img"))


def test_a_link_too_long_for_a_code_is_printed() -> None:
    page = checked(of_view(subject("lenet5", "bundled"), "c3.conv", link="http://x/?" + "y" * 3000), MOST_BYTES_OF_VIEW)
    assert page.classed("qr") == 0 and "y" * 3000 in page.text


@pytest.mark.parametrize(("name", "lesson"), lessons(), ids=[name for name, _ in lessons()])
def test_a_lesson_has_all_its_items_and_the_answers_at_its_end(name: str, lesson: Lesson) -> None:
    subjects: dict[Item, Subject] = {item: subject_of(*item.runs("cpu")) for item in lesson.items}
    text = of_lesson(lesson, subjects.__getitem__, presenter=True)
    page = checked(text, MOST_BYTES_OF_LESSON)
    body, _, end = page.text.rpartition("Answers")
    assert f"{lesson.minutes - lesson.items[-1].minutes}–{lesson.minutes}" in body
    for item in lesson.items:
        assert all(" ".join(line.split()) in body for line in item.say)
        if item.step is not None:
            assert body.count(item.step.title) >= 2  # in the table, and where it is shown
            continue
        assert item.question is not None
        posed = item.question.pose(subjects[item])
        assert posed is not None
        assert posed.text in body and posed.why in end
        assert all(option.text in body for option in posed.options)
    print(f"{name}: {len(text):,} bytes")


def test_who_listens_gets_no_words_of_the_presenter() -> None:
    lesson = parse(
        "# Two\n4 minutes, all\n## lenet, step 4 (2 min)\nSay: Only <me>.\n## lenet, step 4 (1 min)\nSay: Me.\n"
        "## lenet, step 1 (1 min)\n"
    )
    page = checked(of_lesson(lesson, lambda item: subject_of(*item.runs("cpu"))), MOST_BYTES_OF_LESSON)
    assert "Only <me>." not in page.text
    step = tour("lenet")[3]
    assert step.text.replace("**", "") in page.text
    assert page.classed("grid") == 1 and page.classed("maps") == 1  # the second time it only says where
    assert sum(p.mode == "P" for p in page.pictures) <= MAPS_OF_STEP
    presenters = of_lesson(lesson, lambda item: subject_of(*item.runs("cpu")), presenter=True)
    assert "Only <me>." in Page(presenters).text


def test_markup_escapes_all_but_markup() -> None:
    assert tag("p", "a<b", tag("br"), "&") == "<p>a&lt;b<br>&amp;</p>"
    assert tag("p", 'x" y', class_='"') == '<p class="&quot;">x&quot; y</p>'
    assert bold("a **b<** c") == "a <strong>b&lt;</strong> c"
