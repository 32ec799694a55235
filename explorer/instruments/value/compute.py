"""One value of one operation, taken apart: which values it reads, by what they are multiplied, what is made of them.

It is computed again, in float64, from what the network itself had before that operation; so it is off by no more than
the network's own rounding. A place is (channel, row, column) of maps, (index,) of a vector.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx, nn

from explorer.analysis.rules import window_of
from explorer.analysis.trace import type_name
from explorer.analysis.types import Shape
from explorer.architectures.inception import Scale
from explorer.architectures.lenet import PartialConvolution, RBFOutput, ScaledTanh, Subsampling
from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray
from explorer.runtime.weights.network import Network

Place = tuple[int, ...]
Values = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Axis = Callable[[int], Sequence[int]]  # from an index of the output to those of the input that are read for it
Read = tuple[Axis, ...]  # one for each dimension; an index outside of the input is padding

MOST_EXPONENT = 300  # of a score whose exponential, and the sum of some, float64 can still say

# What is made of the values that are read: their weighted sum with a bias, the two factors' product, the largest one,
# a function of the only one, one of them divided by what it and its neighbours give, a sum of squared differences.
How = Literal["sum", "product", "largest", "curve", "neighbours", "distance", "input"]


class NoSuchPlace(ValueError):
    """The operation has no value there; `str()` is a sentence for a person."""


@dataclass(frozen=True)
class Made:
    """How a value is made. `weights` lie as the values that are read; `details` are the other numbers, by name.

    There is no bias where the operation has none.
    """

    how: How
    result: float
    weights: Values | None = None
    bias: float | None = None
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Value:
    """One value and what it is made of.

    Attributes:
        node: the operation, and `type` its type.
        place: where the value stands in the operation's output.
        sources: the operations whose values are read.
        source: for each value that is read, which of `sources` it comes from; (channels, rows, columns) or (n,).
        places: where it stands there: one more dimension, of the length of a place.
        inside: whether it stands there at all: padding does not.
        inputs: the values, zero for padding.
        made: weights, bias and result.
        network: what the network itself has there, in float32.
        altered: whether an edit of the run put that in the place of what the operation gives.
    """

    node: str
    type: str
    place: Place
    sources: tuple[str, ...]
    source: Places
    places: Places
    inside: npt.NDArray[np.bool_]
    inputs: Values
    made: Made
    network: float
    altered: bool = False

    @property
    def terms(self) -> Values:
        """What each value that is read adds to the sum; the values themselves where nothing is summed."""
        weights = self.made.weights
        if weights is None:
            return self.inputs
        terms: Values = np.square(self.inputs - weights) if self.made.how == "distance" else self.inputs * weights
        return terms

    @property
    def strongest(self) -> list[tuple[int, ...]]:
        """The indices of the terms that are read, not padding, by size."""
        terms = np.where(self.inside, np.abs(self.terms), -1).ravel()
        order = np.argsort(-terms, kind="stable")[: int(self.inside.sum())]
        return list(map(tuple, np.stack(np.unravel_index(order, self.inside.shape), -1).tolist()))

    @property
    def sums(self) -> Values:
        """What each channel of the window adds, (channels,)."""
        sums: Values = self.terms.sum((1, 2))
        return sums

    @property
    def winner(self) -> tuple[int, ...] | None:
        """The index of the largest value, where the operation passes that one on."""
        if self.made.how != "largest":
            return None
        best = np.argmax(np.where(self.inside, self.inputs, -np.inf))
        return tuple(map(int, np.unravel_index(best, self.inside.shape)))

    @property
    def difference(self) -> float:
        """How far the network's own value is from the one that was computed here."""
        return abs(self.made.result - self.network)


def value(activations: Activations, node: str, place: Place) -> Value:
    """The value of the operation called `node` at `place`.

    Raises KeyError for an operation that the network does not have, NoSuchPlace outside of its output.
    """
    network = activations.network
    target = network.nodes[node]
    sources = target.all_input_nodes
    names = tuple(str(s.meta["name"]) for s in sources)
    known = {name: tensor.numpy() for name, tensor in activations.several([node, *names]).items()}
    own = known[node]
    if len(place) != own.ndim or not all(0 <= i < size for i, size in zip(place, own.shape, strict=True)):
        raise NoSuchPlace(_no_such_place(node, place, own.shape))
    maps = [known[name] for name in names]
    parts = [
        _read(number, m, reads)
        for number, (m, reads) in enumerate(zip(maps, _indices(network, target, maps, own, place), strict=True))
    ]
    # what reads one input reads a window; adds and products read one value of each, and a concat one value of one
    source, places, inside, inputs = (
        (np.concatenate(same) for same in zip(*parts, strict=True)) if parts else _nothing(len(place))
    )
    operation = network.module(target) if target.op == "call_module" else target.target
    made = _made(operation, place, inputs, inside) if parts else Made("input", float(own[place]))
    kind = "input" if target.op == "placeholder" else type_name(operation)
    return Value(
        node, kind, place, names, source, places, inside, inputs, made, float(own[place]), node in activations.changes
    )


def record(found: Value) -> dict[str, Any]:
    """The value as JSON: arrays lie as it reads them, (channels, rows, columns) of a window; null for no weights."""
    weights = found.made.weights
    return {
        "node": found.node,
        "type": found.type,
        "place": list(found.place),
        "sources": list(found.sources),
        "source": found.source.tolist(),
        "places": found.places.tolist(),
        "inside": found.inside.tolist(),
        "inputs": found.inputs.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "products": None if weights is None else found.terms.tolist(),
        "bias": found.made.bias,
        "details": dict(found.made.details),
        "made": found.made.how,
        "value": found.made.result,
        "network": found.network,
        "altered": found.altered,
    }


def _no_such_place(node: str, place: Place, shape: tuple[int, ...]) -> str:
    names = ("channel", "row", "column") if len(shape) == 3 else ("index",)
    bounds = ", ".join(f"{name} 0 to {size - 1}" for name, size in zip(names, shape, strict=True))
    return f"{node} has no value at {', '.join(map(str, place))}: it has {bounds}."


def _read(
    number: int, maps: FloatArray, indices: tuple[Sequence[int], ...]
) -> tuple[Places, Places, npt.NDArray[np.bool_], Values]:
    """Which input this is, the places, whether they are inside, and the values: all of the window's shape."""
    places = np.stack(np.meshgrid(*(np.asarray(i, np.int64) for i in indices), indexing="ij"), -1)
    inside: npt.NDArray[np.bool_] = np.all((places >= 0) & (places < maps.shape), axis=-1)
    there = np.where(inside[..., None], places, 0)
    inputs = np.where(inside, maps[tuple(np.moveaxis(there, -1, 0))].astype(np.float64), 0.0)
    return np.full(inside.shape, number, np.int64), places, inside, inputs


def _nothing(dimensions: int) -> tuple[Places, Places, npt.NDArray[np.bool_], Values]:
    return np.zeros(0, np.int64), np.zeros((0, dimensions), np.int64), np.zeros(0, np.bool_), np.zeros(0)


# ---- what is read ------------------------------------------------------------------------------------------


def _indices(
    network: Network, node: fx.Node, maps: Sequence[FloatArray], own: FloatArray, place: Place
) -> list[tuple[Sequence[int], ...]]:
    """For each input of an operation, the indices along each of its dimensions that the value at `place` reads."""
    if maps and maps[0].ndim != own.ndim:  # flattened
        return [tuple([int(i)] for i in np.unravel_index(place[0], maps[0].shape))]
    shapes = [m.shape for m in maps]
    read = _reads(network, node, shapes, own.shape)
    return [tuple(axis(i) for axis, i in zip(axes, place, strict=True)) for axes in read]


def _same(i: int) -> Sequence[int]:
    return (i,)


def _all(size: int) -> Axis:
    return lambda i: range(size)


def _window(kernel: int, stride: int, padding: int, dilation: int, end: int) -> Axis:
    """Indices up to `end`: a window that is rounded up may run over it."""
    return lambda i: [r for k in range(kernel) if (r := i * stride - padding + k * dilation) < end]


def _adaptive(size: int, outputs: int) -> Axis:
    return lambda i: range(i * size // outputs, -(-(i + 1) * size // outputs))


def _reads(network: Network, node: fx.Node, shapes: list[tuple[int, ...]], out: tuple[int, ...]) -> list[Read]:
    """How the output's indices lead to those of each input."""
    layer = network.module(node) if node.op == "call_module" else None
    same = tuple([_same] * len(out))
    if node.target is torch.cat:
        return [(_part(sum(s[0] for s in shapes[:n]), shapes[n][0]), *same[1:]) for n in range(len(shapes))]
    if node.target is operator.getitem:
        return [tuple(_slice(cut, size) for cut, size in zip(node.args[1][1:], shapes[0], strict=True))]  # type: ignore[index,arg-type]
    if node.target is nn.functional.pad:
        return [tuple(_shifted(before) for before in _pads(node, len(out)))]
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return [(_same, *(_adaptive(size, count) for size, count in zip(shapes[0][1:], out[1:], strict=True)))]
    if isinstance(layer, nn.LocalResponseNorm):
        size = layer.size
        return [(lambda k: range(k - size // 2, k + (size - 1) // 2 + 1), _same, _same)]
    if isinstance(layer, nn.Linear | RBFOutput):
        return [(_all(shapes[0][0]),)]
    window = window_of(layer, (shapes[0],), out) if layer is not None and shapes else None
    if window is not None and window.kernel:
        by_axis = zip(window.kernel, window.stride or (), window.padding or (), window.dilation or (), strict=True)
        rows_columns = [_window(*axis, size + axis[2]) for axis, size in zip(by_axis, shapes[0][1:], strict=True)]
        return [(_channels(layer), *rows_columns)]
    # elementwise; where a (C, 1, 1) gate multiplies maps, all positions read the same one
    return [tuple(_same if size == count else _all(size) for size, count in zip(s, out, strict=True)) for s in shapes]


def _part(first: int, size: int) -> Axis:
    """Of several inputs side by side, the one that begins at `first`."""
    return lambda i: [i - first] if first <= i < first + size else []


def _slice(cut: slice, size: int) -> Axis:
    start, _, step = cut.indices(size)
    return lambda i: [start + i * step]


def _shifted(before: int) -> Axis:
    return lambda i: [i - before]


def _pads(node: fx.Node, dimensions: int) -> list[int]:
    """How many zeros stand before each dimension of the output: torch names them from the last dimension on."""
    pads: Any = node.args[1]
    return [pads[2 * d] if 2 * d < len(pads) else 0 for d in reversed(range(dimensions))]


def _channels(layer: nn.Module | None) -> Axis:
    """The input channels that an output channel reads."""
    if isinstance(layer, nn.Conv2d):
        read, written = layer.in_channels // layer.groups, layer.out_channels // layer.groups
        return lambda k: range(k // written * read, (k // written + 1) * read)
    if isinstance(layer, PartialConvolution):
        return lambda k: layer.table[k]
    return _same


# ---- what is made of it ------------------------------------------------------------------------------------


def _made(operation: Any, place: Place, x: Values, inside: npt.NDArray[np.bool_]) -> Made:
    """The value at `place`, of the values `x` that it reads. Raises NotImplementedError for an unknown operation."""
    rule = MADE.get(type(operation)) if isinstance(operation, nn.Module) else MADE.get(operation)
    if rule is None:
        raise NotImplementedError(f"No rule explains {type_name(operation)}.")
    return rule(operation, place, x, inside)


def _array(tensor: Tensor) -> Values:
    values: Values = tensor.detach().cpu().numpy().astype(np.float64)
    return values


def _sum(weights: Values, x: Values, bias: float | None = None, **details: float) -> Made:
    return Made("sum", float((weights * x).sum()) + (bias or 0.0), weights, bias, details)


def _at(parameter: Tensor | None, *index: int) -> float | None:
    return None if parameter is None else float(parameter.detach()[index])


def _convolution(layer: nn.Conv2d, place: Place, x: Values, inside: Any) -> Made:
    return _sum(_array(layer.weight[place[0]]), x, _at(layer.bias, place[0]))


def _partial(layer: PartialConvolution, place: Place, x: Values, inside: Any) -> Made:
    own = layer.maps[place[0]]
    assert isinstance(own, nn.Conv2d)
    return _sum(_array(own.weight[0]), x, _at(own.bias, 0))


def _linear(layer: nn.Linear, place: Place, x: Values, inside: Any) -> Made:
    return _sum(_array(layer.weight[place[0]]), x, _at(layer.bias, place[0]))


def _batch_norm(layer: nn.BatchNorm2d, place: Place, x: Values, inside: Any) -> Made:
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, as one multiplication and one addition."""
    c = place[0]
    assert layer.running_mean is not None and layer.running_var is not None  # all of the catalogue's keep them
    mean, variance = float(layer.running_mean[c]), float(layer.running_var[c])
    scale, shift = _at(layer.weight, c) or 0.0, _at(layer.bias, c) or 0.0
    factor = scale / (variance + layer.eps) ** 0.5
    numbers = {"mean": mean, "variance": variance, "epsilon": layer.eps, "scale": scale, "shift": shift}
    return _sum(np.full_like(x, factor), x, shift - mean * factor, **numbers)


def _response_norm(layer: nn.LocalResponseNorm, place: Place, x: Values, inside: Any) -> Made:
    own = float(x[layer.size // 2, 0, 0])
    squares = float(np.square(x).sum())
    divisor = (layer.k + layer.alpha / layer.size * squares) ** layer.beta
    numbers = {"k": layer.k, "alpha": layer.alpha, "beta": layer.beta, "size": layer.size}
    return Made("neighbours", own / divisor, details=numbers | {"squares": squares, "divisor": divisor})


def _max_pool(layer: nn.MaxPool2d, place: Place, x: Values, inside: npt.NDArray[np.bool_]) -> Made:
    return Made("largest", float(x[inside].max()))


def _average(layer: nn.AvgPool2d, place: Place, x: Values, inside: npt.NDArray[np.bool_]) -> Made:
    count = x.size if layer.count_include_pad else int(inside.sum())
    return _sum(np.full_like(x, 1 / (layer.divisor_override or count)), x)


def _adaptive_average(layer: nn.AdaptiveAvgPool2d, place: Place, x: Values, inside: Any) -> Made:
    return _sum(np.full_like(x, 1 / x.size), x)


def _subsampling(layer: Subsampling, place: Place, x: Values, inside: Any) -> Made:
    return _sum(np.full_like(x, float(layer.coefficient[place[0]])), x, float(layer.bias[place[0]]))


def _rbf(layer: RBFOutput, place: Place, x: Values, inside: Any) -> Made:
    code = _array(layer.codes[place[0]])
    return Made("distance", float(np.square(x - code).sum()), code)


def _scale(layer: Scale, place: Place, x: Values, inside: Any) -> Made:
    return _sum(np.full_like(x, layer.factor), x)


def _added(operation: Any, place: Place, x: Values, inside: Any) -> Made:
    """Also of one value alone: what only passes it on."""
    return _sum(np.ones_like(x), x)


def _multiplied(operation: Any, place: Place, x: Values, inside: Any) -> Made:
    return Made("product", float(x.prod()))


def _curve(function: Callable[[Any], Any]) -> Rule:
    return lambda layer, place, x, inside: Made("curve", float(function(float(x.ravel()[0]))))


def _relu6(x: Any) -> Any:
    return np.clip(x, 0.0, 6.0)


def curve(kind: str, x: Values) -> Values:
    """The function of an activation of this type."""
    values: Values = next(function for layer, function in CURVES.items() if layer.__name__ == kind)(x)
    return values


Rule = Callable[[Any, Place, Values, npt.NDArray[np.bool_]], Made]

CURVES: dict[type[nn.Module], Callable[[Any], Any]] = {
    nn.ReLU: lambda x: np.maximum(x, 0.0),
    nn.ReLU6: _relu6,
    nn.Sigmoid: lambda x: (1 + np.tanh(x / 2)) / 2,  # which overflows nowhere
    nn.Hardsigmoid: lambda x: _relu6(x + 3) / 6,
    nn.Hardswish: lambda x: x * _relu6(x + 3) / 6,
    nn.Tanh: np.tanh,
    ScaledTanh: lambda x: 1.7159 * np.tanh(x * 2 / 3),
}

MADE: dict[Any, Rule] = {
    **{layer: _curve(function) for layer, function in CURVES.items()},
    nn.Conv2d: _convolution,
    PartialConvolution: _partial,
    nn.Linear: _linear,
    RBFOutput: _rbf,
    nn.BatchNorm2d: _batch_norm,
    nn.LocalResponseNorm: _response_norm,
    Scale: _scale,
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _average,
    nn.AdaptiveAvgPool2d: _adaptive_average,
    Subsampling: _subsampling,
    operator.add: _added,
    torch.add: _added,
    operator.mul: _multiplied,
    torch.cat: _added,
    nn.functional.pad: _added,
    operator.getitem: _added,
    nn.Flatten: _added,
    torch.flatten: _added,
    nn.Dropout: _added,
    nn.Identity: _added,
}


# ---- what reads it -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """An operation that reads a value, and for which of its own values: indices along each dimension."""

    node: str
    indices: tuple[tuple[int, ...], ...]

    @property
    def count(self) -> int:
        return int(np.prod([len(i) for i in self.indices]))


def readers(network: Network, shapes: Mapping[str, Shape], node: str, place: Place) -> tuple[Reader, ...]:
    """Which values of the operations after it read the value at `place`; `shapes` are those of all outputs.

    Raises KeyError for an unknown operation.
    """
    found: list[Reader] = []
    for user in network.nodes[node].users:
        if user.op == "output":
            continue
        name = str(user.meta["name"])
        out = shapes[name]
        if len(out) != len(place):  # flattened
            found.append(Reader(name, ((int(np.ravel_multi_index(place, shapes[node])),),)))
            continue
        inputs = user.all_input_nodes
        read = [shapes[str(i.meta["name"])] for i in inputs]
        axes = _reads(network, user, read, out)[inputs.index(network.nodes[node])]
        indices = tuple(
            tuple(i for i in range(size) if index in axis(i))
            for axis, index, size in zip(axes, place, out, strict=True)
        )
        if all(indices):
            found.append(Reader(name, indices))
    return tuple(found)


# ---- what is made of a class's score -----------------------------------------------------------------------


@dataclass(frozen=True)
class Softmax:
    """A class's score, its exponential, the sum of all classes' exponentials, and their ratio.

    `shift` is taken off each score where an exponential would be too large or too small for a number; else it is 0.
    """

    score: float
    shift: float
    exponential: float
    total: float

    @property
    def probability(self) -> float:
        return self.exponential / self.total


def softmax(scores: Tensor, index: int) -> Softmax:
    """The softmax of one of the classes' scores, (classes,): of LeNet-5's, these are minus its distances."""
    numbers = _array(scores)
    shift = 0.0 if float(np.abs(numbers).max()) < MOST_EXPONENT else float(numbers.max())
    exponentials = np.exp(numbers - shift)
    return Softmax(float(numbers[index]), shift, float(exponentials[index]), float(exponentials.sum()))
