"""What is taught about LeNet-5 (1998)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "A digit with room around it",
        "input",
        "The digits of MNIST have 28×28 pixels. Padded to 32×32, even the end of a stroke can lie in the "
        "middle of what a unit of C3 sees.",
        section="draw",
    ),
    Step(
        "Draw one",
        "input",
        "Each layer, while you draw. What does the network need to see before it is sure?",
        section="draw",
        look="section",
    ),
    Step(
        "Six kernels, six maps",
        "c1.conv",
        "Each 5×5 kernel slides over the whole picture, with the same weights everywhere, and makes one map. "
        "No convolution here has fewer parameters.",
        colour="params",
    ),
    Step(
        "Sub-sampling, not max pooling",
        "s2.pool",
        "The four values of a window are added, multiplied by one trained coefficient a map; one trained "
        "bias is added. Nothing takes a maximum.",
    ),
    Step(
        "Squashed after pooling, too",
        "s2.tanh",
        "The paper's tanh is scaled so that 1 stays 1 and −1 stays −1. Here it follows every layer but the output.",
        beside="s2.pool",
    ),
    Step(
        "A table of connections",
        "c3.conv",
        "Table I of the paper: of S2's six maps a map of C3 reads three, four or all. Different inputs force "
        "the maps to learn different features.",
        section="connections",
        look="section",
    ),
    Step(
        "The same with all connections",
        "c3.conv",
        "In the modern version each map of C3 reads all six. Coloured by **Parameters**: compare C3 with the "
        "version before.",
        variant="lenet5_modern",
        colour="params",
    ),
    Step(
        "A convolution with one position",
        "c5.conv",
        "C5's 5×5 kernels are as large as the maps of S4, so that each of its maps is one number. It holds "
        "most of the parameters.",
        colour="params",
    ),
    Step(
        "A picture of the answer",
        "f6.tanh",
        "F6 has 84 units, one for each pixel of a 7×12 bitmap. Trained, it draws the digit that the network "
        "takes the input for.",
        section="output",
        look="section",
    ),
    Step(
        "The smallest wins",
        "output.rbf",
        "Each output is the squared distance of F6 from a fixed bitmap of one digit: a penalty, not a score. "
        "There is no softmax.",
        section="output",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
