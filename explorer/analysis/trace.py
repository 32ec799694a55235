"""What is known about a network without running it: operations, shapes, costs and receptive fields.

torch.fx records the operations of `forward`; the shapes are propagated on the meta device, where a tensor has a
shape and no data. Everything that the app draws, counts or tabulates is derived from the resulting `Trace`.

A MAC is one multiply-accumulate of a convolution or linear layer, batch 1; biases, normalization, activations,
pooling, additions and softmax are not counted (FLOPs = 2 x MACs). Sizes of activations are float32 bytes.
"""

from __future__ import annotations

import difflib
import math
import operator
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor, fx, nn

from explorer.architectures.family import Variant

Shape = tuple[int, ...]
Pair = tuple[int, int]
Kind = Literal[
    "input",
    "convolution",
    "pointwise",
    "depthwise",
    "pooling",
    "normalization",
    "activation",
    "merge",
    "linear",
    "gate",
    "reshape",
]
FLOAT32_BYTES = 4


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


# ---- graph -------------------------------------------------------------------------------------------------


# While fx traces, it replaces methods of the class nn.Module, for every thread: one trace at a time.
_TRACING = threading.Lock()


class _Tracer(fx.Tracer):
    """Stops at torch's own layers and at modules that declare themselves one operation by an `operation_kind`.

    Modules that other threads run meanwhile are left to run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return hasattr(m, "operation_kind") or super().is_leaf_module(m, module_qualified_name)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if threading.get_ident() != self.thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, fx.Proxy]) -> Any:
        if threading.get_ident() != self.thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def graph_of(model: nn.Module) -> fx.GraphModule:
    """`model` as an fx graph whose nodes carry their unique operation id, module path and block.

    They are `node.meta["name"]`, `["path"]` and `["block"]`.
    """
    with _TRACING:
        graph = _Tracer().trace(model)
    modules = dict(model.named_modules())
    taken: set[str] = set()
    for node in graph.nodes:
        if node.op == "placeholder":
            name = "input"
        elif node.op in ("call_module", "get_attr"):
            name = str(node.target)
        else:
            function = getattr(node.target, "__name__", str(node.target)).strip("_")
            name = ".".join(filter(None, (_enclosing_module(node), function)))
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        taken.add(unique)
        path = str(node.target) if node.op == "call_module" else _enclosing_module(node)
        node.meta |= {"name": unique, "path": path, "block": _block_path(path, modules)}
    return fx.GraphModule(model, graph)


def _enclosing_module(node: fx.Node) -> str:
    stack = node.meta.get("nn_module_stack") or {"": ("", None)}
    path, _ = list(stack.values())[-1]
    return str(path)


# ---- rules -------------------------------------------------------------------------------------------------

# Operations that cost no MACs by the convention above. What is neither here nor in MAC_RULES is listed as unruled.
FREE: dict[Any, Kind] = {
    nn.BatchNorm2d: "normalization",
    nn.LocalResponseNorm: "normalization",
    nn.ReLU: "activation",
    nn.ReLU6: "activation",
    nn.Hardswish: "activation",
    nn.Hardsigmoid: "activation",
    nn.Sigmoid: "activation",
    nn.Tanh: "activation",
    nn.Softmax: "activation",
    nn.MaxPool2d: "pooling",
    nn.AvgPool2d: "pooling",
    nn.AdaptiveAvgPool2d: "pooling",
    nn.Dropout: "reshape",
    nn.Flatten: "reshape",
    nn.Identity: "reshape",
    operator.add: "merge",
    operator.mul: "merge",
    operator.getitem: "reshape",
    torch.add: "merge",
    torch.cat: "merge",
    torch.flatten: "reshape",
    nn.functional.pad: "reshape",
}


def _conv_macs(layer: nn.Conv2d, out: Shape) -> int:
    return math.prod(out) * math.prod(layer.kernel_size) * layer.in_channels // layer.groups


def _linear_macs(layer: nn.Linear, out: Shape) -> int:
    return math.prod(out) * layer.in_features


MAC_RULES: dict[type[nn.Module], Callable[[Any, Shape], int]] = {nn.Conv2d: _conv_macs, nn.Linear: _linear_macs}


def _macs(operation: Any, out: Shape) -> int:
    """Of one of torch's layers by its rule, of an operation of our own by its method `macs(out_shape)`."""
    if hasattr(operation, "macs"):
        return int(operation.macs(out))
    rule = MAC_RULES.get(type(operation))
    return rule(operation, out) if rule else 0


def _is_weight_layer(operation: Any) -> bool:
    """Whether it adds to the depth: torch's weight layers do, our own operations say `counts_as_layer`."""
    return bool(getattr(operation, "counts_as_layer", type(operation) in MAC_RULES))


def _kind(operation: nn.Module | Any) -> Kind | None:
    """The kind of a module or function, None where no rule knows it."""
    if isinstance(operation, nn.Conv2d):
        if operation.groups == operation.in_channels > 1:
            return "depthwise"
        return "pointwise" if operation.kernel_size == (1, 1) else "convolution"
    if isinstance(operation, nn.Linear):
        return "linear"
    if isinstance(operation, nn.Module):
        return getattr(operation, "operation_kind", None) or FREE.get(type(operation))
    return FREE.get(operation)


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


@dataclass(frozen=True)
class _Window:
    kernel: Pair | None = None
    stride: Pair | None = None
    padding: Pair | None = None
    dilation: Pair | None = None


def _window(operation: Any, in_shapes: tuple[Shape, ...], out: Shape) -> _Window:
    """The sliding window of a convolution or pooling. Adaptive pooling is written as the window that it amounts to."""
    if isinstance(operation, nn.Module) and hasattr(operation, "kernel_size"):
        dilation = getattr(operation, "dilation", 1)  # average pooling has none
        return _Window(*map(_pair, (operation.kernel_size, operation.stride, operation.padding, dilation)))
    if isinstance(operation, nn.AdaptiveAvgPool2d):
        (h, w), (oh, ow) = in_shapes[0][1:], out[1:]
        stride = (h // oh, w // ow)
        return _Window((h - (oh - 1) * stride[0], w - (ow - 1) * stride[1]), stride, (0, 0), (1, 1))
    return _Window()


@dataclass(frozen=True)
class _Field:
    """Receptive field, its stride and the centre of the first one along one axis (Dumoulin & Visin, 1603.07285)."""

    size: int = 1
    stride: int = 1
    start: float = 0.0

    def through(self, kernel: int, stride: int, padding: int, dilation: int) -> _Field:
        reach = dilation * (kernel - 1)
        start = self.start + (reach / 2 - padding) * self.stride
        return _Field(self.size + reach * self.stride, self.stride * stride, start)

    def over(self, positions: int) -> _Field:
        """All `positions` at once, as a flattened map sees them."""
        return self.through(positions, positions, 0, 1)


def _fields(window: _Window, inputs: list[tuple[_Field, _Field]], node_inputs: list[Shape], out: Shape) -> Any:
    """Receptive fields (height, width) of an operation: through adds and concats, the largest of its inputs.

    Where a (C, 1, 1) gate multiplies maps, the maps' own field counts: the gate sees the whole image anyway.
    """
    largest_map = max(math.prod(shape[1:]) for shape in node_inputs)
    candidates = [f for f, shape in zip(inputs, node_inputs, strict=True) if math.prod(shape[1:]) == largest_map]
    fields = [max((c[axis] for c in candidates), key=lambda f: f.size) for axis in (0, 1)]
    if window.kernel and window.stride and window.padding and window.dilation:
        return tuple(
            f.through(window.kernel[i], window.stride[i], window.padding[i], window.dilation[i])
            for i, f in enumerate(fields)
        )
    if len(out) == 1 and len(node_inputs[0]) == 3:
        return tuple(f.over(n) for f, n in zip(fields, node_inputs[0][1:], strict=True))
    return tuple(fields)


# ---- propagation -------------------------------------------------------------------------------------------


class _ShapeRecorder(fx.Interpreter):
    """Runs the graph on the meta device and keeps each node's output shape without the batch dimension."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.shapes: dict[str, Shape] = {}
        self.current = "input"

    def run_node(self, n: fx.Node) -> Any:
        self.current = n.meta.get("name", n.name)
        out = super().run_node(n)
        if isinstance(out, Tensor):
            self.shapes[n.name] = tuple(out.shape[1:])
        return out

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if _kind(self.fetch_attr(target)) in ("normalization", "activation"):
            return args[0]  # keep the shape; on the meta device torch works it out in hundreds of slow steps
        return super().call_module(target, args, kwargs)


def trace(model: nn.Module, input_size: tuple[int, int, int], variant: str = "") -> Trace:
    """The trace of `model`, whose parameters lie on the meta device, for one image of (C, H, W).

    Raises TraceError when the network does not accept that size.
    """
    graph = graph_of(model)
    recorder = _ShapeRecorder(graph)
    try:
        recorder.run(torch.empty(1, *input_size, device="meta"))
    except RuntimeError as error:
        size = f"{input_size[1]}x{input_size[2]}"
        reason = str(error).splitlines()[0]
        raise TraceError(
            f"{variant or 'The network'} does not accept {size} images: it fails at {recorder.current}. ({reason})"
        ) from error
    return _assemble(graph, model, recorder.shapes, input_size, variant)


def trace_variant(variant: Variant, size: int | None = None, **ablations: Any) -> Trace:
    """The trace of a variant at its own input size, or at `size` x `size`. Raises TraceError."""
    with torch.device("meta"):
        model = variant.build(**ablations)
    channels, height, width = variant.input_size
    if size is not None:
        height = width = size
    return trace(model, (channels, height, width), variant.name)


def _assemble(
    graph: fx.GraphModule, model: nn.Module, shapes: dict[str, Shape], input_size: tuple[int, int, int], variant: str
) -> Trace:
    modules = dict(model.named_modules())
    fields: dict[str, tuple[_Field, _Field]] = {}
    depth: dict[str, int] = {}
    counted: set[str] = set()
    layers_of: Counter[str] = Counter()
    unruled: list[str] = []
    nodes: list[Node] = []
    for n in graph.graph.nodes:
        if n.op == "output" or n.name not in shapes:
            continue
        name, out = n.meta["name"], shapes[n.name]
        sources = [i for i in n.all_input_nodes if i.name in shapes]
        in_shapes = tuple(shapes[i.name] for i in sources)
        operation = modules[n.target] if n.op == "call_module" else n.target
        path = n.meta["path"]
        gated = any(getattr(modules[p], "is_gate", False) for p in _ancestors(path))
        window = _window(operation, in_shapes, out)
        if n.op == "placeholder":
            kind: Kind = "input"
            fields[n.name] = (_Field(), _Field())
        else:
            known = _kind(operation)
            if known is None:
                unruled.append(name)
            kind = "gate" if gated else known or "reshape"
            fields[n.name] = _fields(window, [fields[i.name] for i in sources], list(in_shapes), out)
        own = [] if n.op != "call_module" else [f"{path}.{p}" for p, _ in operation.named_parameters()]
        params = sum(model.get_parameter(p).numel() for p in own if p not in counted)
        counted.update(own)
        deeper = _is_weight_layer(operation) and not gated and _has_room(path, modules, layers_of)
        depth[n.name] = max((depth[i.name] for i in sources), default=0) + deeper
        rows, columns = fields[n.name]
        nodes.append(
            Node(
                name=name,
                path=path,
                type="input" if n.op == "placeholder" else _type_name(operation),
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
                macs=_macs(operation, out),
                activation_bytes=math.prod(out) * FLOAT32_BYTES,
                receptive_field=(rows.size, columns.size),
                rf_stride=(rows.stride, columns.stride),
                rf_start=(rows.start, columns.start),
            )
        )
    stages = _stages(nodes, modules)
    classifier = next(n for n in graph.graph.nodes if n.op == "output").all_input_nodes[0]
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
    seen: set[fx.Node] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if current not in seen:
            seen.add(current)
            stack.extend(current.all_input_nodes)
    return {n.meta["path"].split(".")[0] for n in seen}


def _ancestors(path: str) -> Iterable[str]:
    parts = path.split(".")
    return (".".join(parts[:i]) for i in range(1, len(parts) + 1))


def _has_room(path: str, modules: dict[str, nn.Module], layers_of: Counter[str]) -> bool:
    """Whether the weight layer at `path` adds to the depth where a module around it declares its `weight_layers`.

    That is how many layers its paper counts it as; `layers_of` keeps how many each such module has had.
    """
    for group in _ancestors(path):
        published = getattr(modules[group], "weight_layers", None)
        if published is not None:
            layers_of[group] += 1
            return layers_of[group] <= published
    return True


def _type_name(operation: Any) -> str:
    return type(operation).__name__ if isinstance(operation, nn.Module) else operation.__name__.strip("_")


def _block_path(path: str, modules: dict[str, nn.Module]) -> str:
    """The child of the stage that contains `path`, or the stage itself if it consists of operations only."""
    parts = path.split(".")
    if len(parts) == 1:
        return path
    has_blocks = any(
        next(child.children(), None) is not None and not hasattr(child, "operation_kind")
        for child in modules[parts[0]].children()
    )
    return ".".join(parts[:2]) if has_blocks else parts[0]


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
    entering = next(
        shape for n in members for source, shape in zip(n.inputs, n.in_shapes, strict=True) if source not in inside
    )
    return {
        "path": path,
        "type": type(modules[path]).__name__,
        "nodes": tuple(n.name for n in members),
        "in_shape": entering,
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
