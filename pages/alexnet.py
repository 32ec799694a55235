"""AlexNet (2012): ReLU, overlapping pooling, local response normalization and two towers."""

from __future__ import annotations

from explorer.demonstrations.alexnet.panel import DROPOUT, FIRST_KERNELS, LRN
from explorer.demonstrations.augmentation.panel import AUGMENTATION, TEN_CROPS
from explorer.page import page
from explorer.ui.tour import Step

TOUR = (
    Step(
        "Large kernels, four pixels apart",
        "conv1.conv",
        "Kernels of 11×11 with stride 4 make 55×55 maps. That takes 227 pixels; the paper prints 224, from "
        "which it does not work out.",
        section="conv1",
    ),
    Step(
        "ReLU instead of tanh",
        "conv1.relu",
        "A ReLU does not saturate. The paper's small test network reached 25 % training error six times "
        "faster with it than with tanh.",
    ),
    Step(
        "Neighbours dampen each other",
        "conv1.norm",
        "Local response normalization: the larger the values of the neighbouring maps at the same pixel, "
        "the more a value shrinks. Five maps take part. VGG tried it and found no gain.",
        section="lrn",
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
        "**g=2**: in the paper each card holds half of the kernels, and they read only the maps on the same card.",
        section="conv1",
    ),
    Step(
        "The cards talk",
        "conv3.conv",
        "Among the convolutions after conv1 this is the only one that reads the maps of both cards.",
    ),
    Step(
        "Without the groups",
        "conv2.conv",
        "Here each kernel reads all maps. conv2, conv4 and conv5 now cost twice the MACs, and have twice the weights.",
        "alexnet_ungrouped",
    ),
    Step(
        "Where the parameters are",
        "fc6.linear",
        "Colour the nodes by **Parameters**, then by **MACs**. The fully connected layers hold nearly all "
        "weights, the convolutions do nearly all the work.",
    ),
    Step(
        "torchvision's AlexNet",
        "fc6.dropout",
        "The later variant has one tower of other widths and no LRN. Its dropout stands before the "
        "fully connected layer; in the network of 2012 it stands after it.",
        "alexnet_owt",
        section="dropout",
    ),
)

if __name__ == "__main__":
    page("alexnet", TOUR, FIRST_KERNELS, LRN, DROPOUT, AUGMENTATION, TEN_CROPS)
