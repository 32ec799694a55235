"""Every variant of every family on its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.architectures import families, family
from explorer.architectures.family import Family, Variant
from explorer.runtime.run import Run
from explorer.runtime.weights.network import available_weights
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # -> tests.visit.Visit
RESNET = family("resnet")
OTHERS = [f for f in families() if f is not RESNET]


@pytest.mark.parametrize(
    ("family", "variant"),
    [pytest.param(f, v, id=v.name) for f in OTHERS for v in f.variants if v.name != f.default],
)
def test_every_variant_is_shown(session: Any, family: Family, variant: Variant) -> None:
    page = session[family.name]
    page.app.selectbox(key="variant").set_value(variant.name)
    page.run()
    assert page.app.title[0].value == (f"{variant.title} ({variant.year})" if variant.year else variant.title)
    assert page.maps["group"] == variant.name
    assert page.maps["non_finite_total"] == 0
    assert page.link["variant"] == variant.name


@pytest.mark.parametrize("variant", RESNET.variants, ids=lambda v: v.name)
def test_every_resnet_opens_by_its_link(visit: Open, variant: Any) -> None:
    page = visit("resnet", variant=variant.name)
    trace = cache.trace(variant.name)
    assert page.warnings == []
    assert page.app.title[0].value == f"{variant.title} ({variant.year})"
    assert f"**{trace.depth}** weight layers" in page.text
    stage = trace.stage("conv2_x")
    opened = trace.identity_sum(stage) or trace.node(stage.blocks[0].output)
    assert list(page.diagrams()) == [
        f"Stages of {variant.title}",
        "Blocks of conv2_x",
        f"Operations of {opened.block}",
    ]
    run = Run(variant.name, available_weights(variant)[0], "cpu", sample_picture())
    node = cache.running_trace(run).node(page.maps["node"])
    assert node.name == opened.name
    assert tuple(page.maps["shape"]) == node.out_shape
    assert page.link == {"variant": variant.name}
