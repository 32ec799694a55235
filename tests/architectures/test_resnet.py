from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from explorer.architectures import variant
from explorer.architectures.resnet import PaddingShortcut, ResNet, ResNetConfig
from tests.architectures.parity import assert_parity, randomize_statistics


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_parity_with_torchvision(name: str) -> None:
    # 96 px walks through the same layers as 224 in a fifth of the time
    assert_parity(variant(name).build(), getattr(torchvision.models, name)(), (3, 96, 96))


def test_parity_with_torchvision_at_the_paper_size() -> None:
    assert_parity(variant("resnet18").build(), torchvision.models.resnet18(), (3, 224, 224))


def test_v1_strides_in_the_first_1x1_and_v15_in_the_3x3() -> None:
    v1, v15 = variant("resnet50_v1").build().conv3_x[0], variant("resnet50").build().conv3_x[0]
    assert (v1.conv1.stride, v1.conv2.stride) == ((2, 2), (1, 1))
    assert (v15.conv1.stride, v15.conv2.stride) == ((1, 1), (2, 2))


def test_padding_shortcut_takes_every_second_pixel_and_appends_zero_channels() -> None:
    x = torch.randn(2, 3, 6, 6)
    out = PaddingShortcut(extra_channels=3, stride=2)(x)
    assert out.shape == (2, 6, 3, 3)
    assert torch.equal(out[:, :3], x[:, :, ::2, ::2])
    assert not out[:, 3:].any()


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize("preactivation", [False, True])
def test_a_unit_adds_its_input_to_its_residual_and_a_plain_unit_does_not(depth: int, preactivation: bool) -> None:
    config = ResNetConfig(depth=depth, width=0.25, preactivation=preactivation)
    residual = randomize_statistics(ResNet(config)).eval().conv2_x[1]
    plain = (
        ResNet(ResNetConfig(depth=depth, width=0.25, preactivation=preactivation, shortcut="none")).eval().conv2_x[1]
    )
    plain.load_state_dict(residual.state_dict())
    x = torch.randn(1, 64 if depth == 50 else 16, 8, 8)
    if not preactivation:  # the last ReLU hides F(x): look before it
        last = "relu3" if depth == 50 else "relu2"
        setattr(residual, last, nn.Identity())
        setattr(plain, last, nn.Identity())
    torch.testing.assert_close(residual(x), plain(x) + x)


def test_preactivation_leaves_the_sum_untouched() -> None:
    unit = variant("preact_resnet50").build().conv2_x[1]
    for bn in (m for m in unit.modules() if isinstance(m, nn.BatchNorm2d)):
        nn.init.zeros_(bn.weight)
    nn.init.zeros_(unit.conv3.weight)
    x = torch.randn(1, 256, 8, 8)
    assert torch.equal(unit(x), x)


def test_options_share_weights_where_the_paper_says_so() -> None:
    def count(name: str) -> int:
        return sum(p.numel() for p in variant(name).build().parameters())

    assert count("plain34") == count("resnet34_a") < count("resnet34") < count("resnet34_c")


def test_projection_everywhere_projects_every_unit() -> None:
    model = variant("resnet34_c").build(width=0.25)
    assert sum(hasattr(m, "shortcut") and m.shortcut is not None for m in model.modules()) == 16


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"depth": 42}, "18, 34, 50, 101, 152"),
        ({"depth": 21, "stem": "cifar"}, "6n\\+2"),
        ({"width": 0}, "positive"),
    ],
)
def test_impossible_configs_are_refused_with_a_reason(config: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ResNetConfig(**config)
