"""What is taught about Inception (2015)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

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

QUESTIONS: tuple[Question, ...] = ()
