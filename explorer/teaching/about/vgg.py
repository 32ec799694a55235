"""What is taught about VGG (2014)."""

from __future__ import annotations

from explorer.analysis import designs
from explorer.analysis.cost import Convolution
from explorer.analysis.text import pair_text, si, thousands
from explorer.analysis.trace import Node, Trace
from explorer.teaching.common import field_of, mistake, most, picture_of, statement, strongest, without
from explorer.teaching.layers import at_twice_the_side, dense_share, products_of, source_of
from explorer.teaching.question import Posed, Question, Subject, counted, pictured, posed
from explorer.teaching.step import Step, View

TOUR = (
    Step(
        "Two 3×3 see 5×5",
        "conv1.conv2",
        "Point at a pixel of an enlarged map: it sees 5×5 of the input. With C channels in and out a 5×5 has "
        "25C² weights; two 3×3, 18C² and a ReLU more.",
        section="field",
    ),
    Step(
        "Three see 7×7",
        "conv3.conv3",
        "Three in a row see 7×7 of what enters the stage, with 27C² weights instead of 49C².",
        section="stack",
        look="section",
    ),
    Step(
        "What a position sees",
        "conv3.conv3",
        "The deeper the layer, the more of the picture one of its values depends on.",
        section="field",
        look="section",
    ),
    Step(
        "Halve the side, double the channels",
        "conv3.conv1",
        "A stage ends with a 2×2 max pooling, and the next one has twice the channels, up to 512. Padding "
        "keeps the side within a stage.",
    ),
    Step(
        "Equal work at every depth",
        "conv4.conv2",
        "Coloured by **MACs**: compare **conv2** of the first four stages. A quarter of the pixels, four "
        "times the weights: the cost is the same.",
        colour="macs",
    ),
    Step(
        "Large maps first",
        "conv1.relu2",
        "Coloured by **Memory**: the first stage has the largest activations, though it has the fewest "
        "parameters of all.",
        colour="memory",
    ),
    Step(
        "Most parameters in one layer",
        "fc6.linear",
        "The first fully connected layer reads 7×7 maps, and has more weights than all other layers together.",
        section="shares",
        look="section",
    ),
    Step(
        "As deep as it helps",
        "conv5.conv3",
        "VGG-19 has a fourth convolution in each of its last three stages. From 16 to 19 layers the paper's "
        "error hardly changes.",
    ),
    Step(
        "A 1×1 for depth alone",
        "conv3.conv3",
        "Configuration C adds 1×1 convolutions: a ReLU more, but no wider view. With 3×3 in their place, as "
        "in D, the paper's error is lower.",
        variant="vgg16_c",
    ),
    Step(
        "With batch normalization",
        "conv1.bn1",
        "It is later than the paper, which tried LRN in vain. It stands between each convolution and its "
        "ReLU and costs few parameters.",
        variant="vgg16_bn",
    ),
)


def _convolutions(trace: Trace) -> list[Node]:
    return [n for n in trace.nodes if n.type == "Conv2d"]


def _small_kernels(subject: Subject) -> Posed | None:
    """The weights of a stage's 3×3 in a row, and of one kernel that sees as much."""
    stage = [n for n in _convolutions(subject.trace) if n.stage == "conv3" and n.kernel == (3, 3)]
    maps, height, width = stage[-1].out_shape
    side = 2 * len(stage) + 1
    one = Convolution((maps, height, width), maps, (side, side), bias=False)
    row = designs.stacked(one)
    return counted(
        subject,
        f"{row.name} in a row instead of one {side}×{side}, {maps} maps in and out. How many weights have they?",
        row.params,
        [one.params, row.layers[0].params, row.params // maps],  # the large one's, one layer's, one filter a layer
        f"{len(stage)}·9·{maps}² = {thousands(row.params)}; one {side}×{side} has {side * side}·{maps}² = "
        f"{thousands(one.params)}. They see {pair_text(row.receptive_field)}, too.",
        View(node=stage[-1].name, section="stack"),
    )


def _weight_layers(subject: Subject) -> Posed | None:
    """How many of the layers in a network's name are convolutions."""
    depth, count = subject.trace.depth, len(_convolutions(subject.trace))
    return counted(
        subject,
        f"How many of the {depth} weight layers of {subject.variant.title} are convolutions?",
        count,
        [depth, depth - 1, depth - 2],
        f"{count} convolutions and {depth - count} fully connected layers, the classifier among them.",
        View(colour="kind"),
    )


def _deeper_work(subject: Subject) -> Posed | None:
    """The MACs of a convolution, beside one on maps of twice the side and half the number."""
    before, after = map(subject.trace.node, ("conv3.conv2", "conv4.conv2"))
    words = {
        0.25: "A quarter",
        0.5: "Half as many",
        1.0: "Equally many",
        2.0: "Twice as many",
        4.0: "Four times as many",
    }
    right = words.pop(after.macs / before.macs)
    return posed(
        subject,
        f"{after.name} has half the side and twice the channels of {before.name}. How many MACs?",
        right,
        words.values(),
        f"A quarter of the positions, {after.params / before.params:.0f} times the parameters: {si(after.macs)} MACs, "
        f"and {si(before.macs)} in {before.name}.",
        View(node=after.name, colour="macs"),
    )


def _first_dense(subject: Subject) -> Posed | None:
    """The parameters of the layer that reads the last maps."""
    node = subject.trace.node("fc6.linear")
    maps, height, width = source_of(subject.trace, node).out_shape
    units = node.out_shape[0]
    return counted(
        subject,
        f"{node.name}: {units} units read {maps} maps of {height}×{width}. How many parameters, with biases?",
        node.params,
        [(maps + 1) * units, (maps * height + 1) * units, (height * width + 1) * units],
        f"({height}·{width}·{maps} + 1)·{units} = {thousands(node.params)}, of all {thousands(subject.trace.params)}.",
        View(node=node.name, section="shares", colour="params"),
    )


def _which_depth(subject: Subject) -> Posed | None:
    """Maps behind each pooling: the deeper, the coarser."""
    poolings = [n.name for n in subject.trace.nodes if n.type == "MaxPool2d"]
    right = subject.trace.node(poolings[3])
    pictures = {node: picture_of(subject, node, strongest(subject, node)) for node in poolings}
    return pictured(
        subject,
        f"One map from behind each of the {len(poolings)} poolings: which is from {right.name}?",
        pictures.pop(right.name),
        pictures.values(),
        f"Each halves the side: here {subject.trace.input_size[1]} pixels have become {right.out_shape[1]}.",
        View(node=right.name),
    )


def _ones(trace: Trace) -> str:
    """How many of the convolutions are 1×1."""
    convolutions = _convolutions(trace)
    ones = sum(n.kernel == (1, 1) for n in convolutions)
    count = f"{ones} of its {len(convolutions)} are 1×1" if ones else f"All {len(convolutions)} are"
    return f"{count}. In the paper, only configuration C has any 1×1."


QUESTIONS = (
    most("params"),
    most("memory"),
    Question("first-dense", _first_dense),
    dense_share(),
    products_of("products", lambda t: "conv3.conv1"),
    Question("small-kernels", _small_kernels),
    Question("deeper-work", _deeper_work),
    at_twice_the_side(
        "without-pooling",
        lambda t: "conv3.conv1",
        "Without the pooling before it, what would {node} cost?",
        lambda node: View(node=node, beside="conv2.pool"),
    ),
    field_of(
        "field",
        lambda t: "conv3.conv2",
        "Its {kernel} window lies on values that see {before} each, {step} pixels apart: {field} in all.",
    ),
    Question("weight-layers", _weight_layers),
    Question("which-depth", _which_depth),
    without("without-a-layer", lambda t: "conv3.conv2"),
    statement(
        "only-3x3",
        "All convolutions of this network are 3×3.",
        lambda s: all(n.kernel == (3, 3) for n in _convolutions(s.trace)),
        _ones,
        lambda t: View(node="conv3.conv3" if "conv3.conv3" in t else "conv3.conv2"),
    ),
    mistake(
        "invariant",
        8,
        why="It tolerates shifts within a window. Windows are 2 pixels apart: a shift by 1 changes the output.",
        shows=lambda t: View(node="conv1.pool"),
    ),
)
