"""`EXPLORER_WEIGHTS`: a folder of weights for lecture halls without a network, and what was found in it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from explorer.analysis.text import thousands
from explorer.architectures import catalogue, variant
from explorer.runtime.preprocessing import Preprocessing, preprocessing_for
from explorer.runtime.weights.files import WeightsError
from explorer.runtime.weights.layouts import CHECK, Layout, match, shapes
from explorer.runtime.weights.published import Published, published_weights, torchvision_weights

VARIABLE = "EXPLORER_WEIGHTS"
SUFFIXES = (".safetensors", ".pth")


@dataclass(frozen=True)
class LocalFile:
    """A file for a variant. `problem`: why it can't be used, a sentence; then it has no layout."""

    variant: str
    file: Path
    layout: Layout | None
    problem: str | None
    preprocessing: Preprocessing

    def __str__(self) -> str:
        """What was found, in a sentence."""
        if self.problem is not None:
            return self.problem
        count = thousands(len(shapes(self.variant)))
        if self.layout == "order":
            return f"{self.file.name}: the names of its {count} tensors are unknown; {CHECK}."
        layout = "this app's" if self.layout == "ours" else f"{self.layout}'s"
        return f"{self.file.name}: weights of {self.variant} in {layout} layout, all {count} tensors fit."


def chosen_folder() -> Path | None:
    """The folder that the environment names; None where it names none."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).expanduser() if chosen else None


def local_file(variant_name: str) -> LocalFile | None:
    """The best file for a variant: the first that can be used, else the first that is called as if it could."""
    directory = chosen_folder()
    if directory is None or not directory.is_dir():
        return None
    files = sorted(file for file in directory.iterdir() if file.suffix in SUFFIXES and file.is_file())
    called: dict[Path, Published | None] = {}
    for pattern, release in _candidates(variant_name):
        for file in files:
            if re.fullmatch(pattern, file.stem):
                called.setdefault(file, release)
    examined = [_examine(variant_name, file, release) for file, release in called.items()]
    return next((each for each in examined if each.problem is None), examined[0] if examined else None)


def local_files() -> tuple[LocalFile, ...]:
    """The files of `local_file`, in the order of the catalogue."""
    return tuple(each for name in catalogue() if (each := local_file(name)) is not None)


def report() -> tuple[str, ...]:
    """What the folder holds, a sentence for each thing; nothing where no folder was named."""
    directory = chosen_folder()
    if directory is None:
        return ()
    if not directory.is_dir():
        return (f"{VARIABLE} names {directory}, which is not a folder.",)
    files = local_files()
    known = {each.file for each in files}
    others = sorted(f.name for f in directory.iterdir() if f.suffix in SUFFIXES and f not in known)
    sentences = [str(each) for each in files]
    if others:
        sentences.append(f"Not used, as their names or contents fit no variant: {', '.join(others)}.")
    return tuple(sentences) or (f"{directory} holds no weights: nothing is called VARIANT.safetensors or VARIANT.pth.",)


def _candidates(variant_name: str) -> list[tuple[str, Published | None]]:
    """What a file for the variant may be called, as regular expressions of the name without its suffix, best first;
    and the release that the name stands for."""
    default = published_weights(variant_name)
    published_ones = [release for release in (default, *torchvision_weights(variant_name)) if release is not None]
    exact = [(re.escape(Path(release.file_name).stem), release) for release in published_ones]
    stems = [release.file_name.partition(f"-{release.sha256}")[0] for release in published_ones if release.sha256]
    return [
        (re.escape(variant_name), default),
        *exact,
        *((f"{re.escape(stem)}-[0-9a-f]{{8,}}", default) for stem in stems),
    ]


def _examine(variant_name: str, file: Path, release: Published | None) -> LocalFile:
    preprocessing = release.preprocessing if release else preprocessing_for(variant(variant_name).input_size)
    layout, problem = _outcome(variant_name, file, file.stat().st_mtime_ns)
    return LocalFile(variant_name, file, layout, problem, preprocessing)


@lru_cache(256)
def _outcome(variant_name: str, file: Path, changed: int) -> tuple[Layout | None, str | None]:
    """Layout and problem of a file, which is read once for as long as it doesn't change."""
    try:
        return match(file, variant_name)[0], None
    except WeightsError as error:
        return None, str(error)
