"""What is taught about GoogLeNet (2014)."""

from __future__ import annotations

from itertools import accumulate

from explorer.analysis.trace import Trace
from explorer.runtime.edits import Edit
from explorer.teaching.common import altered, mistake, most, statement, which_map, whole_means, with_those_before
from explorer.teaching.layers import concatenated, heads_share, reduction_saves, without_pooling
from explorer.teaching.question import Posed, Question, Subject, counted, posed
from explorer.teaching.step import Step, View

TOUR = (
    Step(
        "Four branches, one stack",
        "inception3.3a.cat",
        "1×1, 3×3, 5×5 and a pooling see the same maps. **concat** stacks their outputs: the first 64 maps "
        "are the 1×1's, the next 128 the 3×3's.",
        section="module",
    ),
    Step(
        "The branches, compared",
        "inception3.3a.cat",
        "What each branch makes of this picture, and what it costs.",
        section="module",
        look="section",
    ),
    Step(
        "The 1×1 pays for the 5×5",
        "inception3.3a.conv5x5_reduce.conv",
        "A 1×1 squeezes 192 maps into 16: the 5×5 then costs a twelfth. With the ReLU between them, a network "
        "of two layers slides over the maps.",
        section="modules",
        colour="macs",
    ),
    Step(
        "Pooling that keeps the size",
        "inception3.3a.pool",
        "This max pooling has stride 1, so its maps fit the stack. It cannot reduce their number: the 1×1 "
        "comes after it.",
    ),
    Step(
        "A 1×1 that saves nothing",
        "stem.conv2_reduce.conv",
        "The table calls it “reduce”, but 64 maps go in and 64 come out. It mixes channels, with a ReLU after it.",
    ),
    Step(
        "Halving between the stages",
        "inception4.pool",
        "Four max poolings and the first convolution's stride shrink 224 pixels to 7. This one stands before "
        "module 4a.",
    ),
    Step(
        "Heads for training only",
        "aux1.fc2",
        "They were to bring gradient to the lower layers; a year later the authors saw no faster start. They hold "
        "nearly as many parameters as all else.",
        section="heads",
        colour="params",
    ),
    Step(
        "The mean, and one linear layer",
        "head.pool",
        "Each map becomes one number, its mean. One linear layer is left, AlexNet and VGG have three: so "
        "maps can show where a class is seen.",
        section="class-activation",
        look="section",
    ),
    Step(
        "The first layer of table 1",
        "stem.conv1.pointwise",
        "The paper's table counts a first layer far too cheap for a 7×7 convolution. Eight 7×7 filters a "
        "colour, mixed by a 1×1, fit it.",
        variant="googlenet_separable",
    ),
    Step(
        "A 5×5 that is a 3×3",
        "inception3.3a.conv5x5.conv",
        "torchvision's network has a 3×3 in the branch called 5×5. The published weights depend on that "
        "slip, so it stays.",
        variant="googlenet_bn",
    ),
)


STACK = "inception3.3a.cat"


def _naive_maps(subject: Subject) -> Posed | None:
    """The maps that would leave a module whose pooling passes on all maps."""
    t = subject.trace
    node = t.node(STACK)
    *branches, projected = (shape[0] for shape in node.in_shapes)
    entering = t.block(node.block).in_shape[0]
    maps = node.out_shape[0]
    return counted(
        subject,
        f"{entering} maps enter 3a, {maps} leave it. Without the 1×1 behind its pooling, how many would?",
        sum(branches) + entering,
        [maps, sum(branches), maps + entering],  # the pooling's maps unchanged, left out, or added to the projected
        f"A pooling keeps the number of maps: {' + '.join(map(str, branches))} + {entering}, in place of {projected}. "
        "So each module would have more than the one before.",
        View(node="inception3.3a.pool_proj.conv", beside="inception3.3a.pool"),
    )


def _slab(subject: Subject) -> Posed | None:
    """Whose maps they are, by their number in the stack."""
    node = subject.trace.node(STACK)
    maps = [shape[0] for shape in node.in_shapes]
    ends = list(accumulate(maps))
    channel = ends[2] - maps[2] // 2
    branches = [name.split(".")[2] for name in node.inputs]
    stack = ", ".join(f"{branch} {n}" for branch, n in zip(branches, maps, strict=True))
    return posed(
        subject,
        f"Of the {ends[-1]} maps of {STACK}, counted from 0, which branch makes number {channel}?",
        branches[2],
        [branch for branch in branches if branch != branches[2]],
        f"They are stacked in the order of the branches: {stack}. So {branches[2]} has {ends[1]} to {ends[2] - 1}.",
        View(node=STACK, section="module", beside=node.inputs[2]),
    )


def _halvings(trace: Trace) -> list[str]:
    return [n.name for n in trace.nodes if n.type == "MaxPool2d" and n.stride == (2, 2)]


def _one_branch(subject: Subject) -> Edit | None:
    return Edit("inception3.3a.conv5x5.relu", "zero")


QUESTIONS = (
    most("params"),
    most("macs"),
    reduction_saves(
        "reduction",
        lambda t: "inception3.3a.conv5x5.conv",
        View(node="inception3.3a.conv5x5_reduce.conv", section="modules", colour="macs"),
    ),
    concatenated("concat", lambda t: STACK),
    Question("naive", _naive_maps),
    Question("slab", _slab),
    which_map(
        "pooled",
        lambda t: with_those_before(t, "inception3.3a.pool", 2),
        "Channel {channel}: which of these maps leaves {node}, a 3×3 max pooling of stride 1?",
        "Stride 1 keeps the side, and each peak grows to 3×3. Of the others one has that side; one is finer.",
    ),
    heads_share(),
    without_pooling("without-averaging", lambda t: "head.fc"),
    whole_means("means", lambda t: t.node("head.pool").inputs[0]),
    altered("without-a-branch", _one_branch, "With all maps of {node} silenced"),
    statement(
        "halvings",
        "Five max poolings halve the maps on their way from 224 pixels to 7.",
        lambda s: len(_halvings(s.trace)) == 5,
        lambda t: f"{len(_halvings(t))} of them do, and the first convolution has stride 2. Those in modules do not.",
        lambda t: View(node=_halvings(t)[0], beside="stem.conv1.relu"),
    ),
    mistake(
        "linear-layer",
        10,
        true="After the global average pooling there is a fully connected layer.",
        shows=lambda t: View(node="head.fc", beside="head.pool"),
    ),
    mistake("series", 3, shows=lambda t: View(node=STACK)),
)
