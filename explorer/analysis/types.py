"""The words of this package: kinds of operations, shapes and pairs. No torch is needed to import them."""

from __future__ import annotations

from typing import Literal

Shape = tuple[int, ...]  # (C, H, W) of maps, (features,) of a vector
MapShape = tuple[int, int, int]  # (C, H, W)
Pair = tuple[int, int]  # (height, width)
Kind = Literal[
    "input",
    "convolution",
    "pointwise",
    "depthwise",
    "pooling",
    "normalization",
    "activation",
    "merge",
    "linear",
    "gate",
    "reshape",
]
FLOAT32_BYTES = 4
