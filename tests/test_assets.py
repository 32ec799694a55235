"""The files in assets/ that are computed are what `python -m explorer assets` would write."""

from __future__ import annotations

import json
import re
import sys
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer import ASSETS, assets, cards, previews
from explorer.analysis import accuracy, trace
from explorer.architectures import family
from explorer.assets import AssetError, texts, write_all
from explorer.runtime import recognition
from explorer.runtime.samples import ANSWERS
from explorer.runtime.weights.layouts import TIMM
from tests.traces import traced

TEXTS = texts()
# Where Graphviz puts things depends on the fonts of the machine.
POSITIONS = re.compile(r' (d|points|x|y|width|height|viewBox|transform)="[^"]*"')


def without_positions(text: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(text)
    if "drawing" in content:
        content["drawing"]["svg"] = POSITIONS.sub("", content["drawing"]["svg"])
    return content


# All networks on all samples take half a minute: tests/runtime/test_samples.py asks two of the networks.
@pytest.mark.parametrize(
    "file", [file for file in TEXTS if file not in (ANSWERS, previews.FILE)], ids=lambda file: file.name
)
def test_each_file_is_what_would_be_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (assets, trace):  # half of the variants, which other tests have traced
        monkeypatch.setattr(module, "trace_variant", lambda variant: traced(variant.name))
    computed = TEXTS[file]()
    assert file.is_file(), f"run `python -m explorer assets` to write {file.name}"
    stored = file.read_text(encoding="utf-8")
    assert without_positions(stored) == without_positions(computed), "run `python -m explorer assets`"
    assert stored.count("\n") == computed.count("\n")


def test_the_answers_are_written_of_all_samples_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = ANSWERS.read_text(encoding="utf-8")
    found = json.loads(stored)
    monkeypatch.setattr(recognition, "answers", lambda name, pictures: {s.id: found[s.id][name] for s in pictures})
    assert TEXTS[ANSWERS]() == stored


def test_the_previews_are_drawn_from_runs_of_the_bundled_networks() -> None:
    files = [json.loads(text) for text in (previews.FILE.read_text(encoding="utf-8"), TEXTS[previews.FILE]())]
    assert files[0]["sample"] == files[1]["sample"], "run `python -m explorer assets`"
    stored, computed = (
        {
            page: np.asarray(Image.open(BytesIO(b64decode(picture))).convert("RGB"), dtype=float)
            for page, picture in file["pictures"].items()
        }
        for file in files
    )
    assert list(stored) == [preview.page for preview in previews.PREVIEWS]
    for page, picture in stored.items():
        assert picture.shape == computed[page].shape
        assert np.abs(picture - computed[page]).mean() < 3, (
            "run `python -m explorer assets`"
        )  # of 255: processors round otherwise
        assert picture.std() > 10  # something is to be seen
    assert previews.FILE.stat().st_size < 150_000


def test_no_card_is_left_of_a_family_without_a_page() -> None:
    assert set(cards.FOLDER.iterdir()) == {file for file in TEXTS if file.parent == cards.FOLDER}


def test_counts_name_the_page_of_their_variant() -> None:
    for name, counted in accuracy.counts().items():
        assert name in {v.name for v in family(counted.page).variants}


def test_all_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {tmp_path / file.relative_to(ASSETS).as_posix().replace("/", "-"): file.name for file in TEXTS}
    monkeypatch.setattr("explorer.assets.texts", lambda: {file: lambda n=name: n for file, name in files.items()})
    assert list(write_all()) == list(files)
    assert {file: file.read_text() for file in files} == files


def test_without_timm_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(AssetError, match="needs timm"):
        TEXTS[TIMM]()
