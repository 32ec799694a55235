"""What the bundled networks of ten classes call the samples: assets/samples/answers.json, and how it is computed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from explorer import architectures
from explorer.runtime.activations import capture
from explorer.runtime.device import resolve
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import Sample, samples
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import BUNDLED, load_network

DATA = "imagenette"


def networks() -> tuple[str, ...]:
    """The variants whose bundled weights know the ten classes."""
    return tuple(name for name, bundled in manifest().items() if bundled.data == DATA)


def answers(variant: str, pictures: Iterable[Sample]) -> dict[str, str]:
    """The class that a bundled network puts first, for each sample by its id; on the CPU."""
    network = load_network(architectures.variant(variant), BUNDLED, resolve("cpu"))
    return {
        s.id: capture(network, model_input(load_image(s.path).image, network.preprocessing).tensor).answer.first
        for s in pictures
    }


def answers_text() -> str:
    """The content of assets/samples/answers.json: for each sample and network a class, one sample a line."""
    pictures = sorted(samples(), key=lambda s: s.id)
    by_network = {name: answers(name, pictures) for name in networks()}
    lines = [f' "{s.id}": {json.dumps({name: found[s.id] for name, found in by_network.items()})}' for s in pictures]
    return "{\n" + ",\n".join(lines) + "\n}\n"
