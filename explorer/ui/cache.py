"""Everything expensive, computed once for all viewers: traces, layouts, networks, activations, quantized maps.

The logic modules keep nothing. Here all share one store, `explorer.runtime.store`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx
from torch import Tensor

from explorer import diagrams as drawing
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.diagrams import Diagram
from explorer.diagrams.scale import ColourBy
from explorer.runtime.activations import Activations, capture
from explorer.runtime.device import resolve
from explorer.runtime.edits import edited
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
from explorer.runtime.store import kept
from explorer.runtime.turns import on_breath
from explorer.runtime.weights.network import Network, load_network, narrowed_variant, preprocessing_of

__all__ = ["kept"]

UNEDITED = "before the edits"  # in the place of an operation: the selected one's maps, unaltered


def _still_wanted() -> None:
    """Streamlit ends a script whose viewer has asked for something else: looking at the session is where it may."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        _ = "" in context.session_state


on_breath(_still_wanted)

# What of a run a result depends on.


def _network_of(run: Run) -> Hashable:
    return run.variant, run.weights, run.device


def _trained_of(run: Run) -> Hashable:
    return run.variant, run.weights


def _input_of(run: Run) -> Hashable:
    return run.variant, run.weights, run.picture.digest


@kept(stays=True)
def trace(name: str) -> Trace:
    """The trace of a variant at its own input size."""
    return trace_variant(variant(name))


@kept(key=_trained_of)
def running_trace(run: Run) -> Trace:
    """The trace of the network that runs: the variant's own nodes, with fewer channels where it is a narrow one."""
    narrow = narrowed_variant(variant(run.variant), run.weights)
    return trace(run.variant) if narrow == variant(run.variant) else trace_variant(narrow)


def _drawn_as(name: str, zoom: str, select: str | None = None, colour_by: ColourBy = "kind") -> Hashable:
    return name, zoom, select, colour_by


@kept(key=_drawn_as)
def diagram(name: str, zoom: str, select: str | None = None, colour_by: ColourBy = "kind") -> Diagram:
    """The drawing of a variant at one zoom; `select` names the stage or block to draw."""
    return drawing.diagram_for(trace(name), zoom, select, colour_by)


def _drop_activations(network_key: Any) -> None:
    """Activations hold their network: one that was dropped would live on in them, uncounted."""
    activations.forget(lambda key: key[0][:3] == network_key)


@kept(key=_network_of, dropped=_drop_activations)
def network(run: Run) -> Network:
    """The run's variant with its weights, on its device."""
    return load_network(variant(run.variant), run.weights, resolve(run.device))


def forget(weights: str) -> None:
    """Drop all networks with these weights, and what they have computed."""
    network.forget(lambda key: key[1] == weights)


@kept(key=_input_of)
def network_input(run: Run) -> ModelInput:
    """What the network sees of the picture: the tensor, and the picture that it was made from."""
    return model_input(run.picture.image, preprocessing_of(variant(run.variant), run.weights))


@kept(key=_input_of)
def input_png(run: Run) -> bytes:
    """The network's input as a picture."""
    return png_bytes(network_input(run).picture)


@kept()
def activations(run: Run) -> Activations:
    """The forward pass, with the run's edits; of these, only what depends on them runs again."""
    if run.edits:
        return edited(activations(run.unedited), run.edits, running_trace(run))
    return pass_of(run, network_input(run).tensor)


def pass_of(run: Run, x: Tensor) -> Activations:
    """The run's network, with its edits, on an input (1, C, H, W) of its own; nothing is kept."""
    return _edited(run, capture(network(run), x))


def pass_in(other: Network, run: Run) -> Activations:
    """The run's picture and edits in another network of the same operations; nothing is kept."""
    return _edited(run, capture(other, network_input(run).tensor))


def _edited(run: Run, found: Activations) -> Activations:
    return edited(found, run.edits, running_trace(run)) if run.edits else found


@kept()
def maps_message(run: Run, node: str, order: Order, page: int, beside: str = "") -> Message:
    """One page of an operation's maps, ready for the browser; beside them those of another operation, if one is named,
    or its own before the edits.
    """
    shown = _maps(run, node)
    if not beside:
        return encode_page(*shown, order, page)
    if beside == UNEDITED:
        values, stats, header = _maps(run.unedited, node)
        return encode_pair(shown, (values, stats, {**header, "node": UNEDITED}), order, page)
    return encode_pair(shown, _maps(run, beside), order, page)


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
