from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.architectures import variant
from explorer.architectures.nin import DIRECT, REDUCED, NiNConfig
from tests.architectures.parity import assert_parity
from tests.traces import traced

TABLES = Path(__file__).resolve().parents[1] / "reference" / "layers"


def network_of_table(file: Path) -> nn.Sequential:
    """The chain of layers that a reference table lists, built row by row."""

    def numbers(text: str) -> list[int]:
        return [int(n) for n in text.split("x")] if text else []

    def layer(row: dict[str, str]) -> nn.Module:
        channels = numbers(row["in_shape_CHW"])[0], numbers(row["out_shape_CHW"])[0]
        kernel, stride, padding = (numbers(row[k]) for k in ("kernel", "stride", "padding"))
        match row["type"]:
            case "Conv2d":
                return nn.Conv2d(*channels, kernel[0], stride[0], padding[0])
            case "MaxPool2d" | "AvgPool2d" as pool:
                return getattr(nn, pool)(kernel[0], stride[0], padding[0], ceil_mode=True)
            case "AdaptiveAvgPool2d":
                return nn.AdaptiveAvgPool2d(1)
            case other:
                return getattr(nn, other)()

    return nn.Sequential(*(layer(row) for row in csv.DictReader(file.open())))


@pytest.mark.parametrize("name", ["nin_imagenet", "nin_cifar"])
def test_parity_with_the_reference_table(name: str) -> None:
    v = variant(name)
    assert_parity(v.build(), network_of_table(TABLES / f"{name}.csv"), v.input_size)


def test_a_1x1_convolution_is_the_same_linear_layer_at_every_position() -> None:
    conv = variant("nin_cifar").build().mlpconv1.pointwise1
    x = torch.randn(1, 192, 5, 7)
    per_position = F.linear(x.permute(0, 2, 3, 1), conv.weight[:, :, 0, 0], conv.bias).permute(0, 3, 1, 2)
    torch.testing.assert_close(conv(x), per_position)


def test_the_class_scores_are_the_means_of_the_last_maps() -> None:
    model = variant("nin_cifar").build()
    x = torch.randn(2, 3, 32, 32)
    maps = x
    for stage in (model.mlpconv1, model.mlpconv2, model.mlpconv3):
        maps = stage(maps)
    assert maps.shape == (2, 10, 8, 8)
    torch.testing.assert_close(model(x), maps.mean(dim=(2, 3)))


@pytest.mark.parametrize("name", ["nin_imagenet", "nin_cifar"])
def test_there_is_no_linear_layer(name: str) -> None:
    assert not any(n.kind == "linear" for n in traced(name).nodes)


def test_the_textbook_example_of_the_bottleneck() -> None:
    def multiplications(*layers: nn.Conv2d) -> int:
        return sum(28 * 28 * c.weight.numel() for c in layers)

    assert multiplications(nn.Conv2d(192, 32, 5)) == DIRECT == 120_422_400
    assert multiplications(nn.Conv2d(192, 16, 1), nn.Conv2d(16, 32, 5)) == REDUCED == 12_443_648


def test_a_width_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        NiNConfig(width=0)
