"""The proof of a network: with an oracle's weights copied in, it computes what the oracle computes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

TOLERANCE = 1e-5  # of the output's scale


def randomize_statistics(model: nn.Module, seed: int = 0) -> nn.Module:
    """Give every BN statistics, scale and shift away from 0 and 1, so that a swapped or missing BN shows."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(t: Tensor, low: float, high: float) -> None:
        t.copy_(torch.rand(t.shape, generator=generator) * (high - low) + low)

    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                uniform(module.running_mean, -0.2, 0.2)
                uniform(module.running_var, 0.6, 1.4)
                uniform(module.weight, 0.6, 1.2)
                uniform(module.bias, -0.2, 0.2)
    return model


def copy_by_order(ours: nn.Module, oracle: nn.Module) -> None:
    """Copy the oracle's state into ours in registration order, asserting each shape."""
    own, theirs = ours.state_dict(), oracle.state_dict()
    assert len(own) == len(theirs), f"{len(own)} tensors against {len(theirs)}"
    for (name, mine), (their_name, value) in zip(own.items(), theirs.items(), strict=True):
        assert mine.shape == value.shape, f"{name} {tuple(mine.shape)} against {their_name} {tuple(value.shape)}"
    ours.load_state_dict(dict(zip(own, theirs.values(), strict=True)))


@torch.inference_mode()
def assert_parity(ours: nn.Module, oracle: nn.Module, input_size: tuple[int, int, int]) -> None:
    """Same outputs in eval mode for a random image, within TOLERANCE of the output's scale."""
    randomize_statistics(oracle.eval())
    copy_by_order(ours.eval(), oracle)
    x = torch.randn(1, *input_size, generator=torch.Generator().manual_seed(1))
    expected = oracle(x)
    assert expected.std() > 0
    assert (ours(x) - expected).abs().max() <= TOLERANCE * expected.abs().max()
