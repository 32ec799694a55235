from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.alexnet import AlexNetConfig, local_response_norm
from tests.architectures.parity import assert_parity


class PaperNorm(nn.Module):
    """Section 3.3, written as the paper does: a sum over the five neighbouring maps, alpha not divided."""

    def forward(self, a: Tensor) -> Tensor:
        maps = a.shape[1]
        sums = [a[:, max(0, i - 2) : min(maps, i + 3)].square().sum(dim=1) for i in range(maps)]
        return a / (2 + 1e-4 * torch.stack(sums, dim=1)) ** 0.75


@pytest.mark.parametrize("size", [224, 128])  # adaptive pooling works at 128 only
def test_parity_with_torchvision(size: int) -> None:
    assert_parity(variant("alexnet_owt").build(), torchvision.models.alexnet(), (3, size, size))


@pytest.mark.parametrize("groups", [1, 2])
def test_the_2012_network_is_the_papers_list_of_layers(groups: int) -> None:
    """At a quarter of the width: 24, 64, 96, 96, 64 maps."""
    oracle = nn.Sequential(
        nn.Conv2d(3, 24, 11, 4),
        nn.ReLU(),
        PaperNorm(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(24, 64, 5, padding=2, groups=groups),
        nn.ReLU(),
        PaperNorm(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 96, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(96, 96, 3, padding=1, groups=groups),
        nn.ReLU(),
        nn.Conv2d(96, 64, 3, padding=1, groups=groups),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(64 * 36, 1024),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(1024, 1024),
        nn.ReLU(),
        nn.Dropout(),
        nn.Linear(1024, 1000),
    )
    assert_parity(variant("alexnet").build(groups=groups, width=0.25), oracle, (3, 227, 227))


def test_local_response_norm_has_the_papers_constants() -> None:
    a = 100 * torch.rand(1, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(local_response_norm()(a), PaperNorm()(a))
    undivided = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2)
    assert (undivided(a) - PaperNorm()(a)).abs().max() > 10, "PyTorch divides alpha by n"


def test_a_strong_response_dampens_its_neighbours() -> None:
    channels = torch.tensor([1.0, 2.0, 50.0, 3.0, 4.0, 0.0, 10.0]).reshape(1, 7, 1, 1)
    normed = local_response_norm()(channels).flatten()
    alone = channels.flatten() * 2**-0.75
    torch.testing.assert_close(normed[:5], torch.tensor([0.544, 1.088, 27.19, 1.631, 2.168]), rtol=0, atol=5e-3)
    assert (normed[:5] < alone[:5]).all()


def test_each_gpu_reads_its_own_maps_except_in_conv3() -> None:
    network = variant("alexnet").build(width=0.25)
    for stage, crosses in [("conv2", False), ("conv3", True), ("conv4", False), ("conv5", False)]:
        conv = getattr(network, stage).conv
        x = torch.randn(1, conv.in_channels, 7, 7)
        changed = x.clone()
        changed[:, : conv.in_channels // 2] += 1
        differs = (conv(x) - conv(changed)).abs().amax(dim=(0, 2, 3)) > 1e-4
        half = conv.out_channels // 2
        assert differs[:half].all()
        assert differs[half:].all() == differs[half:].any() == crosses


def test_55_positions_come_from_227_or_from_padding() -> None:
    def side(name: str, size: int) -> int:
        return trace_variant(variant(name), size).node("conv1.conv").out_shape[1]

    assert side("alexnet", 227) == side("alexnet_owt", 224) == 55
    with torch.device("meta"):
        unpadded = variant("alexnet").build().conv1.conv
        assert unpadded(torch.empty(1, 3, 224, 224)).shape[2] == 54


def test_biases_start_at_one_where_the_paper_says_so() -> None:
    network = variant("alexnet").build(width=0.25)
    ones = {n for n, p in network.named_parameters() if n.endswith("bias") and (p == 1).all()}
    zeros = {n for n, p in network.named_parameters() if n.endswith("bias") and (p == 0).all()}
    assert ones == {
        "conv2.conv.bias",
        "conv4.conv.bias",
        "conv5.conv.bias",
        "fc6.linear.bias",
        "fc7.linear.bias",
    }
    assert zeros == {"conv1.conv.bias", "conv3.conv.bias", "fc8.linear.bias"}


def test_dropout_lies_behind_the_hidden_layers_in_2012_and_in_front_of_them_in_torchvision() -> None:
    with torch.device("meta"):
        published, torchvisions = variant("alexnet").build(), variant("alexnet_owt").build()
    assert [n for n, _ in published.fc7.named_children()] == ["linear", "relu", "dropout"]
    assert [n for n, _ in torchvisions.fc7.named_children()] == ["dropout", "linear", "relu"]


@pytest.mark.parametrize(("config", "sentence"), [({"width": 0}, "positive"), ({"groups": 3}, "one for each GPU")])
def test_impossible_configs_are_refused_with_a_reason(config: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        AlexNetConfig(**config)
