"""How often a network is right, and how well pictures fit, measured as the app runs it: its own loader and input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms import v2

from explorer.runtime.activations import features
from explorer.runtime.preprocessing import Preprocessing, model_input
from explorer.runtime.weights.fit import Fit
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


def evaluate(network: Network, data: Dataset) -> Evaluation:
    """Run every picture of the split through a network that was trained for its classes, in float32."""
    n = len(data.classes)
    confusion = torch.zeros(n, n, dtype=torch.int64)
    read: list[Tensor] = []
    with torch.inference_mode():
        for x, labels in _inputs(data, network.preprocessing):
            out, values = network.capturing(x.to(network.device))
            scores = network.scores(out).cpu()
            read.append(features(network, dict(zip(network.boundaries, values, strict=True)), scores))
            predicted = scores.argmax(1)
            confusion.view(-1).index_add_(0, labels * n + predicted, torch.ones_like(labels))
    return Evaluation(tuple(tuple(row) for row in confusion.tolist()), Fit.over(torch.cat(read), data.labels, n))


def _inputs(data: Dataset, preprocessing: Preprocessing) -> Iterator[tuple[Tensor, Tensor]]:
    for images, labels in zip(data.images.split(BATCH), data.labels.split(BATCH), strict=True):
        pictures = [v2.functional.to_pil_image(image) for image in images]
        yield torch.cat([model_input(p, preprocessing).tensor for p in pictures]), labels
