"""What is taught about NiN (2013)."""

from __future__ import annotations

from explorer.analysis.text import pair_text, percent_text, si, thousands
from explorer.analysis.trace import Node, Trace
from explorer.runtime.edits import Edit
from explorer.teaching.common import (
    altered,
    field_of,
    maps_leaving,
    mistake,
    most,
    of_both_signs,
    which_map,
    whole_means,
)
from explorer.teaching.layers import parameters_of
from explorer.teaching.question import Posed, Question, Subject, posed
from explorer.teaching.step import Step, View

TOUR = (
    Step(
        "First an ordinary convolution",
        "mlpconv1.conv",
        "Each mlpconv layer begins with one. What follows has kernels of 1×1: a small network that slides "
        "over the picture along with it.",
    ),
    Step(
        "A 1×1 convolution",
        "mlpconv1.pointwise1",
        "At each position it mixes the channels, with the same weights everywhere: one fully connected layer "
        "at every pixel. It sees no neighbours.",
    ),
    Step(
        "The ReLU makes it a layer",
        "mlpconv1.relu2",
        "Without this ReLU the two 1×1 convolutions would be one matrix. With it they are a perceptron with "
        "a hidden layer.",
    ),
    Step(
        "What the 1×1 costs",
        "mlpconv2.pointwise2",
        "Coloured by **MACs**: in this layer both 1×1 convolutions together cost less than the 5×5 before them.",
        colour="macs",
    ),
    Step(
        "A map for each class",
        "mlpconv4.pointwise2",
        "The last 1×1 makes one map for each class. Trained, it shows where in the picture the network sees the class.",
        section="class-activation",
        look="section",
    ),
    Step(
        "No fully connected layer",
        "head.pool",
        "The mean of a map scores its class: it forgets where, which a label need not say. Coloured by "
        "**Parameters**: this head has none.",
        colour="params",
    ),
    Step(
        "The network of the paper",
        "mlpconv1.pointwise2",
        "For CIFAR-10 three mlpconv layers are enough, and the last has ten maps. In this first one the 1×1 "
        "thin out the channels, as GoogLeNet's do.",
        variant="nin_cifar",
    ),
)


def _pooled(trace: Trace) -> Node:
    """What the head averages."""
    return trace.node(trace.node("head.pool").inputs[0])


def _last_pointwise(trace: Trace) -> str:
    return [n.name for n in trace.nodes if n.kind == "pointwise"][-1]


def _head_parameters(subject: Subject) -> Posed | None:
    """The head, and what a fully connected layer in its place would have."""
    maps, height, width = _pooled(subject.trace).out_shape
    read = subject.trace.node(_last_pointwise(subject.trace)).in_shapes[0][0]
    params = subject.trace.stage("head").params
    return posed(
        subject,
        f"The head makes {maps} scores of {maps} maps of {height}×{width}. How many parameters does it have?",
        thousands(params) if params else "None",
        [thousands(n) for n in ((maps + 1) * maps, (maps * height * width + 1) * maps, (read + 1) * maps)],
        "The mean of each map is the score of a class: nothing is trained here.",
        View(node="head.pool", colour="params"),
    )


def _pointwise_share(subject: Subject) -> Posed | None:
    """The share of the 1×1 in the MACs of a layer that has two of them behind a 5×5."""
    layer = subject.trace.stage("mlpconv2")
    nodes = [n for n in map(subject.trace.node, layer.nodes) if n.macs]
    ones = [n for n in nodes if n.kind == "pointwise"]
    first = nodes[0]
    macs = sum(n.macs for n in ones)
    (read, _, _), (maps, _, _) = first.in_shapes[0], first.out_shape
    kernel = (first.kernel or (1, 1))[0] ** 2
    return posed(
        subject,
        f"mlpconv2: a {pair_text(first.kernel or ())} from {read} to {maps} maps, two 1×1 keep {maps}. What share of "
        "the MACs have the 1×1?",
        percent_text(100 * macs / layer.macs),
        map(percent_text, (100 * len(ones) / len(nodes), 200 / (kernel + 2), 100 - 100 * macs / layer.macs)),
        f"{si(macs)} of {si(layer.macs)}: a value of the first takes {kernel}·{read} products, one of a 1×1 {maps}.",
        View(node=ones[-1].name, colour="macs"),
    )


def _last_relu(subject: Subject) -> Edit | None:
    return Edit("mlpconv3.relu2", "skip")


QUESTIONS = (
    most("params"),
    most("macs"),
    parameters_of("pointwise-parameters", lambda t: "mlpconv1.pointwise1"),
    Question("pointwise-share", _pointwise_share),
    Question("head-parameters", _head_parameters),
    maps_leaving(
        "last-maps",
        _last_pointwise,
        "How many maps does the last 1×1, {node}, make?",
        lambda t, node: [
            t.node(node).in_shapes[0][0],
            t.node(node).in_shapes[0][0] // 2,
            t.node(node).out_shape[1] * t.node(node).out_shape[2],
        ],
        "{channels}, one for each class: the mean of a map is its score.",
    ),
    field_of(
        "field",
        lambda t: "mlpconv2.pointwise2",
        "A {kernel} looks at one position of what it reads, and that saw {field}.",
    ),
    which_map(
        "before-relu",
        lambda t: ("mlpconv1.pointwise2", "mlpconv1.relu3", "mlpconv1.pool"),
        "Channel {channel} of mlpconv1: which of these maps is it before its last ReLU?",
        "Only {node} has negative values, in a colour of their own. The ReLU makes them zero; pooling coarsens.",
        of_both_signs,
    ),
    altered("without-relu", _last_relu, "Without {node}, between two 1×1"),
    whole_means("means", lambda t: _pooled(t).name),
    mistake("shared", 0, shows=lambda t: View(node="mlpconv1.pointwise1")),
    mistake(
        "one-matrix",
        1,
        true="Without the ReLU between them, two 1×1 convolutions could be one.",
        why="Two matrices in a row are one matrix. With a ReLU between them they are a network of two layers.",
        shows=lambda t: View(node="mlpconv1.pointwise1", beside="mlpconv1.pointwise2"),
    ),
)
