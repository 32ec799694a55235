"""The ResNet page as a viewer uses it; what the browser alone does is tested in tests/browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from explorer.architectures import family
from explorer.demonstrations.residual_unit.panel import SUM
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.run import Run
from explorer.runtime.samples import samples
from explorer.runtime.weights.network import NARROW
from explorer.ui import cache
from explorer.ui.link import plain
from explorer.ui.sidebar import sample_picture

FAMILY = family("resnet")
SHOWN = Run("resnet34_a", NARROW, "cpu", sample_picture(samples()[0].id))  # where nothing else is chosen
Open = Callable[..., Any]  # -> tests.visit.Visit


@pytest.fixture
def page(visit: Open) -> Any:
    """A small variant: what does not depend on the variant is tested with it."""
    return visit("resnet", variant="resnet34_a")


@pytest.fixture(scope="module")
def shared(visit: Open) -> Any:
    """The same for tests that set everything that they look at."""
    return visit("resnet", variant="resnet34_a")


@pytest.fixture(scope="module")
def uploading(visit: Open) -> Any:
    """A session for tests that begin with an upload of their own."""
    return visit("resnet", variant="resnet34_a")


# ---- every variant, every option ---------------------------------------------------------------------------


def test_choosing_a_variant_changes_everything_that_shows_it(page: Any) -> None:
    page.app.selectbox(key="variant").set_value("plain34").run()
    assert page.app.title[0].value == "plain-34 (2015)"
    assert "Stages of plain-34" in page.diagrams()
    assert page.maps["group"] == "plain34"
    assert page.link["variant"] == "plain34"
    page.show("layers")
    totals = [m.value for m in page.app.markdown if "activations" in m.value]
    assert totals[0].startswith(f"{cache.trace('plain34').params:,} parameters")


@pytest.mark.parametrize("colour", ["macs", "params", "memory", "kind"])
def test_every_colouring(shared: Any, colour: str) -> None:
    shared.set(colour=colour)
    assert {" step-" in data["svg"] for data in shared.diagrams().values()} == {colour != "kind"}
    assert shared.link.get("colour", "kind") == colour


def test_the_whole_graph_replaces_the_two_diagrams_and_keeps_the_selection(page: Any) -> None:
    page.click("conv4_x.1.conv2")
    page.set(diagrams="operations")
    assert list(page.diagrams()) == ["Stages of ResNet-34, option A", "All operations of resnet34_a"]
    assert len(page.diagrams()["All operations of resnet34_a"]["elements"]) == len(cache.trace("resnet34_a").nodes)
    assert page.maps["node"] == "conv4_x.1.conv2"
    page.set(diagrams="blocks")
    assert "Operations of conv4_x.1" in page.diagrams()


@pytest.mark.parametrize("sample", samples(), ids=lambda s: s.id)
def test_every_sample_goes_through_the_network(shared: Any, sample: Any) -> None:
    shared.app.selectbox(key="sample").set_value(sample.id)
    shared.run()
    preprocessing = preprocessing_for(FAMILY.variant("resnet34_a").input_size)
    expected = model_input(load_image(sample.path).image, preprocessing).picture
    assert np.array_equal(np.asarray(Image.open(BytesIO(shared.model_input))), np.asarray(expected))
    assert sample.title in shared.text
    assert shared.app.image[0].captions == [f"{sample.author}, {sample.licence}"]
    assert shared.app.image[0].proto.imgs[0].alt == sample.alt
    assert (f"{sample.known_by} of {len(sample.answers)}" in shared.text) == bool(sample.fits)
    assert shared.link.get("sample", samples()[0].id) == sample.id


def test_all_operations_or_those_with_parameters_are_listed(page: Any) -> None:
    trace = cache.trace("resnet34_a")
    page.show("layers")
    assert len(page.long_table) == sum(n.params > 0 for n in trace.nodes)
    page.app.toggle(key="layers.weighted").set_value(False)
    page.run()
    table = page.long_table
    assert [row["operation"] for row in table] == [n.name for n in trace.nodes[1:]]
    assert sum(int(row["MACs"].replace(",", "")) for row in table) == trace.macs
    assert sum(int(row["parameters"].replace(",", "")) for row in table) == trace.params
    assert {row["padding"] for row in table} == {"", "0×0", "1×1", "3×3"}


def test_the_paper_the_code_and_the_mistakes(shared: Any) -> None:
    shared.show("paper")
    counted = {row["claim"]: row["counted here"] for row in shared.app.table[0].value.to_dict("records")}
    claims = [claim for claim in FAMILY.claims if claim.quantity]
    for claim in claims:
        counts = f"{getattr(cache.trace(claim.variant), claim.quantity):,}"
        assert counted[claim.label] == f"{counts} ({FAMILY.variant(claim.variant).title})"
    assert len(shared.app.main.expander) == len(FAMILY.mistakes)
    shared.show("code")
    assert "class ResNet(" in shared.app.code[0].value
    assert shared.link["section"] == "code"


def test_only_the_open_section_is_on_the_page(page: Any) -> None:
    assert page.sections[0] == SUM.title and page.app.get("plotly_chart") and not page.long_table
    page.show("layers")
    assert page.long_table and not page.app.get("plotly_chart")


# ---- the selection -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("node", ["input", "stem.pool", "conv3_x.0.add", "conv5_x.1.relu2", "head.pool", "head.fc"])
def test_a_click_shows_the_maps_of_what_was_clicked(shared: Any, node: str) -> None:
    shared.click(node)
    traced = cache.running_trace(SHOWN).node(node)
    assert shared.maps["node"] == node
    assert tuple(shared.maps["shape"]) == (*traced.out_shape, 1, 1)[:3]
    assert shared.maps["kind"] == ("vector" if node.startswith("head") else "maps")
    assert f"**{node}** · " in shared.text
    assert f"{traced.out_shape[0]:,} {'values' if node.startswith('head') else 'maps of'}" in shared.text
    assert shared.link.get("node", "conv2_x.0.add") == node
    block = traced.block or "stem"
    assert f"Operations of {block}" in shared.diagrams()
    assert node in shared.diagrams()[f"Operations of {block}"]["elements"]


def test_what_is_shown_is_what_the_network_computes(page: Any) -> None:
    page.click("conv2_x.1.add")
    values = cache.activations(SHOWN).maps("conv2_x.1.add")
    assert page.maps["minimum"] == pytest.approx(values.min().item())
    assert page.maps["maximum"] == pytest.approx(values.max().item())


def test_the_node_stays_when_the_variant_has_it_and_else_gives_way(page: Any) -> None:
    page.click("conv3_x.1.conv2")
    page.app.selectbox(key="variant").set_value("resnet34").run()
    assert page.maps["node"] == "conv3_x.1.conv2"
    page.click("conv3_x.3.conv2")
    page.app.selectbox(key="variant").set_value("resnet18").run()
    assert page.maps["node"] == "conv2_x.0.add"
    assert page.warnings == []  # nobody asked for a node that does not exist


def test_looking_at_the_maps_differently(page: Any) -> None:
    page.click("conv5_x.1.relu2")
    page.look(channel=9, colouring="diverging", scale="shared")
    expected = {"maps.channel": "9", "maps.colouring": "diverging", "maps.scale": "shared"}
    assert expected.items() <= page.link.items()
    page.look(order="strength", page=1)
    assert (page.maps["order"], page.maps["page"]) == ("strength", 1)
    assert page.maps["channels"] != sorted(page.maps["channels"])
    page.look(order="index", page=0)
    assert page.maps["channels"] == list(range(64))
    assert not {"maps.order", "maps.page"} & page.link.keys()


def test_the_maps_of_an_untrained_network_say_so_and_name_no_class(page: Any) -> None:
    assert f"**{cache.network(SHOWN).description}**: random weights" in page.text
    assert "untrained" in page.text.partition("maps of")[2].partition("\n")[0]  # in the maps' title, too
    assert not re.search(r"\d%", page.text)


# ---- the link ----------------------------------------------------------------------------------------------

LINK = {
    "variant": "resnet34_a",
    "node": "conv5_x.1.conv2",
    "maps.channel": "70",
    "maps.enlarged": "yes",
    "maps.opacity": "35",
    "maps.beside": "conv5_x.1.bn2",
    "sample": "coffee",
    "colour": "macs",
    "maps.colouring": "diverging",
    "maps.scale": "shared",
    "section": "layers",
    "layers.weighted": "no",
}


def test_a_link_shows_the_view_that_it_was_copied_from(visit: Open) -> None:
    page = visit("resnet", **LINK)
    assert page.warnings == []
    assert page.app.title[0].value == "ResNet-34, option A (2015)"
    assert page.maps["node"] == "conv5_x.1.conv2"
    assert page.maps["view"] == {
        "channel": 70,
        "enlarged": True,
        "opacity": 35,
        "colouring": "diverging",
        "scale": "shared",
        "order": "index",
        "page": 1,
        "beside": "conv5_x.1.bn2",
        "looks": False,
    }
    assert 70 in page.maps["channels"]
    assert page.maps["beside"]["node"] == "conv5_x.1.bn2"
    assert next(iter(page.diagrams().values()))["scale"]["label"] == "MACs"
    assert page.app.toggle(key="layers.weighted").value is False
    assert page.link == LINK


def test_the_link_that_a_view_writes_leads_back_to_it(visit: Open, page: Any) -> None:
    page.click("conv4_x.0.shortcut.conv").look(channel=3, scale="shared", order="strength")
    page.app.selectbox(key="sample").set_value("testcard")
    page.set(colour="memory")
    copy = visit("resnet", **page.link)
    assert copy.maps == {**page.maps, "view": copy.maps["view"]}
    assert copy.maps["view"]["channel"] == 3
    assert copy.model_input == page.model_input
    assert copy.link == page.link


def test_a_stage_in_the_link_means_its_output(visit: Open) -> None:
    page = visit("resnet", variant="resnet34_a", node="conv3_x")
    assert page.maps["node"] == "conv3_x.3.relu2"
    assert page.link["node"] == "conv3_x"  # which says the same: it is not rewritten


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("variant", "resnet19"),
        ("node", "conv9_x"),
        ("node", "![x](http://host/p.png)"),
        ("sample", "dog"),
        ("colour", "taste"),
        ("maps.channel", "16"),  # of 16 maps
        ("maps.channel", "-1"),
        ("maps.channel", "red"),
        ("maps.page", "9" * 5000),  # Python itself refuses to read such a number
        ("maps.scale", "loud"),
        ("maps.colouring", "rainbow"),
        ("maps.order", "size"),
        ("maps.beside", "conv9_x"),
        ("maps.page", "x"),
        ("section", "sum of all"),
        ("instrument", "weights"),
    ],
)
def test_what_a_link_asks_for_and_does_not_exist_is_named_once(visit: Open, parameter: str, value: str) -> None:
    page = visit("resnet", **{"variant": "resnet34_a", "node": "conv2_x.0.relu2", parameter: value})
    (warning,) = page.warnings
    assert plain(value[:20]) in warning
    assert page.maps["node"] == ("conv2_x.0.add" if parameter == "node" else "conv2_x.0.relu2")
    assert page.link.get(parameter) != value
    assert page.click("conv3_x.1.relu2").warnings == []
    assert page.maps["node"] == "conv3_x.1.relu2"


def test_the_browsers_back_shows_what_the_link_names(page: Any) -> None:
    page.click("conv3_x.1.relu2").look(channel=5)
    before, maps = page.link, page.maps
    page.click("conv5_x.1.relu2").look(channel=100, page=1)
    page.app.query_params = before  # the browser runs the page again, with the link of the step before
    page.run()
    assert page.link == before
    assert (page.maps["node"], page.maps["page"]) == (maps["node"], maps["page"])
    assert page.maps["view"]["channel"] == 5


def test_the_navigation_returns_to_the_view_that_was_left(page: Any) -> None:
    page.click("conv4_x.1.relu2")
    left = page.link
    page.open("home").open("resnet")
    assert page.link == left
    assert page.maps["node"] == "conv4_x.1.relu2"


# ---- uploads -----------------------------------------------------------------------------------------------


def _file(image: Image.Image, fmt: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, fmt, **options)
    return buffer.getvalue()


def _noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)


def _rotated() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return _file(Image.fromarray(_noise(20, 40, 3)), "JPEG", exif=exif)


GOOD = {
    "1x1": _file(Image.new("RGB", (1, 1), "red")),
    "48x48": _file(Image.fromarray(_noise(48, 48, 3))),
    "CMYK": _file(Image.new("CMYK", (40, 30), (0, 255, 0, 0)), "JPEG"),
    "16 bits": _file(Image.fromarray(_noise(30, 40, dtype=np.uint16))),
    "animated": _file(Image.new("L", (9, 9)), "GIF", save_all=True, append_images=[Image.new("L", (9, 9), 255)]),
    "EXIF": _rotated(),
    "transparent": _file(Image.new("RGBA", (40, 30), (0, 0, 0, 0))),
    "palette": _file(Image.new("P", (40, 30))),
}
NOTES = {"16 bits": "scaled to 8 bits", "animated": "the first one is used", "transparent": "laid on white"}


@pytest.mark.parametrize("name", GOOD)
def test_an_upload_goes_through_the_network(uploading: Any, name: str) -> None:
    uploading.upload(GOOD[name])
    expected = model_input(load_image(GOOD[name]).image, preprocessing_for((3, 224, 224))).picture
    assert np.array_equal(np.asarray(Image.open(BytesIO(uploading.model_input))), np.asarray(expected))
    assert "Your upload" in uploading.text
    assert NOTES.get(name, "") in uploading.text
    assert len(uploading.app.error) == 0
    assert "sample" not in uploading.link  # it would show something else to others


def _with_size(width: int, height: int) -> bytes:
    """A BMP file's header that claims a size, without its pixels."""
    header = bytearray(_file(Image.new("RGB", (1, 1)), "BMP"))
    header[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return bytes(header)


BAD = {
    "text": (b"This is no picture.", "not a picture in an accepted format"),
    "empty": (b"", "empty"),
    "truncated": (GOOD["48x48"][:2000], "damaged or incomplete"),
    "bomb": (_with_size(60_000, 60_000), "pixels"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
    "PDF": (b"%PDF-1.7", "PDF document"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_picture_is_refused_in_words(uploading: Any, name: str) -> None:
    uploading.upload(GOOD["48x48"])
    uploaded = uploading.model_input
    content, sentence = BAD[name]
    uploading.upload(content)
    (error,) = uploading.app.error
    assert sentence in error.value
    assert error.value.endswith("The sample is shown instead.")
    assert uploading.model_input != uploaded
    assert "Fits the class church" in uploading.text


def test_an_upload_survives_a_change_of_page(page: Any) -> None:
    page.upload(GOOD["48x48"])
    shown = page.model_input
    page.open("home").open("resnet")
    assert page.model_input == shown
    assert "Your upload" in page.text
    page.app.segmented_control(key="source").set_value("Sample")
    page.run()
    assert page.model_input != shown
    assert "Fits the class church" in page.text and "Your upload" not in page.text


def test_the_same_picture_in_another_file_is_not_computed_again(page: Any) -> None:
    image = Image.fromarray(_noise(50, 50, 3))
    page.upload(_file(image))
    milliseconds = page.text.partition("Your upload, ")[2]
    page.upload(_file(image, "BMP"), "other.bmp")
    assert page.text.partition("Your upload, ")[2] == milliseconds


@pytest.mark.parametrize(("node", "channel"), [("conv5_x.1.relu2", 100), ("stem.conv", 15), ("head.fc", 900)])
def test_a_channel_typed_into_the_link_is_on_the_page_that_is_shown(visit: Open, node: str, channel: int) -> None:
    page = visit("resnet", variant="resnet34_a", node=node, maps__channel=str(channel))
    assert channel in page.maps["channels"]
    assert page.link["maps.channel"] == str(channel)
    assert page.warnings == []
