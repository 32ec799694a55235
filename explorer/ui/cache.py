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
from cachetools.keys import hashkey

from explorer import diagrams as drawing
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.diagrams import Diagram
from explorer.diagrams.scale import ColourBy
from explorer.runtime.activations import Activations, capture
from explorer.runtime.device import resolve
from explorer.runtime.maps import (
    FloatArray,
    GridHeader,
    MapStatistics,
    Message,
    Order,
    encode_page,
    encode_pair,
    statistics,
)
from explorer.runtime.pictures import png_bytes
from explorer.runtime.preprocessing import ModelInput, model_input
from explorer.runtime.run import Run
from explorer.runtime.sizes import nbytes_of
from explorer.runtime.weights.network import Network, load_network, narrowed_variant, preprocessing_of

MIB = 2**20
P = ParamSpec("P")
R = TypeVar("R")

_SEEDED = Lock()  # torch has one random generator: networks made at the same time would share its numbers


class _Store(LRUCache[Hashable, Any]):
    """Bounded in bytes; tells `dropped` the key of what it drops."""

    def __init__(self, mebibytes: int, dropped: Callable[[Any], None] | None) -> None:
        super().__init__(mebibytes * MIB, getsizeof=nbytes_of)
        self.dropped = dropped

    def popitem(self) -> tuple[Hashable, Any]:
        key, value = super().popitem()
        if self.dropped is not None:
            self.dropped(key)
        return key, value


def bounded(
    mebibytes: int,
    key: Callable[..., Hashable] = hashkey,
    dropped: Callable[[Any], None] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Cache by bytes, least recently used first out; equal calls at the same time compute once."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return cached(_Store(mebibytes, dropped), key=key, condition=Condition())(function)

    return decorate


def few(entries: int, key: Callable[..., Hashable] = hashkey) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Cache by number, for what is small; equal calls at the same time compute once."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return cached(LRUCache[Hashable, Any](entries), key=key, condition=Condition())(function)

    return decorate


# What of a run a result depends on.


def _network_of(run: Run) -> Hashable:
    return run.variant, run.weights, run.device


def _trained_of(run: Run) -> Hashable:
    return run.variant, run.weights


def _input_of(run: Run) -> Hashable:
    return run.variant, run.weights, run.picture


@few(128)
def trace(name: str) -> Trace:
    """The trace of a variant at its own input size."""
    return trace_variant(variant(name))


@few(128, key=_trained_of)
def running_trace(run: Run) -> Trace:
    """The trace of the network that runs: the variant's own nodes, with fewer channels where it is a narrow one."""
    narrow = narrowed_variant(variant(run.variant), run.weights)
    return trace(run.variant) if narrow == variant(run.variant) else trace_variant(narrow)


def _drawn_as(name: str, zoom: str, select: str | None = None, colour_by: ColourBy = "kind") -> Hashable:
    return name, zoom, select, colour_by


@few(512, key=_drawn_as)
def diagram(name: str, zoom: str, select: str | None = None, colour_by: ColourBy = "kind") -> Diagram:
    """The drawing of a variant at one zoom; `select` names the stage or block to draw."""
    return drawing.diagram_for(trace(name), zoom, select, colour_by)


def _drop_activations(network_key: Hashable) -> None:
    """Activations hold their network: one that was dropped would live on in them, uncounted."""
    kept: Any = activations
    with kept.cache_lock:
        for (run,) in list(kept.cache):
            if _network_of(run) == network_key:
                del kept.cache[hashkey(run)]


@bounded(640, key=_network_of, dropped=_drop_activations)
def network(run: Run) -> Network:
    """The run's variant with its weights, on its device."""
    gc.collect()  # networks that were dropped refer to themselves, through their graphs
    with _SEEDED:
        return load_network(variant(run.variant), run.weights, resolve(run.device))


def forget(weights: str) -> None:
    """Drop all networks with these weights, and what they have computed."""
    kept: Any = network
    with kept.cache_lock:
        for key in [key for key in kept.cache if key[1] == weights]:
            del kept.cache[key]
            _drop_activations(key)


@few(32, key=_input_of)
def network_input(run: Run) -> ModelInput:
    """What the network sees of the picture: the tensor, and the picture that it was made from."""
    return model_input(run.picture.image, preprocessing_of(variant(run.variant), run.weights))


@bounded(16, key=_input_of)
def input_png(run: Run) -> bytes:
    """The network's input as a picture."""
    return png_bytes(network_input(run).picture)


_PASSES = _Store(256, None)


@cached(_PASSES, condition=Condition())
def activations(run: Run) -> Activations:
    """The forward pass."""
    return capture(network(run), network_input(run).tensor)


def has_run(run: Run) -> bool:
    """Whether its forward pass is here, so that nobody has to wait for it."""
    return hashkey(run) in _PASSES


@bounded(128)
def maps_message(run: Run, node: str, order: Order, page: int, beside: str = "") -> Message:
    """One page of an operation's maps, ready for the browser; with those of another operation beside them, if named."""
    shown = _maps(run, node)
    return encode_pair(shown, _maps(run, beside), order, page) if beside else encode_page(*shown, order, page)


def _maps(run: Run, node: str) -> tuple[FloatArray, MapStatistics, GridHeader]:
    values = activations(run).maps(node).numpy()
    return values, statistics(values), grid_header(run, node)


def grid_header(run: Run, node: str, group: str = "") -> GridHeader:
    """What the browser has to know about an operation's maps beside their values; `group` as at their model input."""
    n = trace(run.variant).node(node)
    header = GridHeader(
        group=group or run.variant,
        node=node,
        input_size=trace(run.variant).input_size[1:],
        receptive_field={"size": n.receptive_field, "stride": n.rf_stride, "start": n.rf_start},
    )
    if labels := class_names(run, node):
        header["labels"] = labels
    return header


def class_names(run: Run, node: str) -> list[str]:
    """The classes, where the operation has one value for each: the classifier's scores, or what is made of them."""
    t = running_trace(run)
    names = [n.name for n in t.nodes]
    if names.index(node) < names.index(t.classifier) or t.node(node).out_shape[1:] not in ((), (1, 1)):
        return []
    return list(network(run).classes)
