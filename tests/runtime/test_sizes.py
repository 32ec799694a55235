from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.architectures import variant
from explorer.runtime.activations import capture
from explorer.runtime.sizes import nbytes_of
from explorer.runtime.weights.network import load_network

KB = 1000  # bytes of each array below; what Python adds around it is less than half of that


@dataclass(frozen=True)
class Held:
    first: np.ndarray = field(default_factory=lambda: np.zeros(KB, np.uint8))
    second: object = None


@pytest.mark.parametrize(
    ("value", "arrays"),
    [
        pytest.param(np.zeros((10, 25), np.float32), 1, id="array"),
        pytest.param(torch.zeros(250), 1, id="tensor"),
        pytest.param(bytes(KB), 1, id="bytes"),
        pytest.param("x" * KB, 1, id="text"),
        pytest.param(Image.new("RGB", (25, 40)), 3, id="picture"),
        pytest.param(Held(), 1, id="dataclass"),
        pytest.param(Held(second=Held(second=torch.zeros(250))), 3, id="nested"),
        pytest.param((Held(), [torch.zeros(250)], {"a": bytes(KB)}), 3, id="collections"),
        pytest.param({"x" * KB: 1}, 1, id="keys"),
        pytest.param(torch.nn.Linear(249, 1), 1, id="module"),
        pytest.param(Held, 0, id="class"),
        pytest.param(None, 0, id="nothing"),
    ],
)
def test_arrays_are_counted_wherever_they_are(value: object, arrays: int) -> None:
    least = 0 if isinstance(value, type) else arrays * KB
    assert least <= nbytes_of(value) < arrays * KB + (2 * KB if isinstance(value, type) else KB // 2 * max(arrays, 1))


def test_even_a_number_takes_memory() -> None:
    """Else a cache of numbers would have no bound."""
    assert nbytes_of(tuple(range(1000, 2000))) >= 8 * 1000


def test_activations_leave_their_network_to_its_own_cache() -> None:
    network = load_network(variant("resnet20_cifar"))
    parameters = sum(p.nbytes for p in network.model.state_dict().values())
    assert parameters <= nbytes_of(network) < parameters + 100_000
    activations = capture(network, torch.zeros(1, 3, 32, 32))
    assert nbytes_of(activations) == sum(t.nbytes for t in activations.kept.values()) + activations.logits.nbytes
