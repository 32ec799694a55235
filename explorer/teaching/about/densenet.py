"""What is taught about DenseNet (2016)."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import torch

from explorer.analysis.cost import convolution_of
from explorer.analysis.text import pair_text, shape_text, si
from explorer.analysis.trace import Block, Node, Stage, Trace
from explorer.runtime.edits import Edit
from explorer.teaching.common import first_class, most, picture_of, statement, strongest
from explorer.teaching.comparison import against, at_width
from explorer.teaching.question import Posed, Question, Subject, counted, pictured, posed, true_or_false
from explorer.teaching.step import Step, View
from explorer.teaching.units import sees

TOUR = (
    Step(
        "A few new maps",
        "dense_block1.layer1.conv",
        "However many maps enter a layer, it adds k = 32: the growth rate. Layers this narrow are why the "
        "network is small.",
        section="dense-block",
    ),
    Step(
        "Concatenate, not add",
        "dense_block1.layer1.cat",
        "The dashed edge passes the input on unchanged, the new maps come after it. ResNet would add the two "
        "and could not tell them apart afterwards.",
    ),
    Step(
        "All maps are kept",
        "dense_block1.layer6.cat",
        "At the end of the block the first 64 maps are still those of the stem. Page on: every layer has "
        "appended its 32.",
    ),
    Step(
        "Who reads what",
        "dense_block1.layer6.conv",
        "Every layer reads the maps of all layers before it, and its weights say how strongly.",
        section="dense-block",
        look="section",
    ),
    Step(
        "BN and ReLU come first",
        "dense_block1.layer6.bottleneck.bn",
        "Each layer normalizes all maps before it with a BN of its own, so the layers share the maps but not "
        "their scale and offset.",
    ),
    Step(
        "A bottleneck that widens",
        "dense_block1.layer1.bottleneck.conv",
        "The 1×1 makes 4k maps, however many enter. In this layer that is more than entered. It pays off "
        "later in a block: compare **layer6**.",
    ),
    Step(
        "Transition",
        "transition1.pool",
        "Dense connections end with their block. Between two blocks a 1×1 keeps half as many maps, and "
        "average pooling halves their sides.",
    ),
    Step(
        "Deep and narrow",
        "dense_block3.layer24.cat",
        "24 layers in this block. Coloured by **MACs**: the 1×1 must read ever more maps, and each layer "
        "costs more than the one before it.",
        colour="macs",
    ),
    Step(
        "Small, but not in memory",
        "dense_block3.layer24.bottleneck.bn",
        "Each concatenation, BN and ReLU writes all maps again: kept for training, they grow with the square "
        "of the layers.",
        colour="memory",
        section="dense-cost",
    ),
    Step(
        "Growth and compression",
        "dense_block3.layer24.cat",
        "What another growth rate, or a transition that keeps more maps, would cost: counted anew.",
        section="dense-cost",
        look="section",
    ),
    Step(
        "The plain layer",
        "dense_block1.layer1.conv",
        "Without bottleneck (B) and compression (C): BN, ReLU and one 3×3, growth rate k = 12. Its "
        "transitions keep all maps.",
        variant="densenet40_cifar",
    ),
)


def _dense_stages(trace: Trace) -> list[Stage]:
    """The dense blocks: in each of their layers, new maps are appended to those that entered."""
    return [s for s in trace.stages if all(trace.node(b.output).type == "cat" for b in s.blocks)]


def _growth(trace: Trace) -> int:
    """k, the maps that each layer adds."""
    return trace.node(_dense_stages(trace)[0].output).in_shapes[1][0]


def _convolutions(trace: Trace, block: Block) -> list[Node]:
    return [n for n in map(trace.node, block.nodes) if n.type == "Conv2d"]


def _leaving_a_block(subject: Subject) -> Posed:
    """How many maps leave a dense block."""
    t = subject.trace
    block, k = _dense_stages(t)[0], _growth(t)
    (entering, *_), (leaving, *_), layers = block.in_shape, block.out_shape, len(block.blocks)
    put = counted(
        subject,
        f"{entering} maps enter {block.path}. Each of its {layers} layers adds k = {k}. How many leave it?",
        leaving,
        [layers * k, entering, entering + k, layers * entering],
        f"{entering} + {layers} · {k} = {leaving}: nothing is added up, every map is kept.",
        View(node=block.output, section="dense-block"),
    )
    assert put is not None  # a block adds maps
    return put


def _through_the_transition(subject: Subject) -> Posed:
    """What part of the values is left after a transition."""
    transition = subject.trace.stages[2]
    before, after = (math.prod(shape) for shape in (transition.in_shape, transition.out_shape))
    factor = round(before / after)
    maps = f"{transition.out_shape[0]} of {transition.in_shape[0]} maps"
    put = posed(
        subject,
        f"{transition.path} gets {shape_text(transition.in_shape)} values (H×W×C). What part of them does it pass on?",
        f"1/{factor}",
        [f"1/{n}" for n in (2, 4, 8, 16) if n != factor],
        f"{shape_text(transition.out_shape)}: the 1×1 keeps {maps}, average pooling a quarter of the positions.",
        View(node=transition.output, colour="memory"),
    )
    assert put is not None
    return put


def _growing_cost(subject: Subject) -> Posed | None:
    """How much more the last layer of a long block needs than the first: only what it reads has grown."""
    t = subject.trace
    block = max(_dense_stages(t), key=lambda s: len(s.blocks))
    first, last = (_convolutions(t, b)[0] for b in (block.blocks[0], block.blocks[-1]))
    layers, read = len(block.blocks), [n.in_shapes[0][0] for n in (first, last)]
    return posed(
        subject,
        f"In {block.path}, how many times the MACs of layer1’s first convolution does that of layer{layers} need?",
        f"{last.macs / first.macs:.1f} times",
        [f"{n:.1f} times" for n in (1, layers, (read[1] / read[0]) ** 2)],
        f"It reads {read[1]} maps, the first one {read[0]}; both make {last.out_shape[0]}. {si(last.macs)} against "
        f"{si(first.macs)}.",
        View(node=last.name, colour="macs"),
    )


def _bottleneck(subject: Subject) -> Posed | None:
    """What the 1×1 before the last 3×3 of the longest block saves."""
    t = subject.trace
    block = max(_dense_stages(t), key=lambda s: len(s.blocks)).blocks[-1]
    layers = _convolutions(t, block)
    if len(layers) == 1:
        return None
    reduce, three = map(convolution_of, layers)
    direct = replace(three, in_shape=reduce.in_shape).macs
    saved = direct / (reduce.macs + three.macs)
    wrong = (reduce.in_shape[0] / three.in_shape[0], 9.0, 4.0)
    return posed(
        subject,
        f"Without its 1×1, how many times its MACs would {block.path} need, a 3×3 on all {reduce.in_shape[0]} maps?",
        f"{saved:.1f} times",
        [f"{n:.1f} times" for n in wrong],
        f"{si(direct)} against {si(reduce.macs)} for the 1×1 and {si(three.macs)} for the 3×3 on its "
        f"{three.in_shape[0]} maps.",
        View(node=layers[0].name, colour="macs"),
    )


def _first_narrows(subject: Subject) -> bool | None:
    layers = _convolutions(subject.trace, _dense_stages(subject.trace)[0].blocks[0])
    return None if len(layers) == 1 else layers[0].out_shape[0] < layers[0].in_shapes[0][0]


def _twice_the_growth(subject: Subject) -> Posed | None:
    """What twice the growth rate costs."""
    wider = at_width(subject.run.variant, 2.0)
    k, factor = _growth(subject.trace), wider.params / subject.trace.params
    return counted(
        subject,
        f"With k = {2 * k} in place of {k}, and a stem twice as wide: about how many times the parameters?",
        round(factor),
        [2, 8, 16],
        f"{si(wider.params)} against {si(subject.trace.params)}, {factor:.1f} times: each layer reads twice as many "
        "maps, and makes twice as many.",
        View(section="dense-cost"),
        "times",
    )


def _kept(subject: Subject) -> Posed:
    """Whether the maps that entered a block leave it unchanged."""
    block = _dense_stages(subject.trace)[0]
    entering = subject.trace.node(block.nodes[0]).inputs[0]
    before, after = subject.activations(subject.run).several([entering, block.output]).values()
    return true_or_false(
        f"After {len(block.blocks)} layers, the first {len(before)} maps of {block.path} are those that entered it.",
        torch.equal(before, after[: len(before)]),
        "Each layer only appends its own: map by map they are the same.",
        View(node=block.output, beside=entering),
    )


def _what_is_read(subject: Subject) -> Posed | None:
    """Which of a channel's maps the convolution of a layer reads: BN and ReLU come first."""
    layer = _dense_stages(subject.trace)[0].blocks[-1]
    read = _convolutions(subject.trace, layer)[0]
    relu = subject.trace.node(read.inputs[0])
    bn = subject.trace.node(relu.inputs[0])
    channel = strongest(subject, relu.name)
    return pictured(
        subject,
        f"Channel {channel} before {layer.path} and on its way into it: which map does its first convolution read?",
        picture_of(subject, relu.name, channel),
        [picture_of(subject, node, channel) for node in (bn.name, bn.inputs[0])],
        f"The one without negative values: a BN and a ReLU come before the {pair_text(read.kernel or ())} convolution.",
        View(node=relu.name, beside=bn.inputs[0]),
    )


def _own_block_only(subject: Subject) -> bool:
    """Whether what enters a stage is the output of the one before it, and nothing else."""
    t = subject.trace
    allowed = {after.path: before.output for before, after in pairwise(t.stages)}
    return all(
        t.node(name).stage == n.stage or name == allowed.get(n.stage, "input") for n in t.nodes for name in n.inputs
    )


def _new_maps_to_zero(subject: Subject) -> Posed | None:
    """What becomes of the first class without the new maps of one layer."""
    layer = _dense_stages(subject.trace)[-1].blocks[0]
    new = _convolutions(subject.trace, layer)[-1].name
    return first_class(subject, f"Without the new maps of {layer.path}", (Edit(new, "zero"),))


QUESTIONS = (
    most("params"),
    most("macs"),
    Question("leaving", _leaving_a_block),
    Question("transition", _through_the_transition),
    Question("growing-cost", _growing_cost),
    Question("bottleneck", _bottleneck),
    Question("growth-rate", _twice_the_growth),
    Question("read", _what_is_read),
    Question("new-maps", _new_maps_to_zero),
    against("resnet", lambda name: None if "cifar" in name else "resnet50", "params", "memory"),
    sees("field"),
    statement(
        "own-block",
        "Between two dense blocks, all maps pass through the transition: no connection goes around it.",
        _own_block_only,
        "A layer is connected to all later ones of its block. The next block starts from what the transition gives it.",
        lambda t: View(node=t.stages[2].output),
    ),
    Question("kept", _kept),
    statement(
        "narrows",
        "The 1×1 of the first dense layer reduces the number of maps for the 3×3 after it.",
        _first_narrows,
        "It makes 4k, however many enter. Fewer enter the first layer: there it widens. Later in a block it pays off.",
        lambda t: View(node=_convolutions(t, _dense_stages(t)[0].blocks[0])[0].name),
    ),
)
