"""What is taught about Inception (2015)."""

from __future__ import annotations

from collections.abc import Iterable

from explorer.analysis import designs
from explorer.analysis.cost import Convolution
from explorer.analysis.text import thousands
from explorer.analysis.trace import Node, Trace
from explorer.teaching.common import (
    field_of,
    mistake,
    most,
    statement,
    which_map,
    whole_means,
    with_those_before,
    without,
)
from explorer.teaching.layers import concatenated, heads_share, side_of, without_pooling
from explorer.teaching.question import Posed, Question, Subject, posed
from explorer.teaching.step import Step, View

TOUR = (
    Step(
        "Two 3×3 for a 5×5",
        "mixed5.5b.branch3x3.conv3.conv",
        "Two 3×3 in a row see 5×5 positions with 18 weights for each pair of channels instead of 25, and "
        "with a ReLU in between.",
        section="module",
    ),
    Step(
        "The branches, compared",
        "mixed5.5b.cat",
        "What each branch of a module makes of this picture, and what it costs.",
        section="module",
        look="section",
    ),
    Step(
        "The 5×5 that stayed",
        "mixed5.5b.branch5x5.conv2.conv",
        "The paper's table 1 has no 5×5 here, its text calls the modules traditional: the released network keeps "
        "one. It sees as much as the two 3×3.",
    ),
    Step(
        "A 7×7 in two strips",
        "mixed6.6b.branch7x7.conv3.conv",
        "A row of seven and a column of seven see 7×7 positions with 14 weights instead of 49. The branch "
        "beside it does so twice.",
    ),
    Step(
        "Halving in parallel",
        "mixed6.6a.cat",
        "Convolutions of stride 2 and a max pooling halve the maps side by side. Stacked, they are more "
        "channels, without an expensive layer before.",
    ),
    Step(
        "Wider, not deeper",
        "mixed7.7b.branch3x3.conv2.cat",
        "On the smallest maps the 1×3 and the 3×1 stand side by side: a fork inside a branch, with a concat "
        "of its own.",
    ),
    Step(
        "A head for training only",
        "aux.fc",
        "A second classifier, whose loss only training uses. The paper saw no faster start, only a slightly "
        "better end: it regularizes.",
        section="heads",
    ),
    Step(
        "Never quite sure",
        "head.fc",
        "Label smoothing: a tenth of each target is spread over all classes, so that being ever surer no longer "
        "pays. The errors fell by about 0.2 points.",
        section="smoothing",
        look="section",
    ),
    Step(
        "v4: nothing is added",
        "inception_b.b7.cat",
        "Seven equal modules in a row, and no dashed edge: Inception-v4 has no residual connections. Its "
        "stem alone forks three times.",
        variant="inception_v4",
    ),
    Step(
        "Inception-ResNet",
        "inception_b.b1.add",
        "A 1×1 without ReLU widens the stack to the input's channels. A tenth of it is added: unscaled, such "
        "wide residuals were unstable in training.",
        variant="inception_resnet_v2",
    ),
)


def _name(nodes: Iterable[Node]) -> str | None:
    return next((n.name for n in nodes), None)


def _strips(trace: Trace) -> list[Node]:
    """The rows of seven."""
    return [n for n in trace.nodes if n.kernel == (1, 7)]


def _fives(trace: Trace) -> list[Node]:
    return [n for n in trace.nodes if n.type == "Conv2d" and n.kernel == (5, 5)]


def _halving(trace: Trace) -> Node:
    """The first stack of a pooling and convolutions of stride 2, behind the stem."""
    stacks = (n for n in trace.nodes if n.type == "cat" and n.stage != "stem")
    return next(n for n in stacks if any(trace.node(name).type == "MaxPool2d" for name in n.inputs))


def _halved(trace: Trace) -> str | None:
    block = trace.block(_halving(trace).block)
    return _name(n for n in map(trace.node, block.nodes) if n.type == "Conv2d" and n.stride == (2, 2))


def _two_strips(subject: Subject) -> Posed | None:
    """The weights of a 7×7, in those of the two strips that stand for it."""
    node = _strips(subject.trace)[0]
    maps, height, width = node.in_shapes[0]
    one = Convolution((maps, height, width), maps, (7, 7), bias=False)
    two, three = designs.factorized(one), designs.stacked(one)
    ratios = (one.params / n for n in (two.params, two.layers[0].params, three.params, maps * maps))
    right, *wrong = (f"{ratio:.1f} times as many" for ratio in ratios)  # one strip's, three 3×3's, a 1×1's
    return posed(
        subject,
        "A 1×7 and a 7×1 stand for a 7×7, with equally many maps throughout. How many weights would the 7×7 have?",
        right,
        wrong,
        f"49 for each pair of maps, not 7 + 7: with {maps} maps {thousands(one.params)}, not {thousands(two.params)}.",
        View(node=node.name, colour="params"),
    )


def _same_shape(trace: Trace) -> str | None:
    """A module in the middle that gives as many maps as it reads."""
    blocks = [b.path for b in trace.stages[2].blocks if b.in_shape == b.out_shape]
    return blocks[len(blocks) // 2] if blocks else None


def _sums(trace: Trace) -> list[str]:
    return [n.name for n in trace.nodes if n.type == "add"]


QUESTIONS = (
    most("params"),
    most("macs"),
    Question("two-strips", _two_strips),
    field_of(
        "field",
        lambda t: _name(_strips(t)),
        "Its {kernel} lies on values that see {before}, {step} pixels apart: only the width grows, to {field}.",
    ),
    concatenated("halving", lambda t: _halving(t).name),
    side_of("halved-side", _halved),
    which_map(
        "averaged",
        lambda t: with_those_before(t, next(n.name for n in t.nodes if n.type == "AvgPool2d"), 2),
        "Channel {channel}: which of these maps leaves {node}, a 3×3 average pooling of stride 1?",
        "Stride 1 keeps the side, and the mean of 3×3 blurs.",
    ),
    heads_share(),
    without_pooling("without-averaging", lambda t: "head.fc"),
    whole_means("means", lambda t: t.node("head.pool").inputs[0]),
    without("without-a-module", _same_shape),
    statement(
        "shortcuts",
        "This network has residual connections.",
        lambda s: bool(_sums(s.trace)),
        lambda t: (
            f"It has {len(_sums(t)) or 'no'} sums. Of these networks only Inception-ResNet adds; v3 and v4 stack."
        ),
        lambda t: View(node=(_sums(t) or [_halving(t).name])[0]),
    ),
    statement(
        "no-5x5",
        "This network has no 5×5 convolution: smaller kernels stand for it.",
        lambda s: not _fives(s.trace),
        lambda t: (
            f"It has {len(_fives(t)) or 'none'}{', in ' if _fives(t) else ''}{', '.join(n.block for n in _fives(t))}."
        ),
        lambda t: View(node=_name(_fives(t)) or ""),
    ),
    mistake("together", 1, false="One Inception-v4 reached the 3.08 % top-5 error of its paper."),
    mistake(
        "two-networks",
        5,
        true="“Inception-v2” is the name of two different networks.",
        why="GoogLeNet with batch normalization, also called BN-Inception; and the v3 paper’s network before v3.",
    ),
)
