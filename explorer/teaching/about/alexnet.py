"""What is taught about AlexNet (2012)."""

from __future__ import annotations

from explorer.analysis.trace import Trace
from explorer.runtime.edits import Edit
from explorer.teaching.common import altered, mistake, most, of_both_signs, statement, which_map
from explorer.teaching.layers import dense_share, parameters_of, side_of, without_pooling
from explorer.teaching.question import Subject
from explorer.teaching.step import Step, View

TOUR = (
    Step(
        "Large kernels, four pixels apart",
        "conv1.conv",
        "Kernels of 11×11 with stride 4 make 55×55 maps. That takes 227 pixels; the paper prints 224, from "
        "which it does not work out.",
        section="conv1",
    ),
    Step(
        "What they look for",
        "conv1.conv",
        "The kernels of the first layer read colours, so that they can be shown as pictures: edges, "
        "frequencies, patches of colour.",
        section="conv1",
        look="section",
    ),
    Step(
        "ReLU instead of tanh",
        "conv1.relu",
        "For positive inputs a ReLU does not saturate. The paper's small test network reached 25 % training "
        "error six times faster with it than with tanh.",
        beside="conv1.conv",
    ),
    Step(
        "Neighbours dampen each other",
        "conv1.norm",
        "At a pixel, large values of neighbouring maps shrink a value: lateral inhibition, as between real "
        "neurons. VGG found no gain.",
        section="lrn",
        look="section",
    ),
    Step(
        "Windows that overlap",
        "conv1.pool",
        "The 3×3 windows are 2 apart, so that neighbours overlap. It lowered the paper's error by a few "
        "tenths of a point.",
    ),
    Step(
        "Two graphics cards",
        "conv2.conv",
        "One card's 3 GB were too little. **g=2**: each holds half of the kernels, which read its own maps "
        "only. Without groups: twice the MACs.",
    ),
    Step(
        "The cards talk",
        "conv3.conv",
        "Among the convolutions after conv1 this is the only one that reads the maps of both cards.",
    ),
    Step(
        "Where the parameters are",
        "fc6.linear",
        "Coloured by **Parameters**: the fully connected layers hold nearly all weights. By MACs it is the "
        "convolutions that do nearly all the work.",
        colour="params",
    ),
    Step(
        "Dropout",
        "fc6.dropout",
        "Against overfitting, training sets half of the values to zero. VGG does so, too; GoogLeNet drops 40 % "
        "before its one linear layer, ResNet nothing.",
        section="dropout",
        look="section",
    ),
    Step(
        "Pictures altered by chance",
        "input",
        "Crops, mirror images and other colours: each epoch sees another picture. It kept the paper's "
        "network from overfitting.",
        section="augmentation",
        look="section",
    ),
    Step(
        "Learned by heart",
        "input",
        "The same small network twice, with altered pictures and without: what it knows of pictures that it was "
        "trained on, and of others.",
        section="overfitting",
        look="section",
    ),
)


def _one_card(subject: Subject) -> Edit | None:
    """Half of the last maps, where each half is one card's."""
    if (subject.trace.node("conv5.conv").groups or 1) == 1:
        return None
    maps = len(subject.activations(subject.run.unedited).maps("conv5.pool"))
    return Edit("conv5.pool", "zero", tuple(range(maps // 2)))


def _conv4_reads(trace: Trace) -> str:
    """How many of the maps before it a filter reads."""
    node = trace.node("conv4.conv")
    (maps, _, _), groups = node.in_shapes[0], node.groups or 1
    card = " those of its own card; conv3’s reads both cards’" if groups > 1 else ""
    return f"Its filters have 3×3 weights for {maps // groups} of {maps} maps{':' if card else ''}{card}."


QUESTIONS = (
    most("params"),
    most("macs"),
    dense_share(),
    side_of("conv1-side", lambda t: "conv1.conv"),
    parameters_of("conv2-parameters", lambda t: "conv2.conv"),
    without_pooling("without-pool5", lambda t: "fc6.linear"),
    which_map(
        "before-relu",
        lambda t: ("conv1.conv", "conv1.relu", "conv1.pool"),
        "Channel {channel} of conv1: which of these maps is it before the ReLU?",
        "Only {node} has negative values, in a colour of their own. The ReLU makes them zero; pooling coarsens.",
        of_both_signs,
    ),
    altered(
        "no-dropout",
        lambda s: Edit("fc6.dropout", "skip"),
        "With {node} taken out",
        "Dropout sets values to zero in training only.",
    ),
    altered(
        "one-card",
        _one_card,
        "With one card’s half of the maps of {node} silenced",
    ),
    statement(
        "both-cards",
        "Each filter of conv4 reads all maps that conv3 gives.",
        lambda s: s.trace.node("conv4.conv").groups == 1,
        _conv4_reads,
        lambda t: View(node="conv4.conv"),
    ),
    mistake(
        "winner",
        0,
        true="AlexNet’s 15.3 % top-5 error of 2012 is that of several networks together.",
        why="Seven networks, two of them pre-trained on more pictures. One alone: 18.2 % (validation).",
    ),
    mistake("cards", 8),
)
