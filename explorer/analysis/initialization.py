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


class Seeded(TorchFunctionMode):
    """What is built inside is filled with the numbers that follow `torch.manual_seed(seed)`."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if func.__name__ in DRAWS:
            named["generator"] = self._generator
        return func(*args, **named)


class Unfilled(TorchFunctionMode):
    """What is built inside has parameters that nobody has filled: a file does so afterwards, or nobody needs values."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func.__name__ in FILLS:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))
