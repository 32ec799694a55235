"""Files of tensors, read without trusting them: safetensors, or PyTorch state dicts with `weights_only=True`."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

Shape = tuple[int, ...]


# What torch's and safetensors' readers raise for files that are none of theirs, seen when fuzzing them.
_DAMAGE = (
    SafetensorError,
    pickle.UnpicklingError,
    struct.error,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
)


class WeightsError(ValueError):
    """The weights cannot be used for this network; `str()` is a sentence for a person."""


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a file by their names, on the CPU, without BN's batch counters. Raises WeightsError."""
    return _read(file, "cpu")


def read_shapes(file: Path) -> dict[str, Shape]:
    """The shapes of `read_tensors`, without reading the values. Raises WeightsError."""
    return {name: tuple(tensor.shape) for name, tensor in _read(file, "meta").items()}


def _read(file: Path, device: str) -> dict[str, Tensor]:
    try:
        if file.suffix != ".safetensors":
            tensors = torch.load(file, map_location=device, weights_only=True)
        elif device == "meta":
            with safe_open(file, "pt") as opened:
                tensors = {k: torch.empty(opened.get_slice(k).get_shape(), device="meta") for k in opened.keys()}  # noqa: SIM118
        else:
            tensors = load_file(file)
    except _DAMAGE as error:
        raise WeightsError(
            f"{file.name} is not a readable weights file (safetensors or a PyTorch state dict)."
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(k, str) and _is_plain(v) for k, v in tensors.items()):
        raise WeightsError(f"{file.name} holds something other than a dictionary of tensors.")
    return {name: tensor for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")}


def _is_plain(value: object) -> bool:
    """Whether it is a tensor whose values can be copied into a network."""
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized
