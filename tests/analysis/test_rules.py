"""MACs against torch's own count, receptive fields against gradients, and what no rule knows."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis.graph import graph_of
from explorer.analysis.trace import trace, trace_variant
from explorer.architectures import catalogue, variant
from tests.traces import built, traced


@pytest.mark.parametrize("name", catalogue())
def test_macs_are_half_of_what_torch_counts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for layer in (nn.BatchNorm2d, nn.ReLU):  # have no MACs; torch takes them apart into hundreds of slow steps
        monkeypatch.setattr(layer, "forward", lambda self, x: x)
    with FlopCounterMode(display=False) as counter:
        built(name)(torch.empty(1, *variant(name).input_size, device="meta"))
    assert 2 * traced(name).macs == counter.get_total_flops()


def receptive_field_by_gradient(model: nn.Module, size: int) -> tuple[int, int]:
    """First and last input row that influence the middle output position: every weight positive, no cancelling."""
    for p in model.parameters():
        nn.init.constant_(p, 0.01)
    x = torch.ones(1, 3, size, size, requires_grad=True)
    out = model(x)
    out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
    assert x.grad is not None
    rows = x.grad[0].abs().sum(dim=(0, 2)).nonzero().flatten()
    return int(rows.min()), int(rows.max())


@pytest.mark.parametrize("node", ["stem.conv", "conv2_x.1.relu2", "conv3_x.0.add", "conv3_x.1.conv2"])
def test_receptive_field_covers_what_the_gradient_reaches(node: str) -> None:
    v = variant("resnet18")
    size = 160
    n = trace_variant(v, size).node(node)
    model = v.build(width=0.25).double()
    for m in model.modules():  # average instead of max: every input counts, not only the largest
        if isinstance(m, nn.MaxPool2d):
            model.stem.pool = nn.AvgPool2d(m.kernel_size, m.stride, m.padding)

    class Upto(torch.fx.Interpreter):
        def run_node(self, fx_node):
            out = super().run_node(fx_node)
            if fx_node.meta["name"] == node:
                self.seen = out
            return out

    class Wanted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x):
            runner = Upto(graph_of(self.model))
            runner.run(x.double())
            return runner.seen

    first, last = receptive_field_by_gradient(Wanted(), size)
    middle = n.out_shape[1] // 2
    centre = n.rf_start[0] + middle * n.rf_stride[0]
    assert (first, last) == (centre - (n.receptive_field[0] - 1) / 2, centre + (n.receptive_field[0] - 1) / 2)


def test_what_the_rules_do_not_know_is_listed_and_what_forward_ignores_too() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.PixelShuffle(2))
            self.spare = nn.Linear(2, 2)

        def forward(self, x):
            return self.body(x)

    with torch.device("meta"):
        model = Odd()
    t = trace(model, (3, 8, 8))
    assert t.unruled == ("body.1",)
    assert t.unused_parameters == ("spare.weight", "spare.bias")
    assert t.params == sum(math.prod(p.shape) for p in model.parameters())
