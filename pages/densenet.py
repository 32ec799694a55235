"""DenseNet (2016): every layer sees the maps of all layers before it in its block."""

from __future__ import annotations

from explorer.architectures import family
from explorer.demonstrations.class_activation import panel as class_activation
from explorer.demonstrations.dense_block import panel as densenet
from explorer.ui import below
from explorer.ui.screen import current_variant, screen
from explorer.ui.tour import Step, tour

FAMILY = family("densenet")

STEPS = (
    Step(
        "A few new maps",
        "dense_block1.layer1.conv",
        "However many maps enter a layer, it adds k = 32: the growth rate. Layers this narrow are why the "
        "network is small.",
    ),
    Step(
        "Concatenate, not add",
        "dense_block1.layer1.cat",
        "The dashed edge hands the input on untouched, and the new maps stand behind it. ResNet would have "
        "added the two and could not tell them apart afterwards.",
    ),
    Step(
        "All maps are kept",
        "dense_block1.layer6.cat",
        "At the end of the block: the first 64 maps are still those of the stem. Page on: every layer has "
        "left its 32 behind them.",
    ),
    Step(
        "BN and ReLU come first",
        "dense_block1.layer6.bottleneck.bn",
        "Each layer normalizes all maps before it with a BN of its own, so the layers share the maps but "
        "not their scale and offset.",
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
        "dense_block3.layer48.cat",
        "DenseNet-201 has 48 layers in this block. Colour the nodes by **MACs**: the 1×1 must read ever "
        "more maps, and each layer costs more than the one before it.",
        "densenet201",
    ),
    Step(
        "Small, but not in memory",
        "dense_block3.layer48.bottleneck.bn",
        "Colour the nodes by **Memory**: each concatenation, BN and ReLU writes all the maps anew. Keeping "
        "them for training grows with the square of the layers; the authors wrote a second version that "
        "recomputes them.",
        "densenet201",
    ),
    Step(
        "The plain layer",
        "dense_block1.layer1.conv",
        "Without bottleneck (B) and compression (C): BN, ReLU and one 3×3, growth rate k = 12. Its "
        "transitions keep all maps.",
        "densenet40_cifar",
    ),
)

variant = current_variant(FAMILY)
tour(FAMILY, STEPS)
densenet.begin(variant)
class_activation.begin(variant)
screen(FAMILY, variant, densenet.follow)
densenet.demonstration(variant)
class_activation.panel(variant)
below.below(FAMILY, variant)
