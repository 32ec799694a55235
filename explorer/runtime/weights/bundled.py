"""The trained weights that come with the app: narrow networks, trained on small data sets by `explorer.training`.

`assets/weights/manifest.json` says of each file what it holds and what was measured; the training's record lies
beside the file. Node names are those of the paper's network: only channels and classes are fewer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from explorer import ASSETS
from explorer.analysis.text import percent_text
from explorer.architectures.family import Variant
from explorer.runtime.preprocessing import Preprocessing

DIRECTORY = ASSETS / "weights"
DATA_TITLES = {"imagenette": "Imagenette", "mnist": "MNIST"}
WIDTHS = {
    1.0: "the paper's width",
    0.5: "half the paper's width",
    0.25: "quarter width",
    0.125: "an eighth of the width",
}

AS_WIDE = {0.5: "half as wide", 0.25: "a quarter as wide", 0.125: "an eighth as wide"}


@dataclass(frozen=True)
class Bundled:
    """An entry of the manifest.

    Attributes:
        file, sha256, bytes: the safetensors file in `assets/weights`, float16.
        data: "imagenette" or "mnist".
        width: of the paper's channels.
        classes: names, in the order of the outputs.
        top1, images: accuracy in percent, measured with this file on the data set's whole validation split.
        epochs: of training.
    """

    variant: str
    file: str
    sha256: str
    bytes: int
    data: str
    width: float
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    top1: float
    images: int
    epochs: int

    @property
    def path(self) -> Path:
        return DIRECTORY / self.file

    @property
    def data_title(self) -> str:
        return DATA_TITLES[self.data]

    def narrowed(self, variant: Variant) -> Variant:
        """The variant as these weights run it."""
        return replace(variant, config=replace(variant.config, width=self.width, num_classes=len(self.classes)))

    def record(self) -> dict[str, Any]:
        """The training's record: recipe, epochs, versions, confusion matrix, and how well the split's pictures fit."""
        found: dict[str, Any] = json.loads(self.path.with_suffix(".json").read_text(encoding="utf-8"))
        return found

    def write_record(self, record: dict[str, Any]) -> None:
        """Put the training's record beside the file."""
        self.path.with_suffix(".json").write_text(json.dumps(record) + "\n", encoding="utf-8")

    def intact(self) -> bool:
        """Whether the file is the one that was measured."""
        return self.path.is_file() and hashlib.sha256(self.path.read_bytes()).hexdigest() == self.sha256

    @property
    def width_in_words(self) -> str:
        """As what follows "trained": "a quarter as wide"."""
        return AS_WIDE.get(self.width, f"at {self.width:g} of the width")

    @property
    def width_title(self) -> str:
        return WIDTHS.get(self.width, f"{self.width:g} of the width")

    def __str__(self) -> str:
        return f"{self.width_title}, {self.data_title}, {len(self.classes)} classes, {percent_text(self.top1)} right"


@cache
def manifest() -> dict[str, Bundled]:
    """Every bundled network by its variant."""
    file = DIRECTORY / "manifest.json"
    entries = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {name: _entry(name, fields) for name, fields in entries.items()}


def _entry(name: str, fields: dict[str, Any]) -> Bundled:
    p = fields.pop("preprocessing")
    preprocessing = Preprocessing(**p | {"mean": tuple(p["mean"]), "std": tuple(p["std"])})
    return Bundled(name, **fields | {"classes": tuple(fields["classes"])}, preprocessing=preprocessing)


def write(entry: Bundled) -> None:
    """Put an entry into the manifest, or in place of the variant's former one."""
    entries = {name: asdict(b) for name, b in manifest().items()} | {entry.variant: asdict(entry)}
    for fields in entries.values():
        del fields["variant"]
    text = json.dumps(dict(sorted(entries.items())), indent=1)
    (DIRECTORY / "manifest.json").write_text(text + "\n", encoding="utf-8")
    manifest.cache_clear()
