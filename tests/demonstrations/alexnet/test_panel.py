"""AlexNet's sections on their page: kernels, LRN and dropout show what is computed."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explorer.architectures import variant as variant_called
from explorer.demonstrations.alexnet import dropout, lrn
from explorer.demonstrations.alexnet import panel as alexnet
from explorer.runtime.activations import Activations
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # -> tests.visit.Visit


def run(variant: str = "alexnet") -> Run:
    return Run(variant, "bundled" if variant == "alexnet" else "untrained", "cpu", sample_picture())


def activations(variant: str = "alexnet") -> Activations:
    return cache.activations(run(variant))


@pytest.fixture(scope="module")
def lrn_page(visit: Open) -> Any:
    return visit("alexnet", section="lrn", lrn__map="1", lrn__gain="10")


def test_the_sections_of_each_variant(visit: Open) -> None:
    page = visit("alexnet")
    assert page.sections[:7] == [
        "First kernels",
        "Response normalization",
        "Overfitting",
        "Dropout",
        "Data augmentation",
        "A hundred alterations",
        "Ten crops",
    ]
    assert len(page.app.get("image")) == 3  # the sidebar's picture, and a sheet for each graphics card
    page = visit("alexnet", variant="alexnet_owt", weights="untrained", section="lrn", lrn__map="64")
    assert page.sections[:3] == ["First kernels", "Overfitting", "Dropout"]  # torchvision's has no LRN
    assert len(page.app.get("image")) == 2
    assert len(page.warnings) == 1 and "lrn" in page.warnings[0]


def test_conv1s_halves_belong_to_the_groups_of_conv2() -> None:
    maps = activations().maps("conv1.pool")[None]
    conv2 = activations().network.model.conv2.conv
    changed, half = maps.clone(), maps.shape[1] // 2
    changed[:, half:] += 1
    differs = (conv2(maps) != conv2(changed)).flatten(2).any(2)[0]
    outputs = len(differs) // 2
    assert not differs[:outputs].any() and differs[outputs:].all()


def test_a_sheet_of_kernels_has_each_in_its_place() -> None:
    pictures = np.arange(20 * 2 * 3 * 3, dtype=np.uint8).reshape(20, 2, 3, 3)
    sheet = np.asarray(Image.open(BytesIO(alexnet.kernel_sheet(pictures, 16))))
    factor = alexnet.KERNEL_FACTOR
    pitch_y, pitch_x = 2 * factor + 4, 3 * factor + 4
    assert sheet.shape == (2 * pitch_y, 16 * pitch_x, 4)
    for i, picture in enumerate(pictures):
        row, column = divmod(i, 16)
        corner = sheet[row * pitch_y :, column * pitch_x :]
        assert np.array_equal(corner[: 2 * factor : factor, : 3 * factor : factor, :3], picture)
    assert sheet[-1, -1, 3] == 0


# ---- LRN ---------------------------------------------------------------------------------------------------


def test_lrn_shows_the_pixel_in_its_neighbours(lrn_page: Any) -> None:
    assert lrn_page.warnings == []
    a = 10 * activations().maps("conv1.relu")
    row, column = divmod(int(a[1].argmax()), a.shape[2])
    shown = range(min(len(a), 1 + alexnet.NEIGHBOURS + 1))
    for bars, values in zip(lrn_page.chart("lrn-pixel")["data"], (a, lrn.by_formula(a)), strict=True):
        assert list(bars["x"]) == list(shown)
        found = np.frombuffer(b64decode(bars["y"]["bdata"]), np.float32)
        assert np.array_equal(found, values[: len(shown), row, column].numpy())


def test_the_trap_is_computed_on_the_stronger_activations(lrn_page: Any) -> None:
    results = lrn.compare_formulas(10 * activations().maps("conv1.relu"))
    (table,) = (t.value for t in lrn_page.app.table)
    assert list(table["largest difference in all maps"]) == [f"{r.max_difference:.3g}" for r in results]
    _, right, wrong, _ = results
    assert wrong.max_difference > 100 * right.max_difference


def test_a_ratios_limits_reach_the_largest_that_there_can_be() -> None:
    low, high = alexnet._ratio_limits(np.array([[0.3, np.nan], [0.5, 0.4]], dtype=np.float32))
    assert (low, high) == (pytest.approx(0.3), pytest.approx(2**-0.75))
    low, high = alexnet._ratio_limits(np.full((2, 2), np.nan, dtype=np.float32))
    assert low == 0 < high


# ---- dropout -----------------------------------------------------------------------------------------------


def test_each_press_draws_new_masks(visit: Open) -> None:
    page = visit("alexnet", section="dropout", dropout__seed="999")
    for seed, following in ((999, None), (0, "1")):
        dropped = dropout.drop(activations(), seed, alexnet.PASSES)
        for layer, mask in zip(dropped.layers, dropped.masks, strict=True):
            gone = int((~mask[0]).sum())
            assert f"**{layer.name}**: {gone:,} of {len(layer.values):,}" in page.text
        page.app.button(key="dropout-draw").click()
        page.run()
        assert page.link.get("dropout.seed") == following


def test_both_conventions_have_the_same_mean_in_training_as_at_test_time(visit: Open) -> None:
    page = visit("alexnet", section="dropout")
    table, _ = (t.value for t in page.app.table)
    assert list(table["training, on average"]) == list(table["at test time"])
    largest = f"{dropout.layers(activations())[0].values.max():.4g}"
    assert table["training, kept"][0] == table["at test time"][1] == largest


@pytest.mark.parametrize("name", alexnet.PROBABILITIES)
def test_who_has_dropout(name: str) -> None:
    """What the table says is what the networks have."""
    with torch.device("meta"):
        found = {m.p for m in variant_called(name).build().modules() if isinstance(m, nn.Dropout)}
    assert {float(number) for number in re.findall(r"0\.[0-9]", alexnet.PROBABILITIES[name])} == found
