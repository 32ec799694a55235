"""How often a network is right, and how well pictures fit, measured as the app runs it: its own loader and input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PIL.Image import Image
from torch import Tensor
from torchvision.transforms import v2

from explorer.runtime.activations import features
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.weights.fit import Fit, distance
from explorer.runtime.weights.network import Network
from explorer.training.data import Dataset

BATCH = 32


@dataclass(frozen=True)
class Evaluation:
    """`confusion[i][j]`: pictures of class i that were taken for class j. `fit`: how well all of them fit a class."""

    confusion: tuple[tuple[int, ...], ...]
    fit: Fit

    @property
    def images(self) -> int:
        return sum(map(sum, self.confusion))

    @property
    def top1(self) -> float:
        """Accuracy in percent."""
        return 100 * sum(row[i] for i, row in enumerate(self.confusion)) / self.images


def evaluate(network: Network, data: Dataset, others: Path | None = None) -> Evaluation:
    """Run every picture of the split through a network that was trained for its classes, in float32.

    Args:
        network: what is measured.
        data: the split.
        others: a folder with a folder of pictures of other things for each kind; how many of them fit is counted.
    """
    n = len(data.classes)
    confusion = torch.zeros(n, n, dtype=torch.int64)
    read: list[Tensor] = []
    for images, labels in zip(data.images.split(BATCH), data.labels.split(BATCH), strict=True):
        scores, values = _run(network, [v2.functional.to_pil_image(image) for image in images])
        read.append(values)
        predicted = scores.argmax(1)
        confusion.view(-1).index_add_(0, labels * n + predicted, torch.ones_like(labels))
    fit = Fit.over(torch.cat(read), data.labels, n)
    if others is not None:
        kinds = sorted(folder for folder in others.iterdir() if folder.is_dir())
        far = {kind.name: _distances(network, fit, kind) for kind in kinds}
        fit = replace(fit, others={name: (len(d), sum(value > fit.most for value in d)) for name, d in far.items()})
    return Evaluation(tuple(tuple(row) for row in confusion.tolist()), fit)


def _distances(network: Network, fit: Fit, folder: Path) -> list[float]:
    """How far the folder's pictures are from the nearest class."""
    found: list[float] = []
    for file in sorted(folder.iterdir()):
        _, values = _run(network, [load_image(file).image])
        found += distance(values, fit.means).tolist()
    return found


def _run(network: Network, pictures: list[Image]) -> tuple[Tensor, Tensor]:
    """The scores (N, classes) of some pictures, and what the classifier reads."""
    x = torch.cat([model_input(picture, network.preprocessing).tensor for picture in pictures])
    with torch.inference_mode():
        out, values = network.capturing(x.to(network.device))
        scores = network.scores(out).cpu()
        return scores, features(network, dict(zip(network.boundaries, values, strict=True)), scores)
