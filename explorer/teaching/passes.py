"""Traces and forward passes for whoever has no cache, as a command: the last ones are kept."""

from __future__ import annotations

from functools import cache, lru_cache

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.runtime.activations import Activations, capture
from explorer.runtime.device import resolve
from explorer.runtime.edits import edited
from explorer.runtime.preprocessing import model_input
from explorer.runtime.run import Run
from explorer.runtime.weights.network import Network, load_network
from explorer.teaching.question import Subject

KEPT_PASSES = 8
KEPT_NETWORKS = 2


@cache
def trace_of(name: str) -> Trace:
    """The trace of a variant at its published width."""
    return trace_variant(name)


@lru_cache(maxsize=KEPT_NETWORKS)
def network_of(name: str, weights: str, device: str) -> Network:
    """A variant with weights. Raises WeightsError."""
    return load_network(variant(name), weights, resolve(device))


@lru_cache(maxsize=KEPT_PASSES)
def activations(run: Run) -> Activations:
    """A forward pass, with the run's edits."""
    if run.edits:
        whole = activations(run.unedited)
        return edited(whole, run.edits, trace_variant(whole.network.variant))
    network = network_of(run.variant, run.weights, run.device)
    return capture(network, model_input(run.picture.image, network.preprocessing).tensor)


def subject_of(run: Run, beside: Run | None = None) -> Subject:
    """What questions and handouts are about."""
    return Subject(run, trace_of, activations, beside)
