"""What runs: the one key of every cache, panel and command."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from explorer.runtime.edits import Edit
from explorer.runtime.pictures import LoadedImage


@dataclass(frozen=True)
class Run:
    """A variant with weights, on a device, looking at a picture.

    Everything that is shown of a forward pass is a function of a `Run`, so no panel can show another network or picture
    than its neighbour. Runs are equal, and find each other's results in the caches, when their variants, weights,
    devices and edits are and their pictures have the same pixels. For another variant, picture and so on:
    `dataclasses.replace`.

    Attributes:
        variant: its name in the catalogue.
        weights: "untrained", "narrow", "bundled", "imagenet", "folder", or a file; see
            `explorer.runtime.weights.network`.
        device: "cpu", "cuda", "cuda:1" or "mps"; see `explorer.runtime.device.resolve`.
        picture: as it came; `explorer.runtime.preprocessing.model_input` makes the network's input of it.
        edits: what is altered in the pass, in this order.
    """

    variant: str
    weights: str
    device: str
    picture: LoadedImage
    edits: tuple[Edit, ...] = ()

    @property
    def cache_key(self) -> Hashable:
        """What of it decides results: the picture's digest stands for the picture."""
        return self.variant, self.weights, self.device, self.picture.digest, self.edits

    def edited(self, *edits: Edit) -> Run:
        """The same with some edits more."""
        return replace(self, edits=(*self.edits, *edits))

    def undone(self, *edits: Edit) -> Run:
        """The same without these edits."""
        return replace(self, edits=tuple(e for e in self.edits if e not in edits))

    @property
    def unedited(self) -> Run:
        """The same without edits."""
        return replace(self, edits=())
