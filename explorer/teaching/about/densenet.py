"""What is taught about DenseNet (2016)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

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

QUESTIONS: tuple[Question, ...] = ()
