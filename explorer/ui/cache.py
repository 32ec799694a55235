"""Everything expensive, computed once for all viewers: traces, layouts, networks, activations, quantized maps.

The logic modules cache nothing. Here each cache is bounded in bytes, and thirty viewers who ask for the same thing at
once wait for one computation of it.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable
from threading import Condition, Lock
from typing import Any, ParamSpec, TypeVar

from cachetools import LRUCache, cached

from explorer import diagrams as drawing
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.diagrams import Diagram
from explorer.runtime.activations import Activations, capture
from explorer.runtime.device import resolve
from explorer.runtime.images import LoadedImage, ModelInput, model_input, png_bytes
from explorer.runtime.maps import GridHeader, Message, Order, encode_page, statistics
from explorer.runtime.weights.network import Network, as_run, load_network, preprocessing_of

MIB = 2**20
P = ParamSpec("P")
R = TypeVar("R")

_SEEDED = Lock()  # torch has one random generator: networks made at the same time would share its numbers


def _bytes_of(value: Any) -> int:
    return len(value) if isinstance(value, bytes) else value.nbytes


def _by_image(*args: Any) -> Hashable:
    """Pictures are compared by content: the same upload by two viewers is computed once."""
    return tuple(a.digest if isinstance(a, LoadedImage) else a for a in args)


class _Store(LRUCache[Hashable, Any]):
    """Bounded in bytes; tells `dropped` the key of what it drops."""

    def __init__(self, mebibytes: int, dropped: Callable[[Any], None] | None) -> None:
        super().__init__(mebibytes * MIB, getsizeof=_bytes_of)
        self.dropped = dropped

    def popitem(self) -> tuple[Hashable, Any]:
        key, value = super().popitem()
        if self.dropped is not None:
            self.dropped(key)
        return key, value


def bounded(mebibytes: int, dropped: Callable[[Any], None] | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Cache by bytes, least recently used first out; equal calls at the same time compute once."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return cached(_Store(mebibytes, dropped), key=_by_image, condition=Condition())(function)

    return decorate


@cached(LRUCache(128), condition=Condition())
def trace(name: str) -> Trace:
    """The trace of a variant at its own input size."""
    return trace_variant(variant(name))


@cached(LRUCache(128), condition=Condition())
def ran(name: str, weights: str) -> Trace:
    """The trace of the network that runs: the variant's own nodes, with fewer channels where it is a narrow one."""
    narrow = as_run(variant(name), weights)
    return trace(name) if narrow == variant(name) else trace_variant(narrow)


@cached(LRUCache(512), condition=Condition())
def diagram(name: str, zoom: str, select: str | None = None) -> Diagram:
    """The drawing of a variant at one zoom; `select` names the stage or block to draw."""
    return drawing.diagram_for(trace(name), zoom, select)


def _drop_activations(network_key: tuple[str, str, str]) -> None:
    """Activations hold their network: one that was dropped would live on in them, uncounted."""
    kept: Any = activations
    with kept.cache_lock:
        for key in [k for k in kept.cache if k[:3] == network_key]:
            del kept.cache[key]


@bounded(640, dropped=_drop_activations)
def network(name: str, weights: str, device: str) -> Network:
    """A variant with its weights, on a device."""
    gc.collect()  # networks that were dropped refer to themselves, through their graphs
    with _SEEDED:
        return load_network(variant(name), weights, resolve(device))


@cached(LRUCache(32), key=_by_image, condition=Condition())
def network_input(name: str, weights: str, image: LoadedImage) -> ModelInput:
    """What the network sees of the image: the tensor, and the picture that it was made from."""
    return model_input(image.image, preprocessing_of(variant(name), weights))


@bounded(16)
def input_png(name: str, weights: str, image: LoadedImage) -> bytes:
    """The network's input as a picture."""
    return png_bytes(network_input(name, weights, image).picture)


@bounded(256)
def activations(name: str, weights: str, device: str, image: LoadedImage) -> Activations:
    """The image's forward pass."""
    return capture(network(name, weights, device), network_input(name, weights, image).tensor)


@bounded(128)
def maps_message(
    name: str, weights: str, device: str, image: LoadedImage, node: str, order: Order, page: int, height: int
) -> Message:
    """One page of an operation's maps, ready for the browser."""
    values = activations(name, weights, device, image).maps(node).numpy()
    n = trace(name).node(node)
    header = GridHeader(
        group=name,
        node=node,
        height=height,
        input_size=trace(name).input_size[1:],
        receptive_field={"size": n.receptive_field, "stride": n.rf_stride, "start": n.rf_start},
    )
    return encode_page(values, statistics(values), header, order, page)
