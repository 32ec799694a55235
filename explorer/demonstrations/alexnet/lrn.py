"""Local response normalization by the paper's formula, and PyTorch's result for the paper's constants.

Krizhevsky et al. 2012, section 3.3: b = a / (k + alpha * sum of a^2 over n neighbouring maps)^beta.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F

from explorer.analysis.trace import Trace
from explorer.architectures.alexnet import LRN_ALPHA, LRN_BETA, LRN_K, LRN_N
from explorer.runtime.edits import Edit


def by_formula(a: Tensor) -> Tensor:
    """The paper's b of a, (C, H, W) or (C,), with the paper's constants."""
    half = LRN_N // 2
    squares = F.pad(a.double().square().reshape(len(a), -1).T, (half, half))  # at the ends there are fewer neighbours
    total = squares.unfold(1, LRN_N, 1).sum(-1).T.reshape(a.shape)
    return (a.double() / (LRN_K + LRN_ALPHA * total) ** LRN_BETA).float()


def by_pytorch(a: Tensor, alpha: float, k: float) -> Tensor:
    """PyTorch's, (C, H, W) or (C,), with the paper's n and beta: it divides `alpha` by n."""
    maps = a.reshape(1, len(a), -1)
    return F.local_response_norm(maps, LRN_N, alpha, LRN_BETA, k).reshape(a.shape)


@dataclass(frozen=True)
class LrnResult:
    """LRN computed in one way: the `result` has the input's shape; `max_difference` is from the paper's formula."""

    name: str
    result: Tensor
    max_difference: float


def compare_formulas(a: Tensor) -> tuple[LrnResult, ...]:
    """LRN of `a`, (C, H, W) or (C,): the paper's formula, then PyTorch's with three pairs of constants."""
    paper = by_formula(a)
    results = {
        "the paper's formula": paper,
        f"PyTorch, alpha = n × {LRN_ALPHA:g}, k = {LRN_K:g}": by_pytorch(a, LRN_N * LRN_ALPHA, LRN_K),
        f"PyTorch, alpha = {LRN_ALPHA:g}, k = {LRN_K:g}": by_pytorch(a, LRN_ALPHA, LRN_K),
        f"PyTorch, alpha = {LRN_ALPHA:g}, k = 1, its default": by_pytorch(a, LRN_ALPHA, 1.0),
    }
    return tuple(LrnResult(name, b, float((b - paper).abs().max())) for name, b in results.items())


def switched_off(trace: Trace) -> tuple[Edit, ...]:
    """Every LRN of a network lets its input through unchanged; nothing for most networks."""
    return tuple(Edit(n.name, "skip") for n in trace.nodes if n.type == "LocalResponseNorm")
