"""Class activation maps: which networks have them, and that they average to the logit without the bias."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from explorer.architectures import catalogue, variant
from explorer.demonstrations.class_activation.compute import PooledHead, class_activation, pooled_head
from explorer.runtime.activations import Activations, capture
from explorer.runtime.weights.network import load_network
from tests.traces import traced

# Every kind of head in the catalogue, by a small network: with and without dropout, or BN after the last block.
SMALL = [
    "googlenet",
    "googlenet_bn",
    "inception_v3",
    "resnet18",
    "preact_resnet50",
    "plain18",
    "resnet20_cifar",
    "mobilenet_v1",
    "mobilenet_v2",
    "xception",
    "se_resnet18",
    "se_googlenet",
    "densenet121",
    "densenet40_cifar",
    "densenet_bc100_cifar",
    "nin_cifar",
    "nin_imagenet",
]
WITHOUT = ["lenet5", "lenet5_modern", "alexnet", "alexnet_owt", "vgg11", "mobilenet_v3_small", "mobilenet_v3_large"]


@cache
def passed(name: str) -> Activations:
    v = variant(name)
    x = torch.randn(1, *v.input_size, generator=torch.Generator().manual_seed(1))
    return capture(load_network(v), x)


def head_of(name: str) -> PooledHead | None:
    return pooled_head(traced(name))


@pytest.mark.parametrize("name", SMALL)
def test_the_map_of_a_class_averages_to_its_logit_minus_the_bias(name: str) -> None:
    a = passed(name)
    head = head_of(a.network.variant.name)
    assert head is not None
    parameters = dict(a.network.model.named_parameters())
    for number in (0, 3, len(a.logits) - 1, int(a.logits.argmax())):
        cam = class_activation(a, head, number)
        bias = float(parameters[f"{head.linear}.bias"][number]) if head.linear else 0.0
        assert cam.map.shape == tuple(a.maps(head.maps).shape[1:])
        assert cam.map.mean() == pytest.approx(float(a.logits[number]) - bias, rel=1e-3, abs=1e-4)
        assert cam.contributions.sum() == pytest.approx(float(cam.map.mean()), rel=1e-3, abs=1e-4)
        assert cam.logit == float(a.logits[number])
    assert a.logits.std() > 0


def test_the_map_is_the_classifier_at_each_position() -> None:
    """The linear layer applied to the column of maps at one position, without averaging."""
    a = passed("resnet18")
    head = head_of(a.network.variant.name)
    assert head is not None and head.maps == "conv5_x.1.relu2" and head.linear == "head.fc"
    layer = a.network.model.get_submodule("head.fc")
    assert isinstance(layer, nn.Linear)
    column = a.maps("conv5_x.1.relu2")[:, 2, 5]
    with torch.inference_mode():
        expected = float(layer(column[None])[0, 77] - layer.bias[77])
    assert class_activation(a, head, 77).map[2, 5] == pytest.approx(expected, rel=1e-4)


def test_in_network_in_network_the_last_maps_are_the_classes_maps() -> None:
    a = passed("nin_cifar")
    head = head_of(a.network.variant.name)
    assert head is not None and head.linear is None
    cam = class_activation(a, head, 4)
    assert np.array_equal(cam.map, a.maps("mlpconv3.relu3")[4].numpy())
    assert cam.bias == 0 and cam.strongest(6).tolist() in ([4], [])


def test_the_strongest_maps_are_those_that_move_the_logit_most() -> None:
    a = passed("resnet20_cifar")
    head = head_of(a.network.variant.name)
    assert head is not None
    cam = class_activation(a, head, 2)
    sizes = {k: abs(float(cam.maps[k].mean()) * float(cam.weights[k])) for k in range(len(cam.maps))}
    best = sorted(sizes, key=lambda k: -sizes[k])[:5]
    assert cam.strongest(5).tolist() == best


@pytest.mark.parametrize("name", WITHOUT)
def test_more_than_one_layer_after_the_pooling_has_no_class_activation_map(name: str) -> None:
    assert head_of(name) is None


def test_every_network_is_in_one_of_the_lists_or_of_a_family_that_is() -> None:
    families = {type(variant(name).config) for name in SMALL + WITHOUT}
    assert {type(v.config) for v in catalogue().values()} <= families | {
        type(variant("inception_v4").config),
        type(variant("inception_resnet_v2").config),
        type(variant("senet154").config),
    }


def test_a_class_that_does_not_exist() -> None:
    a = passed("nin_cifar")
    head = head_of(a.network.variant.name)
    assert head is not None
    with pytest.raises(IndexError):
        class_activation(a, head, 10)
