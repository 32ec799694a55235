"""How much memory a result takes, for caches that are bounded in bytes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from PIL import Image


def nbytes_of(value: object) -> int:
    """The bytes of all arrays, tensors, pictures, texts and other values in `value`.

    Dataclasses and collections are the sum of what they hold, modules that of their parameters and statistics. What has
    `nbytes` says so itself: arrays, tensors, and classes that hold something which is counted elsewhere.
    """
    own = getattr(value, "nbytes", None)
    if isinstance(own, int):
        return own
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, Image.Image):
        return value.width * value.height * len(value.getbands())
    torch = sys.modules.get("torch")  # not imported for Home, which has no tensors to count
    if torch is not None and isinstance(value, torch.nn.Module):
        return sum(tensor.nbytes for tensor in value.state_dict().values())
    held: list[object] = []
    if is_dataclass(value) and not isinstance(value, type):
        held = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, Mapping):
        held = [*value.keys(), *value.values()]
    elif isinstance(value, tuple | list | set | frozenset):
        held = list(value)
    return sys.getsizeof(value) + sum(map(nbytes_of, held))
