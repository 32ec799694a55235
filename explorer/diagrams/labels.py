"""The texts of a diagram: what stands in a box, and its hover text."""

from __future__ import annotations

import math
from collections import Counter

from explorer.analysis.element import Element
from explorer.analysis.text import bytes_text, pair_text, shape_text, si, thousands
from explorer.analysis.trace import Block, Node, Stage, Trace
from explorer.analysis.types import Kind

CONVOLUTIONS: tuple[Kind, ...] = ("convolution", "pointwise", "depthwise")
LAYERS: tuple[Kind, ...] = (*CONVOLUTIONS, "pooling", "linear")  # what papers list
# A block or stage takes the colour of the first of these that it contains.
CHARACTERISTIC: tuple[Kind, ...] = (
    "depthwise",
    "convolution",
    "pointwise",
    "linear",
    "pooling",
    "gate",
    "merge",
    "normalization",
    "activation",
    "reshape",
)
SHORT_TYPES = {
    "Conv2d": "conv",
    "Linear": "fc",
    "BatchNorm2d": "BN",
    "LocalResponseNorm": "LRN",
    "MaxPool2d": "max",
    "AvgPool2d": "avg",
    "AdaptiveAvgPool2d": "avg",
    "Subsampling": "sum",
    "add": "+",
    "mul": "×",
    "cat": "concat",
    "getitem": "slice",
}


def element_for(trace: Trace, item: Node | Stage | Block) -> Element:
    """What a box or cell that stands for `item` selects and says.

    A group selects its output, and a stage that has one the first unit with an identity shortcut.
    """
    output = item if isinstance(item, Node) else trace.node(item.output)
    if isinstance(item, Node):
        kind, inputs, title = item.kind, _inputs_text(item), item.name
    else:
        kind, inputs, title = _group_kind(trace, item), shape_text(item.in_shape), item.path
    field, step = pair_text(output.receptive_field), _one_or_pair(output.rf_stride)
    lines = (
        _description(item),
        f"in {inputs} → out {shape_text(output.out_shape)}" if inputs else shape_text(output.out_shape),
        f"parameters {thousands(item.params)}",
        f"MACs {si(item.macs)}",
        f"memory {bytes_text(item.activation_bytes)}",
        f"receptive field {field} px, every {step} px",
    )
    unit = trace.identity_sum(item) if isinstance(item, Stage) else None
    return Element((unit or output).name, title, lines, kind)


def _description(item: Node | Stage | Block) -> str:
    if isinstance(item, Stage) and len(item.blocks) > 1:
        return f"{len(item.blocks)} blocks, {len(item.nodes)} operations"
    if not isinstance(item, Node):
        return f"{item.type}, {len(item.nodes)} operations"
    text = item.type
    if item.kernel and item.stride:
        text += f" {pair_text(item.kernel)}, stride {_one_or_pair(item.stride)}"
    return f"{text}, groups {item.groups}" if item.groups and item.groups > 1 else text


def _inputs_text(node: Node) -> str:
    counts = Counter(map(shape_text, node.in_shapes))
    if len(counts) > 3:
        return f"{len(node.in_shapes)} inputs"
    return ", ".join(f"{count} of {shape}" if count > 1 else shape for shape, count in counts.items())


def _one_or_pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else pair_text(pair)


def _group_kind(trace: Trace, group: Stage | Block) -> Kind:
    kinds = {trace.node(name).kind for name in group.nodes}
    return next(kind for kind in CHARACTERISTIC if kind in kinds)


def window_text(node: Node) -> str:
    """What a layer does, as papers write it: "3×3, 64, /2", "max 3×3, /2"; "" for other operations."""
    if node.kind == "linear" or (node.kind == "gate" and node.type in ("Linear", "Conv2d")):
        return str(node.out_shape[0])  # the 1×1 convolutions of a gate see one position: linear layers
    if node.kind == "gate" or node.kernel is None or node.stride is None:
        return ""
    text = pair_text(node.kernel)
    if node.kind == "pooling":
        text = f"{SHORT_TYPES.get(node.type, '')} {text}".lstrip()
    else:
        groups = node.groups or 1  # PartialConvolution has none
        grouping = " dw" if node.kind == "depthwise" else f" g={groups}" if groups > 1 else ""
        text += f"{grouping}, {node.out_shape[0]}"
    moves = node.stride != (1, 1) and math.prod(node.out_shape[1:]) > 1
    return f"{text}, /{_one_or_pair(node.stride)}" if moves else text


def cell_text(node: Node, cost: str = "") -> str:
    """The operation's own name and what it does: "conv2 3×3, 64"; only the latter if it has no name.

    With what it costs, that stands instead of the channels: "conv2 3×3 116 M".
    """
    name = node.name.rpartition(".")[2]
    if name.isdigit() or node.name != node.path:
        name = "" if node.kind == "pooling" else SHORT_TYPES.get(node.type, node.type)
    if cost:
        window = f"{pair_text(node.kernel)} {cost}" if node.kernel and node.kind != "gate" else cost
    else:
        window = window_text(node)
    return f"{name} {window.replace(' dw', '') if name == 'depthwise' else window}".strip()
