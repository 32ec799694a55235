"""The maps beside the diagrams: another operation's beside them, and what the link says of how they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explorer.instruments.looks_for.sprites import index, tiles_of
from explorer.instruments.maps.compute import comparable
from explorer.runtime.maps import unpack
from tests.traces import traced

Open = Callable[..., Any]  # -> tests.visit.Visit


def test_what_can_stand_beside_an_operation_is_its_block_and_what_it_reads() -> None:
    trace = traced("resnet18")
    found = comparable(trace, trace.node("conv3_x.1.add"))
    assert next(iter(found)) == "conv3_x.0.relu2"  # the unit's input
    assert list(found)[1:] == [n.name for n in trace.nodes if n.block == "conv3_x.1" and n.name != "conv3_x.1.add"]
    assert found["conv3_x.1.relu2"] == "relu2"
    assert comparable(trace, trace.node("input")) == {}


@pytest.fixture(scope="module")
def resnet(visit: Open) -> Any:
    return visit("resnet", variant="resnet18", node="conv3_x.1.add", weights="untrained")


def test_two_operations_share_channels_and_scale(resnet: Any) -> None:
    resnet.click("conv3_x.1.add").look(beside="conv3_x.1.relu2")
    assert resnet.link["maps.beside"] == "conv3_x.1.relu2"
    header = resnet.maps
    assert (header["node"], header["beside"]["node"]) == ("conv3_x.1.add", "conv3_x.1.relu2")
    assert header["channels"] == header["beside"]["channels"] == list(range(64))
    assert header["signed"]
    assert header["minimum"] == min(header["minimum"], *header["low"])
    assert header["maximum"] >= max(header["beside"]["high"])
    assert "conv3_x.1.relu2" in header["compare"]
    resnet.look(page=1)
    assert resnet.maps["beside"]["channels"] == list(range(64, 128))
    resnet.click("conv3_x.1.relu2")  # nothing stands beside itself
    assert "beside" not in resnet.maps and "maps.beside" not in resnet.link
    resnet.click("head.pool")  # a vector has a colour for each channel here
    assert (resnet.maps["kind"], resnet.maps["shape"][1:]) == ("maps", [1, 1])
    resnet.look(beside="")
    assert resnet.maps["kind"] == "vector" and "maps.beside" not in resnet.link


def test_a_pair_has_as_many_pages_as_the_larger_maps_need(resnet: Any) -> None:
    resnet.click("conv2_x.0.relu2").look(beside="stem.relu", page=1)
    assert (resnet.maps["page"], resnet.maps["pages"], resnet.maps["channels"][0]) == (1, 3, 31)
    resnet.look(beside="", page=0)


def test_what_only_one_network_has_goes_with_it(resnet: Any) -> None:
    resnet.click("conv3_x.1.add").look(channel=70, enlarged=True, opacity=30, beside="conv3_x.1.relu2", scale="shared")
    told = {name for name in resnet.link if name.startswith("maps.")}
    assert told == {f"maps.{name}" for name in ("channel", "enlarged", "opacity", "beside", "scale")}
    resnet.set(variant="resnet34")
    told = {name for name in resnet.link if name.startswith("maps.")}
    assert told == {"maps.opacity", "maps.scale"}
    resnet.set(variant="resnet18").look(opacity=60, scale="map")


def test_what_the_channels_look_for_stands_in_their_maps_places(visit: Open) -> None:
    page = visit("resnet", variant="resnet18", node="conv3_x.1.relu2")
    drawn = index("resnet18")["conv3_x.1.relu2"]
    plain = body(page)
    assert page.maps["looks"] is None  # can be shown
    page.look(looks=True)
    looks = page.maps["looks"]
    assert page.link["maps.looks"] == "yes" and looks["channels"] == page.maps["channels"] == list(range(drawn.count))
    assert body(page)[: looks["at"]] == plain
    tiles = tiles_of(body(page)[looks["at"] :], looks["side"], drawn.count)
    assert np.abs(tiles.astype(int) - drawn.tiles()).mean() < 8  # of 255: the sheet was compressed again
    page.click("conv3_x.1.bn2")  # has none
    assert "looks" not in page.maps and page.link["maps.looks"] == "yes"
    page.click("conv5_x.0.relu2")
    count = index("resnet18")["conv5_x.0.relu2"].count
    assert page.maps["looks"]["channels"] == list(range(count)) and len(page.maps["channels"]) > count
    page.look(page=1)
    assert "looks" not in page.maps  # none of these: a switch would do nothing
    page.click("conv3_x.1.relu2").set(weights="untrained")
    assert "looks" not in page.maps


def body(page: Any) -> bytes:
    return unpack(page.components("feature_maps")[0].proto.bytes)[1]


def test_an_enlarged_map_without_a_channel_is_not_told(resnet: Any) -> None:
    resnet.click("conv5_x.1.add").look(channel=400, enlarged=True)
    assert {"maps.channel", "maps.enlarged"} <= resnet.link.keys()
    resnet.click("conv3_x.1.add")  # has no such channel
    assert not {"maps.channel", "maps.enlarged"} & resnet.link.keys()
    resnet.look(channel=None, enlarged=False)
