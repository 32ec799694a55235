"""How a network is filled when it is built: from random numbers of its own, or not at all.

torch draws the first parameters of all networks from one generator of the process, so that two that are built at the
same time would share its numbers. A mode is the thread's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

# What draws, of torch.nn.init and of tensors: names, since both have some of the same.
DRAWS = {"normal_", "uniform_", "trunc_normal_", "kaiming_normal_", "kaiming_uniform_"}
DRAWS |= {"xavier_normal_", "xavier_uniform_", "orthogonal_", "sparse_"}
FILLS = DRAWS | {"fill_", "zero_", "constant_", "ones_", "zeros_"}


class _Filling(TorchFunctionMode):
    """Sends what fills parameters to `fill`, which gets the function and its arguments, by position and by name."""

    filling: set[str]

    def fill(self, function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]) -> Any:
        raise NotImplementedError

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        return self.fill(func, args, named) if func.__name__ in self.filling else func(*args, **named)


class Seeded(_Filling):
    """What is built inside is filled with the numbers that follow `torch.manual_seed(seed)`."""

    filling = DRAWS

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed)

    def fill(self, function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]) -> Any:
        return function(*args, **named | {"generator": self._generator})


class Unfilled(_Filling):
    """What is built inside has parameters that nobody has filled: a file does so afterwards, or nobody needs values."""

    filling = FILLS

    def fill(self, function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]) -> Any:
        return args[0] if args else named["tensor"]
