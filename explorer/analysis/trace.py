"""What is known about a network without running it: operations, shapes, costs and receptive fields.

torch.fx records the operations of `forward`; the shapes are propagated on the meta device, where a tensor has a
shape and no data. Everything that the app draws, counts or tabulates is derived from the resulting `Trace`.

A MAC is one multiply-accumulate of a convolution or linear layer, batch 1; biases, normalization, activations,
pooling, additions and softmax are not counted (FLOPs = 2 x MACs). Sizes of activations are float32 bytes.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, fx, nn

from explorer import architectures
from explorer.analysis.graph import operations_of, upstream
from explorer.analysis.initialization import Unfilled
from explorer.analysis.rules import AxisField, fields_through, is_weight_layer, kind_of, macs_of, window_of
from explorer.analysis.types import FLOAT32_BYTES, Kind, Pair, Shape
from explorer.architectures.family import Variant


class TraceError(ValueError):
    """The network does not accept the input size; `str()` is a sentence for a person."""


class UnknownNode(KeyError):
    """The network has no such operation, block or stage; `str()` is a sentence for a person."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Node:
    """One operation. Shapes lack the batch dimension; a receptive field is in pixels of the input, (height, width)."""

    name: str  # unique: the module's path, or the enclosing module's path and the function's name
    path: str  # the module that performs the operation or in which the function is called
    type: str
    kind: Kind
    stage: str
    block: str
    inputs: tuple[str, ...]
    in_shapes: tuple[Shape, ...]
    out_shape: Shape
    kernel: Pair | None
    stride: Pair | None
    padding: Pair | None
    dilation: Pair | None
    groups: int | None
    params: int
    macs: int
    activation_bytes: int
    receptive_field: Pair
    rf_stride: Pair
    rf_start: tuple[float, float]  # centre of the receptive field of position (0, 0)


@dataclass(frozen=True)
class Group:
    """Operations that a diagram draws as one box, with the sums of their costs."""

    path: str
    type: str
    nodes: tuple[str, ...]
    in_shape: Shape
    out_shape: Shape
    params: int
    macs: int
    activation_bytes: int

    @property
    def output(self) -> str:
        """The operation whose maps leave the group."""
        return self.nodes[-1]


@dataclass(frozen=True)
class Block(Group):
    """A child of a stage. Two blocks with the same `signature` differ only in their weights."""

    signature: tuple[Any, ...]


@dataclass(frozen=True)
class Stage(Group):
    """A top-level child of the network, and its blocks in order."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Trace:
    """The operations of one network at one input size.

    `depth` is the number of weight layers on the longest path to the classifier, the operation that gives the
    network's (first) output. `auxiliary` are the stages that it does not depend on: heads for training only.
    """

    variant: str
    input_size: tuple[int, int, int]
    nodes: tuple[Node, ...]
    stages: tuple[Stage, ...]
    params: int
    macs: int
    depth: int
    classifier: str
    auxiliary: tuple[str, ...]
    unused_parameters: tuple[str, ...]
    unruled: tuple[str, ...]

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def _groups(self) -> dict[str, Stage | Block]:
        blocks: dict[str, Stage | Block] = {b.path: b for s in self.stages for b in s.blocks}
        return blocks | {s.path: s for s in self.stages}

    @property
    def activation_bytes(self) -> int:
        """Bytes of all outputs together, in float32: what training without recomputation would keep."""
        return sum(node.activation_bytes for node in self.nodes)

    @property
    def output(self) -> Node:
        """The operation that gives the class scores."""
        return self.node(self.classifier)

    @property
    def inference_params(self) -> int:
        """Parameters without those of auxiliary heads."""
        return self.params - sum(self.stage(path).params for path in self.auxiliary)

    @property
    def inference_macs(self) -> int:
        """MACs without those of auxiliary heads."""
        return self.macs - sum(self.stage(path).macs for path in self.auxiliary)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def node(self, name: str) -> Node:
        """The operation called `name`. Raises KeyError."""
        return self._by_name[name]

    def stage(self, path: str) -> Stage:
        """The stage at `path`. Raises KeyError."""
        return next(iter([s for s in self.stages if s.path == path] or _missing(path)))

    def block(self, path: str) -> Block:
        """The block at `path`; a stage without sub-blocks is its own only block. Raises KeyError."""
        return next(iter([b for s in self.stages for b in s.blocks if b.path == path] or _missing(path)))

    def upstream(self, name: str) -> set[str]:
        """The operation called `name` and all that it depends on. Raises KeyError."""
        found = {self.node(name).name}
        for node in reversed(self.nodes):  # they stand in the order in which they run
            if node.name in found:
                found.update(node.inputs)
        return found

    def identity_sum(self, stage: Stage) -> Node | None:
        """The sum of the stage's first unit that adds what enters it, unchanged: a shortcut without a projection."""
        for block in stage.blocks:
            for node in map(self.node, block.nodes):
                if node.type == "add" and not set(node.inputs) <= set(block.nodes):
                    return node
        return None

    def resolve(self, name: str) -> Node:
        """The operation that a stage, block or operation called `name` selects: a group selects its output.

        Raises UnknownNode with a sentence that suggests the nearest names.
        """
        if name in self._groups:
            return self.node(self._groups[name].output)
        if name in self:
            return self.node(name)
        known = [*self._groups, *self._by_name]
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or known[:3]
        raise UnknownNode(f"{self.variant} has no node called {name!r}. Did you mean {', '.join(near)}?")


def _missing(path: str) -> Any:
    raise KeyError(path)


class _ShapeRecorder(fx.Interpreter):
    """Runs the graph on the meta device and keeps each node's output shape without the batch dimension."""

    def __init__(self, model: nn.Module, graph: fx.Graph) -> None:
        super().__init__(model, graph=graph)
        self.shapes: dict[str, Shape] = {}
        self.current = "input"

    def run_node(self, n: fx.Node) -> Any:
        self.current = n.meta.get("name", n.name)
        out = super().run_node(n)
        if isinstance(out, Tensor):
            self.shapes[n.name] = tuple(out.shape[1:])
        return out

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if kind_of(self.fetch_attr(target)) in ("normalization", "activation"):
            return args[0]  # keep the shape; on the meta device torch works it out in hundreds of slow steps
        return super().call_module(target, args, kwargs)


def trace(model: nn.Module, input_size: tuple[int, int, int], variant: str = "") -> Trace:
    """The trace of `model`, whose parameters lie on the meta device, for one image of (C, H, W).

    Raises TraceError when the network does not accept that size.
    """
    graph = operations_of(model)
    recorder = _ShapeRecorder(model, graph)
    try:
        recorder.run(torch.empty(1, *input_size, device="meta"))
    except RuntimeError as error:
        size = f"{input_size[1]}x{input_size[2]}"
        reason = str(error).splitlines()[0]
        raise TraceError(
            f"{variant or 'The network'} does not accept {size} images: it fails at {recorder.current}. ({reason})"
        ) from error
    return _assemble(graph, model, recorder.shapes, input_size, variant)


def without_data(variant: Variant, **ablations: Any) -> nn.Module:
    """The network with parameters that have shapes only."""
    with torch.device("meta"), Unfilled():
        return variant.build(**ablations)


def trace_variant(variant: Variant | str, size: int | None = None, **ablations: Any) -> Trace:
    """The trace of a variant, or of the one with this name, at its own input size, or at `size` x `size` pixels.

    Raises UnknownVariant for a name that no family has, TraceError for a size that the network does not accept.
    """
    if isinstance(variant, str):
        variant = architectures.variant(variant)
    model = without_data(variant, **ablations)
    channels, height, width = variant.input_size
    if size is not None:
        height = width = size
    return trace(model, (channels, height, width), variant.name)


def _assemble(
    graph: fx.Graph, model: nn.Module, shapes: dict[str, Shape], input_size: tuple[int, int, int], variant: str
) -> Trace:
    modules = dict(model.named_modules())
    fields: dict[str, tuple[AxisField, AxisField]] = {}
    depth: dict[str, int] = {}
    counted: set[str] = set()
    layers_of: Counter[str] = Counter()
    unruled: list[str] = []
    nodes: list[Node] = []
    for n in graph.nodes:
        if n.op == "output" or n.name not in shapes:
            continue
        name, out = n.meta["name"], shapes[n.name]
        sources = [i for i in n.all_input_nodes if i.name in shapes]
        in_shapes = tuple(shapes[i.name] for i in sources)
        operation = modules[n.target] if n.op == "call_module" else n.target
        path = n.meta["path"]
        gated = any(getattr(modules[p], "is_gate", False) for p in _ancestors(path))
        window = window_of(operation, in_shapes, out)
        if n.op == "placeholder":
            kind: Kind = "input"
            fields[n.name] = (AxisField(), AxisField())
        else:
            known = kind_of(operation)
            if known is None:
                unruled.append(name)
            kind = "gate" if gated else known or "reshape"
            fields[n.name] = fields_through(window, [fields[i.name] for i in sources], list(in_shapes), out)
        parameters = [] if n.op != "call_module" else [f"{path}.{p}" for p, _ in operation.named_parameters()]
        params = sum(model.get_parameter(p).numel() for p in parameters if p not in counted)
        counted.update(parameters)
        adds_to_depth = is_weight_layer(operation) and not gated and _is_counted_by_paper(path, modules, layers_of)
        depth[n.name] = max((depth[i.name] for i in sources), default=0) + adds_to_depth
        rows, columns = fields[n.name]
        nodes.append(
            Node(
                name=name,
                path=path,
                type="input" if n.op == "placeholder" else type_name(operation),
                kind=kind,
                stage=path.split(".")[0],
                block=n.meta["block"],
                inputs=tuple(i.meta["name"] for i in sources),
                in_shapes=in_shapes,
                out_shape=out,
                kernel=window.kernel,
                stride=window.stride,
                padding=window.padding,
                dilation=window.dilation,
                groups=operation.groups if isinstance(operation, nn.Conv2d) else None,
                params=params,
                macs=macs_of(operation, out),
                activation_bytes=math.prod(out) * FLOAT32_BYTES,
                receptive_field=(rows.size, columns.size),
                rf_stride=(rows.stride, columns.stride),
                rf_start=(rows.start, columns.start),
            )
        )
    stages = _stages(nodes, modules)
    classifier = next(n for n in graph.nodes if n.op == "output").all_input_nodes[0]
    needed = _stages_before(classifier)
    return Trace(
        variant=variant,
        input_size=input_size,
        nodes=tuple(nodes),
        stages=stages,
        params=sum(p.numel() for p in model.parameters()),
        macs=sum(node.macs for node in nodes),
        depth=depth[classifier.name],
        classifier=classifier.meta["name"],
        auxiliary=tuple(s.path for s in stages if s.path not in needed),
        unused_parameters=tuple(p for p, _ in model.named_parameters() if p not in counted),
        unruled=tuple(unruled),
    )


def _stages_before(node: fx.Node) -> set[str]:
    """The stages of `node` and of all operations that it depends on."""
    return {n.meta["path"].split(".")[0] for n in upstream(node)}


def _ancestors(path: str) -> Iterable[str]:
    parts = path.split(".")
    return (".".join(parts[:i]) for i in range(1, len(parts) + 1))


def _is_counted_by_paper(path: str, modules: dict[str, nn.Module], layers_of: Counter[str]) -> bool:
    """Whether the weight layer at `path` adds to the depth where a module around it declares its `weight_layers`.

    That is how many layers its paper counts it as; `layers_of` keeps how many each such module has had.
    """
    for group in _ancestors(path):
        published = getattr(modules[group], "weight_layers", None)
        if published is not None:
            layers_of[group] += 1
            return layers_of[group] <= published
    return True


def type_name(operation: Any) -> str:
    """What a module or function is called in tables and diagrams."""
    return type(operation).__name__ if isinstance(operation, nn.Module) else operation.__name__.strip("_")


def _stages(nodes: list[Node], modules: dict[str, nn.Module]) -> tuple[Stage, ...]:
    stages: dict[str, dict[str, list[Node]]] = {}
    for node in nodes[1:]:  # without the input
        stages.setdefault(node.stage, {}).setdefault(node.block, []).append(node)
    return tuple(
        Stage(
            **_sums(path, [n for members in blocks.values() for n in members], modules),
            blocks=tuple(
                Block(**_sums(block, members, modules), signature=_signature(block, members, modules))
                for block, members in blocks.items()
            ),
        )
        for path, blocks in stages.items()
    )


def _sums(path: str, members: list[Node], modules: dict[str, nn.Module]) -> dict[str, Any]:
    inside = {n.name for n in members}
    in_shape = next(
        shape for n in members for source, shape in zip(n.inputs, n.in_shapes, strict=True) if source not in inside
    )
    return {
        "path": path,
        "type": type(modules[path]).__name__,
        "nodes": tuple(n.name for n in members),
        "in_shape": in_shape,
        "out_shape": members[-1].out_shape,
        "params": sum(n.params for n in members),
        "macs": sum(n.macs for n in members),
        "activation_bytes": sum(n.activation_bytes for n in members),
    }


def _signature(path: str, members: list[Node], modules: dict[str, nn.Module]) -> tuple[Any, ...]:
    return (
        type(modules[path]).__name__,
        *((n.name.removeprefix(path), n.type, n.in_shapes, n.out_shape, n.kernel, n.stride, n.groups) for n in members),
    )
