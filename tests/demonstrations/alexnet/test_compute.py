"""LRN by the paper's formula and by PyTorch; dropout's masks, their mean, and the logits with them."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn

from explorer.architectures import variant
from explorer.demonstrations.alexnet import dropout, lrn
from explorer.runtime.activations import Activations, capture, logits_with
from explorer.runtime.edits import edited
from explorer.runtime.weights.network import Network, load_network
from tests.traces import traced

NAMES = ["alexnet", "alexnet_ungrouped", "alexnet_owt"]


@cache
def captured(name: str) -> Activations:
    v = variant(name)
    network = Network(v, "untrained", load_network(v).model, torch.device("cpu"))
    return capture(network, torch.randn(1, *v.input_size, generator=torch.Generator().manual_seed(0)))


# ---- LRN ---------------------------------------------------------------------------------------------------


def test_the_formula_on_one_pixel() -> None:
    """Channel by channel with plain numbers; 0.544 ... 2.168 for the vector of the lecture."""
    vector = [1.0, 2.0, 50.0, 3.0, 4.0, 0.0, 10.0]
    expected = []
    for i, a in enumerate(vector):
        total = sum(x * x for x in vector[max(0, i - 2) : i + 3])
        expected.append(a / (2 + 1e-4 * total) ** 0.75)
    assert lrn.by_formula(torch.tensor(vector)).tolist() == pytest.approx(expected, rel=1e-6)
    assert expected[:5] == pytest.approx([0.544, 1.088, 27.19, 1.631, 2.168], rel=1e-3)


def test_the_formula_is_what_the_network_computes() -> None:
    activations = captured("alexnet")
    for stage in ("conv1", "conv2"):
        a, b = activations.maps(f"{stage}.relu"), activations.maps(f"{stage}.norm")
        assert torch.allclose(lrn.by_formula(a), b, atol=1e-5)


def test_the_trap() -> None:
    a = 100 * torch.rand(96, 5, 5, generator=torch.Generator().manual_seed(0))
    paper, right, wrong, default = lrn.compare_formulas(a)
    assert (paper.max_difference, right.max_difference < 1e-4) == (0, True)
    assert torch.allclose(right.result, nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)(a[None])[0])
    assert torch.allclose(wrong.result, nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0)(a[None])[0])
    assert torch.equal(default.result, nn.LocalResponseNorm(5)(a[None])[0])
    assert wrong.max_difference > 1 and default.max_difference > 1


def test_without_lrn_is_the_ablated_network() -> None:
    v, activations = variant("alexnet"), captured("alexnet")
    off = lrn.switched_off(traced("alexnet"))
    assert [str(e) for e in off] == ["conv1.norm:skip", "conv2.norm:skip"]
    ablated = v.build(normalization="none")
    ablated.load_state_dict(activations.network.model.state_dict())
    x = torch.randn(1, *v.input_size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = ablated(x)[0]
    assert torch.allclose(edited(activations, off, traced("alexnet")).logits, expected, atol=1e-5)
    assert not torch.allclose(activations.logits, expected, atol=1e-3)
    assert lrn.switched_off(traced("alexnet_owt")) == ()


# ---- dropout -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_with_masks_is_a_training_pass_with_these_masks(name: str) -> None:
    """Run by the modules themselves, with the masks put in by hand."""
    activations = captured(name)
    dropped = dropout.drop(activations, seed=7, passes=3)
    model, v = activations.network.model, variant(name)
    x = torch.randn(1, *v.input_size, generator=torch.Generator().manual_seed(0))
    assert [layer.name for layer in dropped.layers] == ["fc6.dropout", "fc7.dropout"]
    with torch.inference_mode():
        for i in range(3):
            value, masks = x, iter(dropped.masks)
            for stage in model.children():
                for module in stage.children():
                    value = value * next(masks)[i] * 2 if isinstance(module, nn.Dropout) else module(value)
            assert torch.allclose(dropped.logits[i], value[0], atol=1e-4)


def test_masks_drop_half_and_each_seed_draws_others() -> None:
    layer = dropout.layers(captured("alexnet"))[0]
    mask = dropout.masks(layer, 0, 1, 16)
    assert mask.shape == (16, 4096)
    assert float(mask.float().mean()) == pytest.approx(0.5, abs=0.01)
    assert not torch.equal(mask[0], mask[1])
    assert torch.equal(mask, dropout.masks(layer, 0, 1, 16))
    assert not torch.equal(mask, dropout.masks(layer, 0, 2, 16))
    assert not torch.equal(mask, dropout.masks(layer, 1, 1, 16))


def test_the_mean_over_masks_of_the_last_dropout_is_the_output_without() -> None:
    """After the last dropout there is only a linear layer: the mean is exact but for chance, by either convention."""
    activations = captured("alexnet")
    layer = dropout.layers(activations)[1]
    mask = dropout.masks(layer, 1, 0, 2000).float()
    scaled = logits_with(activations, {"fc7.dropout": lambda x: x * mask / (1 - layer.p)})
    distance = (scaled.mean(0) - activations.logits).norm() / activations.logits.norm()
    one = (scaled - activations.logits).norm(dim=1).mean() / activations.logits.norm()
    assert distance < 0.1 < 0.4 < one
    # The paper's way: unscaled in training, outputs times 0.5 at test time.
    paper = logits_with(activations, {"fc7.dropout": lambda x: x * mask})
    at_test = logits_with(activations, {"fc7.dropout": lambda x: x * 0.5})[0]
    assert (paper.mean(0) - at_test).norm() / at_test.norm() < 0.1


def test_a_pass_leaves_the_network_as_it_was() -> None:
    activations = captured("alexnet")
    before = {name: t.clone() for name, t in activations.network.model.state_dict().items()}
    again = activations.maps("fc8.linear")
    dropout.drop(activations, 3, 2)
    assert not activations.network.model.training
    assert torch.equal(activations.maps("fc8.linear"), again)
    assert all(torch.equal(t, before[name]) for name, t in activations.network.model.state_dict().items())
