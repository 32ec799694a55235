"""Tracing by torch.fx."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from explorer.analysis.graph import graph_of
from explorer.analysis.trace import trace_variant
from explorer.architectures import variant


def test_tracing_disturbs_no_other_thread() -> None:
    """fx replaces nn.Module's methods for all threads while it traces: here, others run and trace just then."""
    running = variant("resnet20_cifar").build()
    x = torch.randn(1, 3, 32, 32)
    originals = (nn.Module.__call__, nn.Module.__getattr__)

    def run() -> torch.Tensor:
        with torch.inference_mode():
            return running(x)

    expected = run()
    with ThreadPoolExecutor(2) as pool:

        class Meanwhile(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(3, 4, 3))

            def forward(self, x):
                results.append(pool.submit(run).result())
                results.append(pool.submit(trace_variant, variant("resnet18")))
                return self.body(x)

        results: list = []
        graph = graph_of(Meanwhile())
        assert torch.equal(results[0], expected)
        assert results[1].result() == trace_variant(variant("resnet18"))
    assert [n.meta["name"] for n in graph.graph.nodes] == ["input", "body.0", "output"]
    assert (nn.Module.__call__, nn.Module.__getattr__) == originals
    assert torch.equal(run(), expected)
