"""Files of tensors, read without trusting them: safetensors, or PyTorch state dicts with `weights_only=True`."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

Shape = tuple[int, ...]

# Under which name a checkpoint keeps its state dict, beside an optimizer's and what else was saved.
CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model")

# What torch's and safetensors' readers raise for files that are none of theirs, seen when fuzzing them.
DAMAGE = (
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
    """The tensors of a file by their names, in its order, on the CPU, without BN's counters. Raises WeightsError."""
    return _read(file, "cpu")


def read_shapes(file: Path) -> dict[str, Shape]:
    """The shapes of `read_tensors`, without reading the values. Raises WeightsError."""
    return {name: tuple(tensor.shape) for name, tensor in _read(file, "meta").items()}


def _read(file: Path, device: str) -> dict[str, Tensor]:
    try:
        if file.suffix != ".safetensors":
            loaded = torch.load(file, map_location=device, weights_only=True)
        elif device == "meta":
            with safe_open(file, "pt") as opened:
                loaded = {k: torch.empty(opened.get_slice(k).get_shape(), device="meta") for k in opened.keys()}  # noqa: SIM118
        else:
            loaded = load_file(file)
    except DAMAGE as error:
        raise unreadable(file.name) from error
    return tensors_in(loaded, file.name)


def unreadable(title: str) -> WeightsError:
    """The sentence for a file that holds no tensors, or is damaged."""
    return WeightsError(f"{title} is not a readable weights file (safetensors or a PyTorch state dict).")


def tensors_in(loaded: object, title: str) -> dict[str, Tensor]:
    """The tensors of a state dict, or of the one in a checkpoint, without BN's counters. Raises WeightsError."""
    found = _state_dict(loaded)
    if found is None:
        raise WeightsError(f"{title} holds something other than a dictionary of tensors.")
    return {name: tensor for name, tensor in found.items() if not _is_counter(name, tensor)}


def _state_dict(loaded: object) -> Mapping[str, Tensor] | None:
    if not isinstance(loaded, dict):
        return None
    if all(isinstance(k, str) and _is_plain(v) for k, v in loaded.items()):
        return loaded
    inner = next((loaded[key] for key in CHECKPOINT_KEYS if isinstance(loaded.get(key), dict)), None)
    return _state_dict(inner)


def _is_counter(name: str, tensor: Tensor) -> bool:
    """Whether it is BN's count of batches, by any name: a single number, as no weights of a layer are."""
    return name.endswith("num_batches_tracked") or tensor.ndim == 0


def _is_plain(value: object) -> bool:
    """Whether it is a tensor whose values can be copied into a network."""
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized
