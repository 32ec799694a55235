"""What networks answer to one picture altered a hundred times, and to noise that grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from explorer.runtime.augmentation import ALPHA_STD, Augmentation, Box, augmented
from explorer.runtime.device import forward_slot, long_work
from explorer.runtime.maps import FloatArray
from explorer.runtime.preprocessing import Preprocessing, model_input
from explorer.runtime.weights import overfitting
from explorer.runtime.weights.bundled import manifest

COUNT = 100
FRAME = 256  # pixels of a side of the square out of which crops are cut
AREA = 0.3, 1.0  # of a crop, as a share of the frame: as in the training of these networks
ASPECT = 3 / 4, 4 / 3  # width over height
BATCH = 25  # pictures that run at once: a bound on memory
STRENGTHS = 0, 8, 16, 32, 64, 128  # standard deviation of the noise, in grey levels of 255
NOISES = 8  # patterns of each strength
COLOUR_NOISE = 2015  # with the seed: other numbers than the alterations'


@dataclass(frozen=True)
class Tested:
    """A network that names Imagenette's classes, and how a picture becomes its input."""

    title: str
    model: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]


def stored(name: str, title: str) -> Tested:
    """One of the experiment's networks."""
    return Tested(title, overfitting.load(name), overfitting.preprocessing(), manifest()["alexnet"].classes)


def frame_of(image: Image.Image) -> Image.Image:
    """The picture's middle square, which all networks look at."""
    return model_input(image, replace(overfitting.preprocessing(), resize=FRAME, crop=FRAME)).picture


def alterations(seed: int) -> tuple[Augmentation, ...]:
    """A hundred of the kind that one of the networks was trained with: crop, mirroring, colour shift."""
    generator = np.random.default_rng((COLOUR_NOISE, seed))
    return tuple(
        Augmentation(
            _box(generator), bool(generator.integers(2)), alphas=tuple(generator.normal(0, ALPHA_STD, 3).tolist())
        )
        for _ in range(COUNT)
    )


def _box(generator: np.random.Generator) -> Box:
    """A part of the frame: its area, its proportions (as likely high as wide), its place; cut where it is too long."""
    share, ratio = generator.uniform(*AREA), np.exp(generator.uniform(*np.log(ASPECT)))
    width, height = (min(FRAME, FRAME * float(share * r) ** 0.5) for r in (ratio, 1 / ratio))
    left, top = generator.uniform(0, FRAME - width), generator.uniform(0, FRAME - height)
    return left, top, min(FRAME, left + width), min(FRAME, top + height)


@dataclass(frozen=True)
class Answers:
    """One network's probabilities: for the picture as it is, (classes,), and for each altered one, (n, classes)."""

    title: str
    classes: tuple[str, ...]
    plain: FloatArray
    altered: FloatArray

    @property
    def first(self) -> int:
        """The class of the picture as it is."""
        return int(self.plain.argmax())

    @property
    def named(self) -> str:
        return self.classes[self.first]

    @property
    def certainty(self) -> FloatArray:
        """The probability of that class for each altered picture, (n,)."""
        certainty: FloatArray = self.altered[:, self.first]
        return certainty

    @property
    def kept(self) -> int:
        """How many altered pictures get the same answer."""
        return int((self.altered.argmax(1) == self.first).sum())

    @property
    def distance(self) -> float:
        """How far the answers lie from the plain one, from 0 to 1: half of the sum of all differences, on average."""
        return float(np.abs(self.altered - self.plain).sum(1).mean()) / 2

    @property
    def shares(self) -> dict[str, int]:
        """How many altered pictures get each answer, most frequent first."""
        counts = Counter(self.altered.argmax(1).tolist())
        return {self.classes[i]: count for i, count in counts.most_common()}


def answers(tested: Tested, frame: Image.Image, alterations: Sequence[Augmentation]) -> Answers:
    """The network's answers to the frame, and to the frame altered in these ways."""
    inputs = [model_input(frame, tested.preprocessing).tensor]
    inputs += [augmented(frame, a, tested.preprocessing).tensor for a in alterations]
    probabilities = _run(tested, torch.cat(inputs))
    return Answers(tested.title, tested.classes, probabilities[0], probabilities[1:])


@dataclass(frozen=True)
class Noise:
    """One network's answers to noise of each of STRENGTHS, each (strengths,).

    Attributes:
        certainty: mean probability of the class of the picture without noise.
        kept: how many of NOISES pictures get that class.
    """

    title: str
    named: str
    certainty: tuple[float, ...]
    kept: tuple[int, ...]


def noisy(tested: Tested, frame: Image.Image, seed: int) -> Noise:
    """White noise, the same patterns for each strength, added to every value of every pixel; nothing is clipped."""
    plain = model_input(frame, tested.preprocessing).tensor
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.randn(NOISES, *plain.shape[1:], generator=generator)
    grey_level = torch.tensor(tested.preprocessing.std)[:, None, None].reciprocal() / 255
    inputs = torch.cat([plain + strength * grey_level * patterns for strength in STRENGTHS])
    probabilities = _run(tested, inputs).reshape(len(STRENGTHS), NOISES, -1)
    first = int(probabilities[STRENGTHS.index(0), 0].argmax())
    certainty = probabilities[:, :, first].mean(1)
    kept = (probabilities.argmax(2) == first).sum(1)
    return Noise(tested.title, tested.classes[first], tuple(certainty.tolist()), tuple(kept.tolist()))


def noisy_picture(frame: Image.Image, strength: int, seed: int) -> Image.Image:
    """The frame with such noise, to look at: clipped."""
    noise = np.random.default_rng(seed).normal(0, strength, (frame.height, frame.width, 3))
    return Image.fromarray(np.rint(np.clip(np.asarray(frame) + noise, 0, 255)).astype(np.uint8))


def _run(tested: Tested, inputs: Tensor) -> FloatArray:
    """Probabilities, (N, classes), of inputs (N, C, H, W)."""
    logits: list[Tensor] = []
    with long_work():
        for part in inputs.split(BATCH):
            with forward_slot():
                logits.append(tested.model(part))
    probabilities: FloatArray = torch.cat(logits).softmax(1).numpy()
    return probabilities
