"""One recipe for each bundled network: width, picture sizes, optimizer. All else is the same for all.

Small pictures first, then larger ones: the first epochs need no detail, and cost the square of the side. The
final pictures are a little smaller than the network's input, because a random crop shows objects larger than
the whole picture does (Touvron et al., "Fixing the train-test resolution discrepancy", arXiv 1906.06423).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Phase:
    """Some epochs with pictures of one size. `build`: ablations that let the network take that size.

    The other fields are augmentation. `least_area`: in place of the recipe's. `altered`: each picture in one way of
    many, of its geometry or its colours (Müller, Hutter, "TrivialAugment", arXiv 2103.10158).
    """

    epochs: int
    size: int
    build: dict[str, Any] = field(default_factory=dict)
    least_area: float | None = None
    altered: bool = False


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Learning rate: one cycle, up to `peak` and down to nothing, over all phases; or several, each of so many epochs and
    with a peak of its own (after Loshchilov and Hutter, arXiv 1608.03983).
    """

    phases: tuple[Phase, ...]
    data: Literal["imagenette", "mnist"] = "imagenette"
    width: float = 0.25  # of the paper's channels
    optimizer: Literal["sgd", "adamw"] = "sgd"  # sgd: momentum 0.9, Nesterov
    peak: float = 0.1
    cycles: tuple[tuple[int, float], ...] = ()  # epochs and peak of each, where there are several
    weight_decay: float = 5e-4  # not on biases and normalizations
    label_smoothing: float = 0.1
    augmented: bool = True  # if not, each picture is seen whole and as it is, every time
    least_area: float = 0.3  # of a random resized crop, as a share of the picture
    lighting: float = 0.0  # standard deviation of the factors of AlexNet's colour shift; 0: no shift
    batch: int = 32
    precision: Literal["bfloat16", "float32"] = "bfloat16"  # of a photograph's forward pass; digits' is float32
    loss: Literal["cross_entropy", "map"] = "cross_entropy"  # map: LeNet-5's own
    auxiliary: float = 0.3  # weight of each auxiliary classifier's loss (GoogLeNet, section 5)

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    @property
    def mixed(self) -> bool:
        """Whether forward passes are computed in bfloat16."""
        return self.data == "imagenette" and self.precision == "bfloat16"

    def cycle_of(self, epoch: float) -> tuple[float, float]:
        """What share of its cycle is done after so many epochs, in 0..1, and the cycle's peak."""
        cycles = self.cycles or ((self.epochs, self.peak),)
        for length, peak in cycles:
            if epoch < length:
                return epoch / length, peak
            epoch -= length
        return 1.0, cycles[-1][1]


SMALL = Phase(12, 80), Phase(16, 112), Phase(4, 160)
LARGER = *SMALL, Phase(10, 112), Phase(3, 192)
BRIEF = Phase(10, 80), Phase(8, 112), Phase(2, 160)
DEEP = Phase(8, 80), Phase(10, 112), Phase(3, 160), Phase(18, 112), Phase(3, 192), Phase(5, 224)
# Without batch normalization: Adam's steps do not depend on the gradients' scale, which such networks lack.
PLAIN_ADAM: dict[str, Any] = {"optimizer": "adamw", "peak": 1e-3, "weight_decay": 0.05}
# Published with RMSProp. SGD hardly moves MobileNet V2's last layers, whose gradients, relative to the weights, are at
# the start a hundredth of the first layers'; with it Inception-v3's loss rose.
ADAM: dict[str, Any] = {"optimizer": "adamw", "peak": 3e-3, "weight_decay": 0.05}
DIGITS: dict[str, Any] = {
    "data": "mnist",
    "width": 1.0,
    "optimizer": "adamw",
    "peak": 4e-3,
    "weight_decay": 0.01,
    "label_smoothing": 0.0,
    "batch": 128,
}
FREE_SIZE = {"adaptive_pool": True}
NO_HEADS = {"aux": False}

# One recipe for the two networks of each experiment, which differ in one thing only.
DEGRADATION = Recipe(LARGER, cycles=((32, 0.1), (13, 0.04)))
# For a processor without bfloat16, in half the epochs of the others.
SHORT = Recipe(BRIEF, precision="float32")
GATES = Recipe(DEEP, cycles=((21, 0.1), (21, 0.06), (3, 0.02), (2, 0.01)), batch=64)

# batch=64: trained first. Smaller batches, and further cycles, came after.
RECIPES: dict[str, Recipe] = {
    "lenet5": Recipe((Phase(12, 32),), loss="map", **DIGITS),
    "lenet5_modern": Recipe((Phase(12, 32),), **DIGITS),
    "alexnet": Recipe(
        (
            *(Phase(20, 131, FREE_SIZE), Phase(3, 195, FREE_SIZE), Phase(1, 227)),
            *(Phase(80, 131, FREE_SIZE), Phase(3, 195, FREE_SIZE), Phase(1, 227)),
        ),
        cycles=((24, 1e-3), (84, 8e-4)),
        batch=64,
        **PLAIN_ADAM,
    ),
    "vgg16": Recipe(
        (
            *(Phase(10, 80), Phase(12, 112), Phase(2, 176), Phase(8, 112), Phase(2, 192), Phase(26, 112)),
            *(Phase(3, 192), Phase(10, 112), Phase(3, 192)),
        ),
        cycles=((24, 1e-3), (10, 5e-4), (29, 6e-4), (13, 4e-4)),
        batch=64,
        **PLAIN_ADAM | {"width": 0.125},
    ),
    "googlenet": Recipe(
        (
            *(Phase(16, 80, NO_HEADS), Phase(20, 112, NO_HEADS), Phase(3, 224)),
            *(Phase(66, 112, NO_HEADS), Phase(4, 224), Phase(12, 112, NO_HEADS), Phase(3, 224)),
            # By now it knows the pictures by heart (83 %): new ones help, not more of the same.
            *(Phase(60, 112, NO_HEADS, least_area=0.2, altered=True), Phase(2, 224, least_area=0.2)),
        ),
        # The heads start again with the last cycle.
        cycles=((39, 1e-3), (66, 8e-4), (4, 2e-4), (12, 5e-4), (3, 1.5e-4), (60, 8e-4), (2, 1.5e-4)),
        **PLAIN_ADAM,
    ),
    "nin_imagenet": Recipe(
        (Phase(40, 128), Phase(70, 128, altered=True), Phase(4, 192)), cycles=((40, 1e-3), (74, 8e-4)), **PLAIN_ADAM
    ),
    "inception_v3": Recipe(
        (
            *(Phase(8, 80, NO_HEADS), Phase(18, 112, NO_HEADS), Phase(3, 192, NO_HEADS)),
            *(Phase(2, 299), Phase(16, 112, NO_HEADS), Phase(2, 224, NO_HEADS)),
            Phase(2, 299, least_area=0.5),
        ),
        cycles=((29, 2e-3), (2, 2e-4), (18, 1.2e-3), (2, 2e-4)),
        **ADAM,
    ),
    "resnet18": SHORT,
    "plain18": SHORT,
    "resnet34": DEGRADATION,
    "plain34": DEGRADATION,
    "resnet50": GATES,
    "se_resnet50": GATES,
    "xception": Recipe(
        (Phase(10, 80), Phase(12, 112), Phase(2, 224), Phase(1, 299), Phase(8, 112), Phase(2, 224), Phase(1, 299)),
        cycles=((24, 0.1), (1, 0.01), (11, 0.04)),
    ),
    "mobilenet_v1": Recipe(
        (Phase(10, 80), Phase(14, 112), Phase(3, 160), Phase(12, 112), Phase(2, 192), Phase(12, 112), Phase(3, 192)),
        cycles=((27, 0.1), (14, 0.05), (15, 0.05)),
        batch=64,
    ),
    "mobilenet_v2": Recipe(
        (*SMALL, Phase(12, 112), Phase(3, 160), Phase(10, 112), Phase(3, 192)),
        cycles=((32, 3e-3), (15, 1.5e-3), (13, 1.5e-3)),
        **ADAM,
    ),
    "densenet121": Recipe(SMALL),
}
