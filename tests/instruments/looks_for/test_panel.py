"""What the channels look for, on a network's page and on the page Units."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st

from explorer.architectures import variant
from explorer.instruments.kernels.compute import kernels
from explorer.instruments.looks_for import panel, units_panel
from explorer.instruments.looks_for.component import picked
from explorer.instruments.looks_for.panel import PAGE, PATCHES
from explorer.instruments.looks_for.sprites import channels_of, index
from explorer.runtime.maps import unpack
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]
NETWORK, NODE = "resnet34", "conv4_x.5.relu2"


def opened(visit: Open, page: str = "resnet", **link: str) -> Any:
    return visit(page, **{"variant": NETWORK, "node": NODE, "instrument": "looks-for"} | link)


def rows(page: Any) -> list[dict[str, Any]]:
    """What the pictures' component was sent."""
    (sent,) = page.components("units")
    header, body = unpack(sent.proto.bytes)
    assert all(body[slice(*row["bytes"])][8:12] == b"WEBP" for row in header["rows"])
    found: list[dict[str, Any]] = header["rows"]
    return found


def captions(page: Any) -> list[str]:
    """The lines under the pictures of one channel, a text a picture."""
    (html,) = [e.proto.body for e in page.app.get("html") if "<figure" in e.proto.body]
    return re.findall(r"<figcaption[^>]*>(.*?)</figcaption>", html)


def test_all_channels_a_page_at_a_time(visit: Open) -> None:
    drawn = index(NETWORK)[NODE]
    page = opened(visit)
    (row,) = rows(page)
    assert [tile["words"].split()[0] for tile in row["tiles"]] == [f"#{c}" for c in range(min(PAGE, drawn.count))]
    page.set(looks_for__page=2)
    (row,) = rows(page)
    assert [tile["words"].split()[0] for tile in row["tiles"]] == [f"#{c}" for c in range(PAGE, drawn.count)]
    assert page.link["looks_for.page"] == "2"
    assert [tile["words"] for tile in rows(page.set(node="head.fc"))[0]["tiles"]][8] == "golf ball"


def test_one_channel_beside_pictures_of_the_world(visit: Open) -> None:
    drawn, channel = index(NETWORK)[NODE], 11
    page = opened(visit, **{"maps.channel": str(channel)})
    shown = captions(page)
    # Picture, map, kernel, optimised; patches of samples, and of this picture.
    assert len(shown) == 4 + PATCHES + 1
    run = Run(NETWORK, "bundled", "cpu", sample_picture("church"))
    kernel = kernels(cache.network(run), "conv4_x.5.conv2")
    largest = max(range(kernel.inputs), key=lambda i: float(np.square(kernel.filters[channel][i]).sum()))
    assert shown[2] == f"Its 3×3 kernel<br>for #{largest} of {kernel.inputs}"
    assert f"{drawn.activations[channel]:.3g}" in shown[3]
    given = sorted((row[channel] for row in drawn.samples.values()), reverse=True)
    assert [text.split("<br>")[1] for text in shown[4:-1]] == [f"{value:.3g}" for value in given[:PATCHES]]
    # The picture of this page is a sample, too: what the network gives here is what the index says.
    assert shown[-1].split("<br>")[1] == f"{drawn.samples['church'][channel]:.3g}"
    assert not page.components("units")


def test_kernels_that_are_pictures(visit: Open) -> None:
    page = opened(visit, node="stem.pool", **{"maps.channel": "3"})
    assert "Its kernel<br>7×7" in captions(page)
    page = opened(visit, variant="googlenet", node="inception3.3b.cat", **{"maps.channel": "3"}, page="googlenet")
    assert not any("kernel" in text for text in captions(page))  # a stack of four convolutions' maps


def test_a_dead_channel_is_said_to_be_dead() -> None:
    found = panel.One(index(NETWORK)[NODE].tiles()[0], 0.0, {"cat": 0.0}, {"cat": 0}, True)
    assert "dead" in panel._said(found, 1, "Cat")


def test_what_began_at_a_sample_is_marked_wherever_it_is_shown(visit: Open) -> None:
    network, node = "plain34", "conv5_x.2.relu2"
    anew = set(index(network)[node].anew)
    page = opened(visit, variant=network, node=node)
    (row,) = rows(page)
    assert {i for i, tile in enumerate(row["tiles"]) if tile["words"].endswith("*")} == anew & set(range(PAGE)) != set()
    page.set(instrument="maps").look(looks=True)
    assert set(page.maps["looks"]["anew"]) == anew & set(page.maps["channels"])
    ladder = {row["name"]: row for row in rows(visit("units", **{"units.network": network}))}
    marked = any(tile["words"].endswith("*") for tile in ladder[node]["tiles"])
    assert marked == ("*" in ladder[node]["note"])


@pytest.mark.parametrize(
    "own,sign,sample,said",
    [(6.0, 1, 2.0, "3.0 times"), (1.0, 1, 2.0, "not stronger"), (1.0, -1, 2.0, "1"), (1.0, 1, -2.0, "1")],
)
def test_how_far_out_it_is(own: float, sign: int, sample: float, said: str) -> None:
    found = panel.One(index(NETWORK)[NODE].tiles()[0], own, {"cat": sample}, {"cat": 0}, False)
    text = panel._said(found, sign, "Cat")
    assert (
        said in text
        and ("times" in text) == (said == "3.0 times")
        and ("not stronger" in text) == (own < sample * sign)
    )


def test_without_pictures_a_button_draws_them(visit: Open) -> None:
    page = opened(visit, weights="narrow")
    assert not page.components("units")
    assert "random weights" in " ".join(c.value for c in page.app.caption)
    assert page.app.button(key="looks-for-all")
    page.set(node="input")
    assert not [b for b in page.app.button if b.key == "looks-for-all"]


def test_units_is_a_ladder_up_to_the_classes(visit: Open) -> None:
    page = visit("units")
    names = [row["name"] for row in rows(page)]
    assert names[0] == "stem.pool" and names[-1] == "head.fc" and NODE in names
    assert rows(page)[-1]["tiles"][0]["words"] == "tench"
    other = next(name for name in units_panel._networks() if name != NETWORK)
    page.set(units__network=other)
    assert page.link["units.network"] == other and [row["name"] for row in rows(page)] != names


def test_a_unit_leads_to_its_channel(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    place = 4
    channel = channels_of(index(NETWORK)[NODE], units_panel.SHOWN)[place]
    monkeypatch.setattr(units_panel, "picked", lambda key: (NODE, place))
    page = visit("units")
    monkeypatch.undo()
    page.follow()
    assert page.link == {"variant": NETWORK, "node": NODE, "maps.channel": str(channel), "instrument": "looks-for"}


def test_some_living_channels_evenly_spread() -> None:
    drawn = SimpleNamespace(count=40, dead=(0, 1, 4))
    channels = channels_of(drawn, units_panel.SHOWN)  # type: ignore[arg-type]
    assert len(channels) == units_panel.SHOWN and channels == sorted(set(channels)) and channels[0] == 2
    few = SimpleNamespace(count=4, dead=(3,))
    assert channels_of(few, units_panel.SHOWN) == [0, 1, 2]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "reported", [None, 3, {}, {"row": 1, "index": 2}, {"row": "a", "index": True}, {"row": "a", "index": -1}]
)
def test_a_browser_can_send_anything(reported: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {"key": {"picked": reported}})
    assert picked("key") is None


def test_a_wide_network_is_drawn_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.runtime.run import Run
    from explorer.ui import cache
    from explorer.ui.sidebar import sample_picture

    def batch(name: str, weights: str) -> int:
        run = Run(name, weights, "cpu", sample_picture())
        node = cache.running_trace(run).node(variant(name).name and cache.running_trace(run).classifier)
        monkeypatch.setattr(panel, "_node", lambda run: node)
        return panel._batch(run)

    assert batch("vgg16", "untrained") == 1 < batch("resnet34", "bundled") <= panel.MOST_BATCH
