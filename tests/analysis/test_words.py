"""The list of words: what it says in numbers holds."""

from __future__ import annotations

import pytest

from explorer.analysis.trace import trace_variant
from explorer.analysis.words import WORDS
from explorer.architectures import variant
from explorer.runtime.weights.bundled import manifest
from tests.traces import traced


def test_imagenette_is_what_the_bundled_networks_were_tested_on() -> None:
    tested = {b.images for b in manifest().values() if b.data == "imagenette"}
    assert tested == {3925}
    assert "3,925" in WORDS["Imagenette"]


def test_a_quarter_of_the_width_is_about_a_sixteenth_of_the_weights() -> None:
    for name, bundled in manifest().items():
        if bundled.width == 0.25 and name.startswith(("resnet", "plain")):
            narrow = trace_variant(bundled.narrowed(variant(name))).params
            assert narrow == pytest.approx(traced(name).params / 16, rel=0.25)


def test_v1_5_and_v1_stride_where_the_list_says() -> None:
    strides = {
        name: [traced(name).node(f"conv3_x.0.conv{i}").stride for i in (1, 2)] for name in ("resnet50", "resnet50_v1")
    }
    assert strides == {"resnet50": [(1, 1), (2, 2)], "resnet50_v1": [(2, 2), (1, 1)]}
