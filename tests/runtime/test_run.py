from __future__ import annotations

from dataclasses import replace

from PIL import Image

from explorer.runtime.pictures import LoadedImage
from explorer.runtime.run import Run

RED = LoadedImage.of(Image.new("RGB", (8, 6), "red"))
RUN = Run("lenet5", "bundled", "cpu", RED)


def test_a_run_is_the_same_for_the_same_pixels_from_any_file() -> None:
    other_file = LoadedImage.of(Image.new("RGB", (8, 6), "red"), notes=("Transparent parts were laid on white.",))
    assert replace(RUN, picture=other_file) == RUN
    assert {RUN: "found"}[replace(RUN, picture=other_file)] == "found"


def test_a_run_differs_in_each_of_its_parts() -> None:
    blue = LoadedImage.of(Image.new("RGB", (8, 6), "blue"))
    tall = LoadedImage.of(Image.new("RGB", (6, 8), "red"))
    others = {
        replace(RUN, variant="lenet5_modern"),
        replace(RUN, weights="untrained"),
        replace(RUN, device="cuda"),
        replace(RUN, picture=blue),
        replace(RUN, picture=tall),
        replace(RUN, edits=("zero c3.0",)),
    }
    assert len(others) == 6
    assert RUN not in others


def test_a_picture_equals_no_other_thing() -> None:
    assert RED.digest != RED
